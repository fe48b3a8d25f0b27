//! Requests that a stopping server does not wait for the end of.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};

use super::lifecycle::{Lifecycle, Phase};

type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A request's body, which is over as soon as the server drains.
pub(super) struct UntilDraining<B> {
    body: B,
    /// None once it is reached.
    stop: Option<Stop>,
}

impl<B> UntilDraining<B> {
    pub(super) fn new(body: B, lifecycle: Lifecycle) -> Self {
        Self {
            body,
            stop: Some(Box::pin(lifecycle.reached(Phase::Draining))),
        }
    }
}

impl<B: Body + Unpin> Body for UntilDraining<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let stop = self.stop.as_mut();
        if stop.is_none_or(|stop| stop.as_mut().poll(context).is_ready()) {
            self.stop = None;
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.stop.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // It may end before its time.
        SizeHint::default()
    }
}
