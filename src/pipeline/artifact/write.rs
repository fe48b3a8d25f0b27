//! A pipeline becomes a model file.

use std::collections::HashMap;

use safetensors::tensor::{SafeTensorError, TensorView};

use super::arrays::Array;
use super::digest::{write_digest, zeros};
use super::{ArtifactError, CONCEPTS, LINE_WEIGHTS, METADATA_KEY};
use crate::extract::LineModel;
use crate::pipeline::Pipeline;
use crate::pipeline::manifest::Manifest;
use crate::tags::Keyphrases;

impl Pipeline {
    /// The bytes of the model file. The manifest's digest is computed here; equal pipelines have
    /// equal bytes.
    ///
    /// # Errors
    /// Only if the manifest cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        let manifest = Manifest {
            digest: zeros(),
            ..self.manifest.clone()
        };
        let json = serde_json::to_string(&manifest)?;
        let arrays = self.arrays()?;
        let views = arrays
            .iter()
            .map(|array| {
                let view = TensorView::new(array.dtype, array.shape.clone(), &array.bytes)?;
                Ok((array.name, view))
            })
            .collect::<Result<Vec<_>, SafeTensorError>>()?;
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        let mut bytes = safetensors::serialize(views, Some(metadata))?;
        write_digest(&mut bytes)?;
        Ok(bytes)
    }

    fn arrays(&self) -> Result<Vec<Array>, ArtifactError> {
        let mut arrays = self.topic_arrays();
        arrays.extend(self.tag_arrays());
        if let Some(keyphrases) = &self.keyphrases {
            arrays.extend(ranker_arrays(keyphrases));
        }
        if let Some(concepts) = &self.concepts {
            let json = serde_json::to_vec(concepts.entries())?;
            arrays.push(Array::bytes(CONCEPTS, json));
        }
        if let Some(lines) = &self.lines {
            arrays.extend(line_arrays(lines));
        }
        Ok(arrays)
    }

    fn topic_arrays(&self) -> Vec<Array> {
        let slots = self.table.slots();
        let slot_bytes = slots.len() / self.table.capacity();
        let calibration = &self.calibration;
        vec![
            Array::table("topics.table", slots, slot_bytes),
            Array::f32("topics.intercepts", self.table.intercepts()),
            Array::f32("topics.calibration_slopes", &calibration.slopes()),
            Array::f32("topics.calibration_intercepts", calibration.intercepts()),
        ]
    }

    fn tag_arrays(&self) -> Vec<Array> {
        let parts = self.tags.parts();
        let names = ["tags.posting_tags", "tags.posting_weights"];
        let mut arrays = vec![
            Array::f32("tags.intercepts", &parts.intercepts),
            Array::f32("tags.scales", &parts.scales),
            Array::u32("tags.slots", &parts.slots),
            Array::u32("tags.lengths", &parts.lengths),
        ];
        arrays.extend(Array::postings(names, &parts.postings));
        arrays
    }
}

fn ranker_arrays(keyphrases: &Keyphrases) -> Vec<Array> {
    let statistics = &keyphrases.statistics;
    let [below, above] = keyphrases.calibration.slopes;
    let scalars = [
        keyphrases.intercept,
        keyphrases.threshold,
        statistics.max_idf,
        below,
        above,
        keyphrases.calibration.bias,
        keyphrases.calibration.surest,
    ];
    let [idf, tag_odds] = Array::known(["ranker.idf", "ranker.tag_odds"], &statistics.known);
    vec![
        Array::f32("ranker.weights", &keyphrases.weights),
        Array::f32("ranker.scalars", &scalars),
        Array::u32("ranker.words", statistics.words.as_slice()),
        Array::table("ranker.usage", &statistics.usage, 4),
        Array::u32("ranker.phrases", statistics.phrases.as_slice()),
        idf,
        tag_odds,
        Array::u32("ranker.tags", statistics.tags.as_slice()),
        Array::u32("ranker.known_tags", statistics.known_tags.as_slice()),
    ]
}

fn line_arrays(lines: &LineModel) -> [Array; 2] {
    let parts = lines.parts();
    let decision = [parts.intercept, parts.switch_cost, parts.inner_threshold];
    [
        Array::f32(LINE_WEIGHTS, &parts.weights),
        Array::f32("lines.decision", &decision),
    ]
}
