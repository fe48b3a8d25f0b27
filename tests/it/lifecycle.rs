//! Health, reflection and the way a server stops.

use std::time::Duration;

use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use copydesk::service::{ConnectionConfig, ProbeConfig, ProbeError, ServerConfig, pb, probe};
use futures_util::future::join_all;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};
use tonic_types::StatusExt;

use crate::support::{TestServer, article, classification, pipeline, soon, stream_request};
use crate::wire::{HELLO, get};

const CLASSIFIER: &str = "copydesk.v1.ClassifierService";
const CLASSIFIER_DOMAIN: &str = "copydesk.v1";

async fn health(server: &TestServer) -> HealthClient<Channel> {
    HealthClient::new(server.connect().await)
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.into(),
    }
}

fn drains_for(drain_timeout: Duration) -> ServerConfig {
    ServerConfig {
        drain_timeout,
        ..ServerConfig::default()
    }
}

#[tokio::test]
async fn health_is_known_by_service() {
    let server = TestServer::start().await;
    let mut client = health(&server).await;
    for service in ["", CLASSIFIER] {
        let answer = soon(client.check(of(service))).await.expect("an answer");
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    }
    let status = soon(client.check(of("no.such.Service"))).await;
    assert_eq!(status.expect_err("unknown").code(), Code::NotFound);
    let watch = soon(client.watch(of("no.such.Service"))).await;
    let mut watch = watch.expect("a watch").into_inner();
    let first = soon(watch.message()).await.expect("no status");
    let status = first.expect("an answer").status();
    assert_eq!(status, ServingStatus::ServiceUnknown);
}

#[tokio::test]
async fn a_watch_sees_the_stop_and_does_not_hold_it_up() {
    // Longer than any test waits: the server must stop without it.
    let config = drains_for(Duration::from_secs(3_600));
    let server = TestServer::start_with(pipeline(), config).await;
    let mut client = health(&server).await;
    let mut watches = Vec::new();
    for service in ["", CLASSIFIER] {
        let watch = soon(client.watch(of(service))).await.expect("a watch");
        let mut watch = watch.into_inner();
        let first = soon(watch.message()).await.expect("no status");
        assert_eq!(first.expect("now").status(), ServingStatus::Serving);
        watches.push(watch);
    }
    let serving = server.signal_stop();
    for mut watch in watches {
        let last = soon(watch.message()).await.expect("no status");
        assert_eq!(last.expect("later").status(), ServingStatus::NotServing);
        assert_eq!(soon(watch.message()).await.expect("no status"), None);
    }
    soon(serving)
        .await
        .expect("no panic")
        .expect("a clean stop");
}

async fn is_serving(server: &TestServer) -> bool {
    let mut client = health(server).await;
    let answer = soon(client.check(of(""))).await.expect("an answer");
    answer.into_inner().status() == ServingStatus::Serving
}

#[tokio::test]
async fn new_calls_are_answered_until_the_drain_delay_is_over() {
    let config = ServerConfig {
        drain_delay: Duration::from_secs(3_600),
        ..ServerConfig::default()
    };
    let mut server = TestServer::start_with(pipeline(), config).await;
    let mut watch = {
        let mut client = health(&server).await;
        let watch = soon(client.watch(of(""))).await.expect("a watch");
        watch.into_inner()
    };
    soon(watch.message()).await.expect("serving");
    server.send_stop();
    let last = soon(watch.message()).await.expect("no status");
    assert_eq!(last.expect("leaving").status(), ServingStatus::NotServing);
    assert!(!is_serving(&server).await);
    let ready = get(server.address(), "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    let mut client = server.client().await;
    let requests = stream::iter([stream_request(0)]);
    let responses = soon(client.stream_classify(requests))
        .await
        .expect("a stream");
    let mut responses = responses.into_inner();
    let response = soon(responses.message()).await.expect("no status");
    classification(&response.expect("an answer").result.expect("not empty"));
}

/// Sends articles until the server stops; how many were answered, and what was said at the end.
async fn stream_until_the_stop(server: &TestServer, answered: mpsc::Sender<()>) -> (u64, Status) {
    let mut client = server.client().await;
    let requests = stream::iter((0..).map(stream_request));
    let responses = soon(client.stream_classify(requests))
        .await
        .expect("a stream");
    let mut responses = responses.into_inner();
    let mut n_answered = 0;
    loop {
        match soon(responses.message()).await {
            Ok(response) => {
                let result = response.expect("no end").result.expect("not empty");
                assert_eq!(result.index, n_answered);
                classification(&result);
                n_answered += 1;
                // Full or closed, the stop has been asked for.
                let _ = answered.try_send(());
            }
            Err(status) => return (n_answered, status),
        }
    }
}

#[tokio::test]
async fn a_stop_ends_streams_behind_the_answers_to_all_that_was_taken() {
    for _ in 0..100 {
        let mut server = TestServer::start().await;
        let (answered, mut any_answer) = mpsc::channel(1);
        let stop = server.take_stop();
        let streams = join_all((0..3).map(|_| stream_until_the_stop(&server, answered.clone())));
        let stopped = async {
            any_answer.recv().await;
            stop.send(()).expect("it serves");
        };
        let (ends, ()) = tokio::join!(streams, stopped);
        for (n_answered, status) in ends {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            let details = status.get_error_details();
            let info = details.error_info().expect("an ErrorInfo");
            let last = n_answered
                .checked_sub(1)
                .map_or(String::new(), |n| n.to_string());
            assert_eq!(info.metadata["last_index"], last, "{status}");
        }
        soon(server.wait()).await;
    }
}

#[tokio::test]
async fn a_batch_that_is_open_finishes_while_the_server_drains() {
    let mut server = TestServer::start().await;
    let mut client = server.client().await;
    let batch = pb::BatchClassifyRequest {
        articles: (0..900).map(article).collect(),
        options: None,
    };
    let responses = soon(client.batch_classify(batch)).await.expect("a stream");
    let mut responses = responses.into_inner();
    server.send_stop();
    for index in 0..900 {
        let response = soon(responses.message()).await.expect("no status");
        assert_eq!(
            response.expect("an answer").result.expect("a result").index,
            index
        );
    }
    assert_eq!(soon(responses.message()).await.expect("no status"), None);
    drop(client);
    soon(server.wait()).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_hold_the_stop_beyond_its_time() {
    let config = drains_for(Duration::from_millis(20));
    let mut server = TestServer::start_with(pipeline(), config).await;
    let endpoint = server.endpoint().initial_stream_window_size(65_535);
    let mut client = ClassifierServiceClient::new(endpoint.connect().await.unwrap());
    let requests = stream::iter((0..).map(stream_request));
    let responses = soon(client.stream_classify(requests))
        .await
        .expect("a stream");
    server.send_stop();
    soon(server.wait()).await;
    drop(responses);
}

#[tokio::test]
async fn an_idle_stream_ends_as_soon_as_the_server_drains() {
    let config = drains_for(Duration::from_secs(3_600));
    let server = TestServer::start_with(pipeline(), config).await;
    let mut client = server.client().await;
    let responses = soon(client.stream_classify(stream::pending())).await;
    let mut responses = responses.expect("a stream").into_inner();
    let serving = server.signal_stop();
    let status = soon(responses.message())
        .await
        .expect_err("the server stops");
    assert_eq!(status.code(), Code::Unavailable);
    soon(serving)
        .await
        .expect("no panic")
        .expect("a clean stop");
}

#[tokio::test]
async fn an_idle_question_for_the_services_does_not_hold_the_stop_up() {
    use v1::server_reflection_client::ServerReflectionClient;
    let config = drains_for(Duration::from_secs(3_600));
    let server = TestServer::start_with(pipeline(), config).await;
    let mut client = ServerReflectionClient::new(server.connect().await);
    let answers = soon(client.server_reflection_info(stream::pending())).await;
    let mut answers = answers.expect("a stream").into_inner();
    let serving = server.signal_stop();
    assert_eq!(soon(answers.message()).await.expect("no status"), None);
    soon(serving)
        .await
        .expect("no panic")
        .expect("a clean stop");
}

#[tokio::test]
async fn a_client_that_is_deaf_to_the_stop_does_not_hold_it_up() {
    let config = drains_for(Duration::from_secs(3_600));
    let server = TestServer::start_with(pipeline(), config).await;
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(HELLO).await.unwrap();
    // The server's settings are the sign that it has taken the connection for HTTP/2.
    soon(socket.read_u8()).await.expect("settings");
    let ended = soon(server.signal_stop()).await;
    ended.expect("no panic").expect("a clean stop");
}

#[tokio::test]
async fn a_client_that_has_said_nothing_does_not_hold_the_stop_up() {
    let config = ServerConfig {
        drain_timeout: Duration::from_secs(3_600),
        connections: ConnectionConfig {
            header_timeout: Duration::from_secs(3_600),
            ..ConnectionConfig::default()
        },
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let _silent = TcpStream::connect(server.address()).await.unwrap();
    // Taken in the order in which they come: the first is accepted by now.
    assert!(is_serving(&server).await);
    soon(server.signal_stop())
        .await
        .expect("no panic")
        .expect("a clean stop");
}

#[tokio::test]
async fn a_stopped_server_listens_no_more() {
    let server = TestServer::start().await;
    let endpoint = server.endpoint();
    soon(server.signal_stop())
        .await
        .expect("no panic")
        .expect("a clean stop");
    assert!(endpoint.connect().await.is_err());
}

#[tokio::test]
async fn a_probe_says_why_a_server_is_not_serving() {
    let ask = async |address: &str, service: &str, milliseconds| {
        let config = ProbeConfig {
            address: address.to_owned(),
            service: service.to_owned(),
            timeout: Duration::from_millis(milliseconds),
            authorities: None,
            server_name: None,
            api_key: None,
        };
        probe(&config).await
    };
    let server = TestServer::start().await;
    let address = server.address().to_string();
    assert!(ask(&address, "", 60_000).await.is_ok());
    assert!(ask(&address, CLASSIFIER, 60_000).await.is_ok());
    assert!(ask(&format!("http://{address}"), "", 60_000).await.is_ok());
    let error = ask(&address, "no.such.Service", 60_000).await;
    assert!(matches!(error, Err(ProbeError::UnknownService { .. })));
    for wrong in [":not an address", "http://", "ftp://a:1", ""] {
        let error = ask(wrong, "", 60_000).await;
        assert!(
            matches!(error, Err(ProbeError::Address { .. })),
            "{wrong}: {error:?}"
        );
    }
    let error = ask(&format!("https://{address}"), "", 60_000).await;
    assert!(matches!(error, Err(ProbeError::NoAuthorities)));
    // A listener that nobody accepts from takes the connection and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let error = ask(&address, "", 20).await;
    assert!(matches!(error, Err(ProbeError::Timeout { .. })));
    drop(silent);
    let error = ask(&address, "", 60_000).await;
    assert!(matches!(error, Err(ProbeError::Unreachable { .. })));
}

#[tokio::test]
async fn reflection_v1_lists_the_services() {
    use v1::server_reflection_client::ServerReflectionClient;
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.connect().await);
    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answer = soon(client.server_reflection_info(stream::iter([request]))).await;
    let mut answers = answer.expect("a stream").into_inner();
    let answer = soon(answers.message()).await.expect("no status");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.unwrap().message_response else {
        panic!("no list");
    };
    let names: Vec<_> = list.service.into_iter().map(|s| s.name).collect();
    assert!(names.contains(&CLASSIFIER.to_owned()), "{names:?}");
    assert!(names.contains(&"grpc.health.v1.Health".to_owned()));
}

#[tokio::test]
async fn an_error_in_a_stream_of_reflection_has_a_reason() {
    use v1::server_reflection_client::ServerReflectionClient;
    use v1::server_reflection_request::MessageRequest;
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.connect().await);
    let ask = |asked| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(asked),
    };
    let requests = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("x.Y".into())),
    ];
    let answer = soon(client.server_reflection_info(stream::iter(requests))).await;
    let mut answers = answer.expect("a stream").into_inner();
    soon(answers.message()).await.expect("no status");
    let status = soon(answers.message()).await.expect_err("no such symbol");
    assert_eq!(status.code(), Code::NotFound);
    assert!(status.message().contains("x.Y"), "{status}");
    let details = status.get_error_details();
    assert_eq!(
        details.error_info().expect("a reason").domain,
        CLASSIFIER_DOMAIN
    );
}

#[tokio::test]
async fn reflection_v1alpha_lists_the_services() {
    use v1alpha::server_reflection_client::ServerReflectionClient;
    use v1alpha::server_reflection_request::MessageRequest;
    use v1alpha::server_reflection_response::MessageResponse;
    let server = TestServer::start().await;
    let mut client = ServerReflectionClient::new(server.connect().await);
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answer = soon(client.server_reflection_info(stream::iter([request]))).await;
    let mut answers = answer.expect("a stream").into_inner();
    let answer = soon(answers.message()).await.expect("no status");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.unwrap().message_response else {
        panic!("no list");
    };
    let names: Vec<_> = list.service.into_iter().map(|s| s.name).collect();
    assert!(names.contains(&CLASSIFIER.to_owned()), "{names:?}");
}
