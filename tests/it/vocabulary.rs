//! Tags of a controlled vocabulary, and the one list of all tags, by the built-in model.

use std::fs;
use std::sync::LazyLock;

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{
    Classification, ConceptFormat, Concepts, Options, Pipeline, Rejection, Tag, TagKind, TagRules,
    TagSource,
};
use copydesk::service::{ServerConfig, pb};
use copydesk::tags::Wording;
use copydesk::text::{Article, ArticleDraft, ContentFormat, Field, OffsetUnit, Span};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::corpora::data;
use crate::support::TestServer;
use crate::wire::{get, post};

const TITLE: &str = "Minister Odile Marchand rules out new tariffs on Canada";
const BODY: &str = "🧀 French minister Odile Marchand said on Monday that France would not answer the tariffs \
that Canada announced last week. Marchand spoke in Lyon after talks with the Canadian ambassador, Peter Hallam.\n\n\
\"Tariffs help nobody,\" Marchand said, and so does the US. Hallam replied that Canada had no wish for a dispute \
with France, and that an import duty had been announced in good time.\n\n\
Trade between France and Canada has grown for ten years. Farmers in France fear that the tariffs on cheese \
will cost them half of their sales in Canada.";

fn concepts(files: &[&str]) -> Concepts {
    let read = |name: &&str| {
        let format = ConceptFormat::of_name(name).unwrap();
        format
            .read(&fs::read(data(name)).unwrap(), name, "en")
            .unwrap()
            .entries
    };
    Concepts::new(files.iter().map(read)).unwrap()
}

fn pipeline() -> Pipeline {
    let concepts = concepts(&["desk-tags.csv", "media-topics.ttl"]);
    Pipeline::built_in().unwrap().with_concepts(Some(concepts))
}

static PIPELINE: LazyLock<Pipeline> = LazyLock::new(pipeline);

fn classify(
    pipeline: &Pipeline,
    title: &str,
    body: &str,
    options: OptionsDraft,
) -> Option<Classification> {
    let article = Article::new(ArticleDraft {
        title: title.into(),
        body: body.into(),
        format: ContentFormat::Text,
        ..ArticleDraft::default()
    });
    let options = Options::new(options).unwrap();
    Some(pipeline.classify(&article.ok()?, &options))
}

fn story(options: OptionsDraft) -> Classification {
    classify(&PIPELINE, TITLE, BODY, options).unwrap()
}

fn labels(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(|tag| &*tag.label).collect()
}

fn all() -> OptionsDraft {
    OptionsDraft {
        explain: true,
        max_tags: Some(500),
        min_tag_confidence: Some(0.0),
        ..OptionsDraft::default()
    }
}

fn find<'a>(tags: &'a [Tag], label: &str) -> &'a Tag {
    let found = tags.iter().find(|tag| &*tag.label == label);
    found.unwrap_or_else(|| panic!("no {label} in {:?}", labels(tags)))
}

/// What a span counts in a unit, cut out of the text.
fn cut(text: &str, span: &Span, unit: OffsetUnit) -> String {
    match unit {
        OffsetUnit::Bytes => text[span.start..span.end].to_owned(),
        OffsetUnit::CodePoints => text
            .chars()
            .skip(span.start)
            .take(span.end - span.start)
            .collect(),
        OffsetUnit::Utf16 => {
            let units: Vec<u16> = text.encode_utf16().collect();
            String::from_utf16(&units[span.start..span.end]).unwrap()
        }
    }
}

#[test]
fn a_vocabularys_tags_are_found_without_training() {
    let found = story(OptionsDraft::default());
    let duties = find(&found.tags, "Customs duties");
    assert_eq!(duties.kind, TagKind::Vocabulary);
    assert_eq!(duties.code.as_deref(), Some("desk:trade-duties"));
    assert_eq!(duties.broader.as_deref(), Some("Trade"));
    assert!(!duties.is_new);
    // A name of the article that is in the vocabulary is the vocabulary's.
    let canada = find(&found.tags, "Canada");
    assert_eq!(
        (canada.kind, canada.code.as_deref()),
        (TagKind::Vocabulary, Some("geo:ca"))
    );
    let minister = find(&found.tags, "Odile Marchand");
    assert_eq!(minister.kind, TagKind::Keyphrase);
    assert!(minister.is_new && minister.code.is_none());
    // The alias is not offered beside its tag.
    assert!(
        !labels(&found.tags)
            .iter()
            .any(|label| label.starts_with("Tariff"))
    );
    assert!(found.tags.is_sorted_by(|a, b| a.confidence >= b.confidence));
}

#[test]
fn mentions_are_exact_in_every_unit() {
    for unit in [OffsetUnit::Bytes, OffsetUnit::CodePoints, OffsetUnit::Utf16] {
        let options = OptionsDraft {
            offset_unit: unit,
            ..all()
        };
        let found = story(options);
        let quoted = |label: &str| -> Vec<String> {
            let mentions = find(&found.tags, label).mentions.iter();
            let text = |span: &Span| {
                if span.field == Field::Title {
                    TITLE
                } else {
                    BODY
                }
            };
            mentions.map(|span| cut(text(span), span, unit)).collect()
        };
        let duties = ["tariffs", "tariffs", "Tariffs", "import duty", "tariffs"];
        assert_eq!(quoted("Customs duties"), duties);
        assert_eq!(quoted("United States"), ["US"]);
        assert_eq!(quoted("Cheese"), ["cheese"]);
    }
}

#[test]
fn the_source_says_where_tags_come_from() {
    let of = |tag_source| {
        story(OptionsDraft {
            tag_source,
            ..all()
        })
        .tags
    };
    let vocabulary = of(TagSource::Vocabulary);
    assert!(
        vocabulary
            .iter()
            .all(|tag| tag.kind == TagKind::Vocabulary && !tag.is_new)
    );
    find(&vocabulary, "Customs duties");
    let phrases = of(TagSource::Keyphrases);
    assert!(phrases.iter().all(|tag| tag.kind == TagKind::Keyphrase));
    // Written as the vocabulary has it, all the same.
    assert!(!find(&phrases, "Canada").is_new);
    assert!(find(&phrases, "Odile Marchand").is_new);
}

#[test]
fn a_threshold_and_a_number_hold_for_the_one_list() {
    let everything = story(all()).tags;
    let third = everything[2].confidence;
    let sure = story(OptionsDraft {
        min_tag_confidence: Some(third),
        ..all()
    })
    .tags;
    assert!(sure.len() >= 3 && sure.iter().all(|tag| tag.confidence >= third));
    let two = story(OptionsDraft {
        max_tags: Some(2),
        ..all()
    })
    .tags;
    assert_eq!(labels(&two), labels(&everything)[..2]);
    assert!(
        story(OptionsDraft {
            max_tags: Some(0),
            ..all()
        })
        .tags
        .is_empty()
    );
}

#[test]
fn what_was_cut_is_said_with_its_reason() {
    let found = story(OptionsDraft {
        deny_tags: vec!["customs duty".into()],
        max_tags: Some(2),
        include_rejected_tags: true,
        ..OptionsDraft::default()
    });
    let reason = |label: &str| {
        let mut rejected = found.rejected_tags.iter();
        let rejected = rejected.find(|rejected| &*rejected.tag.label == label);
        rejected.map(|rejected| rejected.reason)
    };
    assert_eq!(reason("Customs duties"), Some(Rejection::Denied));
    let reasons: Vec<Rejection> = found.rejected_tags.iter().map(|r| r.reason).collect();
    assert!(reasons.contains(&Rejection::LowConfidence), "{reasons:?}");
    assert!(found.rejected_tags.len() <= 50);
    // To be told what was cut changes nothing of what is offered.
    let plain = story(OptionsDraft {
        deny_tags: vec!["customs duty".into()],
        max_tags: Some(2),
        ..OptionsDraft::default()
    });
    assert_eq!(labels(&plain.tags), labels(&found.tags));
    assert!(plain.rejected_tags.is_empty());
}

#[test]
fn an_allow_list_lets_only_its_tags_through() {
    let allow_tags = vec![
        "import duties".into(),
        "odile marchand".into(),
        "unheard of".into(),
    ];
    let found = story(OptionsDraft {
        allow_tags,
        ..all()
    })
    .tags;
    let mut found: Vec<(&str, bool)> = found.iter().map(|t| (&*t.label, t.is_new)).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [("Customs duties", false), ("Odile Marchand", false)]
    );
}

#[test]
fn a_desks_rules_hold_for_every_article() {
    let aliases = [
        "Odile Marchand=Marchand, Odile".to_owned(),
        "France=Cheese".to_owned(),
    ];
    let rules = TagRules::new(&["tariff".to_owned(), "CANADA".to_owned()], &aliases).unwrap();
    let found = classify(&pipeline().with_tag_rules(rules), TITLE, BODY, all()).unwrap();
    let labels = labels(&found.tags);
    assert!(labels.contains(&"Marchand, Odile"), "{labels:?}");
    assert!(
        !labels.contains(&"Odile Marchand") && !labels.contains(&"Canada"),
        "{labels:?}"
    );
    assert!(!labels.contains(&"France"), "{labels:?}");
    assert_eq!(
        find(&found.tags, "Cheese").code.as_deref(),
        Some("desk:cheese")
    );
}

#[test]
fn media_topics_are_a_vocabulary() {
    let text = "Voters queued at ballot boxes before dawn on polling day. The election was the first since the \
                federation of association football moved to the capital, and football fans cheered the elections.";
    let found = classify(&PIPELINE, "", text, all()).unwrap().tags;
    let election = find(&found, "election");
    assert_eq!(election.code.as_deref(), Some("medtop:20000574"));
    assert_eq!(election.broader.as_deref(), Some("politics"));
    assert_eq!(election.mentions.len(), 4);
    assert_eq!(
        find(&found, "football").code.as_deref(),
        Some("medtop:20001065")
    );
}

#[test]
fn a_model_file_keeps_its_vocabulary() {
    let bytes = PIPELINE.to_bytes().unwrap();
    let loaded = Pipeline::from_bytes(&bytes).unwrap();
    assert_eq!(
        loaded.concepts().unwrap().entries(),
        PIPELINE.concepts().unwrap().entries()
    );
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
    let found = classify(&loaded, TITLE, BODY, all()).unwrap();
    assert_eq!(found.tags, story(all()).tags);
}

#[test]
fn of_two_vocabularies_the_later_one_counts() {
    let read = |table: &str| {
        let format = ConceptFormat::of_name("t.csv").unwrap();
        let read = format.read(table.as_bytes(), "t.csv", "en");
        read.unwrap().entries
    };
    let both = [
        read("label,code\nTrade,1\nCheese,2\n"),
        read("label,code\nTRADE,3\n"),
    ];
    let both = Concepts::new(both).unwrap();
    assert_eq!(both.len(), 2);
    assert_eq!(both.lookup("trade").unwrap().code.as_deref(), Some("3"));
}

#[tokio::test]
async fn the_contract_has_it_all() {
    let server = TestServer::start_with(pipeline(), ServerConfig::default()).await;
    let mut client = server.client().await;
    let request = pb::ClassifyRequest {
        article: Some(pb::Article {
            title: TITLE.into(),
            body: BODY.into(),
            existing_tags: vec!["canada".into()],
            ..pb::Article::default()
        }),
        options: Some(pb::ClassifyOptions {
            allow_tags: vec!["Tariffs".into(), "Canada".into(), "Odile Marchand".into()],
            include_rejected_tags: true,
            explain: true,
            offset_unit: pb::OffsetUnit::Utf16.into(),
            ..pb::ClassifyOptions::default()
        }),
    };
    let answer = client.classify(request).await.unwrap().into_inner();
    let found = answer.classification.unwrap();
    let tag = found
        .tags
        .iter()
        .find(|tag| tag.label == "Customs duties")
        .unwrap();
    assert_eq!(tag.kind(), pb::TagKind::Vocabulary);
    assert_eq!((&*tag.code, &*tag.broader), ("desk:trade-duties", "Trade"));
    assert_eq!(tag.mentions.len(), 5);
    assert_eq!(tag.mentions[0].field(), pb::SpanField::Title);
    let reason = |label: &str| {
        let mut rejected = found.rejected_tags.iter();
        let is_it = |r: &&pb::RejectedTag| r.tag.as_ref().is_some_and(|t| t.label == label);
        rejected.find(is_it).map(pb::RejectedTag::reason)
    };
    assert_eq!(reason("Canada"), Some(pb::TagRejectionReason::Existing));
    assert_eq!(reason("France"), Some(pb::TagRejectionReason::NotAllowed));
    let model = client
        .get_model(pb::GetModelRequest {})
        .await
        .unwrap()
        .into_inner();
    let n_learnt = server.pipeline.manifest().tags.len();
    assert_eq!(model.model.unwrap().vocabulary_tags as usize, n_learnt + 11);
}

#[tokio::test]
async fn http_has_it_too() {
    let server = TestServer::start_with(pipeline(), ServerConfig::default()).await;
    let request = json!({
        "article": { "title": TITLE, "body": BODY },
        "options": { "denyTags": ["France"], "includeRejectedTags": true },
    });
    let answer = post(server.address(), "/v1/classify", "", &request.to_string()).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let answer: Value = serde_json::from_str(body).unwrap();
    let found = &answer["classification"];
    let tags = found["tags"].as_array().unwrap();
    let duties = tags
        .iter()
        .find(|tag| tag["label"] == "Customs duties")
        .unwrap();
    assert_eq!(duties["code"], "desk:trade-duties");
    assert!(tags.iter().any(|tag| tag["isNew"] == true), "{tags:?}");
    let rejected = found["rejectedTags"].as_array().unwrap();
    let france = rejected
        .iter()
        .find(|r| r["tag"]["label"] == "France")
        .unwrap();
    assert_eq!(france["reason"], "TAG_REJECTION_REASON_DENIED");
    let document = get(server.address(), "/v1/openapi.json").await;
    for name in [
        "allowTags",
        "includeRejectedTags",
        "rejectedTags",
        "isNew",
        "TagRejectionReason",
    ] {
        assert!(document.contains(name), "{name}");
    }
}

/// Every mention is a piece of the text, and no two tags mean the same.
fn check(title: &str, body: &str) {
    let options = OptionsDraft {
        include_rejected_tags: true,
        ..all()
    };
    let Some(found) = classify(&PIPELINE, title, body, options) else {
        return;
    };
    let rejected = found.rejected_tags.iter().map(|rejected| &rejected.tag);
    for tag in found.tags.iter().chain(rejected) {
        assert!((0.0..=1.0).contains(&tag.confidence));
        for span in &tag.mentions {
            let text = if span.field == Field::Title {
                title
            } else {
                body
            };
            assert!(
                text.get(span.start..span.end)
                    .is_some_and(|t| !t.is_empty())
            );
        }
    }
    let wordings: Vec<Wording> = found
        .tags
        .iter()
        .map(|tag| Wording::new(&tag.label))
        .collect();
    for (i, wording) in wordings.iter().enumerate() {
        assert!(
            !wordings[..i].iter().any(|other| other.means(wording)),
            "{:?}",
            labels(&found.tags)
        );
    }
}

#[test]
fn texts_that_are_no_articles_do_no_harm() {
    let hostile = [
        "Canada Trade ".repeat(500_000),
        "canada ".repeat(100_000),
        "CanadaTrade".repeat(50_000),
        "U.S.-".repeat(50_000),
        "Canada'".repeat(50_000),
        "!?.,;:".repeat(50_000),
        "Canada\u{301} trade\u{302}\u{303} ".repeat(20_000),
        "Ünïcode Canada 新聞 Trade Новости خبر cheese ".repeat(5_000),
        "import import import duty ".repeat(30_000),
    ];
    for text in hostile {
        check("Canada's Trade", &text);
        check(&text[..text.floor_char_boundary(2_000)], "Cheese");
    }
}

proptest! {
    #[test]
    fn any_text_has_whole_mentions_and_no_tag_twice(
        title in "(Canada|Trade|[A-Zé]?[a-z\u{301}東]{1,6}| |-|'s|\\.){0,12}",
        body in "(Canada|Canadian|tariff|Import Duty|U\\.S\\.|Ferry|ferries|[A-Zé]?[a-z\u{301}東]{1,8}|[ ,.\n'-]){1,120}",
    ) {
        check(&title, &body);
    }
}
