//! Why bytes are no model.

use safetensors::tensor::SafeTensorError;

use super::METADATA_KEY;
use crate::extract::LineModelError;
use crate::model::{SplineError, TableError};
use crate::pipeline::manifest::FORMAT_VERSION;
use crate::tags::{ConceptsError, LearntTagsError};

/// Why bytes are no model.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Not safetensors, or cut off.
    #[error("not a model file, or not all of one: {0}")]
    Container(#[from] SafeTensorError),
    /// safetensors of another program.
    #[error("no Copydesk model: the file has no {METADATA_KEY:?} metadata")]
    NoManifest,
    /// The manifest is not what this version writes.
    #[error("the model's manifest cannot be read: {0}")]
    Manifest(#[from] serde_json::Error),
    /// Written by a later version.
    #[error(
        "the model file has format version {found}; this program reads version {FORMAT_VERSION}: use a newer program or train the model again"
    )]
    Version {
        /// Version of the file.
        found: u32,
    },
    /// The content is not what was written.
    #[error("the model file is damaged: its digest is {found}, and {expected} was written")]
    Digest {
        /// Digest of the bytes.
        found: String,
        /// Digest in the manifest.
        expected: String,
    },
    /// An array has another type or shape than the manifest calls for.
    #[error("the model's array {name:?} has type {dtype} and shape {shape:?}")]
    Array {
        /// The array's name.
        name: &'static str,
        /// Its type.
        dtype: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The manifest's numbers are out of range.
    #[error("the model's manifest has {0} out of range")]
    Range(&'static str),
    /// The term table is unusable.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The topics' calibration is unusable.
    #[error(transparent)]
    Calibration(#[from] SplineError),
    /// The learnt tags are unusable.
    #[error(transparent)]
    Tags(#[from] LearntTagsError),
    /// The ranker of phrases is unusable.
    #[error("the keyphrase ranker is inconsistent: its arrays do not fit or are not finite")]
    Keyphrases,
    /// The vocabulary is unusable.
    #[error("the model's vocabulary: {0}")]
    Concepts(#[from] ConceptsError),
    /// The line model is unusable.
    #[error(transparent)]
    Lines(#[from] LineModelError),
}
