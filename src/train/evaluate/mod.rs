//! How good a pipeline is on labelled articles.
//!
//! - [`evaluate()`]: read this first.
//! - `topics`: how well topics are told.
//! - `tags`: how well learnt tags are found.
//! - `suggestions`: what the first suggestions are worth, from wherever they come.
//! - `counts`: counts become precision, recall and F1.

mod counts;
mod suggestions;
mod tags;
mod topics;

use std::collections::HashSet;

use rayon::prelude::*;
use serde::Serialize;

pub use counts::LabelMeasures;
pub use suggestions::SuggestionMeasures;
pub use tags::TagMeasures;
pub use topics::{Automatic, check_shared_topics, check_topics};

use super::corpus::LabelledArticle;
use super::coverage::CoveragePoint;
use super::reliability::ReliabilityBin;
use crate::pipeline::options::OptionsDraft;
use crate::pipeline::{Classification, Concepts, ConceptsError, Options, Pipeline, TagSource};
use crate::text::{Article, ArticleDraft, ContentFormat};
use suggestions::measure_suggestions;
use tags::measure_tags;
use topics::measure_topics;

/// What was measured. Shares and F1 are in [0, 1]; all is 0 where there was nothing to measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Articles with a topic.
    pub n_articles: usize,
    /// Share of them whose most probable topic is right.
    pub accuracy: f64,
    /// Mean F1 of the topics that occur, right or answered.
    pub macro_f1: f64,
    /// Expected calibration error of the most probable topic, 15 bins.
    pub calibration_error: f64,
    /// Mean negative log probability of the right topic, in nats, over topics that the model has; `None`
    /// if no article has one of these.
    pub log_loss: Option<f64>,
    /// Articles whose topic the model does not have; they count as wrong.
    pub n_unknown_topic: usize,
    /// Articles that could not be classified; they count as wrong.
    pub n_failed: usize,
    /// What the model answers without asking for review.
    pub automatic: Automatic,
    /// Accuracy of the most confident 10 %, 20 % … 100 % of the answers.
    pub coverage_curve: Vec<CoveragePoint>,
    /// Confidence against accuracy, in the bins of the calibration error that have articles.
    pub reliability: Vec<ReliabilityBin>,
    /// By name.
    pub topics: Vec<LabelMeasures>,
    /// `confusion[i][j]`: articles of topic i that were answered with topic j, in the order of
    /// `topics`.
    pub confusion: Vec<Vec<usize>>,
    /// The learnt tags.
    pub tags: TagMeasures,
    /// The same over all tags of the archive, of which one that was too rare to be learnt is a miss. `None` if nobody
    /// said what these are.
    pub archive_tags: Option<TagMeasures>,
    /// The best suggestions from anywhere, in their order, against the tags of each article; equal are
    /// those with the same stems.
    pub suggestions: SuggestionMeasures,
}

/// Classifies every article and compares. Tags that count are the pipeline's own, and beside them `archive_tags`.
pub fn evaluate(
    pipeline: &Pipeline,
    articles: &[LabelledArticle],
    archive_tags: Option<&HashSet<String>>,
) -> Evaluation {
    let options = Options::new(OptionsDraft {
        max_tags: Some(usize::MAX),
        // Phrases of the article are measured by themselves.
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    })
    .unwrap_or_default();
    let answers: Vec<Option<Classification>> = articles
        .par_iter()
        .map(|article| answer(pipeline, article, &options))
        .collect();
    let own_tags = pipeline.manifest().tags.iter();
    let own_tags = own_tags.map(|tag| tag.label.clone()).collect();
    let topics = pipeline
        .manifest()
        .topics
        .iter()
        .map(|t| t.name.as_str())
        .collect();
    let mut evaluation = measure_topics(&topics, articles, &answers);
    evaluation.tags = measure_tags(articles, &answers, &own_tags);
    evaluation.archive_tags = archive_tags.map(|tags| measure_tags(articles, &answers, tags));
    evaluation.suggestions = measure_suggestions(pipeline, articles);
    evaluation
}

/// Measures a pipeline that may have a vocabulary: its learnt tags without it, as training measures them,
/// suggestions from anywhere with it. Returns the pipeline as it was.
///
/// # Errors
/// [`ConceptsError`] if the pipeline's own vocabulary is refused, which would be a defect.
pub fn evaluate_with_vocabulary(
    pipeline: Pipeline,
    articles: &[LabelledArticle],
) -> Result<(Pipeline, Evaluation), ConceptsError> {
    let vocabulary = pipeline.concepts().map(|own| own.entries().to_vec());
    let learnt = pipeline.with_concepts(None);
    let mut evaluation = evaluate(&learnt, articles, None);
    let Some(entries) = vocabulary else {
        return Ok((learnt, evaluation));
    };
    let pipeline = learnt.with_concepts(Some(Concepts::new(vec![entries])?));
    evaluation.suggestions = measure_suggestions(&pipeline, articles);
    Ok((pipeline, evaluation))
}

/// A pipeline's answer to an article of a corpus; `None` if it is no article.
pub(super) fn answer(
    pipeline: &Pipeline,
    article: &LabelledArticle,
    options: &Options,
) -> Option<Classification> {
    let article = Article::new(ArticleDraft {
        title: article.title.clone(),
        body: article.text.clone(),
        // Of pages their articles are left already (`corpus::pages`).
        format: ContentFormat::Text,
        ..ArticleDraft::default()
    });
    article
        .ok()
        .map(|article| pipeline.classify(&article, options))
}
