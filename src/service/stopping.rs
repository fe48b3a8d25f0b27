//! Why and when a stream takes no further message.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, Sleep};

use super::call::Call;
use super::lifecycle::{Lifecycle, Phase, Stop};

/// Watches for what ends a stream.
pub(super) struct Stopping {
    /// The server or the connection ends.
    outside: BoxFuture<'static, Stop>,
    /// The stream has been idle.
    idle: Pin<Box<Sleep>>,
    call: Arc<Call>,
}

impl Stopping {
    /// For a stream that begins.
    pub(super) fn of(call: Arc<Call>, lifecycle: Lifecycle) -> Self {
        let connection = call.connection_ends();
        let outside = Box::pin(async move {
            tokio::select! {
                biased;
                () = lifecycle.reached(Phase::Draining) => Stop::Server,
                () = connection => Stop::Connection,
            }
        });
        let idle = tokio::time::sleep(call.shared.config.stream_idle_timeout);
        Self {
            outside,
            idle: Box::pin(idle),
            call,
        }
    }

    /// A message has come.
    pub(super) fn put_off(&mut self) {
        let end = Instant::now() + self.call.shared.config.stream_idle_timeout;
        self.idle.as_mut().reset(end);
    }

    /// Completes when the stream is to take no further message.
    pub(super) async fn reached(&mut self) -> Stop {
        loop {
            tokio::select! {
                biased;
                why = &mut self.outside => return why,
                () = &mut self.idle => {}
            }
            if !self.call.has_unanswered() {
                return Stop::Idle(self.call.shared.config.stream_idle_timeout);
            }
            self.put_off();
        }
    }
}
