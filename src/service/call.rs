//! What one call carries from its headers to its last byte, whichever protocol it came by.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::time::Instant;
use tonic::{Code, Request, Status};

use super::admission::{Admission, Overloaded, Permit, Ticket};
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
    pub(super) tally: Tally,
    /// What it ends with, where neither headers nor trailers of its answer say so.
    pub(super) code: OnceLock<Code>,
    /// Who calls, if keys are asked for.
    pub(super) caller: Option<Arc<Caller>>,
    ticket: Ticket,
}

/// What the headers of a request allow it.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub(super) deadline: Option<Instant>,
    pub(super) caller: Option<Arc<Caller>>,
    pub(super) ticket: Ticket,
}

/// What a call has done, for its line in the log.
#[derive(Debug, Default)]
pub(super) struct Tally {
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
    pub(super) fn new(pipeline: Arc<Pipeline>, shared: Arc<Shared>, pass: Pass) -> Self {
        Self {
            pipeline,
            shared,
            deadline: pass.deadline,
            tally: Tally::default(),
            code: OnceLock::new(),
            caller: pass.caller,
            ticket: pass.ticket,
        }
    }

    /// The call that a request belongs to.
    pub(super) fn of<T>(request: &Request<T>) -> Result<Arc<Self>, Status> {
        let call = request.extensions().get::<Arc<Self>>();
        call.map(Arc::clone).ok_or_else(status::no_call)
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

    /// The permit for an article of a batch or a stream, which waits for it.
    pub(super) async fn permit_in_turn(&self) -> Result<Permit, Overloaded> {
        let asked = Instant::now();
        // Before there is a permit, so that none is held by an article that waits to be polled.
        for _ in 0..ARTICLE_BUDGET {
            tokio::task::coop::consume_budget().await;
        }
        if let Some(caller) = &self.caller {
            caller.in_turn().await;
        }
        let permit = self.shared.admission.in_turn().await;
        self.shared.metrics.stage(Stage::Wait, asked.elapsed());
        permit
    }

    /// Counts an article of so many bytes, with the answer to it if it has one.
    pub(super) fn count(&self, size_bytes: usize, found: Option<&pb::Classification>) {
        let tally = &self.tally;
        tally.articles.fetch_add(1, Ordering::Relaxed);
        tally
            .article_bytes
            .fetch_add(size_bytes as u64, Ordering::Relaxed);
        if let Some(found) = found {
            tally.topic.get_or_init(|| found.topic.clone());
            self.shared.metrics.classified(found, size_bytes);
        } else {
            tally.refused.fetch_add(1, Ordering::Relaxed);
            self.shared.metrics.refused();
        }
    }

    /// Frees the permit of a call whose message is still on its way: a slow sender is no load.
    pub(super) fn give_way(&self) {
        drop(self.ticket.take());
    }

    /// Whether nothing may be started any more.
    pub(super) fn is_over(&self) -> bool {
        deadline::has_passed(self.deadline)
    }
}
