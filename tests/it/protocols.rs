//! How calls are asked for.

use http::Request;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{TestServer, article, soon};
use crate::wire::{CLASSIFY, Sent, Wire, classify_frame, raw};

/// The HTTP status of a call over HTTP/2 that is asked for in its own way.
async fn http_status(wire: &Wire, method: &str, kind: Option<&str>) -> u16 {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://copydesk.test{CLASSIFY}"));
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    let request = request.body(()).expect("a request");
    let mut sender = wire.sender.clone();
    let (response, mut message) = sender.send_request(request, false).expect("sent");
    let _ = message.send_data(classify_frame(article(0)), true);
    soon(response).await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn grpc_is_asked_for_by_post_and_by_its_name() {
    let server = TestServer::start().await;
    let wire = Wire::connect(server.address()).await;
    for (method, kind, status) in [
        ("POST", Some("application/grpc"), 200),
        ("POST", Some("application/grpc+proto"), 200),
        ("POST", Some("application/grpc-web"), 200),
        ("POST", Some("application/grpc+json"), 415),
        ("POST", Some("application/grpc-web+json"), 415),
        ("POST", Some("application/json"), 415),
        ("POST", Some("text/plain"), 415),
        ("POST", None, 415),
        ("GET", Some("application/grpc"), 405),
        ("PUT", Some("application/grpc-web"), 405),
    ] {
        let answered = http_status(&wire, method, kind).await;
        assert_eq!(answered, status, "{method} {kind:?}");
    }
}

#[tokio::test]
async fn every_service_says_why_it_does_not_have_a_call() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    for service in [
        "copydesk.v1.ClassifierService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "no.such.Service",
    ] {
        let frame = Sent::Whole(classify_frame(article(0)));
        let answer = wire.call(&format!("/{service}/Nothing"), &[], frame).await;
        assert_eq!(answer.status.code(), Code::Unimplemented, "{service}");
        let details = answer.status.get_error_details();
        let info = details.error_info().expect("an ErrorInfo");
        assert_eq!(info.reason, "UNKNOWN_CALL", "{service}");
    }
}

/// A proxy that speaks HTTP/1.1 to the server would hand on an answer without its status.
#[tokio::test]
async fn grpc_over_http_1_is_told_what_it_needs() {
    let server = TestServer::start().await;
    let frame = classify_frame(article(0));
    let head = format!(
        "POST {CLASSIFY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/grpc\r\ncontent-length: {}\r\n\r\n",
        frame.len()
    );
    let answer = raw(server.address(), &[head.as_bytes(), &frame].concat()).await;
    assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
    for said in ["WRONG_TYPE", "HTTP/1.1;", "application/grpc over HTTP/2"] {
        assert!(answer.contains(said), "{answer}");
    }
}
