//! What an article counts for when the corpus has several sources.

use std::collections::HashMap;

use super::corpus::LabelledArticle;

/// How far the sources of a topic are evened out: an article's weight is to this power what would
/// make all sources of its topic count the same. At 1 the topics' differing mixtures of sources cost
/// more on the corpus itself than new publishers gain; `bench/transfer` has the figures.
const EVENNESS: f32 = 0.5;
/// No article counts for more than this many, however small its source is.
const MAX_WEIGHT: f32 = 3.0;

/// The weight of each article in the topic model, (n_samples): within a topic the articles of a
/// large source weigh less and those of a small one more, and their mean is about 1. With one source
/// every weight is 1. A topic that comes mostly from one source would else be known by how that
/// source writes.
pub(super) fn weights(articles: &[LabelledArticle]) -> Vec<f32> {
    let mut of_source: HashMap<(&str, &str), f32> = HashMap::new();
    for article in articles {
        *of_source.entry(key(article)).or_default() += 1.0;
    }
    let mut of_topic: HashMap<&str, Topic> = HashMap::new();
    for ((label, _), n_articles) in &of_source {
        let topic = of_topic.entry(label).or_default();
        topic.n_sources += 1.0;
        topic.n_articles += n_articles;
    }
    let weight = |article: &LabelledArticle| {
        let even = of_topic[article.label.as_str()].even_share();
        (even / of_source[&key(article)])
            .powf(EVENNESS)
            .min(MAX_WEIGHT)
    };
    let raw: Vec<f32> = articles.iter().map(weight).collect();
    let mut total: HashMap<&str, f64> = HashMap::new();
    for (article, weight) in articles.iter().zip(&raw) {
        *total.entry(&article.label).or_default() += f64::from(*weight);
    }
    let mean = |label: &str| total[label] as f32 / of_topic[label].n_articles;
    let labels = articles.iter().map(|article| article.label.as_str());
    raw.iter()
        .zip(labels)
        .map(|(w, label)| w / mean(label))
        .collect()
}

fn key(article: &LabelledArticle) -> (&str, &str) {
    (&article.label, &article.source)
}

#[derive(Default)]
struct Topic {
    n_sources: f32,
    n_articles: f32,
}

impl Topic {
    /// The articles that each source would have.
    fn even_share(&self) -> f32 {
        self.n_articles / self.n_sources
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(label: &str, source: &str) -> LabelledArticle {
        LabelledArticle {
            label: label.into(),
            source: source.into(),
            ..Default::default()
        }
    }

    #[test]
    fn one_source_changes_nothing() {
        let articles = [article("A", ""), article("A", ""), article("B", "")];
        assert_eq!(weights(&articles), [1.0; 3]);
    }

    #[test]
    fn a_small_source_counts_for_more_by_hand() {
        // Topic A: 9 of x, 1 of y; even shares of 5: raw weights √(5/9) and √5, mean √5·(3 + 1)/10.
        let mut articles = vec![article("A", "x"); 9];
        articles.push(article("A", "y"));
        articles.push(article("B", "x"));
        let weights = weights(&articles);
        assert!((weights[0] - 10.0 / 12.0).abs() < 1e-5, "{weights:?}");
        assert!((weights[9] - 2.5).abs() < 1e-5, "{weights:?}");
        assert_eq!(weights[10], 1.0);
    }

    #[test]
    fn a_tiny_source_is_bounded() {
        let mut articles = vec![article("A", "x"); 9999];
        articles.push(article("A", "y"));
        let weights = weights(&articles);
        assert!(weights[9999] < MAX_WEIGHT * 1.5, "{}", weights[9999]);
    }
}
