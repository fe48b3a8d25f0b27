//! The ceiling: the same contract on a bare tonic server, whose answer is made once and sent again and
//! again. What Copydesk costs more than this is its own doing.
//!
//! ```sh
//! cargo run --release --example echo -- 127.0.0.1:50052
//! ```

use std::error::Error;

use copydesk::service::pb;
use copydesk::service::pb::article_result::Outcome;
use copydesk::service::pb::classifier_service_server::{
    ClassifierService, ClassifierServiceServer,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

struct Echo {
    answer: pb::Classification,
}

impl Echo {
    fn result(answer: &pb::Classification, index: u64) -> pb::ArticleResult {
        pb::ArticleResult {
            article_id: String::new(),
            index,
            outcome: Some(Outcome::Classification(answer.clone())),
        }
    }
}

/// As many topics as the built-in model gives.
fn answer() -> pb::Classification {
    let topics = (0..12).map(|n| pb::TopicScore {
        topic: "Science & Tech".into(),
        probability: 1.0 / 12.0,
        iptc_code: format!("medtop:{n:08}"),
    });
    pb::Classification {
        topic: "Science & Tech".into(),
        confidence: 0.5,
        topics: topics.collect(),
        language: "en".into(),
        model: Some(pb::ModelVersion {
            name: "echo".into(),
            version: "sha256:000000000000".into(),
        }),
        ..pb::Classification::default()
    }
}

#[tonic::async_trait]
impl ClassifierService for Echo {
    async fn classify(
        &self,
        _request: Request<pb::ClassifyRequest>,
    ) -> Result<Response<pb::ClassifyResponse>, Status> {
        Ok(Response::new(pb::ClassifyResponse {
            classification: Some(self.answer.clone()),
        }))
    }

    type BatchClassifyStream = BoxStream<'static, Result<pb::BatchClassifyResponse, Status>>;

    async fn batch_classify(
        &self,
        request: Request<pb::BatchClassifyRequest>,
    ) -> Result<Response<Self::BatchClassifyStream>, Status> {
        let answer = self.answer.clone();
        let articles = request.into_inner().articles;
        let results = stream::iter((0..).zip(articles)).map(move |(index, _)| {
            Ok(pb::BatchClassifyResponse {
                result: Some(Self::result(&answer, index)),
            })
        });
        Ok(Response::new(results.boxed()))
    }

    type StreamClassifyStream = BoxStream<'static, Result<pb::StreamClassifyResponse, Status>>;

    async fn stream_classify(
        &self,
        request: Request<Streaming<pb::StreamClassifyRequest>>,
    ) -> Result<Response<Self::StreamClassifyStream>, Status> {
        let answer = self.answer.clone();
        let results = request
            .into_inner()
            .enumerate()
            .map(move |(index, message)| {
                message.map(|_| pb::StreamClassifyResponse {
                    result: Some(Self::result(&answer, index as u64)),
                })
            });
        Ok(Response::new(results.boxed()))
    }

    async fn get_model(
        &self,
        _request: Request<pb::GetModelRequest>,
    ) -> Result<Response<pb::GetModelResponse>, Status> {
        Ok(Response::new(pb::GetModelResponse::default()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .ok_or("give an address, such as 127.0.0.1:50052")?;
    let listener = TcpListener::bind(&address).await?;
    eprintln!("echo: on {}", listener.local_addr()?);
    let sockets = stream::unfold(listener, |listener| async move {
        let accepted = listener.accept().await.map(|(socket, _)| {
            // As Copydesk has it.
            let _ = socket.set_nodelay(true);
            socket
        });
        Some((accepted, listener))
    });
    let echo = Echo { answer: answer() };
    Server::builder()
        .add_service(ClassifierServiceServer::new(echo))
        .serve_with_incoming(sockets)
        .await?;
    Ok(())
}
