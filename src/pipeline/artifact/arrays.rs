//! Numbers to arrays of the file and back, little-endian; on the way back type and shape are checked.

use safetensors::tensor::{Dtype, SafeTensors};

use super::ArtifactError;
use crate::tags::keyphrases::statistics::KnownSteps;
use crate::tags::vocabulary::Posting;

/// An array to be written.
pub(super) struct Array {
    pub(super) name: &'static str,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
}

impl Array {
    pub(super) fn f32(name: &'static str, values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        Self::list(name, Dtype::F32, values.len(), bytes.collect())
    }

    pub(super) fn u32(name: &'static str, values: &[u32]) -> Self {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes());
        Self::list(name, Dtype::U32, values.len(), bytes.collect())
    }

    pub(super) fn bytes(name: &'static str, bytes: Vec<u8>) -> Self {
        Self::list(name, Dtype::U8, bytes.len(), bytes)
    }

    /// Rows of `width` bytes each.
    pub(super) fn table(name: &'static str, bytes: &[u8], width: usize) -> Self {
        Self {
            name,
            dtype: Dtype::U8,
            shape: vec![bytes.len() / width, width],
            bytes: bytes.to_vec(),
        }
    }

    /// The postings' tags and their weights, in an array each.
    pub(super) fn postings(names: [&'static str; 2], postings: &[Posting]) -> [Self; 2] {
        let [tags, weights] = names;
        let n = postings.len();
        let tag_bytes = postings.iter().flat_map(|p| p.tag.to_le_bytes()).collect();
        let weight_bytes = postings.iter().map(|p| p.weight as u8).collect();
        [
            Self::list(tags, Dtype::U16, n, tag_bytes),
            Self::list(weights, Dtype::I8, n, weight_bytes),
        ]
    }

    /// Inverse document frequencies and log-odds, in an array each.
    pub(super) fn known(names: [&'static str; 2], known: &[KnownSteps]) -> [Self; 2] {
        let [idf, tag_odds] = names;
        let odds_bytes = known.iter().map(|k| k.tag_odds as u8).collect();
        [
            Self::bytes(idf, known.iter().map(|k| k.idf).collect()),
            Self::list(tag_odds, Dtype::I8, known.len(), odds_bytes),
        ]
    }

    fn list(name: &'static str, dtype: Dtype, length: usize, bytes: Vec<u8>) -> Self {
        Self {
            name,
            dtype,
            shape: vec![length],
            bytes,
        }
    }
}

/// The arrays of a file.
pub(super) struct Arrays<'a>(pub(super) SafeTensors<'a>);

impl<'a> Arrays<'a> {
    /// Whether the file has an array of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.tensor(name).is_ok()
    }

    /// The bytes of an array of this type; `shape` says whether its shape will do.
    pub(super) fn bytes(
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

    pub(super) fn table(&self, name: &'static str) -> Result<Vec<u8>, ArtifactError> {
        Ok(self.bytes(name, Dtype::U8, |s| s.len() == 2)?.to_vec())
    }

    pub(super) fn f32(&self, name: &'static str, length: usize) -> Result<Vec<f32>, ArtifactError> {
        let bytes = self.bytes(name, Dtype::F32, |s| s == [length])?;
        let (values, _) = bytes.as_chunks::<4>();
        Ok(values.iter().map(|v| f32::from_le_bytes(*v)).collect())
    }

    pub(super) fn u32(&self, name: &'static str) -> Result<Vec<u32>, ArtifactError> {
        let bytes = self.bytes(name, Dtype::U32, |s| s.len() == 1)?;
        let (values, _) = bytes.as_chunks::<4>();
        Ok(values.iter().map(|v| u32::from_le_bytes(*v)).collect())
    }

    pub(super) fn postings(
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

    pub(super) fn known(
        &self,
        idf: &'static str,
        tag_odds: &'static str,
    ) -> Result<Vec<KnownSteps>, ArtifactError> {
        let idf = self.bytes(idf, Dtype::U8, |s| s.len() == 1)?;
        let tag_odds = self.bytes(tag_odds, Dtype::I8, |s| s == [idf.len()])?;
        let steps = idf.iter().zip(tag_odds);
        let steps = steps.map(|(&idf, &odds)| KnownSteps {
            idf,
            tag_odds: odds as i8,
        });
        Ok(steps.collect())
    }
}
