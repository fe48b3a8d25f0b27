//! Too much at once, too late, too large.

use bytes::Bytes;
use copydesk::service::{ApiKey, Role, ServerConfig, hash, new_key, pb};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::support::{TestServer, article, classification, pipeline, soon, stream_request};
use crate::wire::{CLASSIFY, Sent, Wire, classify_frame, framed, get};

fn single(number: usize) -> pb::ClassifyRequest {
    pb::ClassifyRequest {
        article: Some(article(number)),
        options: None,
    }
}

fn config_for_one() -> ServerConfig {
    ServerConfig {
        max_in_flight: NonZeroUsize::MIN,
        ..ServerConfig::default()
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().expect("an ErrorInfo").reason.clone()
}

#[tokio::test]
async fn a_single_call_too_many_is_refused_at_once_and_told_when_to_come_back() {
    let server = TestServer::start_with(pipeline(), config_for_one()).await;
    let client = server.client().await;
    let refused = soon(async {
        loop {
            // Calls that arrive together are counted together, before any of them is answered.
            let calls = (0..50).map(|number| {
                let mut client = client.clone();
                async move { client.classify(single(number)).await }
            });
            let answers = join_all(calls).await;
            assert!(answers.iter().any(Result::is_ok), "the first is taken");
            if let Some(Err(status)) = answers.into_iter().find(Result::is_err) {
                return status;
            }
        }
    })
    .await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "OVERLOADED");
    let details = refused.get_error_details();
    let delay = details.retry_info().expect("a RetryInfo").retry_delay;
    let delay_ms = delay.expect("a delay").as_millis();
    let pushback = refused.metadata().get("grpc-retry-pushback-ms");
    let pushback = pushback.expect("pushback").to_str().expect("text");
    assert_eq!(pushback, delay_ms.to_string());

    let metrics = get(server.address(), "/metrics").await;
    assert!(
        metrics.contains("copydesk_shed_total{reason=\"overloaded\"}"),
        "{metrics}"
    );
    assert!(metrics.contains("method=\"Classify\",code=\"RESOURCE_EXHAUSTED\""));
    assert!(metrics.contains("copydesk_refused_articles_total{reason=\"OVERLOADED\"}"));
    assert!(metrics.contains("copydesk_articles_in_flight 0"));
}

#[tokio::test]
async fn streams_wait_where_single_calls_are_refused() {
    let server = TestServer::start_with(pipeline(), config_for_one()).await;
    let streams = (0..4).map(|_| async {
        let mut client = server.client().await;
        let requests = stream::iter((0..200).map(stream_request));
        let responses = soon(client.stream_classify(requests))
            .await
            .expect("a stream");
        let mut responses = responses.into_inner();
        for _ in 0..200 {
            let response = soon(responses.message()).await.expect("no status");
            classification(&response.expect("an answer").result.expect("a result"));
        }
    });
    soon(join_all(streams)).await;
}

#[tokio::test]
async fn a_call_whose_message_is_on_its_way_takes_no_place() {
    let server = TestServer::start_with(pipeline(), config_for_one()).await;
    let wire = Wire::connect(server.address()).await;
    let mut slow = Vec::new();
    for _ in 0..5 {
        let mut sender = wire.sender.clone();
        let (_, stream) = sender
            .send_request(crate::wire::request(CLASSIFY, &[]), false)
            .expect("sent");
        slow.push(stream);
    }
    let mut client = server.client().await;
    soon(async { while client.classify(single(0)).await.is_err() {} }).await;
}

#[tokio::test]
async fn a_deadline_that_has_passed_starts_nothing() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let frame = classify_frame(article(0));
    let late = [("grpc-timeout", "0n")];
    let answer = wire.call(CLASSIFY, &late, Sent::Whole(frame)).await;
    assert_eq!(answer.status.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&answer.status), "DEADLINE_EXCEEDED");
    assert!(answer.body.is_empty());
    let metrics = get(server.address(), "/metrics").await;
    assert!(!metrics.contains("copydesk_topics_total{"), "{metrics}");
}

#[tokio::test]
async fn a_deadline_covers_a_message_that_does_not_arrive() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let part = classify_frame(article(0)).slice(..7);
    let soon_over = [("grpc-timeout", "20m")];
    let answer = wire.call(CLASSIFY, &soon_over, Sent::Part(part)).await;
    assert_eq!(answer.status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_call_without_a_deadline_has_the_servers() {
    let config = ServerConfig {
        call_timeout: Duration::from_millis(20),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut wire = Wire::connect(server.address()).await;
    let part = classify_frame(article(0)).slice(..7);
    let answer = wire.call(CLASSIFY, &[], Sent::Part(part)).await;
    assert_eq!(answer.status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_batch_may_take_as_long_as_its_caller_says() {
    let call_timeout = Duration::from_millis(50);
    let config = ServerConfig {
        call_timeout,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let wire = Wire::connect(server.address()).await;
    let path = "/copydesk.v1.ClassifierService/BatchClassify";
    let head = crate::wire::request(path, &[("grpc-timeout", "1H")]);
    let mut sender = wire.sender.clone();
    let (response, mut stream) = sender.send_request(head, false).expect("sent");
    let frame = framed(&batch(1));
    stream.send_data(frame.slice(..7), false).expect("sent");
    tokio::time::sleep(4 * call_timeout).await;
    stream.send_data(frame.slice(7..), true).expect("sent");
    let mut answers = soon(response).await.expect("an answer").into_body();
    assert!(
        soon(answers.data())
            .await
            .is_some_and(|answer| answer.is_ok())
    );
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let requests = stream::iter([stream_request(0)]).chain(stream::pending());
    let mut request = Request::new(requests);
    request.set_timeout(Duration::from_millis(300));
    let responses = soon(client.stream_classify(request))
        .await
        .expect("a stream");
    let mut responses = responses.into_inner();
    let first = soon(responses.message())
        .await
        .expect("no status")
        .expect("an answer");
    classification(&first.result.expect("a result"));
    let status = soon(responses.message()).await.expect_err("too late");
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_timeout_that_is_none_is_the_callers_mistake() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let frame = classify_frame(article(0));
    let answer = wire
        .call(CLASSIFY, &[("grpc-timeout", "soon")], Sent::Whole(frame))
        .await;
    assert_eq!(answer.status.code(), Code::InvalidArgument);
    let details = answer.status.get_error_details();
    let violations = &details
        .bad_request()
        .expect("a BadRequest")
        .field_violations;
    assert_eq!(violations[0].field, "grpc-timeout");
}

#[tokio::test]
async fn the_limit_of_metadata_is_exact() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    // content-type, te and their values.
    let own = "content-typeapplication/grpctetrailers".len() + "x".len();
    for (excess, code) in [(0, Code::Ok), (1, Code::ResourceExhausted)] {
        let value = "v".repeat(ServerConfig::default().max_metadata_bytes - own + excess);
        let frame = classify_frame(article(0));
        let answer = wire
            .call(CLASSIFY, &[("x", &value)], Sent::Whole(frame))
            .await;
        assert_eq!(answer.status.code(), code, "{}", answer.status.message());
        assert_eq!(answer.headers["content-type"], "application/grpc");
        if code != Code::Ok {
            assert!(
                answer
                    .status
                    .message()
                    .contains("8193 bytes; the limit is 8192")
            );
        }
    }
}

#[tokio::test]
async fn a_limit_of_metadata_beyond_what_http2_takes_by_itself_is_exact_too() {
    let max_metadata_bytes = 64 << 10;
    let config = ServerConfig {
        max_metadata_bytes,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let client = server.client().await;
    let answer = async |n_bytes| {
        let mut request = Request::new(single(0));
        let value = "v".repeat(n_bytes).parse().expect("text");
        request.metadata_mut().insert("x", value);
        let answer = soon(client.clone().classify(request)).await;
        answer.map_or_else(|status| status, |_| Status::ok(""))
    };
    // A refusal says how much there is beside the value.
    let status = answer(max_metadata_bytes).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert_eq!(reason(&status), "METADATA_TOO_LARGE");
    let size = status
        .message()
        .split(' ')
        .find_map(|word| word.parse().ok());
    let excess = size.unwrap_or(0_usize) - max_metadata_bytes;
    assert_eq!(answer(max_metadata_bytes - excess).await.code(), Code::Ok);
    let status = answer(max_metadata_bytes - excess + 1).await;
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
}

#[tokio::test]
async fn calls_beyond_the_limits_are_refused_in_the_words_of_the_contract() {
    let server = TestServer::start_with(pipeline(), config_for_one()).await;
    let clients = join_all((0..4).map(|_| server.client())).await;
    // Far more than a connection may have open, and than the server takes.
    let calls = (0..4_000).map(|number| {
        let mut client = clients[number % clients.len()].clone();
        async move { client.classify(single(number)).await }
    });
    let answers = soon(join_all(calls)).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert!(!refused.is_empty());
    for status in refused {
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(status.get_error_details().retry_info().is_some());
        assert!(status.metadata().contains_key("grpc-retry-pushback-ms"));
    }
}

#[tokio::test]
async fn the_limits_of_articles_and_batches_are_exact() {
    let config = ServerConfig {
        max_article_bytes: 200,
        max_batch_articles: 3,
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut client = server.client().await;
    let of_size = |n_bytes: usize| pb::ClassifyRequest {
        article: Some(pb::Article {
            body: "x".repeat(n_bytes),
            ..pb::Article::default()
        }),
        options: None,
    };
    soon(client.classify(of_size(200))).await.expect("fits");
    let status = soon(client.classify(of_size(201)))
        .await
        .expect_err("too large");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("201 bytes; the limit is 200"),
        "{status}"
    );
    assert!(status.message().contains("send "), "{status}");
    let batch = |n_articles| pb::BatchClassifyRequest {
        articles: (0..n_articles).map(article).collect(),
        options: None,
    };
    soon(client.batch_classify(batch(3))).await.expect("fits");
    let status = soon(client.batch_classify(batch(4)))
        .await
        .expect_err("too many");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("4 articles; the limit is 3"),
        "{status}"
    );
    let details = status.get_error_details();
    assert_eq!(
        details
            .bad_request()
            .expect("a BadRequest")
            .field_violations[0]
            .field,
        "articles"
    );
}

#[tokio::test]
async fn lists_of_tags_have_a_limit() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let tags = vec![String::new(); 2_000];
    let mut too_many = [single(0), single(0), single(0)];
    too_many[0].options.get_or_insert_default().deny_tags = tags.clone();
    too_many[1].options.get_or_insert_default().allow_tags = tags.clone();
    too_many[2].article.get_or_insert_default().existing_tags = tags;
    let fields = [
        "options.deny_tags",
        "options.allow_tags",
        "article.existing_tags",
    ];
    for (request, field) in too_many.into_iter().zip(fields) {
        let status = soon(client.classify(request)).await.expect_err("too many");
        assert_eq!(status.code(), Code::InvalidArgument);
        let said = format!("{field} has 2000 tags; the limit is 1000");
        assert!(status.message().contains(&said), "{status}");
    }
}

#[tokio::test]
async fn a_batch_far_over_the_limit_counts_as_one_too_many() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    client = client.send_compressed(CompressionEncoding::Gzip);
    let empty = pb::BatchClassifyRequest {
        articles: vec![pb::Article::default(); 2_000_000],
        options: None,
    };
    let status = soon(client.batch_classify(empty)).await;
    let status = status.expect_err("too many");
    let said = "2000000 articles; the limit is 1000";
    assert!(status.message().contains(said), "{status}");
    let metrics = get(server.address(), "/metrics").await;
    let refused = "copydesk_refused_articles_total{reason=\"INVALID_REQUEST\"} 1001\n";
    assert!(metrics.contains(refused), "{metrics}");
}

#[tokio::test]
async fn compressed_messages_are_read_and_sent() {
    let server = TestServer::start().await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = server
            .client()
            .await
            .send_compressed(encoding)
            .accept_compressed(encoding);
        let response = soon(client.classify(single(0))).await.expect("an answer");
        let accepted = response.metadata().get("grpc-encoding");
        assert!(accepted.is_some(), "{encoding:?}");
    }
}

#[tokio::test]
async fn a_message_that_unpacks_beyond_the_limit_is_refused() {
    let server = TestServer::start().await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = server.client().await.send_compressed(encoding);
        let mut request = single(0);
        request.article.get_or_insert_default().body = "a".repeat(64 << 20);
        let status = soon(client.classify(request)).await.expect_err("a bomb");
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        soon(client.classify(single(0)))
            .await
            .expect("still serves");
    }
}

#[tokio::test]
async fn a_message_that_breaks_off_is_the_callers_mistake() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let whole = classify_frame(article(0));
    for part in [whole.slice(..0), whole.slice(..3), whole.slice(..9)] {
        let answer = wire.call(CLASSIFY, &[], Sent::Whole(part)).await;
        assert_eq!(answer.status.code(), Code::InvalidArgument);
        assert_eq!(reason(&answer.status), "INVALID_REQUEST");
    }
}

#[tokio::test]
async fn a_call_that_is_not_here_says_so() {
    let server = TestServer::start().await;
    let mut wire = Wire::connect(server.address()).await;
    let path = "/copydesk.v1.ClassifierService/NoSuchCall";
    let frame = classify_frame(article(0));
    let answer = wire.call(path, &[], Sent::Whole(frame)).await;
    assert_eq!(answer.status.code(), Code::Unimplemented);
    assert_eq!(reason(&answer.status), "UNKNOWN_CALL");
}

/// A stream whose answers nobody reads: its window has room for the first and no more. It ends with the connection.
async fn unread_stream(server: &TestServer, headers: &[(&str, &str)]) -> Unread {
    let socket = TcpStream::connect(server.address()).await;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(1);
    let handshake = builder.handshake::<_, Bytes>(socket.expect("a server listens"));
    let (mut sender, connection) = soon(handshake).await.expect("HTTP/2");
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let path = "/copydesk.v1.ClassifierService/StreamClassify";
    let (response, mut requests) = sender
        .send_request(crate::wire::request(path, headers), false)
        .expect("sent");
    let pages = (0..16).map(|number| {
        let mut request = stream_request(number);
        // Pages are read by other threads, and so all of them are in work or wait before the first is answered.
        let article = request.article.get_or_insert_default();
        article.format = pb::ContentFormat::Html.into();
        // Answers have the text: all of them are more than HTTP/2 is handed at once.
        article.body = format!("<p>{}</p>", "The goalkeeper saved a penalty. ".repeat(200));
        framed(&request)
    });
    let frames: Vec<_> = pages.flatten().collect();
    requests.send_data(frames.into(), false).expect("sent");
    let mut answers = soon(response).await.expect("an answer").into_body();
    soon(answers.data())
        .await
        .expect("a byte")
        .expect("no reset");
    Unread {
        answers,
        _requests: requests,
        _sender: sender,
        _connections: connections,
    }
}

/// What keeps a stream open.
struct Unread {
    answers: h2::RecvStream,
    _requests: h2::SendStream<Bytes>,
    _sender: h2::client::SendRequest<Bytes>,
    _connections: JoinSet<Result<(), h2::Error>>,
}

#[tokio::test]
async fn a_stream_that_nobody_reads_ends_at_its_deadline() {
    let server = TestServer::start().await;
    let mut unread = unread_stream(&server, &[("grpc-timeout", "1S")]).await;
    let end = soon(unread.answers.data())
        .await
        .expect("no end of its own");
    assert_eq!(end.expect_err("a reset").reason(), Some(h2::Reason::CANCEL));
    let metrics = get(server.address(), "/metrics").await;
    let ended = "copydesk_calls_total{method=\"StreamClassify\",code=\"DEADLINE_EXCEEDED\"} 1\n";
    assert!(metrics.contains(ended), "{metrics}");
    assert!(metrics.contains("copydesk_open_calls 0\n"), "{metrics}");
    assert!(
        metrics.contains("copydesk_articles_in_flight 0\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_stream_that_nobody_reads_ends_without_a_deadline_too() {
    let config = ServerConfig {
        stream_idle_timeout: Duration::from_secs(2),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut unread = unread_stream(&server, &[]).await;
    let end = soon(unread.answers.data())
        .await
        .expect("no end of its own");
    assert_eq!(end.expect_err("a reset").reason(), Some(h2::Reason::CANCEL));
}

fn batch(n_articles: usize) -> pb::BatchClassifyRequest {
    pb::BatchClassifyRequest {
        articles: (0..n_articles).map(article).collect(),
        options: None,
    }
}

#[tokio::test]
async fn a_stream_that_nobody_reads_keeps_no_turn_of_others() {
    let server = TestServer::start_with(pipeline(), config_for_one()).await;
    let _unread = unread_stream(&server, &[]).await;
    let mut client = server.client().await;
    let answers = soon(client.batch_classify(batch(3)))
        .await
        .expect("a stream");
    let answers: Vec<_> = soon(answers.into_inner().collect()).await;
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn a_stream_that_nobody_reads_keeps_no_turn_of_its_keys_other_calls() {
    let key = new_key();
    let config = ServerConfig {
        keys: vec![ApiKey {
            name: "desk".into(),
            sha256: hash(&key),
            roles: vec![Role::Classify],
            articles_per_second: Some(6),
        }],
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let _unread = unread_stream(&server, &[("x-api-key", &key)]).await;
    let mut request = Request::new(batch(1));
    let key = key.parse().expect("text");
    request.metadata_mut().insert("x-api-key", key);
    let mut client = server.client().await;
    let answers = soon(client.batch_classify(request))
        .await
        .expect("a stream");
    let answer = soon(answers.into_inner().message()).await;
    assert!(answer.expect("no status").is_some());
}
