//! Step 7: labelled articles become a pipeline.
//!
//! - [`train`]: read this first.
//! - `params`, `step`, `error`: what a run is told, what it is doing, why no model comes out.
//! - [`corpus`]: articles out of files; bad rows named.
//! - [`split`]: near-duplicates, hold-outs and folds.
//! - [`mod@vectorize`]: a corpus becomes a matrix.
//! - `learnt`: a corpus becomes a matrix and a topic model.
//! - [`svm`]: the solver, a linfa estimator.
//! - [`calibrate`]: scores become probabilities that hold; [`coverage`]: from which one on nobody needs to look.
//! - [`topics`], [`tags`], [`keyphrases`]: the recipes of the three models.
//! - `self_training`: articles without a topic that a first model is sure of.
//! - `ranker`: whether the ranker of phrases is fitted or the built-in model's; [`word_statistics`] and `tag_odds`: the table
//!   that it looks words up in.
//! - [`lines`], [`dumps`]: labelled pages become a model of their lines.
//! - [`pages`]: labelled pages out of a folder.
//! - [`pack`]: fitted models become a pipeline.
//! - [`evaluate`], [`ranking`], [`reliability`]: how good a pipeline is.
//! - [`study`]: what an owner wants to know of an archive: [`mislabelled`] articles, [`telling_terms`], the
//!   [`learning_curve`].
//! - [`memory`]: what a run will need.

pub mod calibrate;
pub mod corpus;
pub mod coverage;
pub mod dumps;
mod error;
pub mod evaluate;
pub mod keyphrases;
pub mod learning_curve;
mod learnt;
pub mod lines;
pub mod memory;
pub mod mislabelled;
pub mod neighbours;
pub mod pack;
pub mod pages;
mod params;
mod ranker;
pub mod ranking;
pub mod reliability;
mod self_training;
mod sources;
pub mod split;
mod step;
pub mod study;
pub mod svm;
mod tag_odds;
pub mod tags;
pub mod telling_terms;
pub mod topics;
pub mod vectorize;
pub mod word_statistics;
mod word_vectors;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub use error::TrainError;
pub use params::{TrainParams, iptc_codes};
pub use ranker::{KeyphraseData, RankerSource};
pub use split::{Split, hold_out, hold_out_newest};
pub use step::{OnStep, Step};

use crate::features::TermParams;
use crate::pipeline::Pipeline;
use corpus::LabelledArticle;
use error::first_of;
use evaluate::Evaluation;
use learnt::Learnt;
use study::Study;
use tags::{TagData, TagModel};
use topics::{N_FOLDS, NO_FOLD};

/// A mention in the title counts as so many where there are only tags to learn: an article's tags are what
/// it is about, which its title says. Chosen by cross-validation; `bench/tags` has the figures.
const TITLE_MENTIONS_OF_TAGS: u32 = 3;

/// What calibrating takes grows with the cube of it: of a thousand topics 8 GB and minutes.
pub const MAX_TOPICS: usize = 1_000;

/// A model with what was measured on the held-out articles, which it has not seen.
#[derive(Debug)]
pub struct Trained {
    /// The finished model, as it will be served.
    pub pipeline: Pipeline,
    /// Its quality on the held-out articles.
    pub evaluation: Evaluation,
    /// Articles learnt from.
    pub n_training_articles: usize,
    /// Further ones, whose topics a first model found.
    pub n_self_labelled: usize,
    /// Tags with enough articles that are not learnt, as no word tells them.
    pub untold_tags: Vec<String>,
    /// Where the ranker of the articles' own phrases came from.
    pub ranker: RankerSource,
    /// What was found about the archive, if [`TrainParams::studies_archive`].
    pub study: Option<Study>,
}

/// Trains a model on one part of a corpus and measures it on the other, by the same
/// [`Pipeline::classify`] that the service calls. The same split and parameters give the same
/// pipeline, bit for bit, on any number of threads.
///
/// Of articles that are `unlabelled` those are learnt from too of whose topic a first model is surest. They choose
/// nothing: what C is best and how far confidences hold is said by articles whose topics are known. Words' neighbours
/// are looked for in all of them.
///
/// # Errors
/// [`TrainError`] says what the articles lack.
pub fn train(
    split: &Split,
    unlabelled: &[LabelledArticle],
    keyphrase_data: &KeyphraseData,
    params: &TrainParams,
    on_step: &OnStep<'_>,
) -> Result<Trained, TrainError> {
    let topics = topics_of(&split.train, params)?;
    let of_model = topics.iter().map(|(topic, _)| topic.as_str()).collect();
    evaluate::check_topics(&of_model, &split.test)?;
    evaluate::check_shared_topics(&of_model, &split.test)?;
    let vocabulary = tags::vocabulary(
        split.train.iter().flat_map(|a| &a.tags),
        params.min_tag_examples,
    );
    if topics.is_empty() && vocabulary.is_empty() {
        return Err(TrainError::TooFewTags {
            min: params.min_tag_examples,
        });
    }
    let params = &TrainParams {
        terms: terms_of(&topics, params),
        min_df: params.min_df_of(split.train.len(), vocabulary.len()),
        ..params.clone()
    };
    on_step(Step::Grouping {
        n_articles: split.train.len(),
    });
    let groups = split::groups(&split.train);
    if split::count_groups(&groups) < 2 {
        return Err(TrainError::OneGroup {
            n_articles: split.train.len(),
        });
    }
    let mut folds =
        split::stratified_folds(&split::strata(&split.train), &groups, N_FOLDS, params.seed);
    let background = match keyphrase_data.background.is_empty() {
        true => &split.train,
        false => &keyphrase_data.background,
    };
    let company = neighbours::company(background, unlabelled);
    let learn = |articles: &[LabelledArticle], folds: &[usize], known_c: Option<f32>| {
        Learnt::of(
            (articles, folds),
            &topics,
            &company,
            known_c,
            params,
            on_step,
        )
    };
    let mut articles = Cow::Borrowed(&split.train);
    let mut learnt = learn(&articles, &folds, None)?;
    if let (Some(first), false) = (&learnt.topic_model, unlabelled.is_empty()) {
        on_step(Step::LabellingArticles {
            n_articles: unlabelled.len(),
        });
        let known_c = Some(first.c);
        let teacher = learnt.packed(&topics, (&[], &TagModel::default()), &split.train, params)?;
        let with_self_labelled = self_training::with_self_labelled;
        articles = Cow::Owned(with_self_labelled(&teacher, &split.train, unlabelled));
        folds.resize(articles.len(), NO_FOLD);
        // Before the next is made: one matrix at a time.
        drop(learnt);
        learnt = learn(&articles, &folds, known_c)?;
    }
    let tag_model = fit_tags(&articles, &learnt, &vocabulary, &folds, params, on_step)?;
    let (vocabulary, untold_tags) = told_apart(vocabulary, &tag_model);
    if topics.is_empty() && vocabulary.is_empty() {
        return Err(TrainError::UntoldTags { tags: untold_tags });
    }
    on_step(Step::FittingKeyphrases);
    let (keyphrases, ranker) = ranker::fitted_or_built_in(&split.train, keyphrase_data)?;
    on_step(Step::Packing);
    let tags = (&vocabulary[..], &tag_model);
    let pipeline = learnt.packed(&topics, tags, &split.train, params)?;
    let pipeline = pipeline.with_keyphrases(keyphrases);
    on_step(Step::Evaluating {
        n_articles: split.test.len(),
    });
    let evaluation = evaluate::evaluate(&pipeline, &split.test, Some(&split.archive_tags()));
    let pipeline = pack::with_metrics(pipeline, &evaluation)?;
    let study = match (&learnt.topic_model, params.studies_archive) {
        (Some(model), true) => {
            on_step(Step::StudyingArchive);
            let data = learnt.topic_data(&folds, &topics);
            Some(Study::of_training(&pipeline, split, data, model, params)?)
        }
        _ => None,
    };
    Ok(Trained {
        pipeline,
        evaluation,
        n_training_articles: split.train.len(),
        n_self_labelled: articles.len() - split.train.len(),
        untold_tags,
        ranker,
        study,
    })
}

/// How many topics articles have.
///
/// # Errors
/// [`TrainError::TooManyTopics`] if these are more than a model may have.
pub fn count_topics(articles: &[LabelledArticle]) -> Result<usize, TrainError> {
    let labels = articles.iter().map(|article| article.label.as_str());
    let topics: BTreeSet<&str> = labels.filter(|label| !label.is_empty()).collect();
    if topics.len() > MAX_TOPICS {
        return Err(TrainError::TooManyTopics {
            n_topics: topics.len(),
            shown: first_of(topics),
        });
    }
    Ok(topics.len())
}

/// A topic of the training articles with its number of them, in alphabetical order.
type CountedTopics = Vec<(String, usize)>;

fn topics_of(
    articles: &[LabelledArticle],
    params: &TrainParams,
) -> Result<CountedTopics, TrainError> {
    count_topics(articles)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    articles
        .iter()
        .filter(|article| !article.label.is_empty())
        .for_each(|article| *counts.entry(&article.label).or_default() += 1);
    if counts.len() == 1 {
        let topics = counts.into_keys().map(String::from).collect();
        return Err(TrainError::TooFewTopics { topics });
    }
    let rare: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count < params.min_topic_examples)
        .map(|(topic, count)| format!("{topic} ({count})"))
        .collect();
    if !rare.is_empty() {
        return Err(TrainError::TooFewExamples {
            min: params.min_topic_examples,
            rare,
        });
    }
    Ok(counts
        .into_iter()
        .map(|(topic, count)| (topic.to_owned(), count))
        .collect())
}

/// Which terms articles are turned into. Without topics a mention in the title counts as
/// [`TITLE_MENTIONS_OF_TAGS`] at least: a row that is the tags' alone need not suit topics.
fn terms_of(topics: &CountedTopics, params: &TrainParams) -> TermParams {
    let mut terms = params.terms;
    if topics.is_empty() {
        terms.title_mentions = terms.title_mentions.max(TITLE_MENTIONS_OF_TAGS);
    }
    terms
}

fn fit_tags(
    articles: &[LabelledArticle],
    learnt: &Learnt,
    vocabulary: &[(String, usize)],
    folds: &[usize],
    params: &TrainParams,
    on_step: &OnStep<'_>,
) -> Result<TagModel, TrainError> {
    let index = |tag: &String| {
        vocabulary
            .binary_search_by(|(label, _)| label.cmp(tag))
            .ok()
    };
    // An article that has only rare tags still says that it has none of the others.
    let tags: Vec<Vec<usize>> = articles
        .iter()
        .map(|article| article.tags.iter().filter_map(index).collect())
        .collect();
    let topic_model = learnt.topic_model.as_ref();
    let igm = pack::igm_of(topic_model, &learnt.corpus);
    let term_weights = pack::term_weights(topic_model, &learnt.corpus);
    let data = TagData {
        records: &learnt.corpus.records,
        igm: &igm,
        term_weights: &term_weights,
        tags: &tags,
        is_tagged: &articles
            .iter()
            .map(|article| !article.tags.is_empty())
            .collect::<Vec<_>>(),
        folds,
        n_tags: vocabulary.len(),
    };
    tags::fit(data, params, on_step)
}

/// The tags that were learnt with their counts, and the names of the others.
fn told_apart(
    vocabulary: Vec<(String, usize)>,
    model: &TagModel,
) -> (Vec<(String, usize)>, Vec<String>) {
    let mut untold = Vec::new();
    let mut learnt = Vec::new();
    for (index, (tag, count)) in vocabulary.into_iter().enumerate() {
        match model.learnt.binary_search(&index) {
            Ok(_) => learnt.push((tag, count)),
            Err(_) => untold.push(tag),
        }
    }
    (learnt, untold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_count_more_where_there_are_only_tags() {
        let params = TrainParams::default();
        let mentions = |topics: &CountedTopics| terms_of(topics, &params).title_mentions;
        assert_eq!(mentions(&Vec::new()), TITLE_MENTIONS_OF_TAGS);
        assert_eq!(mentions(&vec![("Sports".to_owned(), 9)]), 1);
    }
}
