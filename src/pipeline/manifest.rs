//! What a model file says of itself.

use serde::{Deserialize, Serialize};

use crate::features::TermParams;
use crate::tags::vocabulary::Calibration;

/// The version of the file format that this library writes and reads.
pub const FORMAT_VERSION: u32 = 5;

/// Everything of a model but its arrays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// SHA-256 of the file with these 64 hexadecimal digits read as zeros.
    pub digest: String,
    /// Such as `news-en`.
    pub name: String,
    /// By class index.
    pub topics: Vec<TopicEntry>,
    /// By tag index.
    pub tags: Vec<TagEntry>,
    /// Primary BCP 47 subtags of the training articles, such as `en`; empty: any.
    pub languages: Vec<String>,
    /// How articles are read.
    pub terms: TermParams,
    /// Topics of less confidence are marked for a person to look at; in [0, 1]. 0: none.
    pub review_threshold: f32,
    /// From tag scores to confidences.
    pub tag_calibration: Calibration,
    /// How the model was made.
    pub training: TrainingSummary,
    /// How good it is.
    pub metrics: Metrics,
}

/// One topic of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopicEntry {
    /// As the corpus names it.
    pub name: String,
    /// IPTC Media Topic, such as `medtop:11000000`; empty if it has none.
    pub iptc_code: String,
    /// How many training articles have it.
    pub training_articles: u64,
    /// F1 on articles held out of training, in [0, 1].
    pub f1: f32,
}

/// One learnt tag of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagEntry {
    /// As the corpus writes it.
    pub label: String,
    /// How many training articles have it.
    pub training_articles: u64,
}

/// How a model was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// Articles learnt from.
    pub articles: u64,
    /// Seed of the splits and of the solver.
    pub seed: u64,
    /// The topic model's C, chosen by calibrated log loss; 0 without topics.
    pub c: f32,
    /// Terms with an entry in the table.
    pub terms: u64,
    /// Unix seconds, if the maker gave a time; a clock would make two equal runs differ.
    pub trained_at_unix_seconds: Option<i64>,
    /// Where the articles came from.
    pub data: String,
    /// Licence of the model file, an SPDX expression if it can be said as one.
    pub licence: String,
}

/// Measured on articles held out of training.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Articles measured on.
    pub articles: u64,
    /// Share of articles whose most probable topic is right.
    pub accuracy: f32,
    /// Mean F1 of the topics.
    pub macro_f1: f32,
    /// Expected calibration error, 15 bins.
    pub calibration_error: f32,
    /// Mean negative log probability of the right topic, in nats.
    pub log_loss: f32,
    /// F1 over all pairs of article and tag.
    pub tag_micro_f1: f32,
    /// Mean F1 of the tags.
    pub tag_macro_f1: f32,
}

impl Manifest {
    /// The model's version: `sha256:` and the first 12 digits of its digest.
    pub fn version(&self) -> String {
        format!("sha256:{}", self.digest.get(..12).unwrap_or_default())
    }
}
