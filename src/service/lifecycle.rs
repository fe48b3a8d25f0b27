//! From start to stop, as every open stream needs to know it.

use std::time::Duration;

use tokio::sync::watch;

/// Where the server is on its way. It only moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// New calls are welcome.
    Serving,
    /// The same, while health checks already send new calls elsewhere.
    Leaving,
    /// No new connections; open calls finish, and streams end after the articles they have sent.
    Draining,
    /// The time for that is over: every connection is about to be cut.
    Stopping,
}

/// Why a stream takes no further message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The server stops.
    Server,
    /// Its connection has reached its age.
    Connection,
    /// No message came for so long, and none was in work.
    Idle(Duration),
}

/// A view of the server's phase.
#[derive(Debug, Clone)]
pub(super) struct Lifecycle(watch::Receiver<Phase>);

impl Lifecycle {
    /// A server that serves, and what moves it on.
    pub(super) fn start() -> (watch::Sender<Phase>, Self) {
        let (sender, receiver) = watch::channel(Phase::Serving);
        (sender, Self(receiver))
    }

    /// The phase at this moment.
    pub(super) fn now(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits for a phase or a later one. A server whose future was dropped has reached them all.
    pub(super) async fn reached(mut self, phase: Phase) {
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}
