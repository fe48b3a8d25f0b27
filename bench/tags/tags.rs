//! Names and phrases of articles for `bench/tags/run.py`: JSON lines in, one JSON line out for each.
//!
//! `tags rank [MODEL]` answers with a model file, or the built-in model. `tags cross-validate [MODEL]` fits the ranker on four fifths of the
//! articles and answers for the others, fifth by fifth, and does so again for each of five deals of the
//! articles into fifths; words, phrases and known tags are those of the built-in model, which has never
//! seen the articles.

use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::time::Instant;

use copydesk::pipeline::Pipeline;
use copydesk::tags::keyphrases::reader::WordReader;
use copydesk::tags::keyphrases::{MAX_KEYPHRASES, Phrases};
use copydesk::tags::{Keyphrases, Reading};
use copydesk::train::corpus::LabelledArticle;
use copydesk::train::keyphrases::fit;
use copydesk::train::split::{groups, stratified_folds};
use serde_json::{Value, json};

const N_FOLDS: usize = 5;
/// One deal into fifths each: a few dozen articles are too few for one deal to say much.
const SEEDS: [u64; 5] = [7, 8, 9, 10, 11];
/// The least of so many runs is an article's time.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let articles = read()?;
    let pipeline = match std::env::args().nth(2) {
        Some(file) => Pipeline::from_bytes(&std::fs::read(file)?)?,
        None => Pipeline::built_in()?,
    };
    let built_in = pipeline.keyphrases().ok_or("the model has no ranker")?;
    let mut out = io::stdout().lock();
    match std::env::args().nth(1).as_deref() {
        Some("rank") => {
            for article in &articles {
                writeln!(out, "{}", answer(built_in, article))?;
            }
        }
        Some("cross-validate") => {
            let (strata, groups) = (vec![0; articles.len()], groups(&articles));
            for seed in SEEDS {
                let folds = stratified_folds(&strata, &groups, N_FOLDS, seed);
                let fitted: Vec<Keyphrases> = (0..N_FOLDS)
                    .map(|fold| fit_without(&articles, &folds, fold, built_in))
                    .collect::<Result<_, _>>()?;
                for (article, fold) in articles.iter().zip(folds) {
                    writeln!(out, "{}", answer(&fitted[fold], article))?;
                }
            }
        }
        _ => return Err("say rank or cross-validate".into()),
    }
    Ok(())
}

fn read() -> Result<Vec<LabelledArticle>, Box<dyn std::error::Error>> {
    let mut articles = Vec::new();
    for line in io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let string = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let tags = row["tags"].as_array().into_iter().flatten();
        articles.push(LabelledArticle {
            title: string("title"),
            text: string("text"),
            tags: tags.filter_map(|t| t.as_str().map(str::to_owned)).collect(),
            ..LabelledArticle::default()
        });
    }
    Ok(articles)
}

fn fit_without(
    articles: &[LabelledArticle],
    folds: &[usize],
    fold: usize,
    built_in: &Keyphrases,
) -> Result<Keyphrases, Box<dyn std::error::Error>> {
    let others = articles.iter().zip(folds).filter(|(_, f)| **f != fold);
    let others: Vec<LabelledArticle> = others.map(|(article, _)| article.clone()).collect();
    let fitted = fit(&others, built_in.statistics.clone())?;
    let (keyphrases, _) = fitted.ok_or("too few articles have tags of their texts")?;
    Ok(keyphrases)
}

/// All suggestions, however sure, and how many of them are offered unless the caller asks otherwise; the
/// time is that of these.
fn answer(keyphrases: &Keyphrases, article: &LabelledArticle) -> Value {
    let mut seconds = f64::INFINITY;
    let (mut reader, mut phrases) = (WordReader::default(), Phrases::default());
    let mut find = |min_confidence| {
        let words = reader.read(&article.title, &article.text);
        keyphrases.read(words, &mut phrases);
        let reading = Reading {
            words,
            title: &article.title,
            body: &article.text,
        };
        keyphrases.choose(&reading, &phrases, MAX_KEYPHRASES, min_confidence)
    };
    for _ in 0..ROUNDS {
        let started = Instant::now();
        black_box(find(keyphrases.threshold));
        seconds = seconds.min(started.elapsed().as_secs_f64());
    }
    let n_offered = find(keyphrases.threshold).len();
    let tags: Vec<Value> = find(0.0)
        .iter()
        .map(|phrase| json!([phrase.label, phrase.confidence]))
        .collect();
    json!({ "tags": tags, "n_offered": n_offered, "seconds": seconds })
}
