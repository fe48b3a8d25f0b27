//! Why and when a stream takes no further message.

use std::pin::{Pin, pin};
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

    /// The next message, or why the stream is to take none.
    ///
    /// # Errors
    /// [`Stop`].
    pub(super) async fn or<T>(&mut self, message: impl Future<Output = T>) -> Result<T, Stop> {
        let mut message = pin!(message);
        loop {
            tokio::select! {
                biased;
                why = &mut self.outside => return Err(why),
                // One that is there already ends the idle time, however late it is looked at.
                message = &mut message => return Ok(message),
                () = &mut self.idle => {}
            }
            if !self.call.has_unanswered() {
                return Err(Stop::Idle(self.call.shared.config.stream_idle_timeout));
            }
            self.put_off();
        }
    }
}
