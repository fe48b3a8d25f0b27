//! A pipeline to bytes and back.
//!
//! The file is safetensors: arrays, and one JSON [`Manifest`] in the metadata under the key
//! `copydesk`. Its digest covers every byte of the file. Arrays, little-endian:
//!
//! | name | type | shape |
//! |---|---|---|
//! | `topics.table` | U8 | (capacity, slot bytes), see [`TermTable`] |
//! | `topics.intercepts`, `topics.calibration_intercepts` | F32 | (n_topics) |
//! | `topics.calibration_slopes` | F32 | (4) |
//! | `tags.intercepts`, `tags.scales` | F32 | (n_tags) |
//! | `tags.slots`, `tags.lengths` | U32 | (terms with postings) |
//! | `tags.posting_tags` | U16 | (n_postings) |
//! | `tags.posting_weights` | I8 | (n_postings) |
//! | `lines.weights` | F32 | (n_features), see [`LineModel`]; optional |
//! | `lines.decision` | F32 | (3): intercept, switch cost, inner threshold; with `lines.weights` |
//!
//! And in a model that offers the article's own phrases, see [`Keyphrases`]:
//!
//! | name | type | shape |
//! |---|---|---|
//! | `ranker.weights` | F32 | (n_features) |
//! | `ranker.scalars` | F32 | (6): intercept, threshold, greatest idf; slopes and bias of the calibration |
//! | `ranker.words` | U32 | (n_words) |
//! | `ranker.usage` | U8 | (n_words, 4) |
//! | `ranker.phrases` | U32 | (n_phrases) |
//! | `ranker.idf` | U8 | (n_phrases, 1) |
//! | `ranker.tags` | U32 | (n_tags) |
//! | `ranker.known_tags` | U32 | (n_known_tags) |
//!
//! And in a model with a controlled vocabulary:
//!
//! | name | type | shape |
//! |---|---|---|
//! | `concepts.entries` | U8 | (n_bytes): a JSON array of [`ConceptEntry`] |

use std::collections::HashMap;
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Pipeline;
use super::manifest::{FORMAT_VERSION, Manifest};
use crate::extract::{LineModel, LineModelError, LineModelParts};
use crate::model::{N_SEGMENTS, SplineCalibration, SplineError, TableError, TermTable};
use crate::tags::concepts::entry;
use crate::tags::keyphrases::Calibration;
use crate::tags::keyphrases::features::N_FEATURES;
use crate::tags::keyphrases::statistics::{Keys, WordStatistics};
use crate::tags::vocabulary::{LearntTagsParts, Posting};
use crate::tags::{
    ConceptEntry, Concepts, ConceptsError, Keyphrases, LearntTags, LearntTagsError, TagRules,
};
use crate::text::LanguageTag;

const LINE_WEIGHTS: &str = "lines.weights";
const CONCEPTS: &str = "concepts.entries";
const METADATA_KEY: &str = "copydesk";
const DIGEST_CHARS: usize = 64;

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

/// The one field that every format version has.
#[derive(Deserialize)]
struct VersionOnly {
    format_version: u32,
}

impl Pipeline {
    /// Puts a pipeline together from its parts, which must agree: as many topics in the manifest as
    /// classes in the table and the calibration, as many tags as labels.
    pub fn new(
        manifest: Manifest,
        table: TermTable,
        calibration: SplineCalibration,
        tags: LearntTags,
    ) -> Self {
        let topics = manifest
            .topics
            .iter()
            .map(|t| Arc::from(t.name.as_str()))
            .collect();
        let total: u64 = manifest.topics.iter().map(|t| t.training_articles).sum();
        let base_rates = manifest
            .topics
            .iter()
            .map(|t| t.training_articles as f32 / total.max(1) as f32)
            .collect();
        let only_language = match manifest.languages.as_slice() {
            [only] => LanguageTag::parse(only),
            _ => None,
        };
        Self {
            manifest,
            topics,
            base_rates,
            only_language,
            table,
            calibration,
            tags,
            keyphrases: None,
            concepts: None,
            tag_rules: TagRules::default(),
            lines: None,
        }
    }

    /// The same pipeline, offering the article's own phrases too.
    pub fn with_keyphrases(self, keyphrases: Option<Keyphrases>) -> Self {
        Self { keyphrases, ..self }
    }

    /// The ranker of the article's own phrases, if the model has one.
    pub fn keyphrases(&self) -> Option<&Keyphrases> {
        self.keyphrases.as_ref()
    }

    /// The same pipeline, with tags of a controlled vocabulary, which it finds if it has a ranker of phrases.
    #[must_use]
    pub fn with_concepts(self, concepts: Option<Concepts>) -> Self {
        Self { concepts, ..self }
    }

    /// The controlled vocabulary, if there is one.
    pub fn concepts(&self) -> Option<&Concepts> {
        self.concepts.as_ref()
    }

    /// How many tags there are, learnt ones and those of the vocabulary.
    pub fn n_vocabulary_tags(&self) -> usize {
        self.manifest.tags.len() + self.concepts.as_ref().map_or(0, Concepts::len)
    }

    /// The same pipeline, with rules for every article's tags. They are the desk's, and not in the file.
    #[must_use]
    pub fn with_tag_rules(self, tag_rules: TagRules) -> Self {
        Self { tag_rules, ..self }
    }

    /// The same pipeline, telling the article's lines in pages copied as text by this model; without one,
    /// such pages are read whole.
    #[must_use]
    pub fn with_lines(self, lines: Option<LineModel>) -> Self {
        Self { lines, ..self }
    }

    /// The manifest, to be completed before the pipeline is written.
    pub(crate) fn manifest_mut(&mut self) -> &mut Manifest {
        &mut self.manifest
    }

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
            Self::new(manifest, table, calibration, tags).with_keyphrases(arrays.keyphrases()?);
        let pipeline = pipeline.with_concepts(arrays.concepts()?);
        Ok(pipeline.with_lines(arrays.line_model()?))
    }

    /// The bytes of the model file. The manifest's digest is computed here; equal pipelines have
    /// equal bytes.
    ///
    /// # Errors
    /// Only if the manifest cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let manifest = Manifest {
            digest: "0".repeat(DIGEST_CHARS),
            ..self.manifest.clone()
        };
        let json = serde_json::to_string(&manifest)?;
        let parts = self.tags.parts();
        let le_f32 = |v: &[f32]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let le_u32 = |v: &[u32]| v.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let tags: Vec<u8> = parts
            .postings
            .iter()
            .flat_map(|p| p.tag.to_le_bytes())
            .collect();
        let weights: Vec<u8> = parts.postings.iter().map(|p| p.weight as u8).collect();
        let capacity = self.table.capacity();
        let table_shape = vec![capacity, self.table.slots().len() / capacity];
        let mut arrays = vec![
            (
                "topics.table",
                Dtype::U8,
                table_shape,
                self.table.slots().to_vec(),
            ),
            (
                "topics.intercepts",
                Dtype::F32,
                vec![self.topics.len()],
                le_f32(self.table.intercepts()),
            ),
            (
                "topics.calibration_slopes",
                Dtype::F32,
                vec![N_SEGMENTS],
                le_f32(&self.calibration.slopes()),
            ),
            (
                "topics.calibration_intercepts",
                Dtype::F32,
                vec![self.topics.len()],
                le_f32(self.calibration.intercepts()),
            ),
            (
                "tags.intercepts",
                Dtype::F32,
                vec![parts.intercepts.len()],
                le_f32(&parts.intercepts),
            ),
            (
                "tags.scales",
                Dtype::F32,
                vec![parts.scales.len()],
                le_f32(&parts.scales),
            ),
            (
                "tags.slots",
                Dtype::U32,
                vec![parts.slots.len()],
                le_u32(&parts.slots),
            ),
            (
                "tags.lengths",
                Dtype::U32,
                vec![parts.lengths.len()],
                le_u32(&parts.lengths),
            ),
            (
                "tags.posting_tags",
                Dtype::U16,
                vec![parts.postings.len()],
                tags,
            ),
            (
                "tags.posting_weights",
                Dtype::I8,
                vec![parts.postings.len()],
                weights,
            ),
        ];
        if let Some(k) = &self.keyphrases {
            let statistics = &k.statistics;
            let [below, above] = k.calibration.slopes;
            let scalars = [
                k.intercept,
                k.threshold,
                statistics.max_idf,
                below,
                above,
                k.calibration.bias,
            ];
            let keys = |keys: &Keys| (vec![keys.as_slice().len()], le_u32(keys.as_slice()));
            let bytes =
                |bytes: &[u8], width: usize| (vec![bytes.len() / width, width], bytes.to_vec());
            let floats = |floats: &[f32]| (vec![floats.len()], le_f32(floats));
            let ranker = [
                ("ranker.weights", Dtype::F32, floats(&k.weights)),
                ("ranker.scalars", Dtype::F32, floats(&scalars)),
                ("ranker.words", Dtype::U32, keys(&statistics.words)),
                ("ranker.usage", Dtype::U8, bytes(&statistics.usage, 4)),
                ("ranker.phrases", Dtype::U32, keys(&statistics.phrases)),
                ("ranker.idf", Dtype::U8, bytes(&statistics.idf, 1)),
                ("ranker.tags", Dtype::U32, keys(&statistics.tags)),
                (
                    "ranker.known_tags",
                    Dtype::U32,
                    keys(&statistics.known_tags),
                ),
            ];
            arrays.extend(ranker.map(|(name, dtype, (shape, bytes))| (name, dtype, shape, bytes)));
        }
        if let Some(concepts) = &self.concepts {
            let json = serde_json::to_vec(concepts.entries())?;
            arrays.push((CONCEPTS, Dtype::U8, vec![json.len()], json));
        }
        if let Some(parts) = self.lines.as_ref().map(LineModel::parts) {
            let decision = [parts.intercept, parts.switch_cost, parts.inner_threshold];
            arrays.push((
                LINE_WEIGHTS,
                Dtype::F32,
                vec![parts.weights.len()],
                le_f32(&parts.weights),
            ));
            arrays.push((
                "lines.decision",
                Dtype::F32,
                vec![decision.len()],
                le_f32(&decision),
            ));
        }
        let views = arrays
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, SafeTensorError>>()?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let mut bytes = safetensors::serialize(views, Some(metadata))?;
        write_digest(&mut bytes)?;
        Ok(bytes)
    }
}

fn check_ranges(manifest: &Manifest) -> Result<(), ArtifactError> {
    let (shortest, longest) = manifest.terms.ngram_range;
    if shortest == 0 || shortest > longest {
        return Err(ArtifactError::Range("terms.ngram_range"));
    }
    if !(0.0..=1.0).contains(&manifest.review_threshold) {
        return Err(ArtifactError::Range("review_threshold"));
    }
    Ok(())
}

fn write_digest(bytes: &mut [u8]) -> Result<(), ArtifactError> {
    let zeros = "0".repeat(DIGEST_CHARS);
    let at = find(bytes, zeros.as_bytes()).ok_or(ArtifactError::NoManifest)?;
    let digest = hex(&Sha256::digest(&*bytes));
    bytes[at..at + DIGEST_CHARS].copy_from_slice(digest.as_bytes());
    Ok(())
}

fn check_digest(bytes: &[u8], expected: &str) -> Result<(), ArtifactError> {
    let damaged = |found: String| ArtifactError::Digest {
        found,
        expected: expected.to_owned(),
    };
    let at = find(bytes, expected.as_bytes()).filter(|_| expected.len() == DIGEST_CHARS);
    let Some(at) = at else {
        return Err(damaged("unknown".to_owned()));
    };
    let mut sha = Sha256::new();
    sha.update(&bytes[..at]);
    sha.update([b'0'; DIGEST_CHARS]);
    sha.update(&bytes[at + DIGEST_CHARS..]);
    let found = hex(&sha.finalize());
    if found == expected {
        Ok(())
    } else {
        Err(damaged(found))
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len().max(1))
        .position(|window| window == wanted)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Arrays<'a>(SafeTensors<'a>);

impl<'a> Arrays<'a> {
    /// The bytes of an array of this type; `shape` says whether its shape will do.
    fn bytes(
        &self,
        name: &'static str,
        dtype: Dtype,
        shape: impl Fn(&[usize]) -> bool,
    ) -> Result<&'a [u8], ArtifactError> {
        let view = self.0.tensor(name)?;
        if view.dtype() == dtype && shape(view.shape()) {
            return Ok(view.data());
        }
        Err(ArtifactError::Array {
            name,
            dtype: format!("{:?}", view.dtype()),
            shape: view.shape().to_vec(),
        })
    }

    fn table(&self, name: &'static str) -> Result<Vec<u8>, ArtifactError> {
        Ok(self.bytes(name, Dtype::U8, |s| s.len() == 2)?.to_vec())
    }

    fn f32(&self, name: &'static str, length: usize) -> Result<Vec<f32>, ArtifactError> {
        let bytes = self.bytes(name, Dtype::F32, |s| s == [length])?;
        let (values, _) = bytes.as_chunks::<4>();
        Ok(values.iter().map(|v| f32::from_le_bytes(*v)).collect())
    }

    fn line_model(&self) -> Result<Option<LineModel>, ArtifactError> {
        let Ok(view) = self.0.tensor(LINE_WEIGHTS) else {
            return Ok(None);
        };
        let n_features = view.shape().first().copied().unwrap_or_default();
        let decision = self.f32("lines.decision", 3)?;
        let parts = LineModelParts {
            weights: self.f32(LINE_WEIGHTS, n_features)?,
            intercept: decision[0],
            switch_cost: decision[1],
            inner_threshold: decision[2],
        };
        Ok(Some(LineModel::new(parts)?))
    }

    fn u32(&self, name: &'static str) -> Result<Vec<u32>, ArtifactError> {
        let bytes = self.bytes(name, Dtype::U32, |s| s.len() == 1)?;
        let (values, _) = bytes.as_chunks::<4>();
        Ok(values.iter().map(|v| u32::from_le_bytes(*v)).collect())
    }

    /// The vocabulary, in a file that has one.
    fn concepts(&self) -> Result<Option<Concepts>, ArtifactError> {
        if self.0.tensor(CONCEPTS).is_err() {
            return Ok(None);
        }
        let json = self.bytes(CONCEPTS, Dtype::U8, |s| s.len() == 1)?;
        let entries: Vec<ConceptEntry> = serde_json::from_slice(json)?;
        Ok(Some(Concepts::new([entry::check(entries)?])?))
    }

    /// The ranker of phrases, in a file that has one.
    fn keyphrases(&self) -> Result<Option<Keyphrases>, ArtifactError> {
        if self.0.tensor("ranker.weights").is_err() {
            return Ok(None);
        }
        let scalars = self.f32("ranker.scalars", 6)?;
        let keyphrases = Keyphrases {
            weights: self.f32("ranker.weights", N_FEATURES)?,
            intercept: scalars[0],
            threshold: scalars[1],
            calibration: Calibration {
                slopes: [scalars[3], scalars[4]],
                bias: scalars[5],
            },
            statistics: WordStatistics {
                words: Keys::new(self.u32("ranker.words")?),
                usage: self.table("ranker.usage")?,
                phrases: Keys::new(self.u32("ranker.phrases")?),
                idf: self.table("ranker.idf")?,
                max_idf: scalars[2],
                tags: Keys::new(self.u32("ranker.tags")?),
                known_tags: Keys::new(self.u32("ranker.known_tags")?),
            },
        };
        if !keyphrases.is_consistent() {
            return Err(ArtifactError::Keyphrases);
        }
        Ok(Some(keyphrases))
    }

    fn postings(
        &self,
        tags: &'static str,
        weights: &'static str,
    ) -> Result<Vec<Posting>, ArtifactError> {
        let weights = self.bytes(weights, Dtype::I8, |s| s.len() == 1)?;
        let tags = self.bytes(tags, Dtype::U16, |s| s == [weights.len()])?;
        let (tags, _) = tags.as_chunks::<2>();
        Ok(tags
            .iter()
            .zip(weights)
            .map(|(tag, &weight)| Posting {
                tag: u16::from_le_bytes(*tag),
                weight: weight as i8,
            })
            .collect())
    }
}
