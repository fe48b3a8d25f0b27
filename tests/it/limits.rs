//! Messages at and over the limit, and bytes that are no message.

use copydesk::service::{ServerConfig, pb};
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::support::{TestServer, article, classification, pipeline, soon, stream_request};

const LIMIT: usize = 2_000;

async fn server() -> TestServer {
    let config = ServerConfig {
        max_message_bytes: LIMIT,
        ..ServerConfig::default()
    };
    TestServer::start_with(pipeline(), config).await
}

/// Lengthens the body until the message has so many bytes.
fn padded<M: Message>(size: usize, mut message: M, body: fn(&mut M) -> &mut String) -> M {
    while message.encoded_len() < size {
        let missing = size - message.encoded_len();
        // A length prefix may grow with the body: come near, then go in single steps.
        let step = missing.saturating_sub(8).max(1);
        body(&mut message).push_str(&"x".repeat(step));
    }
    assert_eq!(message.encoded_len(), size);
    message
}

fn body(article: &mut Option<pb::Article>) -> &mut String {
    &mut article.get_or_insert_default().body
}

fn single(size: usize) -> pb::ClassifyRequest {
    let message = pb::ClassifyRequest {
        article: Some(article(0)),
        options: None,
    };
    padded(size, message, |m| body(&mut m.article))
}

fn batch(size: usize) -> pb::BatchClassifyRequest {
    let message = pb::BatchClassifyRequest {
        articles: vec![article(0)],
        options: None,
    };
    padded(size, message, |m| &mut m.articles[0].body)
}

fn in_stream(size: usize) -> pb::StreamClassifyRequest {
    padded(size, stream_request(0), |m| body(&mut m.article))
}

fn assert_too_large(status: &Status) {
    assert_eq!(status.code(), Code::ResourceExhausted);
    let message = status.message();
    assert!(message.contains("2001 bytes"), "{message}");
    assert!(message.contains("2000 bytes"), "{message}");
}

#[tokio::test]
async fn the_limit_of_a_single_call_is_exact() {
    let server = server().await;
    let mut client = server.client().await;
    for size in [LIMIT - 1, LIMIT] {
        soon(client.classify(single(size))).await.expect("fits");
    }
    let status = soon(client.classify(single(LIMIT + 1))).await;
    assert_too_large(&status.expect_err("too large"));
    soon(client.classify(single(LIMIT)))
        .await
        .expect("still serves");
}

#[tokio::test]
async fn the_limit_of_a_batch_is_exact() {
    let server = server().await;
    let mut client = server.client().await;
    for size in [LIMIT - 1, LIMIT] {
        soon(client.batch_classify(batch(size)))
            .await
            .expect("fits");
    }
    let status = soon(client.batch_classify(batch(LIMIT + 1))).await;
    assert_too_large(&status.expect_err("too large"));
}

#[tokio::test]
async fn a_message_over_the_limit_ends_its_stream() {
    let server = server().await;
    let mut client = server.client().await;
    let sizes = [LIMIT - 1, LIMIT, LIMIT + 1, LIMIT];
    let requests = tokio_stream::iter(sizes.map(in_stream));
    let responses = soon(client.stream_classify(requests)).await;
    let mut responses = responses.expect("a stream").into_inner();
    for index in 0..2 {
        let response = soon(responses.message()).await.expect("fits");
        let result = response.expect("an answer").result.expect("not empty");
        assert_eq!(result.index, index);
        assert_eq!(classification(&result).topic, "Politics");
    }
    let status = soon(responses.message()).await.expect_err("too large");
    assert_too_large(&status);
}

/// [`pb::ClassifyRequest`] and [`pb::StreamClassifyRequest`] with a body that may be any bytes.
#[derive(Clone, PartialEq, Message)]
struct RawRequest {
    #[prost(message, optional, tag = "1")]
    article: Option<RawArticle>,
}

#[derive(Clone, PartialEq, Message)]
struct RawArticle {
    #[prost(bytes = "vec", tag = "3")]
    body: Vec<u8>,
}

fn not_utf8() -> RawRequest {
    RawRequest {
        article: Some(RawArticle {
            body: b"caf\xe9".to_vec(),
        }),
    }
}

fn assert_not_utf8(status: &Status) {
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("UTF-8"), "{status}");
    let details = status.get_error_details();
    let violations = &details
        .bad_request()
        .expect("a BadRequest")
        .field_violations;
    assert_eq!(violations[0].field, "article.body");
}

#[tokio::test]
async fn a_text_that_is_not_utf8_is_refused() {
    let server = server().await;
    let mut client = Grpc::new(server.connect().await);
    client.ready().await.expect("connected");
    let path = PathAndQuery::from_static("/copydesk.v1.ClassifierService/Classify");
    let codec = ProstCodec::<RawRequest, pb::ClassifyResponse>::default();
    let answer = soon(client.unary(Request::new(not_utf8()), path, codec)).await;
    assert_not_utf8(&answer.expect_err("refused"));
}

#[tokio::test]
async fn a_text_that_is_not_utf8_ends_its_stream() {
    let server = server().await;
    let mut client = Grpc::new(server.connect().await);
    client.ready().await.expect("connected");
    let path = PathAndQuery::from_static("/copydesk.v1.ClassifierService/StreamClassify");
    let codec = ProstCodec::<RawRequest, pb::StreamClassifyResponse>::default();
    let requests = Request::new(tokio_stream::iter([not_utf8(), not_utf8()]));
    let answer = soon(client.streaming(requests, path, codec)).await;
    let mut responses = answer.expect("a stream").into_inner();
    let status = soon(responses.message()).await.expect_err("refused");
    assert_not_utf8(&status);
}
