//! What one call carries from its headers to its last byte, whichever protocol it came by.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};

use super::activity::Activity;
use super::admission::{Admission, Overloaded, Permit, Ticket};
use super::classify::ClassifyError;
use super::config::ServerConfig;
use super::deadline;
use super::keys::{Caller, Keys};
use super::metrics::{Metrics, Shed, Stage};
use super::pb;
use super::status;
use super::traces::Traces;
use crate::pipeline::Pipeline;

/// What an article of a stream counts for in tokio's budget, of which a task has 128 before it has to
/// let others have its thread: eight articles, a millisecond or two. By itself tokio would count it as
/// one and let a fast sender have the thread for far longer.
const ARTICLE_BUDGET: usize = 16;

/// How long, after its deadline, a call may wait for its client to take a piece of the answer.
const FAREWELL: Duration = Duration::from_secs(2);

/// What all calls share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) admission: Admission,
    pub(super) metrics: Metrics,
    pub(super) keys: Keys,
    pub(super) traces: Traces,
    pub(super) config: ServerConfig,
}

/// One call. Its handler finds it in the request's extensions.
#[derive(Debug)]
pub(super) struct Call {
    /// Taken once, so that all answers of a call come from one model.
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) shared: Arc<Shared>,
    pub(super) deadline: Option<Instant>,
    is_callers_deadline: bool,
    pub(super) tally: Tally,
    /// What it ends with, where neither headers nor trailers of its answer say so.
    pub(super) code: OnceLock<Code>,
    /// Who calls, if the key is known, also where the call is refused.
    pub(super) caller: Option<Arc<Caller>>,
    connection: Arc<Activity>,
    ticket: Ticket,
}

/// What the headers of a request allow it.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) deadline: Option<Instant>,
    /// Not the server's own, by which it has to be done, however slowly its answer is read.
    pub(super) is_callers_deadline: bool,
    pub(super) ticket: Ticket,
}

/// Where an article of a batch or a stream stands that has to wait for its permit.
#[derive(Debug)]
pub(super) struct Turn {
    asked: Instant,
    /// Its caller's rate has been used up for it.
    is_due: bool,
}

/// What a call has done, for its line in the log.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Articles of a batch or a stream that were taken on.
    taken: AtomicUsize,
    /// Those of them that have no answer yet.
    unanswered: AtomicUsize,
    /// Articles that were classified or refused.
    pub(super) articles: AtomicUsize,
    /// Articles that were refused.
    pub(super) refused: AtomicUsize,
    /// Bytes of titles and bodies.
    pub(super) article_bytes: AtomicU64,
    /// The first article's.
    pub(super) topic: OnceLock<String>,
}

impl Call {
    pub(super) fn new(
        pipeline: Arc<Pipeline>,
        shared: Arc<Shared>,
        caller: Option<Arc<Caller>>,
        connection: Arc<Activity>,
        pass: Pass,
    ) -> Self {
        Self {
            pipeline,
            shared,
            deadline: pass.deadline,
            is_callers_deadline: pass.is_callers_deadline,
            tally: Tally::default(),
            code: OnceLock::new(),
            caller,
            connection,
            ticket: pass.ticket,
        }
    }

    /// Completes when the call's connection takes no further calls.
    pub(super) fn connection_ends(&self) -> impl Future<Output = ()> + Send + use<> {
        self.connection.ends()
    }

    /// Whether an article that was taken on has no answer yet.
    pub(super) fn has_unanswered(&self) -> bool {
        self.tally.unanswered.load(Ordering::Relaxed) > 0
    }

    /// The permit of a single call: the one that came with its headers, or a free one.
    pub(super) fn permit_at_once(&self) -> Result<Permit, Overloaded> {
        match self.ticket.take() {
            Some(permit) => Ok(permit),
            None => self
                .shared
                .admission
                .at_once()
                .inspect_err(|_| self.shared.metrics.shed(Shed::Overloaded)),
        }
    }

    /// Lets other tasks have the thread every few articles of a batch or a stream, before any of them has a permit:
    /// none is held by an article that waits to be polled.
    pub(super) async fn pause(&self) {
        for _ in 0..ARTICLE_BUDGET {
            tokio::task::coop::consume_budget().await;
        }
    }

    /// The permit for an article of a batch or a stream, if it need not wait.
    pub(super) fn turn_at_once(&self) -> Result<Permit, Turn> {
        let is_due = self.caller.as_ref().is_none_or(|c| c.in_turn_at_once());
        let permit = match is_due {
            true => self.shared.admission.in_turn_at_once(),
            false => None,
        };
        let turn = Turn {
            asked: Instant::now(),
            is_due,
        };
        permit
            .inspect(|_| self.shared.metrics.stage(Stage::Wait, Duration::ZERO))
            .ok_or(turn)
    }

    /// The permit for an article that has to wait for its turn.
    pub(super) async fn permit_in_turn(&self, turn: Turn) -> Result<Permit, Overloaded> {
        if let Some(caller) = self.caller.as_ref().filter(|_| !turn.is_due) {
            caller.in_turn().await;
        }
        let permit = self.shared.admission.in_turn().await;
        let waited = turn.asked.elapsed();
        self.shared.metrics.stage(Stage::Wait, waited);
        permit
    }

    /// Takes on articles of a batch or a stream.
    pub(super) fn take(&self, n_articles: usize) {
        self.tally.taken.fetch_add(n_articles, Ordering::Relaxed);
        self.tally
            .unanswered
            .fetch_add(n_articles, Ordering::Relaxed);
    }

    /// Whether an article is to be counted: one that was taken on is counted once, as answered or as late, whichever
    /// of its tasks is first.
    fn settle(&self) -> bool {
        let tally = &self.tally;
        let less_one = |n_articles: usize| n_articles.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        tally.taken.load(Ordering::Relaxed) == 0
            || tally.unanswered.fetch_update(set, fetch, less_one).is_ok()
    }

    /// Counts an article of so many bytes, with what became of it.
    pub(super) fn count(
        &self,
        size_bytes: usize,
        outcome: Result<&pb::Classification, &ClassifyError>,
    ) {
        if !self.settle() {
            return;
        }
        let tally = &self.tally;
        tally
            .article_bytes
            .fetch_add(size_bytes as u64, Ordering::Relaxed);
        match outcome {
            Ok(found) => {
                tally.articles.fetch_add(1, Ordering::Relaxed);
                tally.topic.get_or_init(|| found.topic.clone());
                self.shared.metrics.classified(found, size_bytes);
            }
            Err(error) => self.refuse(1, status::reason(error)),
        }
    }

    /// Counts articles that are refused.
    pub(super) fn refuse(&self, n_articles: usize, reason: &str) {
        self.tally.articles.fetch_add(n_articles, Ordering::Relaxed);
        self.tally.refused.fetch_add(n_articles, Ordering::Relaxed);
        self.shared.metrics.refused(n_articles, reason);
    }

    /// Counts an article of a stream whose message cannot be read, if that is why there is a status.
    pub(super) fn refuse_unread(&self, status: &Status) {
        if matches!(
            status.code(),
            Code::InvalidArgument | Code::ResourceExhausted
        ) {
            self.refuse(1, &status::reason_of(status));
        }
    }

    /// Counts the articles that were taken on and have no answer by the deadline.
    pub(super) fn refuse_unanswered(&self) {
        let n_unanswered = self.tally.unanswered.swap(0, Ordering::Relaxed);
        if n_unanswered > 0 {
            self.refuse(n_unanswered, status::DEADLINE_EXCEEDED);
        }
    }

    /// Frees the permit of a call whose message is still on its way: a slow sender is no load.
    pub(super) fn give_way(&self) {
        drop(self.ticket.take());
    }

    /// By when a piece of the answer has to be taken that is handed over now.
    pub(super) fn due(&self) -> Instant {
        let now = Instant::now();
        let idle = now + self.shared.config.stream_idle_timeout;
        match self.deadline.filter(|_| self.is_callers_deadline) {
            Some(deadline) => idle.min(deadline.max(now) + FAREWELL),
            None => idle,
        }
    }

    /// What a call ends with whose answer nobody takes to its end.
    pub(super) fn abandoned(&self) -> Code {
        if !self.is_over() {
            return Code::Cancelled;
        }
        self.refuse_unanswered();
        Code::DeadlineExceeded
    }

    /// Whether nothing may be started any more.
    pub(super) fn is_over(&self) -> bool {
        deadline::has_passed(self.deadline)
    }
}
