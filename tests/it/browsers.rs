//! The calls for browsers: what is answered to pages, and by which door.

use std::net::SocketAddr;

use copydesk::service::{ApiKey, Exposure, Role, ServerConfig, hash, pb};
use tonic::Code;

use crate::support::{TestServer, article, pipeline, soon};
use crate::wire::{CLASSIFY, classify_frame, framed, raw};

const WEB: &str = "content-type: application/grpc-web+proto\r\n";
const PAGE: &str = "origin: https://cms.example\r\n";

/// The answer with its head, all in lower case.
async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    raw(address, &[head.as_bytes(), body].concat())
        .await
        .to_lowercase()
}

async fn for_pages(config: ServerConfig) -> TestServer {
    let config = ServerConfig {
        cors_origins: vec!["https://cms.example".into()],
        ..config
    };
    TestServer::start_with(pipeline(), config).await
}

#[tokio::test]
async fn the_port_for_probes_has_no_calls_whatever_they_say_they_are() {
    let server = TestServer::start_with_admin().await;
    let admin = server.admin.expect("a port");
    let frame = classify_frame(article(0));
    let json = r#"{"article": {"body": "Parliament."}}"#;
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/json",
        "text/plain",
    ] {
        let headers = format!("{PAGE}content-type: {kind}\r\n");
        for path in [CLASSIFY, "/grpc.health.v1.Health/Check", "/nothing"] {
            let answer = ask(admin, "POST", path, &headers, &frame).await;
            assert!(answer.starts_with("http/1.1 404"), "{kind}: {answer}");
            assert!(!answer.contains("politics"), "{kind}: {answer}");
        }
        for path in ["/v1/classify", "/v1/model"] {
            let answer = ask(admin, "POST", path, &headers, json.as_bytes()).await;
            assert!(answer.starts_with("http/1.1 404"), "{kind}: {answer}");
        }
        // What is there is not gRPC either.
        let answer = ask(admin, "GET", "/healthz", &headers, b"").await;
        assert!(answer.starts_with("http/1.1 200"), "{kind}: {answer}");
    }
    let answer = ask(admin, "OPTIONS", CLASSIFY, PAGE, b"").await;
    assert!(answer.starts_with("http/1.1 404"), "{answer}");
}

#[tokio::test]
async fn only_calls_are_asked_for_by_pages() {
    let server = for_pages(ServerConfig::default()).await;
    let headers = format!("{PAGE}{WEB}");
    for path in ["/nothing", "/healthz"] {
        let answer = ask(server.address(), "OPTIONS", path, PAGE, b"").await;
        assert!(!answer.starts_with("http/1.1 200"), "{path}: {answer}");
        assert!(!answer.contains("access-control"), "{path}: {answer}");
    }
    let answer = ask(server.address(), "GET", "/healthz", &headers, b"").await;
    assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
}

fn assert_readable(answer: &str, code: Code) {
    let status = format!("grpc-status: {}", i32::from(code));
    for expected in [
        "http/1.1 200",
        "content-type: application/grpc-web+proto",
        "access-control-allow-origin: https://cms.example",
        "access-control-expose-headers: grpc-status,",
        status.as_str(),
        "grpc-status-details-bin: ",
    ] {
        assert!(answer.contains(expected), "{expected}: {answer}");
    }
}

#[tokio::test]
async fn a_page_can_read_what_is_wrong_with_its_call() {
    let server = for_pages(ServerConfig {
        max_message_bytes: 1_000,
        ..ServerConfig::default()
    })
    .await;
    let headers = format!("{PAGE}{WEB}");
    let call = async |headers: &str, sent: &[u8]| {
        ask(server.address(), "POST", CLASSIFY, headers, sent).await
    };
    let empty = framed(&pb::ClassifyRequest::default());
    assert_readable(&call(&headers, &empty).await, Code::InvalidArgument);
    let malformed = [0, 0, 0, 0, 2, 0x0a, 0x7f];
    assert_readable(&call(&headers, &malformed).await, Code::InvalidArgument);
    let mut long = article(0);
    long.body = "x".repeat(2_000);
    let long = classify_frame(long);
    assert_readable(&call(&headers, &long).await, Code::ResourceExhausted);
    let late = format!("{headers}grpc-timeout: 0n\r\n");
    assert_readable(&call(&late, &empty).await, Code::DeadlineExceeded);
    for path in [
        "/copydesk.v1.ClassifierService/Nothing",
        "/grpc.health.v1.Health/Nothing",
        "/grpc.reflection.v1.ServerReflection/Nothing",
    ] {
        let answer = ask(server.address(), "POST", path, &headers, &empty).await;
        assert_readable(&answer, Code::Unimplemented);
    }
    let bad_time = format!("{headers}grpc-timeout: soon\r\n");
    assert_readable(&call(&bad_time, &empty).await, Code::InvalidArgument);
}

#[tokio::test]
async fn a_page_can_read_that_its_message_came_too_late() {
    let server = for_pages(ServerConfig::default()).await;
    let head = format!(
        "POST {CLASSIFY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{PAGE}{WEB}grpc-timeout: 20m\r\ncontent-length: 100\r\n\r\n"
    );
    // Of the message nothing comes.
    let answer = raw(server.address(), head.as_bytes()).await.to_lowercase();
    assert_readable(&answer, Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_page_can_read_why_it_may_not_call() {
    let key = ApiKey {
        name: "slow".into(),
        sha256: hash("cdk_slow"),
        roles: vec![Role::Classify],
        articles_per_second: Some(1),
    };
    let server = for_pages(ServerConfig {
        keys: vec![key],
        health: Exposure::Off,
        ..ServerConfig::default()
    })
    .await;
    let frame = classify_frame(article(0));
    let headers = format!("{PAGE}{WEB}");
    let none = ask(server.address(), "POST", CLASSIFY, &headers, &frame).await;
    assert_readable(&none, Code::Unauthenticated);
    let path = "/grpc.health.v1.Health/Check";
    let off = ask(server.address(), "POST", path, &headers, &frame).await;
    assert_readable(&off, Code::Unimplemented);
    let slow = format!("{headers}x-api-key: cdk_slow\r\n");
    let refused = soon(async {
        loop {
            let answer = ask(server.address(), "POST", CLASSIFY, &slow, &frame).await;
            if !answer.contains("politics") {
                return answer;
            }
        }
    })
    .await;
    assert_readable(&refused, Code::ResourceExhausted);
    assert!(refused.contains("grpc-retry-pushback-ms"), "{refused}");
}

#[tokio::test]
async fn a_page_can_read_answers_in_json() {
    let server = for_pages(ServerConfig::default()).await;
    let headers = format!("{PAGE}content-type: application/json\r\n");
    let json = r#"{"article": {"body": "Parliament."}}"#;
    for (method, path, sent, status) in [
        ("POST", "/v1/classify", json, "http/1.1 200"),
        ("POST", "/v1/classify", "{}", "http/1.1 400"),
        ("POST", "/v1/classify:batch", json, "http/1.1 200"),
        ("GET", "/v1/model", "", "http/1.1 200"),
        ("GET", "/v1/openapi.json", "", "http/1.1 200"),
        ("GET", "/v1/classify", "", "http/1.1 405"),
    ] {
        let answer = ask(server.address(), method, path, &headers, sent.as_bytes()).await;
        assert!(answer.starts_with(status), "{path}: {answer}");
        let allowed = "access-control-allow-origin: https://cms.example";
        assert!(answer.contains(allowed), "{path}: {answer}");
        let answer = ask(server.address(), "OPTIONS", path, PAGE, b"").await;
        assert!(answer.starts_with("http/1.1 200"), "{path}: {answer}");
        assert!(answer.contains(allowed), "{path}: {answer}");
        let methods = "access-control-allow-methods: get,post";
        assert!(answer.contains(methods), "{path}: {answer}");
    }
}
