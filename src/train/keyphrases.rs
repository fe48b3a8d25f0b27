//! The recipe of the keyphrase ranker: word statistics from any text, weights from editors' tags.

use std::collections::{BTreeMap, HashSet};

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::Serialize;

use super::TrainError;
use super::calibrate::platt_scaling;
use super::corpus::LabelledArticle;
use super::topics::N_FOLDS;
use crate::tags::Keyphrases;
use crate::tags::keyphrases::candidates::candidates;
use crate::tags::keyphrases::features::{N_FEATURES, features};
use crate::tags::keyphrases::statistics::WordStatistics;
use crate::tags::keyphrases::words::{
    AFTER_NOUN, BEFORE_VERB, DETERMINER, STOP, Words, phrase_key, tag_key,
};

/// Words of fewer occurrences are not kept.
const MIN_WORD_COUNT: u32 = 12;
/// Stems and phrases of fewer texts are not kept.
const MIN_PHRASE_TEXTS: u32 = 8;
/// Shorter texts are blurbs, which have few of their tags.
const MIN_TEXT_BYTES: usize = 600;
/// More articles hardly change the ranker's few weights and cost as they grow.
const MAX_TAGGED: usize = 1_000;
const L2_PENALTY: f64 = 1.0;
const MAX_ITERATIONS: u64 = 300;
/// Fewer articles with a tag of their own text say too little.
pub const MIN_ARTICLES: usize = 50;

/// How well the ranker finds the tags of articles that it was not fitted on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CrossValidation {
    /// Articles with tags.
    pub n_articles: usize,
    /// Mean F1 of an article's first five phrases against all its tags, stemmed.
    pub f1_at_5: f64,
    /// The same against those of its tags that its text has, over articles that have such.
    pub f1_at_5_present: f64,
}

#[derive(Default)]
struct WordCounts {
    n: u32,
    after_determiner: f32,
    before_verb: f32,
    before_end: f32,
    capital: f32,
}

/// Counts how words are used. The same texts give the same table.
pub fn count_words(articles: &[LabelledArticle]) -> WordStatistics {
    let mut counts: BTreeMap<u32, WordCounts> = BTreeMap::new();
    let mut texts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut words = Words::default();
    for article in articles {
        words.read(&article.title, &article.text);
        count_usage(&words, &mut counts);
        for key in phrases(&words) {
            *texts.entry(key).or_default() += 1;
        }
    }
    counts.retain(|_, count| count.n >= MIN_WORD_COUNT);
    texts.retain(|_, n| *n >= MIN_PHRASE_TEXTS);
    let idf = |n: f32| ((articles.len() as f32 + 1.0) / (n + 0.5)).ln();
    let share = |part: f32, prior: f32, n: u32| {
        (255.0 * (part + prior) / (n as f32 + 1.0))
            .round()
            .clamp(0.0, 255.0) as u8
    };
    let usage = counts.values().flat_map(|c| {
        [
            share(c.after_determiner, 0.3, c.n),
            share(c.before_verb, 0.1, c.n),
            share(c.before_end, 0.4, c.n),
            share(c.capital, 0.3, c.n),
        ]
    });
    WordStatistics {
        usage: usage.collect(),
        words: counts.keys().copied().collect(),
        idf: texts
            .values()
            .map(|&n| WordStatistics::idf_step(idf(n as f32)))
            .collect(),
        phrases: texts.into_keys().collect(),
        max_idf: idf(MIN_PHRASE_TEXTS as f32 / 4.0),
    }
}

fn count_usage(words: &Words, counts: &mut BTreeMap<u32, WordCounts>) {
    for sentence in words.sentences.iter().filter(|s| !s.is_heading) {
        let tokens = &words.tokens[sentence.tokens.clone()];
        for (i, token) in tokens.iter().enumerate().filter(|(_, t)| t.is_word) {
            let before = i.checked_sub(1).map(|i| tokens[i]);
            let ends = tokens.get(i + 1).is_none_or(|next| next.is(AFTER_NOUN));
            let count = counts.entry(token.lower as u32).or_default();
            count.n += 1;
            count.after_determiner += f32::from(before.is_some_and(|t| t.is(DETERMINER)));
            count.before_verb += f32::from(before.is_some_and(|t| t.is(BEFORE_VERB)));
            count.before_end += f32::from(ends);
            count.capital += match (token.is_capital, i) {
                (false, _) => 0.0,
                (true, 0) => 0.5,
                (true, _) => 1.0,
            };
        }
    }
}

/// The distinct stems of a text and its phrases of two and three words.
fn phrases(words: &Words) -> HashSet<u32> {
    let mut found = HashSet::new();
    for sentence in &words.sentences {
        for start in sentence.tokens.clone() {
            for end in start + 1..=(start + 3).min(sentence.tokens.end) {
                let (first, last) = (&words.tokens[start], &words.tokens[end - 1]);
                if !first.is_word || !last.is_word {
                    break;
                }
                if end == start + 1 || !(first.is(STOP) || last.is(STOP)) {
                    found.insert(phrase_key(words.stems_of(start..end)) as u32);
                }
            }
        }
    }
    found
}

/// One article's candidates as numbers.
struct Sample {
    keys: Vec<u64>,
    rows: Vec<[f32; N_FEATURES]>,
    is_tag: Vec<bool>,
    tags: HashSet<u64>,
}

impl Sample {
    fn new(article: &LabelledArticle, statistics: &WordStatistics) -> Self {
        let mut words = Words::default();
        words.read(&article.title, &article.text);
        let found = candidates(&words, statistics);
        let tags: HashSet<u64> = article.tags.iter().map(|tag| tag_key(tag)).collect();
        let row = |c| features(c, &found, &words, statistics);
        Self {
            keys: found.list.iter().map(|c| c.key).collect(),
            rows: found.list.iter().map(row).collect(),
            is_tag: found.list.iter().map(|c| tags.contains(&c.key)).collect(),
            tags,
        }
    }
}

/// A linear model on plain features: weights and intercept.
type Linear = (Vec<f32>, f32);

/// Fits the ranker on articles with their editors' tags, calibrated out of fold. `None` if too few
/// of them have a tag that their text has.
///
/// # Errors
/// [`TrainError::Calibration`] if linfa's solver fails.
pub fn fit(
    articles: &[LabelledArticle],
    statistics: WordStatistics,
) -> Result<Option<(Keyphrases, CrossValidation)>, TrainError> {
    let samples: Vec<Sample> = articles
        .iter()
        .filter(|article| !article.tags.is_empty() && article.text.len() >= MIN_TEXT_BYTES)
        .take(MAX_TAGGED)
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(|article| Sample::new(article, &statistics))
        .collect();
    let n_telling = samples.iter().filter(|s| s.is_tag.contains(&true)).count();
    if n_telling < MIN_ARTICLES {
        return Ok(None);
    }
    let fitted: Vec<Linear> = (0..=N_FOLDS)
        .into_par_iter()
        .map(|fold| {
            fit_linear(
                samples
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| i % N_FOLDS != fold),
            )
        })
        .collect::<Result<_, _>>()?;
    let scores: Vec<Vec<f32>> = samples
        .iter()
        .enumerate()
        .map(|(i, sample)| {
            sample
                .rows
                .iter()
                .map(|row| score(&fitted[i % N_FOLDS], row))
                .collect()
        })
        .collect();
    let is_tag: Vec<bool> = samples
        .iter()
        .flat_map(|s| s.is_tag.iter().copied())
        .collect();
    let flat: Vec<f32> = scores.iter().flatten().copied().collect();
    let curve = platt_scaling(&flat, &is_tag)?;
    let confidences: Vec<f32> = flat.iter().map(|s| curve.confidence(*s)).collect();
    let (weights, intercept) = &fitted[N_FOLDS];
    let keyphrases = Keyphrases {
        weights: weights.iter().map(|w| w * curve.slope).collect(),
        intercept: intercept * curve.slope + curve.bias,
        threshold: best_f1_threshold(&confidences, &is_tag),
        statistics,
    };
    Ok(Some((keyphrases, cross_validation(&samples, &scores))))
}

fn score((weights, intercept): &Linear, row: &[f32; N_FEATURES]) -> f32 {
    intercept + row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>()
}

fn fit_linear<'a>(
    samples: impl Iterator<Item = (usize, &'a Sample)>,
) -> Result<Linear, TrainError> {
    let (mut rows, mut is_tag) = (Vec::new(), Vec::new());
    for (_, sample) in samples {
        rows.extend_from_slice(&sample.rows);
        is_tag.extend_from_slice(&sample.is_tag);
    }
    let n = rows.len().max(1) as f64;
    let column = |j: usize| rows.iter().map(move |row| f64::from(row[j]));
    let means: Vec<f64> = (0..N_FEATURES)
        .map(|j| column(j).sum::<f64>() / n)
        .collect();
    let deviations: Vec<f64> = (0..N_FEATURES)
        .map(|j| {
            let variance = column(j).map(|x| (x - means[j]).powi(2)).sum::<f64>() / n;
            variance.sqrt().max(1e-6)
        })
        .collect();
    let records = Array2::from_shape_fn((rows.len(), N_FEATURES), |(i, j)| {
        (f64::from(rows[i][j]) - means[j]) / deviations[j]
    });
    let fitted = LogisticRegression::default()
        .alpha(L2_PENALTY)
        .max_iterations(MAX_ITERATIONS)
        .gradient_tolerance(1e-2)
        .fit(&Dataset::new(records, Array1::from(is_tag)))
        .map_err(|e| TrainError::Calibration(e.to_string()))?;
    // linfa calls the more frequent class positive, whichever it is.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let weights: Vec<f64> = (0..N_FEATURES)
        .map(|j| sign * fitted.params()[j] / deviations[j])
        .collect();
    let shift: f64 = weights.iter().zip(&means).map(|(w, m)| w * m).sum();
    let intercept = sign * fitted.intercept() - shift;
    Ok((
        weights.into_iter().map(|w| w as f32).collect(),
        intercept as f32,
    ))
}

/// The confidence from which on the offered phrases have the best F1 over all articles.
fn best_f1_threshold(confidences: &[f32], is_tag: &[bool]) -> f32 {
    let mut order: Vec<usize> = (0..confidences.len()).collect();
    order.sort_by(|&a, &b| confidences[b].total_cmp(&confidences[a]));
    let n_tags = is_tag.iter().filter(|t| **t).count();
    let (mut hits, mut best) = (0, (0.0, 0.5));
    for (rank, &i) in order.iter().enumerate() {
        hits += usize::from(is_tag[i]);
        let f1 = 2.0 * hits as f64 / (rank + 1 + n_tags) as f64;
        if f1 > best.0 {
            best = (f1, confidences[i]);
        }
    }
    best.1
}

fn cross_validation(samples: &[Sample], scores: &[Vec<f32>]) -> CrossValidation {
    let (mut all, mut present) = (Vec::new(), Vec::new());
    for (sample, scores) in samples.iter().zip(scores) {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        order.truncate(5);
        let hits = order.iter().filter(|&&i| sample.is_tag[i]).count();
        let n_present = sample
            .keys
            .iter()
            .filter(|key| sample.tags.contains(key))
            .count();
        let f1 = |n_tags: usize| 2.0 * hits as f64 / (order.len() + n_tags).max(1) as f64;
        all.push(f1(sample.tags.len()));
        if n_present > 0 {
            present.push(f1(n_present));
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    CrossValidation {
        n_articles: all.len(),
        f1_at_5: mean(&all),
        f1_at_5_present: mean(&present),
    }
}
