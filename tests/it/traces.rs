//! Spans at a collector that is not one.

use bytes::{Bytes, BytesMut};
use copydesk::service::ServerConfig;
use http::{HeaderMap, Response};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::Code;

use crate::support::{TestServer, article, pipeline, soon};
use crate::wire::{CLASSIFY, Sent, Wire, classify_frame, get};

const TRACE: [u8; 16] = [
    0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36,
];
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Takes calls, answers each with OK and hands on what was sent.
pub(crate) async fn collector() -> (String, mpsc::UnboundedReceiver<Bytes>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut body = request.into_body();
                let mut sent = BytesMut::new();
                while let Some(Ok(chunk)) = body.data().await {
                    let _ = body.flow_control().release_capacity(chunk.len());
                    sent.extend_from_slice(&chunk);
                }
                let head = Response::builder().header("content-type", "application/grpc");
                let mut answer = respond
                    .send_response(head.body(()).unwrap(), false)
                    .unwrap();
                answer
                    .send_data(Bytes::from_static(&[0; 5]), false)
                    .unwrap();
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                answer.send_trailers(trailers).unwrap();
                let _ = sender.send(sent.freeze());
            });
        }
    });
    (address, receiver)
}

pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_a_span_of_its_callers_trace_without_its_text() {
    let (address, mut spans) = collector().await;
    let config = ServerConfig {
        otlp_endpoint: Some(address),
        ..ServerConfig::default()
    };
    let mut server = TestServer::start_with(pipeline(), config).await;
    let mut wire = Wire::connect(server.address()).await;
    let frame = classify_frame(article(1));
    let answer = wire
        .call(CLASSIFY, &[("traceparent", PARENT)], Sent::Whole(frame))
        .await;
    assert_eq!(answer.status.code(), Code::Ok);
    drop(wire);
    server.send_stop();
    soon(server.wait()).await;
    let sent = soon(spans.recv()).await.expect("spans");
    assert!(holds(&sent, &TRACE));
    for part in ["copydesk", "Classify", "Economy"] {
        assert!(holds(&sent, part.as_bytes()), "{part}");
    }
    assert!(!holds(&sent, b"inflation"));
}

/// A collector that is connected to and never answers.
async fn silent_collector() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (address, listener)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_that_find_no_room_to_wait_are_counted_as_lost() {
    const CALLS: usize = 4_000;
    // The library's numbers: so many wait, and so many are on their way.
    const NOT_LOST: usize = 2_048 + 512;
    let (address, _listener) = silent_collector().await;
    let config = ServerConfig {
        otlp_endpoint: Some(address),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut wire = Wire::connect(server.address()).await;
    for number in 0..CALLS {
        let frame = classify_frame(article(number));
        wire.call(CLASSIFY, &[], Sent::Whole(frame)).await;
    }
    let metrics = get(server.address(), "/metrics").await;
    let mut lines = metrics.lines();
    let lost = lines.find_map(|line| line.strip_prefix("copydesk_lost_spans_total "));
    let n_lost: usize = lost.expect("a counter").parse().expect("a number");
    assert!(n_lost >= CALLS - NOT_LOST, "{n_lost}");
    for file in ["prometheus-alerts.yaml", "grafana-dashboard.json"] {
        let text = std::fs::read_to_string(format!("deploy/{file}")).expect("a file");
        assert!(text.contains("copydesk_lost_spans_total"), "{file}");
    }
}
