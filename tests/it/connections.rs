//! Connections that are too many, too quiet, too old or hostile; the others are served.

use std::time::Duration;

use copydesk::service::{ConnectionConfig, ServerConfig, pb};
use futures_util::future::poll_fn;
use futures_util::stream::{self, StreamExt};
use h2::Reason;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{TestServer, article, pipeline, soon, stream_request};
use crate::wire::{CLASSIFY, HELLO, Sent, Wire, classify_frame, get, post, raw, request};

async fn server(connections: ConnectionConfig) -> TestServer {
    let config = ServerConfig {
        connections,
        ..ServerConfig::default()
    };
    TestServer::start_with(pipeline(), config).await
}

async fn assert_serves(server: &TestServer) {
    let request = pb::ClassifyRequest {
        article: Some(article(0)),
        options: None,
    };
    let mut client = server.client().await;
    soon(client.classify(request)).await.expect("still serves");
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_the_others_are_kept() {
    let server = server(ConnectionConfig {
        max_connections: 2,
        ..ConnectionConfig::default()
    })
    .await;
    let mut first = server.client().await;
    soon(first.get_model(pb::GetModelRequest {}))
        .await
        .expect("served");
    let mut second = server.client().await;
    soon(second.get_model(pb::GetModelRequest {}))
        .await
        .expect("served");
    assert_eq!(raw(server.address(), b"").await, "");
    soon(first.get_model(pb::GetModelRequest {}))
        .await
        .expect("kept");
    drop(second);
    // As soon as the server has seen that one go, there is a place again.
    soon(async { while server.endpoint().connect().await.is_err() {} }).await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed() {
    let server = server(ConnectionConfig {
        header_timeout: Duration::from_millis(20),
        ..ConnectionConfig::default()
    })
    .await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer)).await.expect("closed");
    assert_eq!(answer, b"");
    // Half a head is not enough either.
    let answer = raw(server.address(), b"GET /healthz HTTP/1.1\r\nhost:").await;
    assert!(!answer.contains("200"), "{answer}");
    assert_serves(&server).await;
}

#[tokio::test]
async fn a_connection_of_http1_may_be_idle_for_longer_than_a_head_may_take() {
    let server = server(ConnectionConfig {
        header_timeout: Duration::from_millis(100),
        ..ConnectionConfig::default()
    })
    .await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..2 {
        let head = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
        socket.write_all(head).await.expect("open");
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok\n") {
            answer.push(soon(socket.read_u8()).await.expect("an answer"));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    // Half a head is closed all the same.
    socket.write_all(b"GET /healthz").await.expect("open");
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer)).await.expect("closed");
}

/// What is behind the last answer of HTTP/1 is the next request: that answer has been taken.
#[tokio::test]
async fn a_connection_of_http1_may_be_idle_for_longer_than_an_answer_may_lie() {
    let config = ServerConfig {
        stream_idle_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..2 {
        let body = r#"{"article": {"body": "The bank raised interest rates."}}"#;
        let length = body.len();
        let request = format!(
            "POST /v1/classify HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        socket.write_all(request.as_bytes()).await.expect("open");
        let mut answer = Vec::new();
        while !answer.ends_with(b"}}") {
            answer.push(soon(socket.read_u8()).await.expect("an answer"));
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

#[tokio::test]
async fn half_a_preface_is_not_waited_for() {
    let server = server(ConnectionConfig {
        header_timeout: Duration::from_millis(100),
        ..ConnectionConfig::default()
    })
    .await;
    for length in [1, 16, HELLO.len() - 10] {
        let answer = raw(server.address(), &HELLO[..length]).await;
        assert_eq!(answer, "", "{length}");
    }
    // One that is whole may be followed by silence.
    let mut wire = Wire::connect(server.address()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let frame = classify_frame(article(0));
    let answer = wire.call(CLASSIFY, &[], Sent::Whole(frame)).await;
    assert_eq!(answer.status.code(), Code::Ok);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = server(ConnectionConfig {
        idle_timeout: Duration::from_millis(50),
        ..ConnectionConfig::default()
    })
    .await;
    let wire = Wire::connect(server.address()).await;
    let ended = soon(wire.connection).await.expect("no panic");
    assert!(ended.is_ok(), "{ended:?}");
    assert_serves(&server).await;
}

#[tokio::test]
async fn an_old_connection_is_closed_once_its_calls_are_over() {
    let server = server(ConnectionConfig {
        max_age: Duration::from_millis(50),
        ..ConnectionConfig::default()
    })
    .await;
    let wire = Wire::connect(server.address()).await;
    let ended = soon(wire.connection).await.expect("no panic");
    assert!(ended.is_ok(), "{ended:?}");
}

#[tokio::test]
async fn an_open_call_does_not_outlive_the_grace_of_its_old_connection() {
    let server = server(ConnectionConfig {
        max_age: Duration::from_millis(50),
        max_age_grace: Duration::from_millis(50),
        ..ConnectionConfig::default()
    })
    .await;
    let mut client = server.client().await;
    let open = client.stream_classify(stream::pending());
    let mut responses = soon(open).await.expect("a stream").into_inner();
    assert!(soon(responses.message()).await.is_err());
}

#[tokio::test]
async fn a_stream_of_an_old_connection_is_told_how_far_it_came() {
    let server = server(ConnectionConfig {
        max_age: Duration::from_millis(300),
        ..ConnectionConfig::default()
    })
    .await;
    let mut client = server.client().await;
    let requests = stream::iter([stream_request(0)]).chain(stream::pending());
    let open = soon(client.stream_classify(requests)).await;
    let mut responses = open.expect("a stream").into_inner();
    soon(responses.message()).await.expect("an answer");
    let status = soon(responses.message()).await.expect_err("too old");
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    let details = status.get_error_details();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!(info.reason, "CONNECTION_ENDING");
    assert_eq!(info.metadata["last_index"], "0");
}

#[tokio::test]
async fn a_client_that_cancels_without_end_is_cut_and_the_others_are_served() {
    let server = server(ConnectionConfig {
        max_resets_per_second: 20,
        ..ConnectionConfig::default()
    })
    .await;
    let wire = Wire::connect(server.address()).await;
    let mut sender = wire.sender.clone();
    soon(async {
        loop {
            if poll_fn(|context| sender.poll_ready(context)).await.is_err() {
                break;
            }
            let Ok((_, mut stream)) = sender.send_request(request(CLASSIFY, &[]), false) else {
                break;
            };
            stream.send_reset(Reason::CANCEL);
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_serves(&server).await;
}

#[tokio::test]
async fn hundreds_of_idle_connections_leave_room_for_others() {
    let server = TestServer::start().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(
            TcpStream::connect(server.address())
                .await
                .expect("accepted"),
        );
    }
    assert_serves(&server).await;
}

#[tokio::test]
async fn probes_and_metrics_answer_plain_http() {
    let server = TestServer::start().await;
    let address = server.address();
    assert_serves(&server).await;
    let health = get(address, "/healthz").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    let nothing = get(address, "/nothing").await;
    assert!(nothing.starts_with("HTTP/1.1 404"), "{nothing}");
    let metrics = get(address, "/metrics").await;
    for expected in [
        "copydesk_calls_total{method=\"Classify\",code=\"OK\"} 1",
        "copydesk_call_duration_seconds_count{method=\"Classify\"} 1",
        "copydesk_stage_duration_seconds_count{stage=\"classify\"} 1",
        "copydesk_topics_total{topic=\"Politics\"} 1",
        "copydesk_tags_total 1",
        "copydesk_confidence_count 1",
        "copydesk_model_info{name=\"test-model\",version=\"sha256:0123456789ab\"} 1",
        "# EOF",
    ] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
}

#[tokio::test]
async fn alerts_and_panels_ask_for_single_calls_of_both_protocols() {
    let server = TestServer::start().await;
    let address = server.address();
    assert_serves(&server).await;
    let json = r#"{"article": {"body": "Parliament."}}"#;
    post(address, "/v1/classify", "", json).await;
    let metrics = get(address, "/metrics").await;
    let methods = ["Classify", "POST /v1/classify"];
    for method in methods {
        let counter = format!("copydesk_calls_total{{method=\"{method}\",code=\"OK\"}} 1");
        assert!(metrics.contains(&counter), "{counter}: {metrics}");
    }
    let alerts = std::fs::read_to_string("deploy/prometheus-alerts.yaml").expect("the rules");
    // An article of a batch or a stream fails within a call that is OK.
    assert!(alerts.contains("copydesk_refused_articles_total{reason=\"SERVER_FAULT\"}"));
    let both = format!("{{method=~\"{}\"}}", methods.join("|"));
    assert_eq!(alerts.matches(&both).count(), 2);
    let panels = std::fs::read_to_string("deploy/grafana-dashboard.json").expect("the dashboard");
    let panels: serde_json::Value = serde_json::from_str(&panels).expect("JSON");
    let targets = panels["panels"].as_array().expect("panels").iter();
    let targets = targets.filter_map(|panel| panel["targets"].as_array());
    for target in targets.flatten() {
        let expr = target["expr"].as_str().expect("an expression");
        assert!(!expr.contains("method=\""), "{expr}");
        for (quantile, name) in [("0.5", "p50"), ("0.99", "p99"), ("0.999", "p999")] {
            if expr.starts_with(&format!("histogram_quantile({quantile},")) {
                assert_eq!(target["legendFormat"], name, "{expr}");
            }
        }
    }
}

#[tokio::test]
async fn streams_that_nobody_reads_leave_their_connection_to_others() {
    let server = TestServer::start().await;
    let socket = TcpStream::connect(server.address()).await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(0);
    let handshake = builder.handshake::<_, bytes::Bytes>(socket.expect("a server listens"));
    let (mut sender, connection) = soon(handshake).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut article = article(0);
    article.body = article.body.repeat(700);
    let frame = crate::wire::framed(&pb::StreamClassifyRequest {
        article: Some(article.clone()),
        options: None,
    });
    let path = "/copydesk.v1.ClassifierService/StreamClassify";
    let mut open = Vec::new();
    for _ in 0..16 {
        let (response, mut requests) = sender
            .send_request(request(path, &[]), false)
            .expect("sent");
        // More than the server takes of a stream and holds besides.
        requests
            .send_data(frame.repeat(60).into(), false)
            .expect("sent");
        soon(response).await.expect("an answer");
        open.push(requests);
    }
    let (response, mut single) = sender
        .send_request(request(CLASSIFY, &[]), false)
        .expect("sent");
    single
        .send_data(classify_frame(article), true)
        .expect("sent");
    soon(response).await.expect("an answer");
}
