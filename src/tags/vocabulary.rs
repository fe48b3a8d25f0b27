//! Tags the model learnt from a corpus.

use std::sync::Arc;

use super::wording::{ByWording, Wording};
use crate::model::ScoredTerm;
use crate::model::softmax::sigmoid;

/// At most so many tags in one model: a posting names its tag in 16 bits.
pub const MAX_TAGS: usize = 1 << 16;

/// The lists of so many terms are found before the first is read: the memory brings them side by side.
const BATCH: usize = 32;
/// Above them a confidence is rounded to 1.
const MAX_LOG_ODDS: f32 = 10.0;
/// Far more than the rounding of log-odds.
const LOG_ODDS_SLACK: f32 = 0.01;

/// A tag with how sure the model is of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TagCandidate {
    /// The tag's place in the vocabulary.
    pub index: usize,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
}

/// One weight of a tag's linear model, kept with the term it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The tag's place in the vocabulary.
    pub tag: u16,
    /// The weight in steps of the tag's scale.
    pub weight: i8,
}

/// The vocabulary's linear models, one against the rest each, as sparse lists by term: an article
/// touches only the weights of its own terms, however many tags there are.
///
/// A tag's score is `intercept + Σ value × weight × scale` over the article's row; its confidence is
/// `sigmoid(slope × score + bias)`, one calibration for all tags (Platt 1999, "Probabilistic outputs
/// for support vector machines"). Per-tag thresholds are folded into the intercepts, so that one
/// threshold serves all tags.
#[derive(Debug, Clone, PartialEq)]
pub struct LearntTags {
    labels: Vec<Arc<str>>,
    parts: LearntTagsParts,
    /// Where the postings of the term in slot s begin; (capacity + 1).
    offsets: Vec<u32>,
    /// Which tag means what.
    places: ByWording<usize>,
}

/// The arrays of [`LearntTags`] as the model file holds them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LearntTagsParts {
    /// (n_tags).
    pub intercepts: Vec<f32>,
    /// Weight of one step of a posting; (n_tags).
    pub scales: Vec<f32>,
    /// Slots of the terms that have postings, ascending; (n_terms).
    pub slots: Vec<u32>,
    /// Number of postings of each of these terms; (n_terms).
    pub lengths: Vec<u32>,
    /// All postings, term after term.
    pub postings: Vec<Posting>,
    /// From score to confidence.
    pub calibration: Calibration,
}

/// From a tag's score to its confidence.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Above 0.
    pub slope: f32,
    /// Log-odds at score 0.
    pub bias: f32,
    /// The least confidence that is offered unless the caller asks otherwise; in [0, 1].
    pub threshold: f32,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            slope: 1.0,
            bias: 0.0,
            threshold: 0.5,
        }
    }
}

impl Calibration {
    /// The calibrated probability of a score.
    pub fn confidence(&self, score: f32) -> f32 {
        sigmoid(self.slope * score + self.bias)
    }

    /// No score below it has so much confidence. Nearly all tags are far below, and their exponentials are spared.
    fn least_score(&self, min_confidence: f32) -> f32 {
        let log_odds = (min_confidence / (1.0 - min_confidence)).ln();
        (log_odds.min(MAX_LOG_ODDS) - LOG_ODDS_SLACK - self.bias) / self.slope
    }
}

/// Why arrays are no [`LearntTags`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the learnt tags are inconsistent: {0}")]
pub struct LearntTagsError(&'static str);

impl LearntTags {
    /// Puts a vocabulary together. `capacity` is the number of slots of the term table.
    ///
    /// # Errors
    /// [`LearntTagsError`] says which of the shapes or values do not fit.
    pub fn new(
        labels: Vec<Arc<str>>,
        parts: LearntTagsParts,
        capacity: usize,
    ) -> Result<Self, LearntTagsError> {
        check(labels.len(), &parts, capacity).map_err(LearntTagsError)?;
        let mut offsets = vec![0u32; capacity + 1];
        for (&slot, &length) in parts.slots.iter().zip(&parts.lengths) {
            offsets[slot as usize + 1] = length;
        }
        for slot in 0..capacity {
            offsets[slot + 1] += offsets[slot];
        }
        let mut places = ByWording::default();
        for (index, label) in labels.iter().enumerate() {
            places.insert(Wording::new(label), index);
        }
        Ok(Self {
            labels,
            parts,
            offsets,
            places,
        })
    }

    /// The tag that means the same as this.
    pub fn lookup(&self, wording: &Wording) -> Option<&Arc<str>> {
        self.places.get(wording).map(|&index| &self.labels[index])
    }

    /// The tags, by index.
    pub fn labels(&self) -> &[Arc<str>] {
        &self.labels
    }

    /// The arrays for the model file.
    pub fn parts(&self) -> &LearntTagsParts {
        &self.parts
    }

    /// Scores the vocabulary on an article's row and appends every tag of at least
    /// `min_confidence` to `candidates`, in the order of the vocabulary. `scores` is scratch space.
    pub fn candidates(
        &self,
        row: &[ScoredTerm],
        min_confidence: f32,
        scores: &mut Vec<f32>,
        candidates: &mut Vec<TagCandidate>,
    ) {
        scores.clear();
        scores.resize(self.labels.len(), 0.0);
        for terms in row.chunks(BATCH) {
            let mut lists: [&[Posting]; BATCH] = [&[]; BATCH];
            for (list, term) in lists.iter_mut().zip(terms) {
                *list = self.postings_of(term.slot as usize);
            }
            for (list, term) in lists.iter().zip(terms) {
                for posting in *list {
                    scores[usize::from(posting.tag)] += term.value * f32::from(posting.weight);
                }
            }
        }
        let calibration = &self.parts.calibration;
        let least = calibration.least_score(min_confidence);
        for (index, score) in scores.iter().enumerate() {
            let score = score * self.parts.scales[index] + self.parts.intercepts[index];
            if score < least {
                continue;
            }
            let confidence = calibration.confidence(score);
            if confidence >= min_confidence {
                candidates.push(TagCandidate { index, confidence });
            }
        }
    }

    fn postings_of(&self, slot: usize) -> &[Posting] {
        &self.parts.postings[self.offsets[slot] as usize..self.offsets[slot + 1] as usize]
    }
}

fn check(n_tags: usize, parts: &LearntTagsParts, capacity: usize) -> Result<(), &'static str> {
    let Calibration {
        slope,
        bias,
        threshold,
    } = parts.calibration;
    let n_postings: u64 = parts.lengths.iter().map(|&n| u64::from(n)).sum();
    let rules = [
        (n_tags <= MAX_TAGS, "more than 65,536 tags"),
        (
            parts.intercepts.len() == n_tags,
            "one intercept for each tag",
        ),
        (parts.scales.len() == n_tags, "one scale for each tag"),
        (
            parts.lengths.len() == parts.slots.len(),
            "one length for each slot",
        ),
        (
            n_postings == parts.postings.len() as u64,
            "the lengths add up to the postings",
        ),
        (parts.slots.is_sorted_by(|a, b| a < b), "ascending slots"),
        (
            parts.slots.last().is_none_or(|&s| (s as usize) < capacity),
            "a slot beyond the term table",
        ),
        (
            parts.postings.iter().all(|p| usize::from(p.tag) < n_tags),
            "a posting of a tag that is not there",
        ),
        (
            parts
                .intercepts
                .iter()
                .chain(&parts.scales)
                .all(|w| w.is_finite()),
            "a weight that is not finite",
        ),
        (
            slope > 0.0
                && slope.is_finite()
                && bias.is_finite()
                && (0.0..=1.0).contains(&threshold),
            "a calibration out of range",
        ),
    ];
    rules
        .into_iter()
        .find(|(holds, _)| !holds)
        .map_or(Ok(()), |(_, rule)| Err(rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> LearntTagsParts {
        LearntTagsParts {
            intercepts: vec![-1.0, -1.0],
            scales: vec![0.1, 0.01],
            slots: vec![3, 7],
            lengths: vec![1, 2],
            postings: vec![
                Posting { tag: 0, weight: 30 },
                Posting {
                    tag: 0,
                    weight: -10,
                },
                Posting {
                    tag: 1,
                    weight: 100,
                },
            ],
            calibration: Calibration {
                slope: 2.0,
                ..Calibration::default()
            },
        }
    }

    fn labels() -> Vec<Arc<str>> {
        vec!["Brexit".into(), "Floods".into()]
    }

    #[test]
    fn confidence_is_the_sum_over_the_row() {
        let tags = LearntTags::new(labels(), parts(), 10).unwrap();
        let row = [
            ScoredTerm {
                slot: 3,
                value: 0.8,
            },
            ScoredTerm {
                slot: 7,
                value: 0.6,
            },
        ];
        let (mut scores, mut found) = (Vec::new(), Vec::new());
        tags.candidates(&row, 0.0, &mut scores, &mut found);
        // By hand: 0.8·3 − 0.6·1 − 1 = 0.8 and 0.6·1 − 1 = −0.4, times 2.
        assert!((found[0].confidence - sigmoid(1.6)).abs() < 1e-6);
        assert!((found[1].confidence - sigmoid(-0.8)).abs() < 1e-6);
        found.clear();
        tags.candidates(&row, 0.5, &mut scores, &mut found);
        assert_eq!(found.len(), 1);
    }

    proptest! {
        #[test]
        fn no_score_below_the_least_is_sure_enough(
            slope in 0.01f32..9.0,
            bias in -9f32..9.0,
            min_confidence in 0f32..=1.0,
            below in 0f32..9.0,
        ) {
            let calibration = Calibration { slope, bias, ..Calibration::default() };
            let least = calibration.least_score(min_confidence);
            prop_assume!(least.is_finite() && below > 0.0);
            prop_assert!(calibration.confidence(least - below) < min_confidence);
        }
    }

    #[test]
    fn nothing_is_too_unlikely_where_all_is_asked_for() {
        let calibration = Calibration::default();
        assert_eq!(calibration.least_score(0.0), f32::NEG_INFINITY);
        assert!(calibration.confidence(calibration.least_score(1.0)) < 1.0);
    }

    #[test]
    fn a_tag_is_known_in_any_form() {
        let tags = LearntTags::new(labels(), parts(), 10).unwrap();
        let known = |tag: &str| tags.lookup(&Wording::new(tag)).map(|label| &**label);
        assert_eq!(known("flood"), Some("Floods"));
        assert_eq!(known("brexit"), Some("Brexit"));
        assert_eq!(known("flooding bridges"), None);
    }

    #[test]
    fn arrays_that_do_not_fit_are_named() {
        type Breakage = (fn(&mut LearntTagsParts), &'static str);
        let broken: [Breakage; 7] = [
            (|p| p.scales.truncate(1), "one scale"),
            (|p| p.slots[1] = 3, "ascending"),
            (|p| p.slots[1] = 10, "beyond"),
            (|p| p.lengths[0] = 2, "add up"),
            (|p| p.postings[0].tag = 2, "not there"),
            (|p| p.intercepts[0] = f32::NAN, "finite"),
            (|p| p.calibration.slope = 0.0, "calibration"),
        ];
        for (breaks, message) in broken {
            let mut parts = parts();
            breaks(&mut parts);
            let error = LearntTags::new(labels(), parts, 10)
                .unwrap_err()
                .to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
