//! The four calls of `copydesk.v1.ClassifierService`.

use std::marker::PhantomData;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tonic::body::Body;
use tonic::codec::{Codec, EnabledCompressionEncodings};
use tonic::server::Grpc;
use tonic::{Request, Response, Status, Streaming};
use tower::service_fn;

use super::call::Call;
use super::classify::{CheckedOptions, ClassifyError, classify_at, classify_one};
use super::convert;
use super::counted::{Batch, Counted, One, Sent};
use super::deadline;
use super::handlers::Message;
use super::lifecycle::Lifecycle;
use super::pb;
use super::route::Route;
use super::status;
use super::stopping::Stopping;
use super::window;

/// Answers the calls.
#[derive(Debug)]
pub(super) struct Classifier {
    pub(super) encodings: EnabledCompressionEncodings,
    pub(super) lifecycle: Lifecycle,
}

/// The answers of a batch or a stream, and the status that they may end with.
type Answers<T> = BoxStream<'static, Result<T, Status>>;

impl Classifier {
    /// Answers a call as a generated server does, but for the counting.
    pub(super) async fn answer<B: Message>(
        &self,
        route: Route,
        request: http::Request<B>,
    ) -> http::Response<Body> {
        let Some(call) = request.extensions().get::<Arc<Call>>().map(Arc::clone) else {
            return status::no_call().into_http();
        };
        match route {
            Route::Classify => {
                let answer = |request: Request<One>| single(Arc::clone(&call), request);
                self.grpc(&call, 1).unary(service_fn(answer), request).await
            }
            Route::BatchClassify => {
                let answer = |request: Request<Batch>| batch(Arc::clone(&call), request);
                let mut grpc = self.grpc(&call, 1);
                grpc.server_streaming(service_fn(answer), request).await
            }
            Route::StreamClassify => {
                let lifecycle = &self.lifecycle;
                let answer = |request: Request<Streaming<One>>| {
                    streamed(Arc::clone(&call), request, lifecycle.clone())
                };
                let mut grpc = self.grpc(&call, usize::MAX);
                grpc.streaming(service_fn(answer), request).await
            }
            Route::GetModel => {
                let answer = |_: Request<pb::GetModelRequest>| {
                    std::future::ready(Ok::<_, Status>(Response::new(model(&call))))
                };
                self.grpc(&call, 1).unary(service_fn(answer), request).await
            }
            _ => status::unknown_call(request.uri().path()).into_http(),
        }
    }

    fn grpc<R, A>(&self, call: &Call, max_messages: usize) -> Grpc<Counted<R, A>>
    where
        Counted<R, A>: Codec,
    {
        let config = &call.shared.config;
        let codec = Counted {
            max_articles: config.max_batch_articles,
            max_messages,
            kinds: PhantomData,
        };
        Grpc::new(codec)
            .apply_compression_config(self.encodings, self.encodings)
            .apply_max_message_size_config(Some(config.max_message_bytes), None)
    }
}

async fn single(
    call: Arc<Call>,
    request: Request<One>,
) -> Result<Response<pb::ClassifyResponse>, Status> {
    let One {
        article, options, ..
    } = request.into_inner();
    let response = classify(&call, article, options).await;
    response
        .map(Response::new)
        .map_err(|error| status::of_error(&error))
}

async fn batch(
    call: Arc<Call>,
    request: Request<Batch>,
) -> Result<Response<Answers<pb::BatchClassifyResponse>>, Status> {
    let results = classify_batch(Arc::clone(&call), request.into_inner())
        .map_err(|error| status::of_error(&error))?
        .map(|result| {
            Ok(pb::BatchClassifyResponse {
                result: Some(result),
            })
        });
    Ok(Response::new(deadline::until(results, call)))
}

async fn streamed(
    call: Arc<Call>,
    request: Request<Streaming<One>>,
    lifecycle: Lifecycle,
) -> Result<Response<Answers<pb::StreamClassifyResponse>>, Status> {
    let max_messages = call.shared.config.stream_window.get();
    let own = Arc::clone(&call);
    let stop = Stopping::of(Arc::clone(&call), lifecycle);
    let results = inbound(request.into_inner(), stop)
        .enumerate()
        .map(move |(index, request)| {
            let size_bytes = request.as_ref().map_or(0, |one| one.size_bytes);
            (size_bytes, answer(index as u64, Arc::clone(&own), request))
        });
    let results = window::answers(results, max_messages);
    Ok(Response::new(deadline::until(results, call)))
}

/// A single call's answer.
pub(super) async fn classify(
    call: &Call,
    sent: Sent,
    options: CheckedOptions,
) -> Result<pb::ClassifyResponse, ClassifyError> {
    let permit = call.permit_at_once();
    let classification = classify_one(call, sent, options, permit).await?;
    Ok(pb::ClassifyResponse {
        classification: Some(classification),
    })
}

/// The results of a batch, in its order.
fn classify_batch(
    call: Arc<Call>,
    batch: Batch,
) -> Result<impl Stream<Item = pb::ArticleResult> + Send + 'static, ClassifyError> {
    let (n_articles, limit) = (batch.n_articles, call.shared.config.max_batch_articles);
    let checked = match n_articles > limit {
        true => Err(ClassifyError::BatchTooLarge { n_articles, limit }),
        false => batch.options,
    };
    // Those behind the first too many were never looked at.
    let options = checked
        .inspect_err(|error| call.refuse(n_articles.min(limit + 1), status::reason(error)))?;
    call.take(n_articles);
    let window = call.shared.config.stream_window.get();
    let articles = stream::iter((0..).zip(batch.articles));
    Ok(articles
        .map(move |(index, article)| {
            let options = Ok(Arc::clone(&options));
            classify_at(index, Arc::clone(&call), Sent::read(&article), options)
        })
        .buffered(window))
}

/// The card of the model that answers.
pub(super) fn model(call: &Call) -> pb::GetModelResponse {
    pb::GetModelResponse {
        model: Some(convert::model_card(&call.pipeline)),
    }
}

async fn answer(
    index: u64,
    call: Arc<Call>,
    request: Result<One, Status>,
) -> Result<pb::StreamClassifyResponse, Status> {
    let request = request.inspect_err(|status| call.refuse_unread(status))?;
    call.take(1);
    let result = classify_at(index, call, request.article, request.options).await;
    Ok(pb::StreamClassifyResponse {
        result: Some(result),
    })
}

/// The messages of a client until it has no more, one cannot be read, or it is to stop; the latter ends the stream
/// with a status. After a bad message the rest of the bytes mean nothing. What stops takes no
/// further message, so that the status stands behind the answers to all that it took.
fn inbound<T: Send + 'static>(
    messages: Streaming<T>,
    stop: Stopping,
) -> impl Stream<Item = Result<T, Status>> + Send {
    stream::unfold(Some((messages, stop, 0)), |open| async move {
        let (mut messages, mut stop, n_taken) = open?;
        let next = match stop.or(messages.message()).await {
            Ok(message) => message.map_err(status::of_refusal),
            Err(why) => Err(status::stopping(why, n_taken)),
        };
        stop.put_off();
        match next {
            Ok(message) => message.map(|m| (Ok(m), Some((messages, stop, n_taken + 1)))),
            Err(status) => Some((Err(status), None)),
        }
    })
}
