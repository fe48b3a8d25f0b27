//! How long the heads of HTTP/1 requests may take. hyper's own clock runs while a connection waits for its next request
//! too, and would close it long before it has been idle for as long as it may.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// The clock of one connection's heads: it runs from the first byte of each.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    patience: Duration,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// Something has come since the last head.
    has_begun: AtomicBool,
    /// Of the first head, something has come before hyper asks for it.
    is_first: AtomicBool,
}

impl Heads {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            state: Arc::new(State {
                has_begun: AtomicBool::new(true),
                is_first: AtomicBool::new(true),
            }),
        }
    }

    /// Watches what the connection reads.
    pub(super) fn watch<S: AsyncRead>(
        &self,
        socket: S,
    ) -> InspectReader<S, impl FnMut(&[u8]) + use<S>> {
        let state = Arc::clone(&self.state);
        InspectReader::new(socket, move |_: &[u8]| {
            state.has_begun.store(true, Ordering::Relaxed);
        })
    }
}

impl Timer for Heads {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        if !self.state.is_first.swap(false, Ordering::Relaxed) {
            self.state.has_begun.store(false, Ordering::Relaxed);
        }
        Box::pin(Overdue {
            heads: self.clone(),
            end: None,
        })
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(self.patience)
    }
}

/// Completes when a head is overdue. hyper asks after each time that it has read.
struct Overdue {
    heads: Heads,
    end: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Future for Overdue {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if !self.heads.state.has_begun.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        let patience = self.heads.patience;
        let end = self
            .end
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(end.as_mut().poll(context));
        Poll::Ready(())
    }
}

impl Sleep for Overdue {}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn the_first_head_is_timed_from_the_beginning() {
        let mut overdue = Heads::new(PATIENCE).sleep(PATIENCE);
        assert!((&mut overdue).now_or_never().is_none());
        tokio::time::advance(PATIENCE).await;
        assert!((&mut overdue).now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn further_heads_are_timed_from_their_first_byte() {
        let heads = Heads::new(PATIENCE);
        drop(heads.sleep(PATIENCE));
        let mut overdue = heads.sleep(PATIENCE);
        let mut socket = heads.watch(&b"GET / HTTP/1.1"[..]);
        tokio::time::advance(10 * PATIENCE).await;
        assert!((&mut overdue).now_or_never().is_none());
        socket.read_u8().await.unwrap();
        assert!((&mut overdue).now_or_never().is_none());
        tokio::time::advance(PATIENCE).await;
        assert!((&mut overdue).now_or_never().is_some());
    }
}
