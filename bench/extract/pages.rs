//! What Copydesk and dom_smoothie find in labelled pages, for bench/extract/run.py to score.
//!
//! ```text
//! cargo run --release --example pages -- PAGES DUMPS.json [TEXTS.jsonl…] > FOUND.json
//! ```
//!
//! PAGES is a folder of the article-extraction-benchmark; DUMPS.json has the text of each page in several
//! styles, `{"style": {"ID": "text"}}`. The line model is cross-validated by page: that which reads a page
//! as text has not seen it in training. TEXTS.jsonl have articles in `text`, of which none should be taken for
//! a page.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use copydesk::extract::{extract, kind};
use copydesk::pipeline::{Options, Pipeline};
use copydesk::text::{Article, ArticleDraft, ContentFormat};
use copydesk::train::lines::{LabelledPage, fit_line_model};
use copydesk::train::pages::read_pages;
use dom_smoothie::Readability;
use mimalloc::MiMalloc;
use serde::{Deserialize, Serialize};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_FOLDS: usize = 10;
/// Every page is timed so many times; the least counts.
const ROUNDS: usize = 3;

/// What a system made of a page.
#[derive(Serialize)]
struct Found {
    text: String,
    ms: f64,
    /// Of the text that was found, alone.
    topic: String,
    /// As the service answers: the page's title is read too.
    page_topic: String,
    /// The format that was detected is the page's.
    is_kind_right: bool,
}

/// Everything that was found.
#[derive(Default, Serialize)]
struct Report {
    /// By system and page.
    systems: BTreeMap<String, BTreeMap<String, Found>>,
    /// By file of articles: how many there are, and how many of them were not taken for pages.
    texts: BTreeMap<String, (usize, usize)>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
}

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (folder, dumps) = args
        .next()
        .zip(args.next())
        .context("give a folder of pages and a file of dumps")?;
    let pages = read_pages(Path::new(&folder))?;
    let dumps: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_slice(&fs::read(&dumps).context(dumps)?)?;
    let pipelines = cross_validated(&pages)?;
    let mut report = Report::default();
    for (fold, (id, page)) in pages.iter().enumerate() {
        let pipeline = &pipelines[fold % N_FOLDS];
        let mut add = |system: &str, found| {
            let of_system = report.systems.entry(system.to_owned()).or_default();
            of_system.insert(id.clone(), found);
        };
        add("gold", gold(&page.article, pipeline));
        let found = copydesk(&page.html, ContentFormat::Html, pipeline);
        add("copydesk_html", found);
        add("everything_html", everything(&page.html, pipeline));
        add("dom_smoothie", dom_smoothie(&page.html, pipeline));
        for (style, texts) in &dumps {
            let text = texts.get(id).context("a page without a dump")?;
            let found = copydesk(text, ContentFormat::PageText, pipeline);
            add(&format!("copydesk_{style}"), found);
            add(&format!("everything_{style}"), everything(text, pipeline));
        }
    }
    for file in args {
        let kinds = kinds(&file).with_context(|| file.clone())?;
        report.texts.insert(file, kinds);
    }
    serde_json::to_writer(std::io::stdout().lock(), &report)?;
    Ok(())
}

fn kinds(file: &str) -> anyhow::Result<(usize, usize)> {
    let (mut n, mut n_texts) = (0, 0);
    for line in fs::read_to_string(file)?.lines() {
        let row: Row = serde_json::from_str(line)?;
        n += 1;
        n_texts += usize::from(kind::detect(&row.text) == ContentFormat::Text);
    }
    Ok((n, n_texts))
}

/// The built-in pipeline with line models that each have not seen a tenth of the pages.
fn cross_validated(pages: &BTreeMap<String, LabelledPage>) -> anyhow::Result<Vec<Pipeline>> {
    let all: Vec<&LabelledPage> = pages.values().collect();
    let without = |fold: usize| {
        let seen = all.iter().enumerate().filter(|(i, _)| i % N_FOLDS != fold);
        let seen: Vec<LabelledPage> = seen.map(|(_, page)| (*page).clone()).collect();
        Ok(Pipeline::built_in()?.with_lines(Some(fit_line_model(&seen)?)))
    };
    (0..N_FOLDS).map(without).collect()
}

fn article(body: &str, format: ContentFormat) -> Article {
    let draft = ArticleDraft {
        body: body.to_owned(),
        format,
        ..ArticleDraft::default()
    };
    Article::new(draft).expect("a page has text")
}

/// The topic of a text read as it is.
fn topic(text: &str, pipeline: &Pipeline) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    topic_of(&article(text, ContentFormat::Text), pipeline)
}

fn topic_of(article: &Article, pipeline: &Pipeline) -> String {
    let found = pipeline.classify(article, &Options::default());
    found.topics[0].topic.to_string()
}

fn timed<T>(mut job: impl FnMut() -> T) -> (T, f64) {
    let mut run = || {
        let started = Instant::now();
        (job(), started.elapsed().as_secs_f64() * 1e3)
    };
    let (result, mut best) = run();
    for _ in 1..ROUNDS {
        best = run().1.min(best);
    }
    (result, best)
}

fn copydesk(body: &str, kind: ContentFormat, pipeline: &Pipeline) -> Found {
    let submitted = article(body, ContentFormat::Unspecified);
    let (found, ms) = timed(|| extract(&submitted, pipeline.lines()));
    Found {
        page_topic: topic_of(&submitted, pipeline),
        is_kind_right: kind::detect(body) == kind,
        ms,
        ..everything(&found.text, pipeline)
    }
}

fn dom_smoothie(html: &str, pipeline: &Pipeline) -> Found {
    let read = || {
        let article = Readability::new(html, None, None).ok()?.parse().ok()?;
        Some(article.text_content.to_string())
    };
    let (text, ms) = timed(|| read().unwrap_or_default());
    Found {
        ms,
        ..everything(&text, pipeline)
    }
}

fn gold(text: &str, pipeline: &Pipeline) -> Found {
    Found {
        is_kind_right: kind::detect(text) == ContentFormat::Text,
        ..everything(text, pipeline)
    }
}

fn everything(text: &str, pipeline: &Pipeline) -> Found {
    let topic = topic(text, pipeline);
    Found {
        page_topic: topic.clone(),
        topic,
        text: text.to_owned(),
        ms: 0.0,
        is_kind_right: true,
    }
}
