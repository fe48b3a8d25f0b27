//! The four calls of `copydesk.v1.ClassifierService`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use super::call::Call;
use super::classify::{ClassifyError, classify_at, classify_one};
use super::convert;
use super::deadline;
use super::lifecycle::{Lifecycle, Stop};
use super::pb;
use super::pb::classifier_service_server::ClassifierService;
use super::status;
use super::window;

/// Answers the calls.
#[derive(Debug, Clone)]
pub(super) struct Classifier {
    pub(super) lifecycle: Lifecycle,
}

#[tonic::async_trait]
impl ClassifierService for Classifier {
    async fn classify(
        &self,
        request: Request<pb::ClassifyRequest>,
    ) -> Result<Response<pb::ClassifyResponse>, Status> {
        let call = Call::of(&request)?;
        let response = classify(&call, request.into_inner()).await;
        response
            .map(Response::new)
            .map_err(|error| status::of_error(&error))
    }

    type BatchClassifyStream = BoxStream<'static, Result<pb::BatchClassifyResponse, Status>>;

    async fn batch_classify(
        &self,
        request: Request<pb::BatchClassifyRequest>,
    ) -> Result<Response<Self::BatchClassifyStream>, Status> {
        let call = Call::of(&request)?;
        let results = classify_batch(Arc::clone(&call), request.into_inner())
            .map_err(|error| status::of_error(&error))?
            .map(|result| {
                Ok(pb::BatchClassifyResponse {
                    result: Some(result),
                })
            });
        Ok(Response::new(deadline::until(results, call)))
    }

    type StreamClassifyStream = BoxStream<'static, Result<pb::StreamClassifyResponse, Status>>;

    async fn stream_classify(
        &self,
        request: Request<Streaming<pb::StreamClassifyRequest>>,
    ) -> Result<Response<Self::StreamClassifyStream>, Status> {
        let call = Call::of(&request)?;
        let max_messages = call.shared.config.stream_window.get();
        let own = Arc::clone(&call);
        let results = inbound(request.into_inner(), call.stopped(self.lifecycle.clone()))
            .enumerate()
            .map(move |(index, request)| {
                let size_bytes = request.as_ref().map_or(0, Message::encoded_len);
                (size_bytes, answer(index as u64, Arc::clone(&own), request))
            });
        let results = window::answers(results, max_messages);
        Ok(Response::new(deadline::until(results, call)))
    }

    async fn get_model(
        &self,
        request: Request<pb::GetModelRequest>,
    ) -> Result<Response<pb::GetModelResponse>, Status> {
        let call = Call::of(&request)?;
        Ok(Response::new(model(&call)))
    }
}

/// A single call's answer.
pub(super) async fn classify(
    call: &Call,
    request: pb::ClassifyRequest,
) -> Result<pb::ClassifyResponse, ClassifyError> {
    let options = convert::options(request.options);
    let permit = call.permit_at_once();
    let classification = classify_one(call, request.article, options, permit).await?;
    Ok(pb::ClassifyResponse {
        classification: Some(classification),
    })
}

/// The results of a batch of no more articles than it may have, in its order.
fn classify_batch(
    call: Arc<Call>,
    request: pb::BatchClassifyRequest,
) -> Result<impl Stream<Item = pb::ArticleResult> + Send + 'static, ClassifyError> {
    let n_articles = request.articles.len();
    let options = convert::options(request.options)
        .inspect_err(|error| call.refuse(n_articles, status::reason(error)))?;
    call.take(n_articles);
    let window = call.shared.config.stream_window.get();
    let articles = stream::iter((0..).zip(request.articles));
    Ok(articles
        .map(move |(index, article)| {
            let options = Ok(Arc::clone(&options));
            classify_at(index, Arc::clone(&call), Some(article), options)
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
    request: Result<pb::StreamClassifyRequest, Status>,
) -> Result<pb::StreamClassifyResponse, Status> {
    let request = request.inspect_err(|status| call.refuse_unread(status))?;
    call.take(1);
    let options = convert::options(request.options);
    let result = classify_at(index, call, request.article, options).await;
    Ok(pb::StreamClassifyResponse {
        result: Some(result),
    })
}

/// The messages of a client until it has no more, one cannot be read, or the server or the connection stops; the
/// latter end the stream with a status. After a bad message the rest of the bytes mean nothing. What stops takes no
/// further message, so that the status stands behind the answers to all that it took.
fn inbound<T: Send + 'static>(
    messages: Streaming<T>,
    stop: BoxFuture<'static, Stop>,
) -> impl Stream<Item = Result<T, Status>> + Send {
    stream::unfold(Some((messages, stop, 0)), |open| async move {
        let (mut messages, mut stop, n_taken) = open?;
        let next = tokio::select! {
            biased;
            why = &mut stop => Err(status::stopping(why, n_taken)),
            message = messages.message() => message.map_err(status::of_refusal),
        };
        match next {
            Ok(message) => message.map(|m| (Ok(m), Some((messages, stop, n_taken + 1)))),
            Err(status) => Some((Err(status), None)),
        }
    })
}
