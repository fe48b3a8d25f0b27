//! Who may start: one semaphore for the whole process, so that a server with too much to do says so
//! at once and does what it has taken on; and one for its cores, so that it can still say so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// After articles of so many bytes, two or three milliseconds, a core does what else is there to do. The sooner it does,
/// the less there is to do at one go, and the more each call costs.
const STRETCH_BYTES: usize = 72 << 10;
/// What a shorter article counts for: a call costs something too.
const LEAST_BYTES: usize = 3 << 10;

/// The right to classify one article. It moves into the job: a job that runs on after its call is
/// gone still counts.
#[derive(Debug)]
pub(super) struct Permit {
    _place: OwnedSemaphorePermit,
    /// Only of articles of batches and streams.
    turn: Option<OwnedSemaphorePermit>,
}

/// The server takes on no more single calls now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overloaded;

/// Gives out permits.
#[derive(Debug)]
pub(super) struct Admission {
    permits: Arc<Semaphore>,
    /// Half of the permits: the most that batches and streams have of them. A few busy streams would
    /// otherwise have them all, and every single call be refused.
    turns: Arc<Semaphore>,
    capacity: usize,
    cores: Semaphore,
    /// Bytes of articles that have had a core.
    begun_bytes: AtomicUsize,
}

impl Admission {
    pub(super) fn new(max_in_flight: usize, n_cores: usize) -> Self {
        let capacity = max_in_flight.min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(capacity)),
            turns: Arc::new(Semaphore::new(capacity.div_ceil(2))),
            capacity,
            cores: Semaphore::new(n_cores),
            begun_bytes: AtomicUsize::new(0),
        }
    }

    /// A permit now or never, for a single call: its caller can go to another server.
    pub(super) fn at_once(&self) -> Result<Permit, Overloaded> {
        let place = Arc::clone(&self.permits).try_acquire_owned();
        place.map_err(|_| Overloaded).map(|place| Permit {
            _place: place,
            turn: None,
        })
    }

    /// The permit of [`Self::in_turn`] if there is one and nobody waits for it.
    pub(super) fn in_turn_at_once(&self) -> Option<Permit> {
        let turn = Arc::clone(&self.turns).try_acquire_owned().ok()?;
        let place = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(Permit {
            _place: place,
            turn: Some(turn),
        })
    }

    /// The next free permit, first come first served, for an article of a stream: its sender is
    /// slowed down instead. Only for tasks that are always polled: a permit can be handed to who waits before
    /// it is asked whether it still moves.
    pub(super) async fn in_turn(&self) -> Result<Permit, Overloaded> {
        // They fail only if a semaphore is closed, which nobody does.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let place = Arc::clone(&self.permits).acquire_owned().await;
        Ok(Permit {
            _place: place.map_err(|_| Overloaded)?,
            turn: Some(turn.map_err(|_| Overloaded)?),
        })
    }

    /// A core for a single call's article that is classified where its call is handled. Every so often one lets all else
    /// that is ready go first while it has its core, and the articles behind it wait: a core would otherwise go through
    /// all that are in flight before it reads the next request, if only to refuse it. Batches and streams need none:
    /// each is one task, which lets others have the thread by itself.
    pub(super) async fn core(
        &self,
        permit: &Permit,
        article_bytes: usize,
    ) -> Option<SemaphorePermit<'_>> {
        if permit.turn.is_some() {
            return None;
        }
        let core = self.cores.acquire().await.ok();
        let bytes = article_bytes.max(LEAST_BYTES);
        let before = self.begun_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before % STRETCH_BYTES + bytes >= STRETCH_BYTES {
            tokio::task::yield_now().await;
        }
        core
    }

    /// How many permits are out.
    pub(super) fn in_flight(&self) -> usize {
        self.capacity - self.permits.available_permits()
    }
}

/// A single call's permit, from the moment that its headers are read. Taking it only when the
/// handler runs would let calls pile up in front of the handler without bound.
#[derive(Debug, Default)]
pub(super) struct Ticket {
    permit: Mutex<Option<Permit>>,
}

impl Ticket {
    pub(super) fn new(permit: Permit) -> Self {
        Self {
            permit: Mutex::new(Some(permit)),
        }
    }

    /// The permit, if it is still there.
    pub(super) fn take(&self) -> Option<Permit> {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        permit.take()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_permit_comes_back_when_it_is_dropped() {
        let admission = Admission::new(2, 1);
        let first = admission.at_once().unwrap();
        let second = admission.at_once().unwrap();
        assert_eq!(admission.at_once().unwrap_err(), Overloaded);
        assert_eq!(admission.in_flight(), 2);
        drop(first);
        assert!(admission.at_once().is_ok());
        drop(second);
        assert_eq!(admission.in_flight(), 0);
    }

    #[tokio::test]
    async fn streams_leave_half_of_the_permits_to_single_calls() {
        let admission = Admission::new(4, 1);
        let first = admission.in_turn().await.unwrap();
        let _second = admission.in_turn().await.unwrap();
        assert!(admission.in_turn().now_or_never().is_none());
        assert!(admission.at_once().is_ok());
        drop(first);
        assert!(admission.in_turn().now_or_never().is_some());
    }

    /// The most bytes of articles of these sizes, by turns, that a core goes through before a request that is ready: on
    /// one thread, many articles, and a request with each of them. Articles count [`LEAST_BYTES`] at least.
    async fn longest_stretch(sizes: &'static [usize]) -> usize {
        const N_ARTICLES: usize = 240;
        let admission = Arc::new(Admission::new(N_ARTICLES, 1));
        let done = Arc::new(Mutex::new(Vec::new()));
        let sizes = sizes.iter().copied().cycle().take(N_ARTICLES);
        let tasks = sizes.map(|article_bytes| {
            let (admission, done) = (Arc::clone(&admission), Arc::clone(&done));
            tokio::spawn(async move {
                let permit = admission.at_once().unwrap();
                let _core = admission.core(&permit, article_bytes).await;
                done.lock()
                    .unwrap()
                    .push(Some(article_bytes.max(LEAST_BYTES)));
                let done = Arc::clone(&done);
                tokio::spawn(async move { done.lock().unwrap().push(None) });
            })
        });
        futures_util::future::join_all(tasks).await;
        tokio::task::yield_now().await;
        let done = done.lock().unwrap();
        assert_eq!(done.len(), 2 * N_ARTICLES);
        let stretches = done.split(Option::is_none);
        let bytes = stretches.map(|articles| articles.iter().flatten().sum::<usize>());
        bytes.max().unwrap()
    }

    #[tokio::test]
    async fn requests_wait_for_no_more_than_a_stretch_of_articles() {
        let sizes: [&[usize]; 3] = [&[100], &[8 << 10], &[8 << 10, 100, 5 << 10]];
        for sizes in sizes {
            // The article at which others go first is the first behind them.
            let longest = longest_stretch(sizes).await;
            assert!(longest < STRETCH_BYTES + (8 << 10), "{sizes:?}: {longest}");
        }
    }

    #[test]
    fn a_ticket_is_good_for_one_permit() {
        let admission = Admission::new(1, 1);
        let ticket = Ticket::new(admission.at_once().unwrap());
        assert!(ticket.take().is_some());
        assert!(ticket.take().is_none());
        assert_eq!(admission.in_flight(), 0);
    }
}
