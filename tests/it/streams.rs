//! Streams: their order, their errors, and clients that do not behave.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use copydesk::service::pb::classifier_service_client::ClassifierServiceClient;
use copydesk::service::{ServerConfig, pb};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

use crate::support::{
    TestServer, article, classification, error, pipeline, soon, stream_request, topic,
};

type Responses = Streaming<pb::StreamClassifyResponse>;

async fn open(
    client: &mut ClassifierServiceClient<Channel>,
    requests: impl Stream<Item = pb::StreamClassifyRequest> + Send + 'static,
) -> Responses {
    let response = soon(client.stream_classify(requests)).await;
    response.expect("a stream").into_inner()
}

/// The next result; `None` at the end of the stream.
async fn next(responses: &mut Responses) -> Option<pb::ArticleResult> {
    let response = soon(responses.message()).await.expect("no status");
    response.map(|r| r.result.expect("not empty"))
}

#[tokio::test]
async fn thousands_of_articles_are_answered_in_order() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let requests = stream::iter((0..5_000).map(stream_request));
    let mut responses = open(&mut client, requests).await;
    for number in 0..5_000 {
        let result = next(&mut responses).await.expect("one for each article");
        assert_eq!(result.index, number as u64);
        assert_eq!(result.article_id, format!("article-{number}"));
        assert_eq!(classification(&result).topic, topic(number));
    }
    assert_eq!(next(&mut responses).await, None);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_next_article() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let (requests, receiver) = mpsc::channel(1);
    let mut responses = open(&mut client, ReceiverStream::new(receiver)).await;
    for number in 0..20 {
        requests.send(stream_request(number)).await.expect("open");
        let result = next(&mut responses).await.expect("an answer");
        assert_eq!(result.index, number as u64);
    }
    drop(requests);
    assert_eq!(next(&mut responses).await, None);
}

/// Every tenth request is wrong, each in another way.
fn spoilt(number: usize) -> pb::StreamClassifyRequest {
    let good = stream_request(number);
    let with_article = |change: fn(&mut pb::Article)| {
        let mut article = article(number);
        change(&mut article);
        pb::StreamClassifyRequest {
            article: Some(article),
            options: None,
        }
    };
    match number % 50 {
        0 => pb::StreamClassifyRequest::default(),
        10 => with_article(|a| a.format = 77),
        20 => with_article(|a| (a.title, a.body) = (String::new(), "\0".into())),
        30 => with_article(|a| a.language = "??".into()),
        40 => pb::StreamClassifyRequest {
            options: Some(pb::ClassifyOptions {
                min_tag_confidence: Some(2.0),
                ..pb::ClassifyOptions::default()
            }),
            ..good
        },
        _ => good,
    }
}

#[tokio::test]
async fn a_bad_article_is_an_error_in_its_place_and_the_stream_goes_on() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let mut responses = open(&mut client, stream::iter((0..500).map(spoilt))).await;
    for number in 0..500 {
        let result = next(&mut responses).await.expect("one for each article");
        assert_eq!(result.index, number as u64);
        let expected = match number % 50 {
            0 => "article",
            10 => "article.format",
            20 => "article.body",
            30 => "article.language",
            40 => "options.min_tag_confidence",
            _ => {
                assert_eq!(classification(&result).topic, topic(number));
                continue;
            }
        };
        assert_eq!(error(&result).field, expected);
        assert_eq!(error(&result).code, i32::from(Code::InvalidArgument));
        assert!(error(&result).message.contains(expected));
    }
    assert_eq!(next(&mut responses).await, None);
}

#[tokio::test]
async fn an_empty_stream_has_no_results() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let mut responses = open(&mut client, stream::empty()).await;
    assert_eq!(next(&mut responses).await, None);
}

/// An answered call takes a trip to the server and back: so long that other tasks get their turn.
async fn let_others_work(client: &mut ClassifierServiceClient<Channel>) {
    let request = pb::GetModelRequest {};
    soon(client.get_model(request)).await.expect("still serves");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_not_read_from() {
    const OFFERED: usize = 6_000;
    // Windows and buffers of both sides hold about 600 of these articles of 8 kB.
    const AT_MOST: usize = 2_000;
    let server = TestServer::start().await;
    let endpoint = server.endpoint().initial_stream_window_size(65_535);
    let mut client = ClassifierServiceClient::connect(endpoint).await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let requests = stream::iter(0..OFFERED).map(move |number| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut request = stream_request(number);
        let article = request.article.get_or_insert_default();
        article.body.push_str(&" and so on".repeat(800));
        request
    });
    let mut responses = open(&mut client, requests).await;

    let mut other = server.client().await;
    let mut before = 0;
    loop {
        for _ in 0..200 {
            let_others_work(&mut other).await;
        }
        let now = sent.load(Ordering::Relaxed);
        assert!(
            now <= AT_MOST,
            "{now} articles were taken from a client that does not read"
        );
        if now == before && now > 0 {
            break;
        }
        before = now;
    }

    for number in 0..OFFERED {
        let result = next(&mut responses).await.expect("one for each article");
        assert_eq!(result.index, number as u64);
    }
    assert_eq!(next(&mut responses).await, None);
    assert_eq!(sent.load(Ordering::Relaxed), OFFERED);
}

/// A client that is gone, socket and all, in the middle of a stream. It has a runtime of its own: one
/// that merely dropped its answers would go on sending.
fn vanish(endpoint: Endpoint) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = ClassifierServiceClient::connect(endpoint).await.unwrap();
        let requests = stream::iter((0..).map(stream_request));
        let mut responses = open(&mut client, requests).await;
        next(&mut responses).await.expect("an answer");
    });
}

#[tokio::test]
async fn clients_that_vanish_leave_nothing_behind() {
    let server = TestServer::start().await;
    let idle_references = Arc::strong_count(&server.pipeline);
    for _ in 0..10 {
        let endpoint = server.endpoint();
        soon(spawn_blocking(move || vanish(endpoint)))
            .await
            .unwrap();
    }
    let mut other = server.client().await;
    soon(async {
        while Arc::strong_count(&server.pipeline) > idle_references {
            let_others_work(&mut other).await;
        }
    })
    .await;
    let mut responses = open(&mut other, stream::iter([stream_request(0)])).await;
    let result = next(&mut responses).await.expect("an answer");
    assert_eq!(classification(&result).topic, "Politics");
}

#[tokio::test]
async fn a_stream_that_is_sent_nothing_ends_and_says_how_far_it_came() {
    let config = ServerConfig {
        stream_idle_timeout: Duration::from_secs(1),
        ..ServerConfig::default()
    };
    let server = TestServer::start_with(pipeline(), config).await;
    let mut client = server.client().await;
    let requests = stream::iter([stream_request(0)]).chain(stream::pending());
    let mut responses = open(&mut client, requests).await;
    let result = next(&mut responses).await.expect("an answer");
    assert_eq!(classification(&result).topic, topic(0));
    let status = soon(responses.message()).await.expect_err("idle");
    assert_eq!(status.code(), Code::Unavailable);
    let details = status.get_error_details();
    let info = details.error_info().expect("an ErrorInfo");
    assert_eq!(info.reason, "STREAM_IDLE");
    assert_eq!(info.metadata["last_index"], "0");
}
