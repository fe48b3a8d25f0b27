//! Names and phrases of the article itself.
//!
//! - [`words`]: a text becomes words and sentences.
//! - [`statistics`]: how words are used in general.
//! - [`mod@candidates`]: phrases that might be tags.
//! - [`mod@features`]: numbers that describe them.
//! - `aliases`: names that are written in several ways.
//! - [`Keyphrases`]: the linear ranker and its choice.

pub(super) mod aliases;
pub mod candidates;
pub mod features;
pub mod statistics;
pub mod words;

use std::ops::Range;

use super::concepts::Reading;
use crate::model::softmax::sigmoid;
use crate::text::Field;
use candidates::{Candidate, Candidates, candidates};
use features::{N_FEATURES, features};
use statistics::WordStatistics;
use words::Words;

/// At most so many phrases of one article are offered.
const MAX_KEYPHRASES: usize = 50;

/// The ranker: a logistic regression over [`mod@features`].
#[derive(Debug, Clone, PartialEq)]
pub struct Keyphrases {
    /// How words are used in general.
    pub statistics: WordStatistics,
    /// (n_features).
    pub weights: Vec<f32>,
    /// Log-odds of a candidate whose features are all 0.
    pub intercept: f32,
    /// The least confidence that is offered unless the caller asks otherwise; in [0, 1].
    pub threshold: f32,
}

/// A phrase of the article that might be a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyphrase {
    /// As a tag is written.
    pub label: String,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
    /// Where the article has it, in order, in bytes.
    pub mentions: Vec<(Field, Range<usize>)>,
}

impl Keyphrases {
    /// Whether the arrays fit each other and every number is finite.
    pub fn is_consistent(&self) -> bool {
        self.statistics.is_consistent()
            && self.weights.len() == N_FEATURES
            && self.weights.iter().all(|w| w.is_finite())
            && self.intercept.is_finite()
            && (0.0..=1.0).contains(&self.threshold)
    }

    /// All phrases of an article that might be tags.
    pub fn candidates(&self, words: &Words) -> Candidates {
        candidates(words, &self.statistics)
    }

    /// Log-odds of a candidate.
    pub(super) fn score(&self, candidate: &Candidate, all: &Candidates, words: &Words) -> f32 {
        let values = features(candidate, all, words, &self.statistics);
        let products = values.iter().zip(&self.weights).map(|(x, w)| x * w);
        self.intercept + products.sum::<f32>()
    }

    /// The article's phrases of at least `min_confidence`, best first; no two hold each other, and a
    /// surname is counted with its full name.
    pub fn choose(
        &self,
        reading: &Reading<'_>,
        found: &Candidates,
        min_confidence: f32,
    ) -> Vec<Keyphrase> {
        let words = reading.words;
        let mut scores: Vec<f32> = found
            .list
            .iter()
            .map(|c| self.score(c, found, words))
            .collect();
        let mut surnames: Vec<Vec<usize>> = vec![Vec::new(); found.list.len()];
        for (i, candidate) in found.list.iter().enumerate() {
            if let Some(full) = candidate.full_name {
                scores[full] = scores[full].max(scores[i]);
                scores[i] = f32::NEG_INFINITY;
                surnames[full].push(i);
            }
            // Capitals of a heading make no phrase of it.
            if candidate.n_headings == candidate.occurrences.len() {
                scores[i] = f32::NEG_INFINITY;
            }
        }
        let mut order: Vec<usize> = (0..scores.len())
            .filter(|&i| sigmoid(scores[i]) >= min_confidence && scores[i].is_finite())
            .collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let mut chosen: Vec<usize> = Vec::new();
        for i in order {
            let stems = words.stems_of(found.list[i].shown.clone());
            let is_nested = chosen.iter().any(|&other| {
                let other = words.stems_of(found.list[other].shown.clone());
                holds(other, stems) || holds(stems, other)
            });
            if !is_nested {
                chosen.push(i);
            }
            if chosen.len() == MAX_KEYPHRASES {
                break;
            }
        }
        let phrases = chosen.into_iter().map(|i| {
            let candidate = &found.list[i];
            let own = surnames[i].iter().map(|&s| &found.list[s]);
            let mut spans: Vec<Range<usize>> = std::iter::once(candidate)
                .chain(own)
                .flat_map(|c| c.occurrences.iter().cloned())
                .collect();
            spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
            let mut end = 0;
            spans.retain(|span| {
                let is_new = span.start >= end;
                end = end.max(span.end);
                is_new
            });
            let place = |span: &Range<usize>| place(words, span);
            let (field, bytes) = place(&candidate.shown);
            let is_name = 2 * candidate.n_names > candidate.occurrences.len();
            Keyphrase {
                label: label(&reading.text(field)[bytes], is_name),
                confidence: sigmoid(scores[i]),
                mentions: spans.iter().map(place).collect(),
            }
        });
        joined(phrases)
    }
}

/// Phrases that mean the same are one, with the mentions of all, in the place of the best.
fn joined(phrases: impl Iterator<Item = Keyphrase>) -> Vec<Keyphrase> {
    let mut joined: Vec<Keyphrase> = Vec::new();
    for phrase in phrases {
        match joined.iter_mut().find(|other| other.label == phrase.label) {
            Some(same) => same.mentions.extend(phrase.mentions),
            None => joined.push(phrase),
        }
    }
    for phrase in &mut joined {
        let place = |(field, bytes): &(Field, Range<usize>)| (*field == Field::Body, bytes.start);
        phrase.mentions.sort_by_key(place);
    }
    joined
}

/// Whether `outer` has `inner` as a run.
fn holds(outer: &[u64], inner: &[u64]) -> bool {
    !inner.is_empty() && outer.windows(inner.len()).any(|window| window == inner)
}

fn place(words: &Words, span: &Range<usize>) -> (Field, Range<usize>) {
    let (first, last) = (&words.tokens[span.start], &words.tokens[span.end - 1]);
    (first.field, first.start as usize..last.end as usize)
}

/// Names as they are written; other words as the first of a sentence. Inner capitals are kept.
fn label(written: &str, is_name: bool) -> String {
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_name {
        return aliases::canonical(written);
    }
    let mut small = written
        .split(' ')
        .map(|word| {
            let has_inner_capital = word.chars().skip(1).any(char::is_uppercase);
            if has_inner_capital {
                word.to_owned()
            } else {
                word.to_lowercase()
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
    if let Some(first) = small.chars().next() {
        let has_inner_capital = small
            .split(' ')
            .next()
            .is_some_and(|word| word.chars().skip(1).any(char::is_uppercase));
        if !has_inner_capital {
            small.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
        }
    }
    small
}
