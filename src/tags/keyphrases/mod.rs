//! Names and phrases of the article itself.
//!
//! - [`words`], [`reader`], [`lexicon`], `foreign`, `memory`: a text becomes words and sentences.
//! - [`statistics`]: how words are used in general.
//! - [`mod@candidate`], [`mod@candidates`], `names`, `repeats`, `surnames`: phrases that might be tags.
//! - [`mod@features`]: numbers that describe them.
//! - [`Keyphrases`]: the linear ranker.
//! - [`mod@choose`]: which phrases are offered.
//! - `aliases`: names that are written in several ways. `capitals`: cities that stand for countries.
//!   `sources`: who is never a tag.
//! - `label`: how a tag is written.

pub(super) mod aliases;
pub mod candidate;
pub mod candidates;
mod capitals;
pub mod choose;
pub mod features;
mod foreign;
mod label;
pub mod lexicon;
mod memory;
mod names;
pub mod reader;
mod repeats;
mod sources;
pub mod statistics;
pub(super) mod surnames;
pub mod words;

use std::ops::Range;

use super::concepts::Reading;
use crate::model::softmax::sigmoid;
use crate::text::Field;
use candidate::Candidate;
use candidates::Candidates;
pub use choose::MAX_KEYPHRASES;
use choose::{Choice, choose};
use features::{Context, N_FEATURES, features};
use label::label_of;
pub use sources::{is_source, site_of_title};
use statistics::WordStatistics;
use words::Words;

/// Where the calibration bends, in log-odds of the ranker: the few phrases above it are another
/// matter than the many below.
const KNOT: f32 = -0.5;
/// What log-odds count that no held-out phrases bear out: enough to tell the surer from the less sure.
const BEYOND_SEEN: f32 = 0.02;

/// The ranker: a logistic regression over [`mod@features`].
#[derive(Debug, Clone, PartialEq)]
pub struct Keyphrases {
    /// How words are used in general.
    pub statistics: WordStatistics,
    /// (n_features).
    pub weights: Vec<f32>,
    /// Log-odds of a candidate whose features are all 0.
    pub intercept: f32,
    /// From the score of a phrase that is offered to its confidence.
    pub calibration: Calibration,
    /// The least confidence that is offered unless the caller asks otherwise; in [0, 1].
    pub threshold: f32,
}

/// A rising line with one bend, from the ranker's log-odds to those of a tag that an editor gave, which
/// nearly levels off where the surest held-out phrases were.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Below the bend and above it; above 0.
    pub slopes: [f32; 2],
    /// Log-odds at score 0 of the line below the bend.
    pub bias: f32,
    /// The log-odds that the surest held-out phrases had; above them it hardly rises.
    pub surest: f32,
}

impl Calibration {
    /// The score as the fit sees it: itself, and how far it is above the bend.
    pub fn basis(score: f32) -> [f32; 2] {
        [score, (score - KNOT).max(0.0)]
    }

    /// The calibrated probability of a score.
    pub fn confidence(&self, score: f32) -> f32 {
        let [own, above] = Self::basis(score);
        let [below_slope, above_slope] = self.slopes;
        let line = below_slope * own + (above_slope - below_slope) * above + self.bias;
        sigmoid(line.min(self.surest) + BEYOND_SEEN * (line - self.surest).max(0.0))
    }

    fn is_consistent(&self) -> bool {
        self.slopes.iter().all(|s| *s > 0.0 && s.is_finite())
            && [self.bias, self.surest].iter().all(|x| x.is_finite())
    }
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

/// The phrases of an article with their scores; a buffer that is filled anew for each.
#[derive(Debug, Default)]
pub struct Phrases {
    /// The phrases.
    pub found: Candidates,
    /// Log-odds of each, not calibrated; (n_candidates).
    pub scores: Vec<f32>,
}

impl Keyphrases {
    /// Whether the arrays fit each other and every number is finite.
    pub fn is_consistent(&self) -> bool {
        self.statistics.is_consistent()
            && self.weights.len() == N_FEATURES
            && self.weights.iter().all(|w| w.is_finite())
            && self.intercept.is_finite()
            && self.calibration.is_consistent()
            && (0.0..=1.0).contains(&self.threshold)
    }

    /// Finds all phrases of an article that might be tags, and scores them.
    pub fn read(&self, words: &Words, phrases: &mut Phrases) {
        phrases.found.find(words, &self.statistics);
        let mut scores = std::mem::take(&mut phrases.scores);
        scores.clear();
        let list = phrases.found.list.iter();
        scores.extend(list.map(|candidate| self.score(candidate, phrases, words)));
        phrases.scores = scores;
    }

    /// Log-odds of a candidate of an article, not calibrated.
    pub(super) fn score(&self, candidate: &Candidate, phrases: &Phrases, words: &Words) -> f32 {
        let context = Context {
            words,
            found: &phrases.found,
            statistics: &self.statistics,
        };
        let values = features(candidate, context);
        let products = values.iter().zip(&self.weights).map(|(x, w)| x * w);
        self.intercept + products.sum::<f32>()
    }

    /// The article's best phrases of at least `min_confidence`, at most `max_phrases` of them, best first; no two
    /// mean the same, and a surname is counted with its full name.
    pub fn choose(
        &self,
        reading: &Reading<'_>,
        phrases: &Phrases,
        max_phrases: usize,
        min_confidence: f32,
    ) -> Vec<Keyphrase> {
        let is_wanted = |score| self.calibration.confidence(score) >= min_confidence;
        let (words, found) = (reading.words, &phrases.found);
        choose(words, found, &phrases.scores, max_phrases, is_wanted)
            .into_iter()
            .map(|choice| self.keyphrase(&choice, reading, found))
            .collect()
    }

    fn keyphrase(&self, choice: &Choice, reading: &Reading<'_>, found: &Candidates) -> Keyphrase {
        let mut spans: Vec<Range<usize>> = std::iter::once(&choice.candidate)
            .chain(&choice.surnames)
            .flat_map(|&i| found.occurrences(&found.list[i]))
            .collect();
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        spans.retain(|span| {
            let is_new = span.start >= end;
            end = end.max(span.end);
            is_new
        });
        let (candidate, words) = (&found.list[choice.candidate], reading.words);
        Keyphrase {
            label: label_of(candidate, found.occurrences(candidate), reading),
            confidence: self.calibration.confidence(choice.score),
            mentions: spans.iter().map(|span| place(words, span)).collect(),
        }
    }
}

/// Where a run of tokens stands.
fn place(words: &Words, span: &Range<usize>) -> (Field, Range<usize>) {
    let (first, last) = (&words.tokens[span.start], &words.tokens[span.end - 1]);
    (first.field, first.start as usize..last.end as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_higher_score_is_never_less_probable(a in -9f32..9.0, b in -9f32..9.0) {
            let calibration = Calibration { slopes: [1.5, 0.4], bias: -0.3, surest: -0.1 };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(calibration.confidence(low) <= calibration.confidence(high));
        }
    }

    #[test]
    fn it_bends_and_then_nearly_levels_off() {
        let calibration = Calibration {
            slopes: [1.0, 2.0],
            bias: 0.5,
            surest: 0.5,
        };
        let log_odds = |score| {
            let p = calibration.confidence(score);
            (p / (1.0 - p)).ln()
        };
        // By hand: -2 + 0.5; -0.25 + 0.25 + 0.5; and 0.5 and a fiftieth of 2 + 2.5 + 0.5 - 0.5.
        for (score, expected) in [(-2.0, -1.5), (-0.25, 0.5), (2.0, 0.59)] {
            assert!((log_odds(score) - expected).abs() < 1e-5, "{score}");
        }
    }
}
