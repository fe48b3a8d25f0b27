//! How busy a connection is, and how it behaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

const WINDOW: Duration = Duration::from_secs(1);

/// The calls of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    open_calls: AtomicUsize,
    last: Mutex<Last>,
    max_resets: u32,
    too_many_resets: Notify,
    is_ending: watch::Sender<bool>,
}

#[derive(Debug)]
struct Last {
    call_ended: Instant,
    resets_since: Instant,
    resets: u32,
}

impl Activity {
    /// A connection just made.
    pub(super) fn new(max_resets_per_second: u32) -> Self {
        let now = Instant::now();
        Self {
            open_calls: AtomicUsize::new(0),
            last: Mutex::new(Last {
                call_ended: now,
                resets_since: now,
                resets: 0,
            }),
            max_resets: max_resets_per_second,
            too_many_resets: Notify::new(),
            is_ending: watch::Sender::new(false),
        }
    }

    /// A call begins; it ends when the value is dropped.
    pub(super) fn call(self: &Arc<Self>) -> OpenCall {
        self.open_calls.fetch_add(1, Ordering::Relaxed);
        OpenCall(Arc::clone(self))
    }

    /// Completes when no call has been open for so long.
    pub(super) async fn idle_for(&self, time: Duration) {
        loop {
            let is_busy = self.open_calls.load(Ordering::Relaxed) > 0;
            let since = if is_busy {
                Instant::now()
            } else {
                self.last().call_ended
            };
            let end = since + time;
            if end <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }

    /// Completes when the client has cancelled more calls within a second than it may.
    pub(super) async fn too_many_resets(&self) {
        self.too_many_resets.notified().await;
    }

    /// The connection takes no further calls, and its streams are to end.
    pub(super) fn end(&self) {
        self.is_ending.send_replace(true);
    }

    /// Completes when the connection takes no further calls.
    pub(super) fn ends(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut is_ending = self.is_ending.subscribe();
        async move {
            // A connection that is gone has ended too.
            let _ = is_ending.wait_for(|is_ending| *is_ending).await;
        }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call of a connection that has not ended.
#[derive(Debug)]
pub(super) struct OpenCall(Arc<Activity>);

impl OpenCall {
    /// The client gave the call up before it was answered.
    pub(super) fn was_cancelled(&self) {
        let mut last = self.0.last();
        let now = Instant::now();
        if now - last.resets_since > WINDOW {
            (last.resets_since, last.resets) = (now, 0);
        }
        last.resets += 1;
        if last.resets > self.0.max_resets {
            self.0.too_many_resets.notify_one();
        }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.last().call_ended = Instant::now();
        self.0.open_calls.fetch_sub(1, Ordering::Relaxed);
    }
}
