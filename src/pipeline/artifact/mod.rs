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
//! | `ranker.scalars` | F32 | (7): intercept, threshold, greatest idf; slopes, bias and surest log-odds of the calibration |
//! | `ranker.words` | U32 | (n_words) |
//! | `ranker.usage` | U8 | (n_words, 4) |
//! | `ranker.phrases` | U32 | (n_phrases) |
//! | `ranker.idf` | U8 | (n_phrases), in sixteenths of a nat |
//! | `ranker.tag_odds` | I8 | (n_phrases), in sixteenths of a nat |
//! | `ranker.tags` | U32 | (n_tags) |
//! | `ranker.known_tags` | U32 | (n_known_tags) |
//!
//! And in a model with a controlled vocabulary:
//!
//! | name | type | shape |
//! |---|---|---|
//! | `concepts.entries` | U8 | (n_bytes): a JSON array of [`ConceptEntry`] |
//!
//! - `read`: [`Pipeline::from_bytes`].
//! - `write`: [`Pipeline::to_bytes`].
//! - `arrays`: numbers to bytes and back.
//! - `digest`: the digest, which stands in the file that it is of.
//! - `error`: why bytes are no model.
//!
//! [`Manifest`]: super::Manifest
//! [`TermTable`]: crate::model::TermTable
//! [`LineModel`]: crate::extract::LineModel
//! [`Keyphrases`]: crate::tags::Keyphrases
//! [`ConceptEntry`]: crate::tags::ConceptEntry
//! [`Pipeline::from_bytes`]: super::Pipeline::from_bytes
//! [`Pipeline::to_bytes`]: super::Pipeline::to_bytes

mod arrays;
mod digest;
mod error;
mod read;
mod write;

pub use error::ArtifactError;

const LINE_WEIGHTS: &str = "lines.weights";
const CONCEPTS: &str = "concepts.entries";
const METADATA_KEY: &str = "copydesk";
