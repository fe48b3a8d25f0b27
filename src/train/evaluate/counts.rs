//! Counts become precision, recall and F1.

use serde::Serialize;

/// One topic or tag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelMeasures {
    /// The topic or tag.
    pub name: String,
    /// Share of its answers that are right.
    pub precision: f64,
    /// Share of its articles that are found.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Articles that have it.
    pub support: usize,
}

/// Hits, false alarms and misses.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) hits: usize,
    pub(super) false_alarms: usize,
    pub(super) misses: usize,
}

impl Counts {
    pub(super) fn precision(self) -> f64 {
        ratio(self.hits, self.hits + self.false_alarms)
    }

    pub(super) fn recall(self) -> f64 {
        ratio(self.hits, self.hits + self.misses)
    }

    pub(super) fn f1(self) -> f64 {
        ratio(
            2 * self.hits,
            2 * self.hits + self.false_alarms + self.misses,
        )
    }

    pub(super) fn measures(self, name: &str) -> LabelMeasures {
        LabelMeasures {
            name: name.to_owned(),
            precision: self.precision(),
            recall: self.recall(),
            f1: self.f1(),
            support: self.hits + self.misses,
        }
    }
}

/// A share; 0 of nothing.
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A mean; 0 of nothing.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len();
    if n == 0 {
        0.0
    } else {
        // A sum of minus zeros would be shown with its sign.
        values.sum::<f64>() / n as f64 + 0.0
    }
}
