//! One article at a time on one thread, in process: what bench/peers/run.py times its peers at.
//!
//! ```text
//! cargo run --release --example latency -- MODEL ARTICLES.jsonl
//! ```

use std::fs::{self, File};
use std::hint::black_box;
use std::time::Instant;

use anyhow::Context;
use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Options, Pipeline, TagSource};
use copydesk::text::{Article, ArticleDraft};
use copydesk::train::corpus::{Corpus, Fields, RowFormat};

/// Articles are timed one by one so many times over.
const ROUNDS: usize = 3;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (model, rows) = args
        .next()
        .zip(args.next())
        .context("give a model file and a file of JSON lines")?;
    let pipeline = Pipeline::from_bytes(&fs::read(&model).context(model)?)?;
    let mut corpus = Corpus::default();
    corpus.read(
        File::open(&rows)?,
        &rows,
        RowFormat::JsonLines,
        &Fields::default(),
    )?;
    let articles: Vec<Article> = corpus
        .finish(true)?
        .articles
        .into_iter()
        .filter_map(|row| {
            let draft = ArticleDraft {
                title: row.title,
                body: row.text,
                ..ArticleDraft::default()
            };
            Article::new(draft).ok()
        })
        .collect();
    // Topics, as the peers answer; names and phrases are timed by `cargo bench --bench classify`.
    let options = Options::new(OptionsDraft {
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    })?;
    let mut micros = Vec::new();
    let mut best_per_second = 0.0f64;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for article in &articles {
            let one = Instant::now();
            black_box(pipeline.classify(black_box(article), &options));
            micros.push(one.elapsed().as_nanos() as f64 / 1e3);
        }
        best_per_second =
            best_per_second.max(articles.len() as f64 / started.elapsed().as_secs_f64());
    }
    micros.sort_by(f64::total_cmp);
    let at = |share: f64| micros[(micros.len() as f64 * share) as usize];
    println!(
        "{{\"p50_us\":{:.2},\"p99_us\":{:.2},\"articles_per_second\":{best_per_second:.0}}}",
        at(0.5),
        at(0.99)
    );
    Ok(())
}
