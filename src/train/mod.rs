//! Step 7: labelled articles become a pipeline.
//!
//! - [`train`]: read this first.
//! - [`corpus`]: articles out of files; bad rows named.
//! - [`split`]: near-duplicates, hold-outs and folds.
//! - [`mod@vectorize`]: a corpus becomes a matrix.
//! - [`svm`]: the solver, a linfa estimator.
//! - [`calibrate`]: scores become probabilities that hold.
//! - [`topics`], [`tags`], [`keyphrases`]: the recipes of the three models.
//! - [`lines`], [`dumps`]: labelled pages become a model of their lines.
//! - [`pages`]: labelled pages out of a folder.
//! - [`pack`]: fitted models become a pipeline.
//! - [`evaluate`], [`ranking`], [`reliability`]: how good a pipeline is.
//! - [`study`]: what an owner wants to know of an archive: [`mislabelled`] articles, [`telling_terms`], the
//!   [`learning_curve`].
//! - [`memory`]: what a run will need.

pub mod calibrate;
pub mod corpus;
pub mod dumps;
pub mod evaluate;
pub mod keyphrases;
pub mod learning_curve;
pub mod lines;
pub mod memory;
pub mod mislabelled;
pub mod pack;
pub mod pages;
pub mod ranking;
pub mod reliability;
mod rows;
mod sources;
pub mod split;
pub mod study;
pub mod svm;
pub mod tags;
pub mod telling_terms;
pub mod topics;
pub mod vectorize;

use std::collections::{BTreeMap, HashMap};

use crate::features::TermParams;
use crate::pipeline::{ArtifactError, Pipeline};
use crate::tags::Keyphrases;
use corpus::{Corpus, LabelledArticle};
use evaluate::Evaluation;
use study::Study;
use svm::SvmError;
use tags::{TagData, TagModel};
use topics::{N_FOLDS, TopicData, TopicModel};
use vectorize::{VectorizedCorpus, vectorize};

/// How a model is trained. The defaults are those of the default model.
#[derive(Debug, Clone)]
pub struct TrainParams {
    /// Name of the model, such as `news-en`.
    pub name: String,
    /// Seed of splits and solvers.
    pub seed: u64,
    /// Which terms articles are turned into.
    pub terms: TermParams,
    /// Terms of fewer articles are dropped.
    pub min_df: u32,
    /// Weight of the inverse gravity moment; 0: plain tf × idf.
    pub igm_lambda: f32,
    /// How far topics are weighted up towards equal numbers of articles; see
    /// [`svm::OneVsRestSvmParams::balance`].
    pub topic_balance: f32,
    /// The accuracy that answers without review shall have, in [0, 1].
    pub auto_accuracy: f64,
    /// At most so many terms are kept, the most telling ones.
    pub max_terms: usize,
    /// Topics of fewer training articles are an error.
    pub min_topic_examples: usize,
    /// Tags of fewer training articles are not learnt.
    pub min_tag_examples: usize,
    /// Tags of less confidence are not offered, even where that would find more of them; in [0, 1].
    pub min_tag_confidence: f32,
    /// The tags' C.
    pub tag_c: f32,
    /// At most so many terms speak for or against one tag.
    pub max_tag_terms: usize,
    /// IPTC Media Topic of each topic that has one, by name.
    pub topic_codes: BTreeMap<String, String>,
    /// Primary BCP 47 subtags; empty: detected from the articles.
    pub languages: Vec<String>,
    /// Where the articles came from.
    pub data: String,
    /// Licence of the model.
    pub licence: String,
    /// Unix seconds to record.
    pub trained_at_unix_seconds: Option<i64>,
    /// Whether the archive is studied too, for a report; the model does not depend on it.
    pub studies_archive: bool,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            name: "custom".into(),
            seed: 42,
            terms: TermParams::default(),
            min_df: 2,
            igm_lambda: 1.0,
            topic_balance: 1.0,
            auto_accuracy: 0.95,
            max_terms: 200_000,
            min_topic_examples: 1,
            min_tag_examples: 5,
            min_tag_confidence: 0.0,
            tag_c: 1.0,
            max_tag_terms: 4_000,
            topic_codes: iptc_codes(),
            languages: Vec::new(),
            data: String::new(),
            licence: String::new(),
            trained_at_unix_seconds: None,
            studies_archive: false,
        }
    }
}

/// The IPTC Media Topics of the default model's topic names.
///
/// Source: IPTC NewsCodes, Media Topics, top level (<https://iptc.org/standards/media-topics/>).
pub fn iptc_codes() -> BTreeMap<String, String> {
    [
        ("Culture & Entertainment", "01000000"),
        ("Crime", "02000000"),
        ("Disasters", "03000000"),
        ("Economy", "04000000"),
        ("Education", "05000000"),
        ("Environment", "06000000"),
        ("Health", "07000000"),
        ("Lifestyle", "10000000"),
        ("Politics", "11000000"),
        ("Science & Tech", "13000000"),
        ("Sports", "15000000"),
        ("Conflict", "16000000"),
    ]
    .map(|(topic, code)| (topic.to_owned(), format!("medtop:{code}")))
    .into()
}

/// What a training run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking for near-duplicates.
    Grouping {
        /// Articles of the corpus.
        n_articles: usize,
    },
    /// Counting and weighting terms, in two passes.
    Vectorizing {
        /// Articles that are learnt from.
        n_articles: usize,
    },
    /// Trying values of C.
    ChoosingC {
        /// Models to fit.
        n_fits: usize,
    },
    /// Fitting the topic model and the models of the folds.
    FittingTopics {
        /// Models to fit.
        n_fits: usize,
    },
    /// Fitting probabilities.
    Calibrating,
    /// Fitting tags.
    FittingTags {
        /// Tags to fit.
        n_tags: usize,
    },
    /// Fitting the ranker of the articles' own phrases.
    FittingKeyphrases,
    /// Packing the model.
    Packing,
    /// Measuring on held-out articles.
    Evaluating {
        /// Held-out articles.
        n_articles: usize,
    },
    /// Studying the archive for a report.
    StudyingArchive,
    /// The step that began last has got on.
    Advanced {
        /// So many more articles (of one pass), fits or tags are done.
        n_units: usize,
    },
}

/// Called when a training run begins something new, and when it gets on with it.
pub type OnStep<'a> = dyn Fn(Step) + Sync + 'a;

/// Why no model came out.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Nothing to tell apart.
    #[error("a topic model needs at least two topics; the training articles have {}: {}", topics.len(), topics.join(", "))]
    TooFewTopics {
        /// The topics there are.
        topics: Vec<String>,
    },
    /// Topics with too little to learn from.
    #[error("topics with fewer than {min} training articles: {}; add examples, merge the topics, or lower --min-topic-examples", rare.join(", "))]
    TooFewExamples {
        /// The least number.
        min: usize,
        /// The topics with their counts.
        rare: Vec<String>,
    },
    /// No tag is frequent enough and there are no topics.
    #[error(
        "nothing to learn: no article has a topic and no tag has {min} examples; lower --min-tag-examples or add articles"
    )]
    TooFewTags {
        /// The least number of examples.
        min: usize,
    },
    /// No term is in two articles.
    #[error("the training articles share no words: every term is in fewer than {min_df} articles")]
    NoTerms {
        /// The least number of articles.
        min_df: u32,
    },
    /// A split by time needs dates.
    #[error(
        "{n_undated} of {n_articles} articles have no date such as 2024-05-31; name the field that has it with --date-field"
    )]
    NoDate {
        /// Articles without one.
        n_undated: usize,
        /// All articles.
        n_articles: usize,
    },
    /// The solver refused its parameters.
    #[error(transparent)]
    Svm(#[from] SvmError),
    /// linfa's logistic regression failed.
    #[error("calibration failed: {0}")]
    Calibration(String),
    /// No model of lines could be fitted.
    #[error("the line model could not be fitted: {0}")]
    Lines(String),
    /// The model could not be put together.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

/// A model with what was measured on the held-out articles, which it has not seen.
#[derive(Debug)]
pub struct Trained {
    /// The finished model, as it will be served.
    pub pipeline: Pipeline,
    /// Its quality on the held-out articles.
    pub evaluation: Evaluation,
    /// Articles learnt from.
    pub n_training_articles: usize,
    /// Where the ranker of the articles' own phrases came from.
    pub ranker: RankerSource,
    /// What was found about the archive, if [`TrainParams::studies_archive`].
    pub study: Option<Study>,
}

/// What is learnt from and what is measured on.
#[derive(Debug, Clone)]
pub struct Split {
    /// Learnt from.
    pub train: Vec<LabelledArticle>,
    /// Measured on.
    pub test: Vec<LabelledArticle>,
}

/// What the ranker of the articles' own phrases is learnt from. Empty: from the corpus if that has
/// enough articles whose tags their texts have, else it is the built-in model's.
#[derive(Debug, Clone, Default)]
pub struct KeyphraseData {
    /// Full articles with their editors' tags.
    pub tagged: Vec<LabelledArticle>,
    /// Any texts, to count how words are used.
    pub background: Vec<LabelledArticle>,
    /// Tags that editors use, of these articles or others: phrases among them are likelier tags.
    pub known_tags: Vec<String>,
}

/// Where the ranker of a model came from.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum RankerSource {
    /// Fitted in this run.
    Fitted(keyphrases::CrossValidation),
    /// Taken from the built-in model.
    BuiltIn,
    /// There is none: the model offers learnt tags alone.
    None,
}

/// Holds out a seeded, stratified share of a corpus, in (0, 1): whole groups, no near-duplicates
/// across.
pub fn hold_out(corpus: Corpus, share: f64, seed: u64, on_step: &OnStep<'_>) -> Split {
    on_step(Step::Grouping {
        n_articles: corpus.articles.len(),
    });
    let groups = split::groups(&corpus.articles);
    let strata = strata(&corpus.articles);
    let n_folds = (1.0 / share).round().max(2.0) as usize;
    let folds = split::stratified_folds(&strata, &groups, n_folds, seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (article, fold) in corpus.articles.into_iter().zip(folds) {
        // The last fold is the one that rare labels reach last.
        if fold + 1 == n_folds {
            test.push(article)
        } else {
            train.push(article)
        }
    }
    Split { train, test }
}

/// Holds out the newest share of a corpus, in (0, 1): what comes is another matter than what was.
///
/// # Errors
/// [`TrainError::NoDate`] if an article has no date.
pub fn hold_out_newest(corpus: Corpus, share: f64) -> Result<Split, TrainError> {
    let mut train = corpus.articles;
    let n_undated = train.iter().filter(|a| a.date.is_empty()).count();
    if n_undated > 0 {
        return Err(TrainError::NoDate {
            n_undated,
            n_articles: train.len(),
        });
    }
    train.sort_by(|a, b| a.date.cmp(&b.date));
    let n_test = (share * train.len() as f64).round() as usize;
    let test = train.split_off(train.len().saturating_sub(n_test.max(1)));
    Ok(Split { train, test })
}

/// Trains a model on one part of a corpus and measures it on the other, by the same
/// [`Pipeline::classify`] that the service calls. The same split and parameters give the same
/// pipeline, bit for bit, on any number of threads.
///
/// # Errors
/// [`TrainError`] says what the articles lack.
pub fn train(
    split: &Split,
    keyphrase_data: &KeyphraseData,
    params: &TrainParams,
    on_step: &OnStep<'_>,
) -> Result<Trained, TrainError> {
    let topics = topics_of(&split.train, params)?;
    let vocabulary = tags::vocabulary(
        split.train.iter().flat_map(|a| &a.tags),
        params.min_tag_examples,
    );
    if topics.is_empty() && vocabulary.is_empty() {
        return Err(TrainError::TooFewTags {
            min: params.min_tag_examples,
        });
    }
    on_step(Step::Grouping {
        n_articles: split.train.len(),
    });
    let groups = split::groups(&split.train);
    let folds = split::stratified_folds(&strata(&split.train), &groups, N_FOLDS, params.seed);
    on_step(Step::Vectorizing {
        n_articles: split.train.len(),
    });
    let corpus = vectorize(&split.train, &params.terms, params.min_df, &|n_units| {
        on_step(Step::Advanced { n_units });
    });
    if corpus.hashes.is_empty() {
        return Err(TrainError::NoTerms {
            min_df: params.min_df,
        });
    }
    let targets = targets(&split.train, &topics);
    let weights = sources::weights(&split.train);
    let data = TopicData {
        records: &corpus.records,
        targets: &targets,
        weights: &weights,
        folds: &folds,
        n_topics: topics.len(),
    };
    // An archive of tags alone has no topics to learn.
    let topic_model = match topics.is_empty() {
        true => None,
        false => Some(topics::fit(data, params, on_step)?),
    };
    let tag_model = fit_tags(
        &split.train,
        &corpus,
        &topic_model,
        &vocabulary,
        &folds,
        params,
        on_step,
    )?;
    on_step(Step::FittingKeyphrases);
    let (keyphrases, ranker) = fit_keyphrases(&split.train, keyphrase_data)?;
    on_step(Step::Packing);
    let fitted = pack::Fitted {
        corpus: &corpus,
        topics: &topics,
        topic_model: &topic_model,
        vocabulary: &vocabulary,
        tag_model: &tag_model,
    };
    let pipeline = pack::pack(&fitted, &split.train, params)?.with_keyphrases(keyphrases);
    on_step(Step::Evaluating {
        n_articles: split.test.len(),
    });
    let seen_tags = split
        .train
        .iter()
        .flat_map(|a| a.tags.iter().cloned())
        .collect();
    let evaluation = evaluate::evaluate(&pipeline, &split.test, Some(&seen_tags));
    let pipeline = pack::with_metrics(pipeline, &evaluation)?;
    let study = match (&topic_model, params.studies_archive) {
        (Some(model), true) => {
            on_step(Step::StudyingArchive);
            Some(Study::of_training(&pipeline, split, data, model, params)?)
        }
        _ => None,
    };
    Ok(Trained {
        pipeline,
        evaluation,
        n_training_articles: split.train.len(),
        ranker,
        study,
    })
}

/// The ranker, fitted on what was given for it, or on the corpus, or the built-in model's.
fn fit_keyphrases(
    corpus: &[LabelledArticle],
    data: &KeyphraseData,
) -> Result<(Option<Keyphrases>, RankerSource), TrainError> {
    // Not needed, and so not read, where all is given: the built-in model itself is trained so.
    let built_in = || Ok::<_, ArtifactError>(Pipeline::built_in()?.keyphrases().cloned());
    let mut statistics = if data.background.is_empty() {
        match built_in()? {
            Some(known) => known.statistics,
            None => return Ok((None, RankerSource::None)),
        }
    } else {
        keyphrases::count_words(&data.background)
    };
    if !data.known_tags.is_empty() {
        statistics.known_tags = keyphrases::known_tags(&data.known_tags);
    } else if let (false, Some(known)) = (data.background.is_empty(), built_in()?) {
        statistics.known_tags = known.statistics.known_tags;
    }
    let tagged = if data.tagged.is_empty() {
        corpus
    } else {
        &data.tagged
    };
    if let Some((fitted, measured)) = keyphrases::fit(tagged, statistics)? {
        return Ok((Some(fitted), RankerSource::Fitted(measured)));
    }
    Ok(match built_in()? {
        Some(known) => (Some(known), RankerSource::BuiltIn),
        None => (None, RankerSource::None),
    })
}

/// A topic of the training articles with its number of them, in alphabetical order.
type CountedTopics = Vec<(String, usize)>;

fn topics_of(
    articles: &[LabelledArticle],
    params: &TrainParams,
) -> Result<CountedTopics, TrainError> {
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

/// What a split must spread evenly: the label, or the first tag where there are no labels.
fn strata(articles: &[LabelledArticle]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    articles
        .iter()
        .map(|article| {
            let name = match article.tags.first() {
                Some(tag) if article.label.is_empty() => tag,
                _ => &article.label,
            };
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        })
        .collect()
}

/// The place of each article's topic in `topics`, which are in alphabetical order.
fn targets(articles: &[LabelledArticle], topics: &[(String, usize)]) -> Vec<usize> {
    let class = |article: &LabelledArticle| {
        topics
            .binary_search_by(|(topic, _)| topic.as_str().cmp(&article.label))
            .unwrap_or(0)
    };
    articles.iter().map(class).collect()
}

fn fit_tags(
    articles: &[LabelledArticle],
    corpus: &VectorizedCorpus,
    topic_model: &Option<TopicModel>,
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
    let igm = pack::igm_of(topic_model.as_ref(), corpus);
    let term_weights = pack::term_weights(topic_model.as_ref(), corpus);
    let data = TagData {
        records: &corpus.records,
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
