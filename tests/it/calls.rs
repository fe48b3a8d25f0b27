//! Each of the calls with good and bad requests, over a real socket.

use copydesk::service::{ServerConfig, pb};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::{
    TAGS, TOPICS, TestServer, article, broken_pipeline, classification, error, soon,
    tags_only_pipeline, topic,
};

fn request(article: pb::Article) -> pb::ClassifyRequest {
    pb::ClassifyRequest {
        article: Some(article),
        options: None,
    }
}

fn with_body(body: &str) -> pb::ClassifyRequest {
    request(pb::Article {
        body: body.into(),
        ..pb::Article::default()
    })
}

fn with_options(options: pb::ClassifyOptions) -> pb::ClassifyRequest {
    pb::ClassifyRequest {
        article: Some(article(0)),
        options: Some(options),
    }
}

async fn classify(server: &TestServer, request: pb::ClassifyRequest) -> pb::Classification {
    let mut client = server.client().await;
    let response = soon(client.classify(request)).await.expect("an answer");
    response.into_inner().classification.expect("not empty")
}

async fn refusal(server: &TestServer, request: pb::ClassifyRequest) -> Status {
    let mut client = server.client().await;
    soon(client.classify(request)).await.expect_err("refused")
}

async fn batch(
    server: &TestServer,
    articles: Vec<pb::Article>,
    options: Option<pb::ClassifyOptions>,
) -> Result<Vec<pb::ArticleResult>, Status> {
    let request = pb::BatchClassifyRequest { articles, options };
    let mut client = server.client().await;
    let mut responses = soon(client.batch_classify(request)).await?.into_inner();
    let mut results = Vec::new();
    while let Some(response) = soon(responses.message()).await? {
        results.push(response.result.expect("not empty"));
    }
    Ok(results)
}

/// The field that the details of a status blame.
fn field(status: &Status) -> String {
    let details = status.get_error_details();
    let bad_request = details.bad_request().expect("a BadRequest detail");
    bad_request.field_violations[0].field.clone()
}

#[tokio::test]
async fn an_article_gets_its_topic_and_its_tags() {
    let server = TestServer::start().await;
    for number in 0..TOPICS.len() {
        let found = classify(&server, request(article(number))).await;
        assert_eq!(found.topic, TOPICS[number].0);
        assert!(found.confidence > 0.9, "{}", found.confidence);
        assert_eq!(found.topics[0].probability, found.confidence);
        let code = format!("medtop:{:08}", number + 1);
        assert_eq!(found.topics[0].iptc_code, code);
        let sum: f32 = found.topics.iter().map(|t| t.probability).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        assert_eq!(found.tags.len(), 1);
        assert_eq!(found.tags[0].label, TAGS[number]);
        assert_eq!(found.tags[0].kind(), pb::TagKind::Vocabulary);
        assert!(!found.needs_review);
    }
}

#[tokio::test]
async fn an_unsure_answer_is_marked_for_review() {
    let server = TestServer::start().await;
    let sent = pb::Article {
        body: "It was about parliament and inflation and nothing else.".into(),
        ..article(0)
    };
    let found = classify(&server, request(sent)).await;
    assert!(found.confidence < 0.9, "{}", found.confidence);
    assert!(found.needs_review);
}

#[tokio::test]
async fn evidence_is_given_if_asked_for() {
    let server = TestServer::start().await;
    let sent = pb::Article {
        title: "🏆 Goalkeeper".into(),
        body: "Inflation, and a goalkeeper.".into(),
        ..pb::Article::default()
    };
    assert!(
        classify(&server, request(sent.clone()))
            .await
            .evidence
            .is_empty()
    );
    let span = |field: pb::SpanField, start, end| pb::Span {
        field: field.into(),
        start,
        end,
    };
    for (unit, title) in [
        (pb::OffsetUnit::Unspecified, (5, 15)),
        (pb::OffsetUnit::CodePoints, (2, 12)),
        (pb::OffsetUnit::Utf16, (3, 13)),
    ] {
        let options = pb::ClassifyOptions {
            explain: true,
            offset_unit: unit.into(),
            ..pb::ClassifyOptions::default()
        };
        let request = pb::ClassifyRequest {
            article: Some(sent.clone()),
            options: Some(options),
        };
        let found = classify(&server, request).await;
        assert_eq!(found.topic, "Sports");
        let terms: Vec<&str> = found.evidence.iter().map(|e| e.term.as_str()).collect();
        assert_eq!(terms, ["Goalkeeper", "Inflation"]);
        assert!(found.evidence[0].weight > 0.0 && found.evidence[1].weight < 0.0);
        assert_eq!(
            found.evidence[0].mentions,
            [
                span(pb::SpanField::Title, title.0, title.1),
                span(pb::SpanField::Body, 17, 27)
            ]
        );
    }
}

#[tokio::test]
async fn an_answer_names_its_model_and_language() {
    let server = TestServer::start().await;
    let sent = pb::Article {
        language: "en-GB".into(),
        ..article(1)
    };
    let found = classify(&server, request(sent)).await;
    assert_eq!(found.language, "en-GB");
    let model = found.model.expect("a model");
    assert_eq!(model.name, "test-model");
    assert_eq!(model.version, "sha256:0123456789ab");
}

#[tokio::test]
async fn options_shape_the_answer() {
    let server = TestServer::start().await;
    let one_topic = pb::ClassifyOptions {
        max_topics: 1,
        max_tags: Some(0),
        ..pb::ClassifyOptions::default()
    };
    let found = classify(&server, with_options(one_topic)).await;
    assert_eq!((found.topics.len(), found.tags.len()), (1, 0));
    let all_tags = pb::ClassifyOptions {
        min_tag_confidence: Some(0.0),
        deny_tags: vec!["football".into()],
        ..pb::ClassifyOptions::default()
    };
    let found = classify(&server, with_options(all_tags)).await;
    let labels: Vec<_> = found.tags.iter().map(|t| t.label.as_str()).collect();
    assert_eq!(labels, ["Legislation", "Central banks"]);
    let phrases_only = pb::ClassifyOptions {
        tag_source: pb::TagSource::Keyphrases.into(),
        ..pb::ClassifyOptions::default()
    };
    let found = classify(&server, with_options(phrases_only)).await;
    assert!(found.tags.is_empty());
}

#[tokio::test]
async fn warnings_arrive() {
    let server = TestServer::start().await;
    let found = classify(&server, with_body("Zyx!")).await;
    let warnings: Vec<_> = found.warnings().collect();
    assert!(warnings.contains(&pb::Warning::NoKnownTerms));
    assert!(warnings.contains(&pb::Warning::ShortText));
    // The base rates of the manifest: 100, 200 and 300 articles.
    assert_eq!(found.topic, "Sports");
    assert!((found.confidence - 0.5).abs() < 1e-6);
    let german = pb::Article {
        language: "de".into(),
        format: pb::ContentFormat::PageText.into(),
        ..article(0)
    };
    let found = classify(&server, request(german)).await;
    let expected = [
        pb::Warning::UnsupportedLanguage,
        pb::Warning::LowExtractionQuality,
    ];
    assert_eq!(found.warnings().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_model_without_topics_still_gives_tags() {
    let server = TestServer::start_with(tags_only_pipeline(), ServerConfig::default()).await;
    let found = classify(&server, request(article(2))).await;
    assert_eq!((found.topic.as_str(), found.confidence), ("", 0.0));
    assert!(found.topics.is_empty());
    assert_eq!(found.tags[0].label, "Football");
}

#[tokio::test]
async fn the_model_describes_itself() {
    let server = TestServer::start().await;
    let mut client = server.client().await;
    let response = soon(client.get_model(pb::GetModelRequest {})).await;
    let card = response.expect("an answer").into_inner().model;
    let card = card.expect("a model");
    assert_eq!(card.version.expect("a version").name, "test-model");
    assert_eq!(card.trained_at.expect("a time").seconds, 1_700_000_000);
    assert_eq!(
        (card.vocabulary_tags, card.languages),
        (3, vec!["en".into()])
    );
    assert_eq!((card.accuracy, card.macro_f1), (0.75, 0.5));
    assert_eq!(card.calibration_error, 0.25);
    assert_eq!(card.training_data, "three words (model licence: CC0-1.0)");
    let second = &card.topics[1];
    assert_eq!(
        (second.topic.as_str(), second.training_articles),
        ("Economy", 200)
    );
    assert_eq!(
        (second.iptc_code.as_str(), second.f1),
        ("medtop:00000002", 0.5)
    );
}

#[tokio::test]
async fn a_request_without_an_article_is_refused() {
    let server = TestServer::start().await;
    let status = refusal(&server, pb::ClassifyRequest::default()).await;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(field(&status), "article");
}

#[tokio::test]
async fn an_article_without_text_is_refused() {
    let server = TestServer::start().await;
    for body in ["", " \r\n\t", "\0\0\0", "\u{1b}\u{7f}"] {
        let status = refusal(&server, with_body(body)).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{body:?}");
        assert_eq!(field(&status), "article.body");
    }
}

#[tokio::test]
async fn control_characters_within_a_text_do_no_harm() {
    let server = TestServer::start().await;
    let body = "\0The\u{7} parliament\r\n\u{1b}[31mvoted\u{0}\u{200f} \u{feff}today\u{85}";
    let found = classify(&server, with_body(body)).await;
    assert_eq!(found.topic, "Politics");
}

#[tokio::test]
async fn unknown_numbers_are_refused_by_name() {
    let server = TestServer::start().await;
    let format = pb::Article {
        format: 99,
        ..article(0)
    };
    let tag_source = pb::ClassifyOptions {
        tag_source: -1,
        ..pb::ClassifyOptions::default()
    };
    let offset_unit = pb::ClassifyOptions {
        offset_unit: 3,
        ..pb::ClassifyOptions::default()
    };
    let cases = [
        (request(format), "article.format", "99"),
        (with_options(tag_source), "options.tag_source", "-1"),
        (with_options(offset_unit), "options.offset_unit", "3"),
    ];
    for (request, expected, number) in cases {
        let status = refusal(&server, request).await;
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(field(&status), expected);
        assert!(status.message().contains(expected), "{status}");
        assert!(status.message().contains(number), "{status}");
    }
}

#[tokio::test]
async fn bad_values_are_refused_by_name() {
    let server = TestServer::start().await;
    let confidence = pb::ClassifyOptions {
        min_tag_confidence: Some(f32::NAN),
        ..pb::ClassifyOptions::default()
    };
    let language = pb::Article {
        language: "not a language".into(),
        ..article(0)
    };
    let cases = [
        (with_options(confidence), "options.min_tag_confidence"),
        (request(language), "article.language"),
    ];
    for (request, expected) in cases {
        let status = refusal(&server, request).await;
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(field(&status), expected);
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_its_order() {
    let server = TestServer::start().await;
    let articles = (0..1000).map(article).collect();
    let results = batch(&server, articles, None).await.expect("answers");
    assert_eq!(results.len(), 1000);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.index, number as u64);
        assert_eq!(result.article_id, format!("article-{number}"));
        assert_eq!(classification(result).topic, topic(number));
    }
}

#[tokio::test]
async fn a_long_article_keeps_its_place() {
    let server = TestServer::start().await;
    let mut articles: Vec<_> = (0..9).map(article).collect();
    // 180 kB, classified on another thread than its neighbours.
    articles[4].body = "goalkeeper parliament parliament ".repeat(5_500);
    let results = batch(&server, articles, None).await.expect("answers");
    let topics = results.iter().map(|r| classification(r).topic.as_str());
    let mut expected: Vec<_> = (0..9).map(topic).collect();
    expected[4] = "Politics";
    assert_eq!(topics.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_bad_article_of_a_batch_is_an_error_in_its_place() {
    let server = TestServer::start().await;
    let mut articles: Vec<_> = (0..200).map(article).collect();
    articles.iter_mut().step_by(10).for_each(|a| a.format = 42);
    let results = batch(&server, articles, None).await.expect("answers");
    assert_eq!(results.len(), 200);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.article_id, format!("article-{number}"));
        if number % 10 == 0 {
            assert_eq!(error(result).code, i32::from(Code::InvalidArgument));
            assert_eq!(error(result).field, "article.format");
        } else {
            assert_eq!(classification(result).topic, topic(number));
        }
    }
}

#[tokio::test]
async fn bad_options_refuse_the_whole_batch() {
    let server = TestServer::start().await;
    let options = pb::ClassifyOptions {
        tag_source: 9,
        ..pb::ClassifyOptions::default()
    };
    let status = batch(&server, vec![article(0)], Some(options))
        .await
        .expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(field(&status), "options.tag_source");
}

#[tokio::test]
async fn an_empty_batch_has_no_results() {
    let server = TestServer::start().await;
    assert_eq!(batch(&server, Vec::new(), None).await.expect("an end"), []);
}

#[tokio::test]
async fn a_panic_costs_one_article() {
    let server = TestServer::start_with(broken_pipeline(), ServerConfig::default()).await;
    let best_only = pb::ClassifyOptions {
        max_topics: 1,
        max_tags: Some(0),
        ..pb::ClassifyOptions::default()
    };
    let mut articles: Vec<_> = (0..6).map(article).collect();
    // The same on a thread of its own.
    articles[5].body = "goalkeeper ".repeat(10_000);
    let results = batch(&server, articles, Some(best_only)).await;
    for (number, result) in results.expect("answers").iter().enumerate() {
        if topic(number) == "Sports" {
            assert_eq!(error(result).code, i32::from(Code::Internal));
            assert_eq!(error(result).field, "");
            assert!(!error(result).message.contains("goalkeeper"));
        } else {
            assert_eq!(classification(result).topic, topic(number));
        }
    }
    let status = refusal(&server, request(article(2))).await;
    assert_eq!(status.code(), Code::Internal);
}
