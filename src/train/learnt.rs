//! Articles become a matrix, and a topic model is fitted to it.

use std::sync::Arc;

use super::corpus::LabelledArticle;
use super::neighbours::Neighbours;
use super::tags::TagModel;
use super::topics::{self, TopicData, TopicModel};
use super::vectorize::{VectorizedCorpus, vectorize};
use super::{CountedTopics, OnStep, Step, TrainError, TrainParams, pack, sources};
use crate::pipeline::Pipeline;

/// Articles as numbers, and the topics that were learnt from them.
pub(super) struct Learnt {
    pub(super) corpus: VectorizedCorpus,
    targets: Vec<usize>,
    weights: Vec<f32>,
    neighbours: Option<Arc<Neighbours>>,
    /// An archive of tags alone has no topics to learn.
    pub(super) topic_model: Option<TopicModel>,
}

impl Learnt {
    /// Learns from articles with their folds; `company` is what words' neighbours are found in.
    pub(super) fn of(
        (articles, folds): (&[LabelledArticle], &[usize]),
        topics: &CountedTopics,
        company: &[&LabelledArticle],
        known_c: Option<f32>,
        params: &TrainParams,
        on_step: &OnStep<'_>,
    ) -> Result<Self, TrainError> {
        on_step(Step::Vectorizing {
            n_articles: articles.len(),
        });
        let corpus = vectorize(articles, &params.terms, params.min_df, &|n_units| {
            on_step(Step::Advanced { n_units });
        });
        if corpus.document_frequencies.iter().all(|&df| df < 2) {
            return Err(TrainError::NoTerms);
        }
        let neighbours = match params.word_neighbours {
            0 => None,
            _ if topics.is_empty() => None,
            n_nearest => {
                on_step(Step::FindingNeighbours);
                let (terms, seed) = (&params.terms, params.seed);
                let found = Neighbours::find(&corpus, company, terms, n_nearest, seed)?;
                Some(Arc::new(found))
            }
        };
        let mut learnt = Self {
            corpus,
            targets: targets(articles, topics),
            weights: sources::weights(articles),
            neighbours,
            topic_model: None,
        };
        if !topics.is_empty() {
            let data = learnt.topic_data(folds, topics);
            learnt.topic_model = Some(topics::fit(data, known_c, params, on_step)?);
        }
        Ok(learnt)
    }

    pub(super) fn topic_data<'a>(
        &'a self,
        folds: &'a [usize],
        topics: &CountedTopics,
    ) -> TopicData<'a> {
        TopicData {
            neighbours: self.neighbours.as_ref(),
            records: &self.corpus.records,
            targets: &self.targets,
            weights: &self.weights,
            folds,
            n_topics: topics.len(),
        }
    }

    /// A pipeline of the topics and of tags; `articles` are those whose topics are known.
    pub(super) fn packed(
        &self,
        topics: &CountedTopics,
        (vocabulary, tag_model): (&[(String, usize)], &TagModel),
        articles: &[LabelledArticle],
        params: &TrainParams,
    ) -> Result<Pipeline, TrainError> {
        let fitted = pack::Fitted {
            corpus: &self.corpus,
            topics,
            topic_model: &self.topic_model,
            vocabulary,
            tag_model,
        };
        pack::pack(&fitted, articles, params)
    }
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
