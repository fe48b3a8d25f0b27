//! One article, the same way for a single call, a batch and a stream.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::convert;
use super::pb;
use crate::pipeline::{Classification, Options, OptionsError, Pipeline, is_page};
use crate::text::{Article, ArticleError};

/// An article of at most so many bytes is classified where its call is handled, which takes less
/// than a millisecond. A longer one, and any page, would keep other calls waiting and goes to a thread
/// of its own; [`Pipeline::classify`] is the same there, and results keep their order.
const MAX_INLINE_BYTES: usize = 64 << 10;

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
    /// The classification panicked.
    #[error("the article could not be classified: a fault of the server, which its log describes")]
    Fault,
}

impl ClassifyError {
    /// The request field at fault, such as `article.body`; `None` if it is not the request's fault.
    pub(super) fn field(&self) -> Option<&'static str> {
        match self {
            Self::NoArticle => Some("article"),
            Self::UnknownNumber { field, .. } => Some(field),
            Self::Article(error) => Some(error.field()),
            Self::Options(error) => Some(error.field()),
            Self::Fault => None,
        }
    }
}

/// Options as they arrive with an article: checked once for a batch, and with each article of a
/// stream.
pub(super) type CheckedOptions = Result<Arc<Options>, ClassifyError>;

/// Classifies one article. Every call goes this way.
pub(super) async fn classify_one(
    pipeline: Arc<Pipeline>,
    article: Option<pb::Article>,
    options: CheckedOptions,
) -> Result<pb::Classification, ClassifyError> {
    let started = Instant::now();
    let article = convert::article(article)?;
    let found = run(&pipeline, article, options?).await?;
    Ok(convert::classification(
        found,
        pipeline.manifest(),
        started.elapsed(),
    ))
}

/// Classifies one article of a batch or a stream; what goes wrong stands in the result's place.
pub(super) async fn classify_at(
    index: u64,
    pipeline: Arc<Pipeline>,
    mut article: Option<pb::Article>,
    options: CheckedOptions,
) -> pb::ArticleResult {
    let article_id = article.as_mut().map(|a| std::mem::take(&mut a.id));
    let outcome = classify_one(pipeline, article, options).await;
    pb::ArticleResult {
        article_id: article_id.unwrap_or_default(),
        index,
        outcome: Some(convert::outcome(outcome)),
    }
}

async fn run(
    pipeline: &Arc<Pipeline>,
    article: Article,
    options: Arc<Options>,
) -> Result<Classification, ClassifyError> {
    if size_bytes(&article) <= MAX_INLINE_BYTES && !is_page(&article) {
        // A fast sender must not keep its worker thread from the other calls.
        tokio::task::coop::consume_budget().await;
        return guarded(|| pipeline.classify(&article, &options));
    }
    let pipeline = Arc::clone(pipeline);
    let job = move || guarded(|| pipeline.classify(&article, &options));
    // The job itself catches panics; this fails only when the runtime stops.
    tokio::task::spawn_blocking(job)
        .await
        .unwrap_or(Err(ClassifyError::Fault))
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
