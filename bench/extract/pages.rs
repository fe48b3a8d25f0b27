//! What Copydesk and dom_smoothie find in labelled pages, for bench/extract/run.py to score.
//!
//! ```text
//! cargo run --release --example pages -- PAGES DUMPS.json > FOUND.json
//! ```
//!
//! PAGES is a folder of the article-extraction-benchmark; DUMPS.json has the text of each page in several
//! styles, `{"style": {"ID": "text"}}`. The line model is cross-validated by page: that which reads a page
//! as text has not seen it in training.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use copydesk::extract::{Extracted, LineModel, extract};
use copydesk::pipeline::{Options, Pipeline};
use copydesk::text::{Article, ArticleDraft, ContentFormat};
use copydesk::train::lines::{LabelledPage, fit_line_model};
use copydesk::train::pages::read_pages;
use dom_smoothie::Readability;
use serde::Serialize;

const N_FOLDS: usize = 10;
/// Every page is timed so many times; the least counts.
const ROUNDS: usize = 3;

/// What a system made of a page.
#[derive(Serialize)]
struct Found {
    text: String,
    ms: f64,
    topic: String,
    /// The format that was detected is the page's.
    is_kind_right: bool,
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
    let pipeline = Pipeline::built_in()?;
    let models = cross_validated(&pages)?;
    let mut found: BTreeMap<String, BTreeMap<&str, Found>> = BTreeMap::new();
    for (fold, (id, page)) in pages.iter().enumerate() {
        let model = &models[fold % N_FOLDS];
        let mut add = |system: &str, answer| {
            found
                .entry(system.to_owned())
                .or_default()
                .insert(id, answer);
        };
        add("gold", gold(&page.article, &pipeline));
        add(
            "copydesk_html",
            copydesk(&page.html, ContentFormat::Html, model, &pipeline),
        );
        add("dom_smoothie", dom_smoothie(&page.html, &pipeline));
        for (style, texts) in &dumps {
            let text = texts.get(id).context("a page without a dump")?;
            let answer = copydesk(text, ContentFormat::PageText, model, &pipeline);
            add(&format!("copydesk_{style}"), answer);
            add(&format!("everything_{style}"), everything(text, &pipeline));
        }
    }
    serde_json::to_writer(std::io::stdout().lock(), &found)?;
    Ok(())
}

fn cross_validated(pages: &BTreeMap<String, LabelledPage>) -> anyhow::Result<Vec<LineModel>> {
    let all: Vec<&LabelledPage> = pages.values().collect();
    let without = |fold: usize| {
        let seen = all.iter().enumerate().filter(|(i, _)| i % N_FOLDS != fold);
        let seen: Vec<LabelledPage> = seen.map(|(_, page)| (*page).clone()).collect();
        Ok(fit_line_model(&seen)?)
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
    let found = pipeline.classify(&article(text, ContentFormat::Text), &Options::default());
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

fn copydesk(body: &str, kind: ContentFormat, model: &LineModel, pipeline: &Pipeline) -> Found {
    let submitted = article(body, ContentFormat::Unspecified);
    let (found, ms): (Extracted<'_>, f64) = timed(|| extract(&submitted, Some(model)));
    let is_kind_right = copydesk::extract::kind::detect(body) == kind;
    Found {
        topic: topic(&found.text, pipeline),
        text: found.text.into_owned(),
        ms,
        is_kind_right,
    }
}

fn dom_smoothie(html: &str, pipeline: &Pipeline) -> Found {
    let read = || {
        let article = Readability::new(html, None, None).ok()?.parse().ok()?;
        Some(article.text_content.to_string())
    };
    let (text, ms) = timed(|| read().unwrap_or_default());
    let topic = topic(&text, pipeline);
    Found {
        text,
        ms,
        topic,
        is_kind_right: true,
    }
}

fn gold(text: &str, pipeline: &Pipeline) -> Found {
    Found {
        topic: topic(text, pipeline),
        is_kind_right: copydesk::extract::kind::detect(text) == ContentFormat::Text,
        ..everything(text, pipeline)
    }
}

fn everything(text: &str, pipeline: &Pipeline) -> Found {
    Found {
        topic: topic(text, pipeline),
        text: text.to_owned(),
        ms: 0.0,
        is_kind_right: true,
    }
}
