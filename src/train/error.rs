//! Why no model comes out.

use super::MAX_TOPICS;
use super::corpus::RowPlace;
use super::svm::SvmError;
use crate::pipeline::ArtifactError;

/// So many topics are named where there are too many.
const SHOWN_TOPICS: usize = 3;

/// The first of some topics, as errors name them.
pub(super) fn first_of<'a>(topics: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let first = topics.into_iter().take(SHOWN_TOPICS);
    first.map(|topic| format!("{topic:?}")).collect()
}

/// Why no model came out.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Nothing to tell apart.
    #[error("a topic model needs at least two topics; the training articles have {}: {}", topics.len(), topics.join(", "))]
    TooFewTopics {
        /// The topics there are.
        topics: Vec<String>,
    },
    /// More topics than an article can be told to be of.
    #[error("the training articles have {n_topics} topics, such as {}; the limit is {MAX_TOPICS}: name the field of the topic with --label-field, merge topics, or give them as tags", shown.join(", "))]
    TooManyTopics {
        /// How many there are.
        n_topics: usize,
        /// The first of them.
        shown: Vec<String>,
    },
    /// Articles to measure on whose topics can hardly be those of the model.
    #[error("the articles to measure on have {n_topics} topics that the model does not have, such as {}; the limit is {MAX_TOPICS}: name the field of the topic with --label-field, or leave topics alone with --label-field ''", shown.join(", "))]
    UnknownTopics {
        /// How many there are.
        n_topics: usize,
        /// The first of them.
        shown: Vec<String>,
    },
    /// Articles to measure on that have none of the topics that are learnt.
    #[error("no article of --test has a topic of the data: these are {}, those of --test {}; name the field of the topic with --label-field, or give other articles", learnt.join(", "), given.join(", "))]
    OtherTopics {
        /// The first topics of the data.
        learnt: Vec<String>,
        /// The first of the articles to measure on.
        given: Vec<String>,
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
    /// There are no topics, and no tag can be told by words.
    #[error("nothing to learn: no article has a topic, and no word tells any of the tags: {}; add articles that have other tags", tags.join(", "))]
    UntoldTags {
        /// The tags of enough articles.
        tags: Vec<String>,
    },
    /// No term is in two articles.
    #[error("the training articles share no words: no term is in two of them")]
    NoTerms,
    /// A split by time needs dates.
    #[error(
        "{n_undated} of {n_articles} articles have no date such as 2024-05-31, the first at {first}; name the field that has it with --date-field, or give them one"
    )]
    NoDate {
        /// Where the first of them was read.
        first: RowPlace,
        /// Articles without one.
        n_undated: usize,
        /// All articles.
        n_articles: usize,
    },
    /// Topics of one article each are hardly topics, and none of them can be both learnt and measured.
    #[error(
        "nothing can be held out to measure on: of each topic something must be left to learn from, and of {n_topics} topics {n_single} have one article, such as {}; name the field of the topic with --label-field, or give articles to measure on with --test", shown.join(", ")
    )]
    SingleArticles {
        /// All topics.
        n_topics: usize,
        /// Those of one article.
        n_single: usize,
        /// The first of them.
        shown: Vec<String>,
    },
    /// There is nothing to measure on.
    #[error(
        "nothing can be held out to measure on: of each topic something must be left to learn from, and of {n_articles} articles those of one --group-field, and those that nearly repeat each other, are kept together (groups: {n_groups}); name another --group-field, or give articles to measure on with --test"
    )]
    NothingHeldOut {
        /// All articles.
        n_articles: usize,
        /// Their groups.
        n_groups: usize,
    },
    /// A split by time has nothing to learn from.
    #[error(
        "nothing is left to learn from: the {n_held_out} newest articles are held out, and the other {n_left_out} left out, as they nearly repeat these or have their --group-field; name another --group-field, hold out another share with --test-share, or give articles to measure on with --test"
    )]
    NothingOlder {
        /// The newest articles.
        n_held_out: usize,
        /// All others.
        n_left_out: usize,
    },
    /// What is learnt cannot be tried on other articles while it is learnt.
    #[error(
        "the {n_articles} articles to learn from are one group, as they have one --group-field or nearly repeat each other, and how sure a model may be shows only on a group that it has not seen; name another --group-field, or add articles of other groups. With --test articles to measure on, none of these are held out"
    )]
    OneGroup {
        /// Articles to learn from.
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
