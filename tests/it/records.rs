//! The code that a call is counted under, whichever way it ends.

use std::net::SocketAddr;

use bytes::{BufMut, BytesMut};
use copydesk::service::{ConnectionConfig, Exposure, ServerConfig, pb};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;

use crate::support::{TestServer, article, pipeline, soon};
use crate::wire::{CLASSIFY, Sent, Wire, classify_frame, framed, get, post, raw};

fn counted(method: &str, code: &str) -> String {
    format!("copydesk_calls_total{{method=\"{method}\",code=\"{code}\"}} ")
}

async fn assert_counted(address: SocketAddr, method: &str, code: &str, times: usize) {
    let metrics = get(address, "/metrics").await;
    let expected = format!("{}{times}\n", counted(method, code));
    assert!(metrics.contains(&expected), "{expected}: {metrics}");
}

/// Asks over HTTP/2 in a way that has no gRPC status.
async fn ask(wire: &Wire, method: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://copydesk.test{CLASSIFY}"))
        .header("origin", "https://cms.example")
        .body(())
        .expect("a request");
    let mut sender = wire.sender.clone();
    let (response, _) = sender.send_request(request, true).expect("sent");
    let response = soon(response).await.expect("an answer");
    let status = response.status().as_u16();
    let mut body = response.into_body();
    while let Some(chunk) = soon(body.data()).await {
        chunk.expect("no reset");
    }
    status
}

#[tokio::test]
async fn preflights_and_wrong_methods_are_no_cancelled_calls() {
    let connections = ConnectionConfig {
        max_resets_per_second: 3,
        ..ConnectionConfig::default()
    };
    let config = ServerConfig {
        connections,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut wire = Wire::connect(server.address()).await;
    for _ in 0..10 {
        assert_eq!(ask(&wire, "OPTIONS").await, 200);
        assert_eq!(ask(&wire, "GET").await, 405);
    }
    // The connection is not cut.
    let frame = Sent::Whole(classify_frame(article(0)));
    let answer = wire.call(CLASSIFY, &[], frame).await;
    assert_eq!(answer.status.code(), Code::Ok);
    assert_counted(server.address(), "preflight", "OK", 10).await;
    assert_counted(server.address(), "Classify", "UNIMPLEMENTED", 10).await;
    assert_counted(server.address(), "Classify", "OK", 1).await;
    let metrics = get(server.address(), "/metrics").await;
    assert!(!metrics.contains("CANCELLED"), "{metrics}");
}

#[tokio::test]
async fn an_error_at_the_end_of_a_browsers_stream_is_counted_as_one() {
    let server = TestServer::start().await;
    let mut sent = BytesMut::from(&*classify_frame(article(0)));
    sent.put_slice(&[0, 0, 0, 0, 2, 0x0a, 0x7f]);
    let head = format!(
        "POST /copydesk.v1.ClassifierService/StreamClassify HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/grpc-web\r\ncontent-length: {}\r\n\r\n",
        sent.len()
    );
    let answer = raw(server.address(), &[head.as_bytes(), &sent].concat()).await;
    assert!(answer.contains("Politics"), "{answer}");
    assert!(answer.contains("grpc-status:3"), "{answer}");
    let method = "StreamClassify";
    assert_counted(server.address(), method, "INVALID_ARGUMENT", 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_its_lines_halfway_has_cancelled_them() {
    let server = TestServer::start().await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let line = "{\"article\": {\"body\": \"Inflation.\"}}\n";
    let head = format!(
        "POST /v1/classify:batch HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{line}\r\n",
        line.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut said = String::new();
    while !said.contains("Economy") {
        let mut bytes = [0; 4_096];
        let n_read = soon(socket.read(&mut bytes)).await.unwrap();
        assert!(n_read > 0, "{said}");
        said.push_str(std::str::from_utf8(&bytes[..n_read]).unwrap());
    }
    drop(socket);
    assert_cancelled(server.address()).await;
}

#[tokio::test]
async fn lines_that_are_reset_are_cancelled() {
    let server = TestServer::start().await;
    let wire = Wire::connect(server.address()).await;
    let request = Request::post("http://copydesk.test/v1/classify:batch");
    let mut sender = wire.sender.clone();
    let (response, mut lines) = sender
        .send_request(request.body(()).expect("a request"), false)
        .expect("sent");
    let line = "{\"article\": {\"body\": \"Inflation.\"}}\n";
    lines.send_data(line.into(), false).expect("sent");
    let mut answers = soon(response).await.expect("an answer").into_body();
    let answer = soon(answers.data()).await.expect("a line");
    assert!(answer.is_ok(), "{answer:?}");
    lines.send_reset(h2::Reason::CANCEL);
    assert_cancelled(server.address()).await;
}

#[tokio::test]
async fn heads_are_no_cancelled_calls() {
    let config = ServerConfig {
        connections: ConnectionConfig {
            max_resets_per_second: 3,
            ..ConnectionConfig::default()
        },
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let wire = Wire::connect(server.address()).await;
    for _ in 0..10 {
        let request = Request::head("http://copydesk.test/healthz");
        let mut sender = wire.sender.clone();
        let request = request.body(()).expect("a request");
        let (response, _) = sender.send_request(request, true).expect("not cut");
        assert_eq!(soon(response).await.expect("an answer").status(), 200);
    }
    assert_counted(server.address(), "GET /healthz", "OK", 10).await;
}

#[tokio::test]
async fn open_calls_are_counted_until_they_end() {
    let server = TestServer::start().await;
    let wire = Wire::connect(server.address()).await;
    let request = crate::wire::request("/copydesk.v1.ClassifierService/StreamClassify", &[]);
    let mut sender = wire.sender.clone();
    let (response, mut stream) = sender.send_request(request, false).expect("sent");
    let _answers = soon(response).await.expect("an answer");
    let n_open = async |expected: usize| {
        let expected = format!("copydesk_open_calls {expected}\n");
        soon(async { while !get(server.address(), "/metrics").await.contains(&expected) {} }).await;
    };
    n_open(1).await;
    stream.send_reset(h2::Reason::CANCEL);
    n_open(0).await;
}

#[tokio::test]
async fn lines_that_end_with_an_error_count_as_what_it_says() {
    let config = ServerConfig {
        max_message_bytes: 100,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let (address, batch) = (server.address(), "POST /v1/classify:batch");
    post(address, "/v1/classify:batch", "", &"x".repeat(200)).await;
    assert_counted(address, batch, "RESOURCE_EXHAUSTED", 1).await;
    let head = "POST /v1/classify:batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\ngrpc-timeout: 50m\r\ntransfer-encoding: chunked\r\n\r\n";
    let answer = raw(address, head.as_bytes()).await;
    assert!(answer.contains("\"code\":4"), "{answer}");
    assert_counted(address, batch, "DEADLINE_EXCEEDED", 1).await;
}

async fn assert_cancelled(address: SocketAddr) {
    let batch = "POST /v1/classify:batch";
    let metrics = soon(async {
        loop {
            let metrics = get(address, "/metrics").await;
            if metrics.contains(&format!("method=\"{batch}\",code=")) {
                return metrics;
            }
        }
    })
    .await;
    assert!(metrics.contains(&counted(batch, "CANCELLED")), "{metrics}");
}

#[tokio::test]
async fn what_is_switched_off_is_no_fault() {
    let config = ServerConfig {
        health: Exposure::Off,
        reflection: Exposure::Off,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    for path in ["/healthz", "/v1/openapi.json"] {
        let answer = get(server.address(), path).await;
        assert!(answer.starts_with("HTTP/1.1 501"), "{answer}");
        let method = format!("GET {path}");
        assert_counted(server.address(), &method, "UNIMPLEMENTED", 1).await;
    }
}

#[tokio::test]
async fn errors_over_plain_http_are_counted_under_the_code_that_they_tell() {
    let server = TestServer::start().await;
    let address = server.address();
    for (method, code, answer) in [
        (
            "Classify",
            "INVALID_ARGUMENT",
            post(address, CLASSIFY, "", "{}").await,
        ),
        ("not found", "NOT_FOUND", get(address, "/nothing").await),
        (
            "GET /v1/model",
            "UNIMPLEMENTED",
            post(address, "/v1/model", "", "{}").await,
        ),
    ] {
        assert!(
            answer.contains(&format!("\"status\":\"{code}\"")),
            "{answer}"
        );
        assert_counted(address, method, code, 1).await;
    }
}

const BATCH: &str = "/copydesk.v1.ClassifierService/BatchClassify";
const STREAM: &str = "/copydesk.v1.ClassifierService/StreamClassify";

async fn assert_refused(server: &TestServer, reason: &str, articles: usize) {
    let metrics = get(server.address(), "/metrics").await;
    let expected = format!("copydesk_refused_articles_total{{reason=\"{reason}\"}} {articles}\n");
    assert!(metrics.contains(&expected), "{expected}: {metrics}");
}

fn small_server() -> impl Future<Output = TestServer> {
    let config = ServerConfig {
        max_message_bytes: 1_000,
        max_article_bytes: 200,
        max_batch_articles: 3,
        ..ServerConfig::default()
    };
    TestServer::start_with(pipeline(), config)
}

fn of_size(n_bytes: usize) -> pb::Article {
    pb::Article {
        body: "x".repeat(n_bytes),
        ..pb::Article::default()
    }
}

#[tokio::test]
async fn articles_that_are_not_in_order_are_counted_whichever_way_they_came() {
    let server = small_server().await;
    let mut wire = Wire::connect(server.address()).await;
    let bad_options = pb::ClassifyOptions {
        min_tag_confidence: Some(2.0),
        ..pb::ClassifyOptions::default()
    };
    let single = |article, options| framed(&pb::ClassifyRequest { article, options });
    let batch = |articles, options| framed(&pb::BatchClassifyRequest { articles, options });
    let malformed = BytesMut::from(&[0, 0, 0, 0, 2, 0x0a, 0x7f][..]).freeze();
    let mut n_refused = 0;
    for (path, sent, articles) in [
        (CLASSIFY, single(None, None), 1),
        (CLASSIFY, single(Some(of_size(0)), None), 1),
        (CLASSIFY, single(Some(of_size(201)), None), 1),
        (
            CLASSIFY,
            single(Some(of_size(20)), Some(bad_options.clone())),
            1,
        ),
        (CLASSIFY, malformed.clone(), 1),
        (BATCH, batch(vec![of_size(20); 4], None), 4),
        (BATCH, batch(vec![of_size(20); 2], Some(bad_options)), 2),
        (BATCH, batch(vec![of_size(20), of_size(0)], None), 1),
        (STREAM, single(Some(of_size(0)), None), 1),
        (STREAM, malformed, 1),
    ] {
        wire.call(path, &[], Sent::Whole(sent)).await;
        n_refused += articles;
        assert_refused(&server, "INVALID_REQUEST", n_refused).await;
    }
    for (path, sent, articles) in [
        ("/v1/classify", "{", 1),
        ("/v1/classify", r#"{"article": {"body": ""}}"#, 1),
        (
            "/v1/classify:batch",
            "{\n{}\n{\"article\": {\"body\": 7}}\n",
            3,
        ),
    ] {
        post(server.address(), path, "", sent).await;
        n_refused += articles;
        assert_refused(&server, "INVALID_REQUEST", n_refused).await;
    }
    // Another method sends no article.
    get(server.address(), "/v1/classify").await;
    let metrics = get(server.address(), "/metrics").await;
    assert!(!metrics.contains("WRONG_METHOD"), "{metrics}");
}

#[tokio::test]
async fn articles_of_messages_that_are_too_large_or_late_are_counted() {
    let server = small_server().await;
    let mut wire = Wire::connect(server.address()).await;
    let large = classify_frame(of_size(2_000));
    let json = format!(r#"{{"article": {{"body": "{}"}}}}"#, "x".repeat(2_000));
    for (n_refused, path) in (1..).zip([CLASSIFY, STREAM, "/v1/classify", "/v1/classify:batch"]) {
        if path.starts_with("/v1/") {
            post(server.address(), path, "", &json).await;
        } else {
            wire.call(path, &[], Sent::Whole(large.clone())).await;
        }
        assert_refused(&server, "MESSAGE_TOO_LARGE", n_refused).await;
    }
    let frame = Sent::Whole(classify_frame(article(0)));
    wire.call(CLASSIFY, &[("grpc-timeout", "0n")], frame).await;
    let late = "grpc-timeout: 0n\r\n";
    post(server.address(), "/v1/classify", late, "{}").await;
    assert_refused(&server, "DEADLINE_EXCEEDED", 2).await;
}
