//! Fitted models become a pipeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::corpus::LabelledArticle;
use super::evaluate::Evaluation;
use super::tags::{TagModel, TagWeights};
use super::topics::TopicModel;
use super::vectorize::VectorizedCorpus;
use super::{TrainError, TrainParams};
use crate::model::table::TermRow;
use crate::model::{SplineCalibration, TermTable};
use crate::pipeline::manifest::{
    FORMAT_VERSION, Manifest, Metrics, TagEntry, TopicEntry, TrainingSummary,
};
use crate::pipeline::{ArtifactError, Pipeline};
use crate::tags::LearntTags;
use crate::tags::vocabulary::{LearntTagsParts, Posting};
use crate::text::{SAMPLE_CHARS, detect};

/// So many articles, evenly out of the corpus, tell its languages.
const LANGUAGE_SAMPLE_ARTICLES: usize = 500;
/// A language of at least this share of their letters is one of the model's. Short texts, such as results in
/// figures, are often taken for another language; they have few letters.
const MIN_LANGUAGE_SHARE: f32 = 0.05;

/// Everything that was fitted.
#[derive(Debug)]
pub struct Fitted<'a> {
    /// The training articles as numbers.
    pub corpus: &'a VectorizedCorpus,
    /// Topics with their numbers of articles, by class.
    pub topics: &'a [(String, usize)],
    /// `None` if there are no topics.
    pub topic_model: &'a Option<TopicModel>,
    /// Tags with their numbers of articles, by tag index.
    pub vocabulary: &'a [(String, usize)],
    /// The learnt tags.
    pub tag_model: &'a TagModel,
}

/// The IGM weight of each term, 1 without topics; (n_features).
pub fn igm_of(topic_model: Option<&TopicModel>, corpus: &VectorizedCorpus) -> Vec<f32> {
    topic_model.map_or_else(|| vec![1.0; corpus.idf.len()], |model| model.igm.clone())
}

/// idf × IGM weight of each term; (n_features).
pub fn term_weights(topic_model: Option<&TopicModel>, corpus: &VectorizedCorpus) -> Vec<f32> {
    let igm = igm_of(topic_model, corpus);
    corpus
        .idf
        .iter()
        .zip(igm)
        .map(|(idf, igm)| idf * igm)
        .collect()
}

/// Packs what was fitted into a pipeline that can be served, without its metrics.
///
/// # Errors
/// [`TrainError::Artifact`] if the parts do not fit, which would be a defect.
pub fn pack(
    fitted: &Fitted<'_>,
    articles: &[LabelledArticle],
    params: &TrainParams,
) -> Result<Pipeline, TrainError> {
    let weights = term_weights(fitted.topic_model.as_ref(), fitted.corpus);
    let columns = telling_columns(fitted, &weights, params.max_terms);
    let rows: Vec<TermRow<'_>> = columns
        .iter()
        .map(|&column| TermRow {
            hash: fitted.corpus.hashes[column],
            weight: weights[column],
            class_weights: class_weights(fitted.topic_model.as_ref(), column),
        })
        .collect();
    let intercepts = fitted
        .topic_model
        .as_ref()
        .map_or_else(Vec::new, |m| m.classifier.intercepts.to_vec());
    let table = TermTable::pack(&rows, intercepts);
    let tags = pack_tags(fitted, &table)?;
    let manifest = manifest(fitted, articles, table.n_terms(), params);
    let topic_model = fitted.topic_model.as_ref();
    let calibration = topic_model.map_or_else(
        || SplineCalibration::identity(0),
        |model| model.calibration.clone(),
    );
    Ok(Pipeline::new(manifest, table, calibration, tags))
}

/// Writes what was measured into the manifest, and takes the pipeline through its file form, so that
/// it is the one that will be loaded, version and all.
///
/// # Errors
/// [`ArtifactError`] if the pipeline's own bytes are refused, which would be a defect.
pub fn with_metrics(
    pipeline: Pipeline,
    evaluation: &Evaluation,
) -> Result<Pipeline, ArtifactError> {
    let mut pipeline = pipeline;
    let manifest = pipeline.manifest_mut();
    for topic in &mut manifest.topics {
        let score = evaluation
            .topics
            .iter()
            .find(|score| score.name == topic.name);
        topic.f1 = score.map_or(0.0, |score| score.f1 as f32);
    }
    manifest.metrics = Metrics {
        articles: evaluation.n_articles as u64,
        accuracy: evaluation.accuracy as f32,
        macro_f1: evaluation.macro_f1 as f32,
        calibration_error: evaluation.calibration_error as f32,
        log_loss: evaluation.log_loss.unwrap_or_default() as f32,
        tag_micro_f1: evaluation.tags.micro_f1 as f32,
        tag_macro_f1: evaluation.tags.macro_f1 as f32,
    };
    Pipeline::from_bytes(&pipeline.to_bytes()?)
}

fn class_weights(model: Option<&TopicModel>, column: usize) -> &[f32] {
    let row = model.map(|m| m.classifier.weights.row(column).to_slice());
    row.flatten().unwrap_or_default()
}

/// The columns to keep, commonest first: those that tags need, then those that can move a topic's
/// score most, over all articles.
fn telling_columns(fitted: &Fitted<'_>, weights: &[f32], max_terms: usize) -> Vec<usize> {
    let n_features = weights.len();
    let mut of_tags = vec![false; n_features];
    let tag_terms = fitted.tag_model.tags.iter().flat_map(|tag| &tag.weights);
    tag_terms.for_each(|&(column, _)| of_tags[column as usize] = true);
    let mut order: Vec<usize> = (0..n_features).collect();
    if n_features > max_terms {
        let importance: Vec<f32> = (0..n_features)
            .map(|column| {
                let row = class_weights(fitted.topic_model.as_ref(), column);
                let largest = row.iter().map(|w| w.abs()).fold(0.0, f32::max);
                largest
                    * weights[column]
                    * (fitted.corpus.document_frequencies[column] as f32).sqrt()
            })
            .collect();
        order.sort_by(|&a, &b| {
            of_tags[b]
                .cmp(&of_tags[a])
                .then(importance[b].total_cmp(&importance[a]))
                .then(a.cmp(&b))
        });
        order.truncate(max_terms);
        order.sort_unstable();
    }
    order
}

fn pack_tags(fitted: &Fitted<'_>, table: &TermTable) -> Result<LearntTags, ArtifactError> {
    let scales: Vec<f32> = fitted.tag_model.tags.iter().map(scale).collect();
    let mut by_slot: BTreeMap<u32, Vec<Posting>> = BTreeMap::new();
    for (tag, (model, scale)) in fitted.tag_model.tags.iter().zip(&scales).enumerate() {
        for &(column, weight) in &model.weights {
            let Some(slot) = table.find(fitted.corpus.hashes[column as usize]) else {
                continue;
            };
            by_slot.entry(slot as u32).or_default().push(Posting {
                tag: tag as u16,
                weight: (weight / scale).round().clamp(-127.0, 127.0) as i8,
            });
        }
    }
    let parts = LearntTagsParts {
        intercepts: fitted
            .tag_model
            .tags
            .iter()
            .map(|tag| tag.intercept)
            .collect(),
        scales,
        slots: by_slot.keys().copied().collect(),
        lengths: by_slot
            .values()
            .map(|postings| postings.len() as u32)
            .collect(),
        postings: by_slot.into_values().flatten().collect(),
        calibration: fitted.tag_model.calibration,
    };
    let labels = fitted
        .vocabulary
        .iter()
        .map(|(tag, _)| Arc::from(tag.as_str()))
        .collect();
    Ok(LearntTags::new(labels, parts, table.capacity())?)
}

/// The weight of one step of a posting.
fn scale(tag: &TagWeights) -> f32 {
    let largest = tag.weights.iter().map(|(_, w)| w.abs()).fold(0.0, f32::max);
    if largest > 0.0 { largest / 127.0 } else { 1.0 }
}

fn manifest(
    fitted: &Fitted<'_>,
    articles: &[LabelledArticle],
    n_terms: usize,
    params: &TrainParams,
) -> Manifest {
    let topics = fitted.topics.iter().map(|(name, count)| TopicEntry {
        name: name.clone(),
        iptc_code: params.topic_codes.get(name).cloned().unwrap_or_default(),
        training_articles: *count as u64,
        f1: 0.0,
    });
    let tags = fitted.vocabulary.iter().map(|(label, count)| TagEntry {
        label: label.clone(),
        training_articles: *count as u64,
    });
    Manifest {
        format_version: FORMAT_VERSION,
        digest: String::new(),
        name: params.name.clone(),
        topics: topics.collect(),
        tags: tags.collect(),
        languages: languages(articles, params),
        terms: params.terms,
        review_threshold: fitted
            .topic_model
            .as_ref()
            .map_or(0.0, |model| model.review_threshold),
        tag_calibration: fitted.tag_model.calibration,
        training: TrainingSummary {
            articles: articles.len() as u64,
            seed: params.seed,
            c: fitted.topic_model.as_ref().map_or(0.0, |model| model.c),
            terms: n_terms as u64,
            trained_at_unix_seconds: params.trained_at_unix_seconds,
            data: params.data.clone(),
            licence: params.licence.clone(),
        },
        metrics: Metrics::default(),
    }
}

fn languages(articles: &[LabelledArticle], params: &TrainParams) -> Vec<String> {
    if !params.languages.is_empty() {
        return params.languages.clone();
    }
    let stride = articles.len().div_ceil(LANGUAGE_SAMPLE_ARTICLES).max(1);
    let mut letters: BTreeMap<String, usize> = BTreeMap::new();
    for article in articles.iter().step_by(stride) {
        let longer = if article.text.is_empty() {
            &article.title
        } else {
            &article.text
        };
        if let Some(language) = detect(longer) {
            let read = longer.chars().take(SAMPLE_CHARS);
            *letters.entry(language.primary()).or_default() +=
                read.filter(|c| c.is_alphabetic()).count();
        }
    }
    let n_letters: usize = letters.values().sum();
    let is_common = |own: usize| own as f32 >= MIN_LANGUAGE_SHARE * n_letters as f32;
    letters
        .into_iter()
        .filter(|(_, own)| is_common(*own))
        .map(|(language, _)| language)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_no_language_of_a_model() {
        let text = |text: &str| LabelledArticle {
            text: text.to_owned(),
            ..LabelledArticle::default()
        };
        let report = "The harbour council voted on Thursday to repair the old lighthouse before winter, \
            and asked the parliament in the capital to pay for half of the work, as the fishermen had hoped.";
        let figures = "Shr loss 41 cts vs loss six cts, Net loss 318,402 vs loss 52,117, \
            Sales 212,640 vs 190,455, Avg shrs";
        assert_ne!(detect(figures).unwrap().primary(), "en");
        let mut articles = vec![text(report); 18];
        articles.extend(vec![text(figures); 2]);
        assert_eq!(languages(&articles, &TrainParams::default()), ["en"]);
        // Those of several languages still have them all.
        let french = "Le conseil du port a voté jeudi la réparation du vieux phare avant l'hiver, et demande au \
            parlement de payer la moitié des travaux.";
        articles.extend(vec![text(french); 4]);
        assert_eq!(languages(&articles, &TrainParams::default()), ["en", "fr"]);
    }
}
