//! Whole pages: what is read of them, what is said of them, and pages made to hurt.

use std::process::Stdio;
use std::sync::LazyLock;

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Classification, Options, PageReport, Pipeline, Warning};
use copydesk::service::ServerConfig;
use copydesk::service::pb;
use copydesk::text::{Article, ArticleDraft, ContentFormat, Field, OffsetUnit};
use futures_util::stream;
use proptest::prelude::*;
use serde_json::Value;

use crate::program::{copydesk, run, stderr};
use crate::support::{TestServer, classification, soon};

const PAGE_TEXT: &str = include_str!("../data/page.txt");
const PAGE_HTML: &str = include_str!("../data/page.html");
const HEADLINE: &str = "Why the Harbour Council Changed Course on the Ferry and What Follows";

static BUILT_IN: LazyLock<Pipeline> = LazyLock::new(|| Pipeline::built_in().unwrap());

/// The lines of the page's article: from its first to its last, without those that lead to others.
fn article_lines() -> Vec<&'static str> {
    let lines = PAGE_TEXT.lines().filter(|line| !line.trim().is_empty());
    lines
        .skip_while(|line| !line.starts_with("The mayor now backs"))
        .take_while(|line| !line.starts_with("The Northern Press"))
        .filter(|line| !line.starts_with("See also"))
        .collect()
}

fn classify(body: &str, options: OptionsDraft) -> Classification {
    let draft = ArticleDraft {
        body: body.into(),
        ..ArticleDraft::default()
    };
    BUILT_IN.classify(
        &Article::new(draft).unwrap(),
        &Options::new(options).unwrap(),
    )
}

fn explained(body: &str, offset_unit: OffsetUnit) -> Classification {
    let options = OptionsDraft {
        explain: true,
        offset_unit,
        ..OptionsDraft::default()
    };
    classify(body, options)
}

fn report(found: &Classification) -> &PageReport {
    found.page.as_ref().expect("a page")
}

#[test]
fn of_a_copied_page_every_line_of_the_article_is_kept_and_no_other() {
    let found = classify(PAGE_TEXT, OptionsDraft::default());
    let kept: Vec<&str> = report(&found)
        .article_text
        .lines()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(kept, article_lines());
    assert_eq!(&*found.topics[0].topic, "Politics");
    assert!(!found.warnings.contains(&Warning::LowExtractionQuality));
}

#[test]
fn a_copied_page_says_what_is_around_its_article() {
    let found = classify(PAGE_TEXT, OptionsDraft::default());
    let page = &report(&found).page;
    assert_eq!(page.title, HEADLINE);
    assert_eq!(page.published, "February 3, 2026");
    assert_eq!(page.source, "The Estuary Gazette");
    assert_eq!(page.section, "Politics");
    assert_eq!(page.author, "", "nobody is named");
    assert_eq!(
        page.page_tags,
        ["Changed", "Ferry", "Course", "Harbour", "Follows"]
    );
}

#[test]
fn the_section_has_no_say_in_the_classification() {
    let other = PAGE_TEXT
        .replace("> Politics >", "> Sports >")
        .replace("\nPolitics\n\nWhy", "\nSports\n\nWhy")
        .replace("TAGGED:Changed", "TAGGED:GoalkeeperChanged");
    assert_ne!(other, PAGE_TEXT);
    let (found, other) = (
        explained(PAGE_TEXT, OffsetUnit::Bytes),
        explained(&other, OffsetUnit::Bytes),
    );
    assert_eq!(report(&other).page.section, "Sports");
    assert_eq!(other.topics, found.topics);
    // Their places move with the length of what stands before the article.
    let labels = |found: &Classification| -> Vec<(String, u32, usize)> {
        let tags = found.tags.iter();
        tags.map(|t| {
            (
                t.label.to_string(),
                t.confidence.to_bits(),
                t.mentions.len(),
            )
        })
        .collect()
    };
    assert_eq!(labels(&other), labels(&found));
    assert_eq!(other.language, found.language);
    let weights = |found: &Classification| -> Vec<(String, u32)> {
        let weighed = found.evidence.iter();
        weighed
            .map(|e| (e.term.clone(), e.weight.to_bits()))
            .collect()
    };
    assert_eq!(weights(&other), weights(&found));
}

/// The piece of a text between two offsets of a unit.
fn piece(text: &str, unit: OffsetUnit, start: usize, end: usize) -> String {
    match unit {
        OffsetUnit::Bytes => text[start..end].to_owned(),
        OffsetUnit::CodePoints => text.chars().skip(start).take(end - start).collect(),
        OffsetUnit::Utf16 => {
            let units: Vec<u16> = text.encode_utf16().collect();
            String::from_utf16(&units[start..end]).unwrap()
        }
    }
}

#[test]
fn places_are_those_of_the_submitted_page_in_every_unit() {
    for unit in [OffsetUnit::Bytes, OffsetUnit::CodePoints, OffsetUnit::Utf16] {
        let found = explained(PAGE_TEXT, unit);
        let ranges = report(&found).article_ranges.iter();
        let text: Vec<String> = ranges
            .map(|r| piece(PAGE_TEXT, unit, r.start, r.end))
            .collect();
        assert_eq!(text.join("\n\n"), report(&found).article_text);
        let parliament = found
            .evidence
            .iter()
            .find(|e| e.term == "parliament")
            .unwrap();
        assert_eq!(parliament.mentions.len(), 3);
        for span in &parliament.mentions {
            assert_eq!(span.field, Field::Body);
            let quoted = piece(PAGE_TEXT, unit, span.start, span.end);
            assert_eq!(quoted.to_lowercase(), "parliament");
        }
    }
}

#[test]
fn an_html_page_yields_its_article_and_its_places() {
    let found = explained(PAGE_HTML, OffsetUnit::Bytes);
    let report = report(&found);
    let kept: Vec<&str> = report.article_text.lines().collect();
    assert_eq!(kept, article_lines());
    assert_eq!(report.page.title, HEADLINE);
    assert_eq!(report.page.published, "2026-02-03");
    assert_eq!(report.page.author, "Signe Holm");
    assert_eq!(report.page.source, "Quayside Courier");
    assert_eq!(report.page.section, "Politics");
    assert_eq!(report.page.page_tags, ["ferry", "harbour", "islands"]);
    assert_eq!(&*found.topics[0].topic, "Politics");
    let ranges: String = report
        .article_ranges
        .iter()
        .map(|r| &PAGE_HTML[r.start..r.end])
        .collect();
    assert!(ranges.starts_with("The mayor now") && ranges.ends_with("said on Tuesday"));
    assert!(ranges.contains("<b>Brandt</b> told") && !ranges.contains("opera house"));
    for evidence in found.evidence.iter().filter(|e| !e.term.ends_with('…')) {
        for span in &evidence.mentions {
            let quoted = PAGE_HTML[span.start..span.end].to_lowercase();
            let first = evidence.term.split(' ').next().unwrap().to_lowercase();
            assert!(quoted.contains(&first), "{quoted:?} for {}", evidence.term);
        }
    }
}

#[test]
fn the_callers_format_and_title_come_first() {
    let text = ArticleDraft {
        title: "A title of the caller's".into(),
        body: PAGE_TEXT.into(),
        format: ContentFormat::Text,
        ..ArticleDraft::default()
    };
    let found = BUILT_IN.classify(&Article::new(text.clone()).unwrap(), &Options::default());
    assert_eq!(found.page, None);
    let page = ArticleDraft {
        format: ContentFormat::PageText,
        ..text
    };
    let found = BUILT_IN.classify(&Article::new(page).unwrap(), &Options::default());
    assert_eq!(report(&found).page.title, HEADLINE);
}

/// Pages that cost a naive reader its stack, its memory or its patience.
fn hostile_pages() -> Vec<(&'static str, String)> {
    let mib = 1 << 20;
    let entities = "&lt;!ENTITY a &amp;a;&amp;a;&amp;a;".repeat(mib / 8);
    vec![
        ("nested tags", "<div>".repeat(4 * mib / 5)),
        (
            "nested tags after a head",
            format!("<html><body>{}", "<b><i>".repeat(4 * mib / 6)),
        ),
        (
            "misnested formatting",
            format!("<html>{}", "<b><font size=1></b>x".repeat(50_000)),
        ),
        (
            "tables in tables",
            format!("<html>{}", "<table><tr><td>".repeat(50_000)),
        ),
        ("empty lines", "\n".repeat(mib)),
        (
            "empty lines in a page",
            format!("<html>{}", "\n".repeat(mib)),
        ),
        ("short lines", "Menu\nHome ©\n".repeat(200_000)),
        ("one line", "Menu © ".repeat(500_000)),
        (
            "unclosed comment",
            format!("<html><!-- {}", "x -".repeat(mib)),
        ),
        (
            "many unclosed comments",
            format!("<html>{}", "<!-- ".repeat(mib / 2)),
        ),
        (
            "unclosed attribute",
            format!("<html><p title=\"{}", "x>".repeat(mib)),
        ),
        (
            "unclosed scripts",
            format!("<html>{}", "<script></scrip".repeat(mib / 8)),
        ),
        ("entity bomb", format!("<html><body><p>{entities}")),
        (
            "doctype bomb",
            format!(
                "<!DOCTYPE x [{}]><p>&a;",
                "<!ENTITY a \"&b;&b;\">".repeat(50_000)
            ),
        ),
        (
            "invalid markup",
            format!(
                "<html>{}",
                "<<p/ <a <b=' </ >&#x110000;&#0;".repeat(mib / 30)
            ),
        ),
        (
            "binary",
            (0..4 * mib)
                .map(|i| char::from((i * 7 % 251) as u8))
                .collect(),
        ),
        (
            "binary in a page",
            format!("<html>{}", "\0\u{1}\u{fffd}\u{85}".repeat(mib / 4)),
        ),
        (
            "flat",
            format!("<html>{}", "<p>A short line.</p>".repeat(19_000)),
        ),
    ]
}

#[test]
fn hostile_pages_are_answered() {
    for (name, body) in hostile_pages() {
        let Ok(article) = Article::new(ArticleDraft {
            body,
            ..ArticleDraft::default()
        }) else {
            assert_eq!(name, "empty lines", "only white space is refused");
            continue;
        };
        let found = BUILT_IN.classify(&article, &Options::default());
        let sum: f32 = found.topics.iter().map(|t| t.probability).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{name}");
    }
}

#[test]
fn a_page_without_an_article_is_read_whole_and_says_so() {
    for body in [
        "Home\nNews\nSport\nWeather\nLog in\nSearch\nMenu\n© 2026",
        &"<div>Deep down the parliament votes.".repeat(1_000),
    ] {
        let found = classify(body, OptionsDraft::default());
        assert!(
            found.warnings.contains(&Warning::LowExtractionQuality),
            "{body:.40}"
        );
        assert!(!report(&found).article_text.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_page_is_answered_and_its_places_are_whole_characters(
        body in "(<[a-z/!]{1,6}( [a-z]=\"[^\"]{0,4}\")?>?|[A-Za-z ,.]{1,40}|\n|&[a-z#0-9]{1,6};?|é|🏆){1,80}",
        format in 0..4usize,
    ) {
        let format = [
            ContentFormat::Unspecified,
            ContentFormat::Text,
            ContentFormat::Html,
            ContentFormat::PageText,
        ][format];
        let draft = ArticleDraft { body: body.clone(), format, ..ArticleDraft::default() };
        if let Ok(article) = Article::new(draft) {
            let options = OptionsDraft { explain: true, ..OptionsDraft::default() };
            let found = BUILT_IN.classify(&article, &Options::new(options).unwrap());
            let mentions = found.evidence.iter().flat_map(|e| &e.mentions);
            let ranges = found.page.iter().flat_map(|page| &page.article_ranges);
            for span in mentions.chain(ranges) {
                prop_assert!(body.get(span.start..span.end).is_some(), "{span:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_of_texts_and_pages_keeps_its_order() {
    let server =
        TestServer::start_with(Pipeline::built_in().unwrap(), ServerConfig::default()).await;
    let body = |number: usize| match number % 3 {
        0 => PAGE_HTML.to_owned(),
        1 => format!("The goalkeeper saved shot number {number} of the cup final."),
        _ => PAGE_TEXT.to_owned(),
    };
    let request = move |number: usize| pb::StreamClassifyRequest {
        article: Some(pb::Article {
            id: number.to_string(),
            body: body(number),
            ..pb::Article::default()
        }),
        options: None,
    };
    let mut client = server.client().await;
    let requests = stream::iter((0..60).map(request));
    let response = soon(client.stream_classify(requests)).await.unwrap();
    let mut responses = response.into_inner();
    for number in 0..60 {
        let result = soon(responses.message())
            .await
            .unwrap()
            .unwrap()
            .result
            .unwrap();
        assert_eq!(result.article_id, number.to_string());
        let found = classification(&result);
        match &found.page {
            Some(page) => {
                assert_eq!(found.topic, "Politics");
                assert_eq!(page.title, HEADLINE);
                assert!(page.article_text.contains("ferry board of nine"));
                assert!(!page.article_ranges.is_empty());
            }
            None => assert_eq!((number % 3, found.topic.as_str()), (1, "Sports")),
        }
    }
}

fn data(name: &str) -> String {
    format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn extract_prints_articles_and_what_is_around_them() {
    let output = run(&["extract", &data("page.txt")]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("Title: {HEADLINE}\nPublished: February 3, 2026\n")));
    assert!(text.ends_with("said on Tuesday.\n") && !text.contains("Lola Finch"));
    let output = run(&[
        "extract",
        "--json",
        &data("page.html"),
        "/no/such.html",
        &data("page.txt"),
    ]);
    assert_eq!(output.status.code(), Some(1), "one of them is not there");
    let answers: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["format"], "CONTENT_FORMAT_HTML");
    assert_eq!(answers[1]["page_tags"][1], "Ferry");
    assert_eq!(answers[1]["is_sure"], true);
}

#[test]
fn what_a_terminal_would_obey_is_shown_to_people() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a\u{1b}[2J.txt");
    let text = "The bank\u{1b}]0;owned\u{7} raised interest rates\u{202e}.\tPrices rose.\r\nThe central bank met.\u{9b}2J\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    for args in [
        &["extract", file, file][..],
        &["classify", "--explain", "--rejected", file],
        &["classify", "/no\u{1b}such"],
    ] {
        let output = run(args);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("\u{fffd}"), "{args:?}: {said:?}");
        assert!(
            !said.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{args:?}: {said:?}"
        );
    }
    let shown = run(&["extract", "--json", file]);
    let answer: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(answer["article_text"], text);
}

#[test]
fn classify_reads_pages_as_they_are() {
    let output = run(&["classify", "--json", &data("page.html"), &data("page.txt")]);
    assert!(output.status.success());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        assert_eq!(answer["topic"], "Politics");
        assert_eq!(answer["page"]["title"], HEADLINE);
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let page = data("page.txt");
    for args in [
        vec!["extract", &page],
        vec!["extract", "--json", &page],
        vec!["classify", &page],
        vec!["classify", "--json", &page],
    ] {
        let mut child = copydesk()
            .args(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(stderr(&output), "", "{args:?}");
        assert!(output.status.success(), "{args:?}");
    }
}
