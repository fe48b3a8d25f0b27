//! Which terms decide for a topic.

use std::collections::HashMap;

use rayon::prelude::*;

use super::corpus::LabelledArticle;
use super::evaluate::answer;
use crate::pipeline::options::OptionsDraft;
use crate::pipeline::{Options, Pipeline};

/// More articles hardly change which terms come first.
const MAX_ARTICLES: usize = 2_000;
const MAX_TERMS: usize = 12;

/// A topic's terms.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicTerms {
    /// The topic.
    pub topic: String,
    /// The most telling first.
    pub terms: Vec<TellingTerm>,
}

/// A term that speaks for a topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TellingTerm {
    /// In lower case; first letters that stand for several words end in `…`.
    pub term: String,
    /// Mean log-odds that it adds in the articles it speaks for.
    pub weight: f32,
    /// How many articles of the sample it speaks for.
    pub n_articles: usize,
}

/// For each topic of the model, the terms that add most log-odds in all to the articles of an even
/// sample that are answered with it. Counted are the terms that the model names as an article's
/// evidence, so they are written as an article has them.
pub fn telling_terms(pipeline: &Pipeline, articles: &[&LabelledArticle]) -> Vec<TopicTerms> {
    let options = Options::new(OptionsDraft {
        explain: true,
        ..OptionsDraft::default()
    })
    .unwrap_or_default();
    let stride = articles.len().div_ceil(MAX_ARTICLES).max(1);
    let sample: Vec<&LabelledArticle> = articles.iter().step_by(stride).copied().collect();
    let answers: Vec<_> = sample
        .par_iter()
        .filter_map(|article| answer(pipeline, article, &options))
        .collect();
    let topics = &pipeline.manifest().topics;
    let mut sums: Vec<HashMap<String, (f32, usize)>> = vec![HashMap::new(); topics.len()];
    for answer in &answers {
        let Some(best) = answer.topics.first() else {
            continue;
        };
        for evidence in answer.evidence.iter().filter(|term| term.weight > 0.0) {
            let term = sums[best.index].entry(evidence.term.to_lowercase());
            let (sum, n_articles) = term.or_default();
            *sum += evidence.weight;
            *n_articles += 1;
        }
    }
    topics
        .iter()
        .zip(sums)
        .map(|(topic, sums)| TopicTerms {
            topic: topic.name.clone(),
            terms: largest(sums),
        })
        .collect()
}

fn largest(sums: HashMap<String, (f32, usize)>) -> Vec<TellingTerm> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    sums.into_iter()
        .take(MAX_TERMS)
        .map(|(term, (sum, n_articles))| TellingTerm {
            term,
            weight: sum / n_articles as f32,
            n_articles,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_by_all_that_they_add() {
        let sums = [("once", (2.0, 1)), ("often", (6.0, 4))].map(|(t, s)| (t.to_owned(), s));
        let found = largest(sums.into());
        assert_eq!((found[0].term.as_str(), found[0].weight), ("often", 1.5));
        assert_eq!(found[1].term, "once");
    }
}
