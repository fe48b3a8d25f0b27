//! A pipeline out of its parts: those that every one has, and those that may be added.

use std::sync::Arc;

use super::{Manifest, Pipeline};
use crate::extract::LineModel;
use crate::model::{SplineCalibration, TermTable};
use crate::tags::{Concepts, Keyphrases, LearntTags, TagRules};
use crate::text::LanguageTag;

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

    /// The model of lines, if there is one.
    pub fn lines(&self) -> Option<&LineModel> {
        self.lines.as_ref()
    }

    /// What the model says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest, to be completed before the pipeline is written.
    pub(crate) fn manifest_mut(&mut self) -> &mut Manifest {
        &mut self.manifest
    }
}
