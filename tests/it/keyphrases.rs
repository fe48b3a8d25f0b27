//! Names and phrases of the article itself, by the built-in model.

use std::sync::LazyLock;

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Options, Pipeline, Tag, TagKind, TagSource};
use copydesk::text::{Article, ArticleDraft, ContentFormat, Field};
use proptest::prelude::*;

static BUILT_IN: LazyLock<Pipeline> = LazyLock::new(|| Pipeline::built_in().unwrap());

const TITLE: &str = "Minister Odile Marchand rules out new tariffs on Canada";
const BODY: &str = "French minister Odile Marchand said on Monday that France would not answer the tariffs \
that Canada announced last week. Marchand spoke in Lyon after talks with the Canadian ambassador, Peter Hallam.\n\n\
\"Tariffs help nobody,\" Marchand said. Hallam replied that Canada had no wish for a dispute with France, \
and that the French government had been told of the tariffs in good time.\n\n\
Trade between France and Canada has grown for ten years. Farmers in France fear that the tariffs on cheese \
will cost them half of their sales in Canada.";

fn tags(title: &str, body: &str, min_confidence: Option<f32>) -> Vec<Tag> {
    let article = ArticleDraft {
        title: title.into(),
        body: body.into(),
        format: ContentFormat::Text,
        ..ArticleDraft::default()
    };
    let options = OptionsDraft {
        explain: true,
        max_tags: Some(50),
        min_tag_confidence: min_confidence,
        tag_source: TagSource::Keyphrases,
        ..OptionsDraft::default()
    };
    let options = Options::new(options).unwrap();
    match Article::new(article) {
        Ok(article) => BUILT_IN.classify(&article, &options).tags,
        Err(_) => Vec::new(),
    }
}

#[test]
fn names_are_whole_and_countries_stand_for_their_adjectives() {
    let found = tags(TITLE, BODY, None);
    let labels: Vec<&str> = found.iter().map(|tag| &*tag.label).collect();
    for wanted in ["Odile Marchand", "France", "Canada"] {
        assert!(labels[..5].contains(&wanted), "{labels:?}");
    }
    for junk in [
        "Marchand", "Hallam", "French", "Canadian", "Minister", "Monday",
    ] {
        assert!(!labels.contains(&junk), "{labels:?}");
    }
    assert!(found.iter().all(|tag| tag.kind == TagKind::Keyphrase));
    assert!(found.is_sorted_by(|a, b| a.confidence >= b.confidence));
}

#[test]
fn a_name_is_marked_wherever_the_article_has_it() {
    let found = tags(TITLE, BODY, None);
    let name = found.iter().find(|tag| &*tag.label == "Odile Marchand");
    let mentions = &name.expect("the name").mentions;
    assert!(mentions.iter().any(|span| span.field == Field::Title));
    let quoted: Vec<&str> = mentions
        .iter()
        .filter(|span| span.field == Field::Body)
        .map(|span| &BODY[span.start..span.end])
        .collect();
    assert_eq!(quoted, ["Odile Marchand", "Marchand", "Marchand"]);
}

#[test]
fn a_capital_that_stands_for_its_government_is_no_tag() {
    let labels = |body: &str| labels(TITLE, body);
    let has = |labels: &[String], label: &str| labels.iter().any(|l| l == label);
    // France is there six times.
    let elsewhere = labels(BODY);
    assert!(has(&elsewhere, "Lyon"), "{elsewhere:?}");
    let once = labels(&BODY.replace("Lyon", "Paris"));
    assert!(has(&once, "France") && !has(&once, "Paris"), "{once:?}");
    let again = format!(
        "Paris, where the tariffs were debated in Paris. {}",
        BODY.replace("Lyon", "Paris")
    );
    let again = labels(&again);
    assert!(has(&again, "France") && has(&again, "Paris"), "{again:?}");
}

/// All labels of an article, whatever their confidence.
fn labels(title: &str, body: &str) -> Vec<String> {
    let found = tags(title, body, Some(0.0));
    found.iter().map(|tag| tag.label.to_string()).collect()
}

#[test]
fn what_lists_take_off_leaves_its_place_to_the_next() {
    let all = labels(TITLE, BODY);
    assert!(all.len() > 20, "{all:?}");
    let (existing, others) = all.split_at(9);
    let (denied, left) = others.split_at(9);
    let article = ArticleDraft {
        title: TITLE.into(),
        body: BODY.into(),
        existing_tags: existing.to_vec(),
        ..ArticleDraft::default()
    };
    let options = OptionsDraft {
        max_tags: Some(2),
        min_tag_confidence: Some(0.0),
        tag_source: TagSource::Keyphrases,
        deny_tags: denied.to_vec(),
        ..OptionsDraft::default()
    };
    let answer = BUILT_IN.classify(
        &Article::new(article).unwrap(),
        &Options::new(options).unwrap(),
    );
    let offered: Vec<&str> = answer.tags.iter().map(|tag| &*tag.label).collect();
    assert_eq!(offered, left[..2]);
}

#[test]
fn names_that_begin_with_small_words_are_whole() {
    let body = "The mayor of New York said on Monday that the ferries would cost less. In New Zealand they cost \
        nothing. The House of Commons and the Securities and Exchange Commission had asked for it, and North Korean \
        sailors in New York too.";
    let found = labels("New York makes its ferries cheaper", body);
    for whole in [
        "New York",
        "New Zealand",
        "House of Commons",
        "Securities and Exchange Commission",
        "North Korea",
    ] {
        assert!(
            found.iter().any(|label| label == whole),
            "{whole}: {found:?}"
        );
    }
    for part in [
        "York",
        "Zealand",
        "Of Commons",
        "of Commons",
        "Securities",
        "North Korean",
    ] {
        assert!(
            !found.iter().any(|label| label == part),
            "{part}: {found:?}"
        );
    }
}

#[test]
fn small_words_of_another_language_are_no_tags() {
    let body = "Die Stadt hat am Montag den Bau der neuen Brücke beschlossen. Die Arbeiten sollen im Frühjahr \
        beginnen und zwei Jahre dauern, und die Kosten der Brücke trägt das Land. Die Brücke war und ist umstritten.";
    let found = labels("Die Stadt baut eine neue Brücke", body);
    assert!(found.iter().any(|label| label == "Brücke"), "{found:?}");
    for word in ["Die", "Und", "Der", "den", "und", "Den"] {
        assert!(
            !found.iter().any(|label| label == word),
            "{word}: {found:?}"
        );
    }
}

#[test]
fn an_agency_is_a_tag_only_of_an_article_about_it() {
    let body = BODY.replace("said on Monday", "told Reuters on Monday");
    let labels = |title: &str| labels(title, &body);
    assert!(!labels(TITLE).contains(&"Reuters".to_owned()));
    let about = labels("Reuters: minister rules out new tariffs on Canada");
    assert!(about.contains(&"Reuters".to_owned()), "{about:?}");
}

#[test]
fn the_site_that_a_title_names_is_no_tag() {
    let body = BODY.replace("said on Monday", "told the Estuary Gazette on Monday");
    assert!(labels(TITLE, &body).contains(&"Estuary Gazette".to_owned()));
    let with_site = labels(&format!("{TITLE} | The Estuary Gazette"), &body);
    assert!(
        !with_site.contains(&"Estuary Gazette".to_owned()),
        "{with_site:?}"
    );
    // What the article names again and again is what it is about.
    let body = format!(
        "{BODY} The Harbour Marathon is on. The Harbour Marathon is long. Runners like the Harbour Marathon."
    );
    let about = labels(&format!("{TITLE} | Harbour Marathon"), &body);
    assert!(about.contains(&"Harbour Marathon".to_owned()), "{about:?}");
}

/// Every mention is a piece of the text.
fn check(title: &str, body: &str) {
    for tag in tags(title, body, Some(0.0)) {
        assert!(!tag.label.trim().is_empty());
        assert!((0.0..=1.0).contains(&tag.confidence));
        for span in tag.mentions {
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
}

#[test]
fn texts_that_are_no_articles_do_no_harm() {
    let hostile = [
        "Capital ".repeat(1_000_000),
        "Capital and ".repeat(100_000),
        "Aa Bb Cc Dd Ee Ff Gg Hh Ii Jj. ".repeat(20_000),
        "一二三四五六七八九十".repeat(20_000),
        "word ".repeat(100_000),
        "x".repeat(200_000),
        "!?.,;:".repeat(50_000),
        "A\u{301}\u{302}".repeat(50_000),
        "Ünïcode 新聞 Новости خبر ".repeat(5_000),
        "of the and ".repeat(30_000),
    ];
    for text in hostile {
        check("A Title Of Its Own", &text);
        check(&text[..text.floor_char_boundary(2_000)], "Body");
    }
}

proptest! {
    #[test]
    fn any_text_has_mentions_on_character_boundaries(title in ".{0,60}", body in "(?s).{1,400}") {
        check(&title, &body);
    }

    #[test]
    fn any_run_of_words_does_too(body in "([A-Z]?[a-zé’'.-]{1,8}[ ,.\n]{1,2}){1,80}") {
        check("", &body);
    }
}

const INSURGENTS: &str = "Boko Haram fighters attacked churches in Nigeria on Christmas Eve, police said. \
Boko Haram has fought the army for years, and the governor asked for help.";

fn insurgents(explain: bool, include_rejected_tags: bool, tag_source: TagSource) -> Vec<Tag> {
    let article = ArticleDraft {
        body: INSURGENTS.into(),
        ..ArticleDraft::default()
    };
    let options = OptionsDraft {
        explain,
        include_rejected_tags,
        tag_source,
        ..OptionsDraft::default()
    };
    let (article, options) = (
        Article::new(article).unwrap(),
        Options::new(options).unwrap(),
    );
    BUILT_IN.classify(&article, &options).tags
}

#[test]
fn a_phrase_that_is_a_learnt_tag_is_not_new() {
    let found = insurgents(false, false, TagSource::Any);
    let tag = found
        .iter()
        .find(|tag| &*tag.label == "Boko Haram")
        .unwrap();
    assert_eq!((tag.kind, tag.is_new), (TagKind::Vocabulary, false));
    // Nor does it matter what else is asked for.
    assert_eq!(insurgents(false, true, TagSource::Any), found);
    let explained = insurgents(true, false, TagSource::Any);
    let names = |tags: &[Tag]| {
        tags.iter()
            .map(|tag| (tag.label.clone(), tag.kind))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&explained), names(&found));
}

#[test]
fn a_learnt_tag_is_marked_where_the_article_has_it() {
    let options = OptionsDraft {
        explain: true,
        min_tag_confidence: Some(0.01),
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    };
    let article = ArticleDraft {
        body: INSURGENTS.into(),
        ..ArticleDraft::default()
    };
    let article = Article::new(article).unwrap();
    let found = BUILT_IN
        .classify(&article, &Options::new(options).unwrap())
        .tags;
    let tag = found
        .iter()
        .find(|tag| &*tag.label == "Boko Haram")
        .unwrap();
    let places: Vec<usize> = tag.mentions.iter().map(|span| span.start).collect();
    let wanted: Vec<usize> = INSURGENTS
        .match_indices("Boko Haram")
        .map(|(at, _)| at)
        .collect();
    assert_eq!(places, wanted);
}
