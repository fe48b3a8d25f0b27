//! One article, the same way for a single call, a batch and a stream.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::admission::{Overloaded, Permit};
use super::call::Call;
use super::convert;
use super::counted::Sent;
use super::deadline;
use super::json::JsonError;
use super::metrics::Stage;
use super::pb;
use crate::pipeline::options::TagListError;
use crate::pipeline::{Classification, Options, OptionsError, is_page};
use crate::text::{Article, ArticleError};

/// An article of at most so many bytes is classified where its call is handled, which takes less
/// than half a millisecond. A longer one, and any page, would keep other calls waiting and goes to a thread
/// of its own; what the pipeline does is the same there, and results keep their order.
const MAX_INLINE_BYTES: usize = 8 << 10;

/// Why an article could not be classified. The message is for the caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClassifyError {
    /// The request is empty.
    #[error("the request has no article; set article.title or article.body")]
    NoArticle,
    /// A later contract, or a mistake.
    #[error("{field} is {given}, a number that this version of the contract does not have")]
    UnknownNumber {
        /// The enum's field.
        field: &'static str,
        /// The number sent.
        given: i32,
    },
    /// No article.
    #[error(transparent)]
    Article(#[from] ArticleError),
    /// No options.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The article has too many tags.
    #[error(transparent)]
    Tags(#[from] TagListError),
    /// A line that is no request.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Bytes that are no message.
    #[error("the message cannot be read: {reason}")]
    Unreadable {
        /// The request field that they stand in; empty if none is known.
        field: String,
        /// What is wrong with them.
        reason: String,
    },
    /// Too many articles are in flight.
    #[error("the server is busy: it has as many articles in flight as it takes; try again shortly")]
    Overloaded,
    /// The caller's time was over before the article was started.
    #[error("the deadline passed before the article could be classified")]
    DeadlineExceeded,
    /// A batch of too many articles.
    #[error(
        "the batch has {n_articles} articles; the limit is {limit}: send several batches, or a stream"
    )]
    BatchTooLarge {
        /// How many were sent.
        n_articles: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// The classification panicked.
    #[error("the article could not be classified: a fault of the server, which its log describes")]
    Fault,
}

impl ClassifyError {
    /// The request field at fault, such as `article.body`; `None` if it is not the request's fault.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::NoArticle => Some("article"),
            Self::UnknownNumber { field, .. } => Some(field),
            Self::Article(error) => Some(error.field()),
            Self::Options(error) => Some(error.field()),
            Self::Tags(error) => Some(error.field()),
            Self::Json(JsonError { field, .. }) | Self::Unreadable { field, .. } => Some(field),
            Self::BatchTooLarge { .. } => Some("articles"),
            Self::Overloaded | Self::DeadlineExceeded | Self::Fault => None,
        }
    }
}

impl From<Overloaded> for ClassifyError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// Options as they arrive with an article: checked once for a batch, and with each article of a
/// stream.
pub(super) type CheckedOptions = Result<Arc<Options>, ClassifyError>;

/// Classifies one article. Every call goes this way.
pub(super) async fn classify_one(
    call: &Call,
    sent: Sent,
    options: CheckedOptions,
    permit: Result<Permit, Overloaded>,
) -> Result<pb::Classification, ClassifyError> {
    let article = sent.article.as_ref();
    let size_bytes = article.map_or(0, |a| a.title.len() + a.body.len());
    let outcome = checked(call, sent, options, permit).await;
    call.count(size_bytes, outcome.as_ref());
    outcome
}

async fn checked(
    call: &Call,
    sent: Sent,
    options: CheckedOptions,
    permit: Result<Permit, Overloaded>,
) -> Result<pb::Classification, ClassifyError> {
    let started = Instant::now();
    let permit = permit?;
    if call.is_over() {
        return Err(ClassifyError::DeadlineExceeded);
    }
    let article = convert::article(sent)?;
    check_size(&article, call.shared.config.max_article_bytes)?;
    let options = options?;
    let checked = started.elapsed();
    let is_long = is_long(&article);
    let core = match is_long {
        true => None,
        false => {
            let admission = &call.shared.admission;
            admission.core(&permit, size_bytes(&article)).await
        }
    };
    // It may have passed meanwhile.
    if call.is_over() {
        return Err(ClassifyError::DeadlineExceeded);
    }
    let begun = started.elapsed();
    let found = match is_long {
        true => on_a_thread(call, article, options, permit).await?,
        false => guarded(|| call.pipeline.classify(&article, &options))?,
    };
    drop(core);
    let classified = started.elapsed();
    let answer = convert::classification(found, call.pipeline.manifest(), classified);
    let metrics = &call.shared.metrics;
    metrics.stage(Stage::Check, checked);
    metrics.stage(Stage::Core, begun - checked);
    metrics.stage(Stage::Classify, classified - begun);
    metrics.stage(Stage::Answer, started.elapsed() - classified);
    Ok(answer)
}

/// Classifies one article of a batch or a stream; what goes wrong stands in the result's place.
pub(super) async fn classify_at(
    index: u64,
    call: Arc<Call>,
    mut sent: Sent,
    options: CheckedOptions,
) -> pb::ArticleResult {
    let article_id = sent.article.as_mut().map(|a| std::mem::take(&mut a.id));
    let outcome = classify_in_turn(call, sent, options).await;
    pb::ArticleResult {
        article_id: article_id.unwrap_or_default(),
        index,
        outcome: Some(convert::outcome(outcome)),
    }
}

/// Classifies an article when it is its turn. A client that stops reading stops its call from being polled; an article
/// that has to wait does so in a task of its own, which goes on: a turn given to one that stands still would be
/// lost to all others. It ends with its call.
async fn classify_in_turn(
    call: Arc<Call>,
    sent: Sent,
    options: CheckedOptions,
) -> Result<pb::Classification, ClassifyError> {
    call.pause().await;
    let turn = match call.turn_at_once() {
        Ok(permit) => return classify_one(&call, sent, options, Ok(permit)).await,
        Err(turn) => turn,
    };
    let mut waiting = JoinSet::new();
    waiting.spawn(async move {
        let permit = call.permit_in_turn(turn).await;
        classify_one(&call, sent, options, permit).await
    });
    // Panics are caught where they may happen; this fails only when the runtime stops.
    match waiting.join_next().await {
        Some(Ok(outcome)) => outcome,
        _ => Err(ClassifyError::Fault),
    }
}

/// Refuses an article that is longer than this server takes.
fn check_size(article: &Article, limit_bytes: usize) -> Result<(), ArticleError> {
    let size_bytes = article.title().len() + article.body().len();
    if size_bytes > limit_bytes {
        return Err(ArticleError::TooLarge {
            size_bytes,
            limit_bytes,
        });
    }
    Ok(())
}

/// Whether an article would keep other calls waiting for too long.
fn is_long(article: &Article) -> bool {
    size_bytes(article) > MAX_INLINE_BYTES || is_page(article)
}

/// The permit goes with the job: one that cannot be stopped any more still counts. Jobs queue for a thread; one whose
/// caller has gone meanwhile, or has no more time, is not begun.
async fn on_a_thread(
    call: &Call,
    article: Article,
    options: Arc<Options>,
    permit: Permit,
) -> Result<Classification, ClassifyError> {
    let (pipeline, deadline) = (Arc::clone(&call.pipeline), call.deadline);
    let (answer, answered) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        let permit = permit;
        if answer.is_closed() {
            return;
        }
        let outcome = match deadline::has_passed(deadline) {
            true => Err(ClassifyError::DeadlineExceeded),
            false => guarded(|| pipeline.classify(&article, &options)),
        };
        // Whoever is answered finds the place free.
        drop(permit);
        // Nobody may be there any more.
        let _ = answer.send(outcome);
    });
    // The job itself catches panics; this fails only when the runtime stops.
    answered.await.unwrap_or(Err(ClassifyError::Fault))
}

fn size_bytes(article: &Article) -> usize {
    let tags: usize = article.existing_tags().iter().map(String::len).sum();
    article.title().len() + article.body().len() + tags
}

/// Turns a panic into an error for this one article. The pipeline never changes and its buffers are
/// cleared before each article, so nothing broken is seen afterwards.
fn guarded(classify: impl FnOnce() -> Classification) -> Result<Classification, ClassifyError> {
    catch_unwind(AssertUnwindSafe(classify)).map_err(|panic| {
        tracing::error!(
            cause = cause(&*panic),
            "classifying an article panicked; the caller was sent INTERNAL"
        );
        ClassifyError::Fault
    })
}

/// A panic's message if it was written into the program. One that was put together at run time may
/// quote the article, which must not get into logs.
fn cause(panic: &(dyn Any + Send)) -> &'static str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("a message made at run time, withheld because it may quote the article")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_literal_panic_message_is_logged() {
        let literal = catch_unwind(|| panic!("no such slot")).unwrap_err();
        assert_eq!(cause(&*literal), "no such slot");
        let text = "secret".to_owned();
        let quoting = catch_unwind(move || panic!("bad text: {text}")).unwrap_err();
        assert!(!cause(&*quoting).contains("secret"));
    }
}
