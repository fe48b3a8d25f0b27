//! Messages at and over the limit, and bytes that are no message.

use std::io::Write;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use copydesk::service::{ServerConfig, pb};
use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use crate::support::{
    TestServer, article, classification, error, pipeline, soon, stream_request, topic,
};
use crate::wire::{CLASSIFY, Sent, Wire, framed};

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

#[tokio::test]
async fn a_text_that_is_not_utf8_is_an_error_in_its_place_of_a_batch() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let path = "/copydesk.v1.ClassifierService/BatchClassify";
    let mut message = batch(LIMIT).encode_to_vec();
    // The articles of a batch have the number that the article of a single call has.
    message.extend(not_utf8().encode_to_vec());
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(message.len().try_into().expect("short"));
    frame.put_slice(&message);
    let answer = wire.call(path, &[], Sent::Whole(frame.freeze())).await;
    assert_eq!(answer.status.code(), Code::Ok, "{}", answer.status);
    let results = batch_results(answer.body);
    assert_eq!(classification(&results[0]).topic, topic(0));
    assert_eq!(error(&results[1]).field, "article.body");
    assert!(error(&results[1]).message.contains("UTF-8"));
}

/// The results within an answer's frames.
fn batch_results(mut body: Bytes) -> Vec<pb::ArticleResult> {
    let mut results = Vec::new();
    while body.has_remaining() {
        assert_eq!(body.get_u8(), 0, "not packed");
        let length = body.get_u32() as usize;
        let message = body.split_to(length);
        let response = pb::BatchClassifyResponse::decode(message).expect("an answer");
        results.push(response.result.expect("not empty"));
    }
    results
}

/// An article that says of itself to have tags without end, each of which is two bytes.
fn overtagged() -> pb::Article {
    pb::Article {
        existing_tags: vec![String::new(); 1_000_000],
        ..article(1)
    }
}

const OVERTAGGED: &str = "article.existing_tags has 1000000 tags; the limit is 1000";

#[tokio::test]
async fn tags_over_the_limit_are_counted_and_not_read() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let request = pb::ClassifyRequest {
        article: Some(overtagged()),
        options: None,
    };
    let status = soon(client.classify(request)).await.expect_err("too many");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().starts_with(OVERTAGGED), "{status}");
    let request = pb::BatchClassifyRequest {
        articles: vec![article(0), overtagged(), article(2)],
        options: None,
    };
    let answers = soon(client.batch_classify(request)).await;
    let mut answers = answers.expect("a stream").into_inner();
    let mut results = Vec::new();
    while let Some(answer) = soon(answers.message()).await.expect("no status") {
        results.push(answer.result.expect("not empty"));
    }
    assert_overtagged(&results);
    let requests =
        [article(0), overtagged(), article(2)].map(|article| pb::StreamClassifyRequest {
            article: Some(article),
            options: None,
        });
    let answers = soon(client.stream_classify(tokio_stream::iter(requests))).await;
    let mut answers = answers.expect("a stream").into_inner();
    let mut results = Vec::new();
    while let Some(answer) = soon(answers.message()).await.expect("no status") {
        results.push(answer.result.expect("not empty"));
    }
    assert_overtagged(&results);
}

/// That the second of three results is an error, and it alone.
fn assert_overtagged(results: &[pb::ArticleResult]) {
    let ids: Vec<_> = results.iter().map(|r| r.article_id.as_str()).collect();
    assert_eq!(ids, ["article-0", "article-1", "article-2"]);
    assert!(error(&results[1]).message.starts_with(OVERTAGGED));
    for number in [0, 2] {
        assert_eq!(classification(&results[number]).topic, topic(number));
    }
}

#[tokio::test]
async fn a_single_call_has_one_message() {
    let server = TestServer::start().await;
    for path in [
        CLASSIFY,
        "/copydesk.v1.ClassifierService/BatchClassify",
        "/copydesk.v1.ClassifierService/GetModel",
    ] {
        let mut wire = Wire::connect(server.address()).await;
        let frame = framed(&pb::ClassifyRequest {
            article: Some(article(0)),
            options: None,
        });
        let one = wire.call(path, &[], Sent::Whole(frame.clone())).await;
        assert_eq!(one.status.code(), Code::Ok, "{path}: {}", one.status);
        let two = [frame.clone(), frame].concat().into();
        let two = wire.call(path, &[], Sent::Whole(two)).await;
        assert_eq!(two.status.code(), Code::InvalidArgument, "{path}");
        assert!(two.status.message().contains("several messages"));
    }
}

/// The frame of a compressed message, or of what is said to be one.
fn packed_frame(bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(1);
    frame.put_u32(bytes.len().try_into().expect("short"));
    frame.put_slice(bytes);
    frame.freeze()
}

fn gzip(message: &impl Message) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&message.encode_to_vec()).expect("memory");
    encoder.finish().expect("memory")
}

/// The status of a call whose bytes are said to be in an encoding, and what the headers say besides.
async fn sent(server: &TestServer, encoding: &str, bytes: Bytes) -> (Status, Option<String>) {
    let mut wire = Wire::connect(server.address()).await;
    let headers = [("grpc-encoding", encoding)];
    let answer = wire.call(CLASSIFY, &headers, Sent::Whole(bytes)).await;
    let accepted = answer.headers.get("grpc-accept-encoding");
    let accepted = accepted.and_then(|value| value.to_str().ok());
    (answer.status, accepted.map(str::to_owned))
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().expect("an ErrorInfo").reason.clone()
}

#[tokio::test]
async fn a_compressed_message_is_measured_unpacked() {
    let server = server().await;
    let (fits, _) = sent(&server, "gzip", packed_frame(&gzip(&single(LIMIT)))).await;
    assert_eq!(fits.code(), Code::Ok, "{fits}");
    let bomb = packed_frame(&gzip(&single(100 * LIMIT)));
    assert!(bomb.len() < LIMIT);
    let (status, _) = sent(&server, "gzip", bomb).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert_eq!(reason(&status), "MESSAGE_TOO_LARGE");
    assert!(status.message().contains("2000 bytes"), "{status}");
}

#[tokio::test]
async fn a_damaged_message_is_its_senders_mistake() {
    let server = server().await;
    let whole = gzip(&single(500));
    let cut = packed_frame(&whole[..whole.len() / 2]);
    let garbage = packed_frame(b"no gzip at all");
    let mut flagged = BytesMut::from(&framed(&single(500))[..]);
    flagged[0] = 2;
    let mut trailed = BytesMut::from(&framed(&single(500))[..]);
    trailed.put_slice(b"\x07junk");
    let (status, _) = sent(&server, "gzip", cut.clone()).await;
    let said = status.message();
    assert!(said.contains("cannot be unpacked"), "{said}");
    assert!(said.contains("send it whole"), "{said}");
    let damaged = [cut, garbage, flagged.freeze(), trailed.freeze()];
    for (number, bytes) in damaged.into_iter().enumerate() {
        let (status, _) = sent(&server, "gzip", bytes).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{number}: {status}");
        assert_eq!(reason(&status), "INVALID_REQUEST");
    }
    let (status, _) = sent(&server, "zstd", packed_frame(b"no zstd at all")).await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
}

#[tokio::test]
async fn an_encoding_that_is_not_here_is_answered_with_those_that_are() {
    let server = server().await;
    let (status, accepted) = sent(&server, "br", packed_frame(b"x")).await;
    assert_eq!(status.code(), Code::Unimplemented, "{status}");
    let accepted = accepted.expect("the header");
    assert!(
        accepted.contains("gzip") && accepted.contains("zstd"),
        "{accepted}"
    );
    assert_eq!(reason(&status), "WRONG_ENCODING");
    for said in ["\"br\"", "gzip", "zstd"] {
        assert!(status.message().contains(said), "{status}");
    }
    let mut wire = Wire::connect(server.address()).await;
    for (path, reason_given) in [
        ("/grpc.health.v1.Health/Check", "WRONG_ENCODING"),
        ("/copydesk.v1.ClassifierService/Nothing", "UNKNOWN_CALL"),
    ] {
        let sent = Sent::Whole(packed_frame(b"x"));
        let answer = wire.call(path, &[("grpc-encoding", "gzip")], sent).await;
        assert_eq!(reason(&answer.status), reason_given, "{path}");
    }
}
