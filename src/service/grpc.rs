//! The four calls of `copydesk.v1.ClassifierService`.

use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::classify::{classify_at, classify_one};
use super::convert;
use super::lifecycle::{Lifecycle, Phase};
use super::pb;
use super::pb::classifier_service_server::ClassifierService;
use super::status;
use crate::pipeline::Pipeline;

/// Answers the calls. Each call takes the pipeline once, so that its answers come from one model.
#[derive(Debug)]
pub(super) struct Classifier {
    pub(super) pipeline: Arc<Pipeline>,
    /// At most so many articles of one stream are in flight.
    pub(super) stream_window: NonZeroUsize,
    pub(super) lifecycle: Lifecycle,
}

#[tonic::async_trait]
impl ClassifierService for Classifier {
    async fn classify(
        &self,
        request: Request<pb::ClassifyRequest>,
    ) -> Result<Response<pb::ClassifyResponse>, Status> {
        let request = request.into_inner();
        let pipeline = Arc::clone(&self.pipeline);
        let options = convert::options(request.options);
        let classification = classify_one(pipeline, request.article, options)
            .await
            .map_err(|error| status::of_error(&error))?;
        Ok(Response::new(pb::ClassifyResponse {
            classification: Some(classification),
        }))
    }

    type BatchClassifyStream = BoxStream<'static, Result<pb::BatchClassifyResponse, Status>>;

    async fn batch_classify(
        &self,
        request: Request<pb::BatchClassifyRequest>,
    ) -> Result<Response<Self::BatchClassifyStream>, Status> {
        let request = request.into_inner();
        let pipeline = Arc::clone(&self.pipeline);
        let options = convert::options(request.options).map_err(|e| status::of_error(&e))?;
        let results = stream::iter((0..).zip(request.articles))
            .map(move |(index, article)| {
                let options = Ok(Arc::clone(&options));
                classify_at(index, Arc::clone(&pipeline), Some(article), options)
            })
            .buffered(self.stream_window.get())
            .map(|result| {
                Ok(pb::BatchClassifyResponse {
                    result: Some(result),
                })
            });
        Ok(Response::new(results.boxed()))
    }

    type StreamClassifyStream = BoxStream<'static, Result<pb::StreamClassifyResponse, Status>>;

    async fn stream_classify(
        &self,
        request: Request<Streaming<pb::StreamClassifyRequest>>,
    ) -> Result<Response<Self::StreamClassifyStream>, Status> {
        let pipeline = Arc::clone(&self.pipeline);
        let results = inbound(request.into_inner(), self.lifecycle.clone())
            .enumerate()
            .map(move |(index, request)| answer(index as u64, Arc::clone(&pipeline), request))
            .buffered(self.stream_window.get());
        Ok(Response::new(results.boxed()))
    }

    async fn get_model(
        &self,
        _request: Request<pb::GetModelRequest>,
    ) -> Result<Response<pb::GetModelResponse>, Status> {
        Ok(Response::new(pb::GetModelResponse {
            model: Some(convert::model_card(self.pipeline.manifest())),
        }))
    }
}

async fn answer(
    index: u64,
    pipeline: Arc<Pipeline>,
    request: Result<pb::StreamClassifyRequest, Status>,
) -> Result<pb::StreamClassifyResponse, Status> {
    let request = request?;
    let options = convert::options(request.options);
    let result = classify_at(index, pipeline, request.article, options).await;
    Ok(pb::StreamClassifyResponse {
        result: Some(result),
    })
}

type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The messages of a client until it has no more, one cannot be read, or the server stops; the
/// latter two end the stream with a status. After a bad message the rest of the bytes mean nothing.
fn inbound<T: Send + 'static>(
    messages: Streaming<T>,
    lifecycle: Lifecycle,
) -> impl Stream<Item = Result<T, Status>> + Send {
    let stop: Stop = Box::pin(lifecycle.reached(Phase::Stopping));
    stream::unfold(Some((messages, stop)), |open| async move {
        let (mut messages, mut stop) = open?;
        let next = tokio::select! {
            message = messages.message() => message.map_err(status::of_refusal),
            () = &mut stop => Err(status::stopping()),
        };
        match next {
            Ok(message) => message.map(|m| (Ok(m), Some((messages, stop)))),
            Err(status) => Some((Err(status), None)),
        }
    })
}
