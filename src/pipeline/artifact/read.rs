//! A model file becomes a pipeline, or an error that says why not.

use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors};
use serde::Deserialize;

use super::arrays::Arrays;
use super::digest::check_digest;
use super::{ArtifactError, CONCEPTS, LINE_WEIGHTS, METADATA_KEY};
use crate::extract::{LineModel, LineModelParts};
use crate::features::TermParams;
use crate::model::{N_SEGMENTS, SplineCalibration, TermTable};
use crate::pipeline::Pipeline;
use crate::pipeline::manifest::{FORMAT_VERSION, Manifest};
use crate::tags::concepts::entry;
use crate::tags::keyphrases::Calibration;
use crate::tags::keyphrases::features::N_FEATURES;
use crate::tags::keyphrases::statistics::{Keys, WordStatistics};
use crate::tags::vocabulary::LearntTagsParts;
use crate::tags::{ConceptEntry, Concepts, Keyphrases, LearntTags};

/// The one field that every format version has.
#[derive(Deserialize)]
struct VersionOnly {
    format_version: u32,
}

impl Pipeline {
    /// Reads a model file's bytes and checks them: container, format version, digest, every type
    /// and shape, every weight finite, the table's load.
    ///
    /// # Errors
    /// [`ArtifactError`] says what is wrong. No bytes make this panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ArtifactError> {
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().as_ref();
        let json = metadata
            .and_then(|m| m.get(METADATA_KEY))
            .ok_or(ArtifactError::NoManifest)?;
        let VersionOnly { format_version } = serde_json::from_str(json)?;
        if format_version != FORMAT_VERSION {
            return Err(ArtifactError::Version {
                found: format_version,
            });
        }
        let manifest: Manifest = serde_json::from_str(json)?;
        check_digest(bytes, &manifest.digest)?;
        check_ranges(&manifest)?;
        let arrays = Arrays(SafeTensors::deserialize(bytes)?);
        let (n_topics, n_tags) = (manifest.topics.len(), manifest.tags.len());
        let intercepts = arrays.f32("topics.intercepts", n_topics)?;
        let table = TermTable::from_parts(arrays.table("topics.table")?, intercepts)?;
        let slopes = arrays.f32("topics.calibration_slopes", N_SEGMENTS)?;
        let calibration = SplineCalibration::new(
            std::array::from_fn(|piece| slopes[piece]),
            arrays.f32("topics.calibration_intercepts", n_topics)?,
        )?;
        let parts = LearntTagsParts {
            intercepts: arrays.f32("tags.intercepts", n_tags)?,
            scales: arrays.f32("tags.scales", n_tags)?,
            slots: arrays.u32("tags.slots")?,
            lengths: arrays.u32("tags.lengths")?,
            postings: arrays.postings("tags.posting_tags", "tags.posting_weights")?,
            calibration: manifest.tag_calibration,
        };
        let labels = manifest
            .tags
            .iter()
            .map(|t| Arc::from(t.label.as_str()))
            .collect();
        let tags = LearntTags::new(labels, parts, table.capacity())?;
        let pipeline =
            Self::new(manifest, table, calibration, tags).with_keyphrases(keyphrases(&arrays)?);
        let pipeline = pipeline.with_concepts(concepts(&arrays)?);
        Ok(pipeline.with_lines(line_model(&arrays)?))
    }
}

fn check_ranges(manifest: &Manifest) -> Result<(), ArtifactError> {
    let (shortest, longest) = manifest.terms.ngram_range;
    if shortest == 0 || shortest > longest {
        return Err(ArtifactError::Range("terms.ngram_range"));
    }
    if !(1..=TermParams::MAX_TITLE_MENTIONS).contains(&manifest.terms.title_mentions) {
        return Err(ArtifactError::Range("terms.title_mentions"));
    }
    if !(0.0..=1.0).contains(&manifest.review_threshold) {
        return Err(ArtifactError::Range("review_threshold"));
    }
    Ok(())
}

/// The ranker of phrases, in a file that has one.
fn keyphrases(arrays: &Arrays<'_>) -> Result<Option<Keyphrases>, ArtifactError> {
    if !arrays.has("ranker.weights") {
        return Ok(None);
    }
    let scalars = arrays.f32("ranker.scalars", 7)?;
    let keyphrases = Keyphrases {
        weights: arrays.f32("ranker.weights", N_FEATURES)?,
        intercept: scalars[0],
        threshold: scalars[1],
        calibration: Calibration {
            slopes: [scalars[3], scalars[4]],
            bias: scalars[5],
            surest: scalars[6],
        },
        statistics: WordStatistics {
            words: Keys::new(arrays.u32("ranker.words")?),
            usage: arrays.table("ranker.usage")?,
            phrases: Keys::new(arrays.u32("ranker.phrases")?),
            known: arrays.known("ranker.idf", "ranker.tag_odds")?,
            max_idf: scalars[2],
            tags: Keys::new(arrays.u32("ranker.tags")?),
            known_tags: Keys::new(arrays.u32("ranker.known_tags")?),
        },
    };
    if !keyphrases.is_consistent() {
        return Err(ArtifactError::Keyphrases);
    }
    Ok(Some(keyphrases))
}

/// The vocabulary, in a file that has one.
fn concepts(arrays: &Arrays<'_>) -> Result<Option<Concepts>, ArtifactError> {
    if !arrays.has(CONCEPTS) {
        return Ok(None);
    }
    let json = arrays.bytes(CONCEPTS, Dtype::U8, |s| s.len() == 1)?;
    let entries: Vec<ConceptEntry> = serde_json::from_slice(json)?;
    Ok(Some(Concepts::new([entry::check(entries)?])?))
}

/// The model of lines, in a file that has one.
fn line_model(arrays: &Arrays<'_>) -> Result<Option<LineModel>, ArtifactError> {
    let Ok(view) = arrays.0.tensor(LINE_WEIGHTS) else {
        return Ok(None);
    };
    let n_features = view.shape().first().copied().unwrap_or_default();
    let decision = arrays.f32("lines.decision", 3)?;
    let parts = LineModelParts {
        weights: arrays.f32(LINE_WEIGHTS, n_features)?,
        intercept: decision[0],
        switch_cost: decision[1],
        inner_threshold: decision[2],
    };
    Ok(Some(LineModel::new(parts)?))
}
