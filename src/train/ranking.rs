//! How good ranked suggestions are.

use std::collections::BTreeMap;

use serde::Serialize;

use super::corpus::LabelledArticle;
use crate::tags::keyphrases::words::{Words, tag_key, tag_stems};

/// An article's own tags: the stems of each by its identity.
pub(super) struct GoldTags(BTreeMap<u64, Vec<u64>>);

impl GoldTags {
    pub(super) fn of(article: &LabelledArticle) -> Self {
        let tags = article.tags.iter();
        let keyed = tags.map(|tag| (tag_key(tag), tag_stems(tag)));
        Self(keyed.filter(|(_, stems)| !stems.is_empty()).collect())
    }

    /// Whether a tag of this identity is one of them.
    pub(super) fn has(&self, key: u64) -> bool {
        self.0.contains_key(&key)
    }

    /// How many there are, equal ones counted once.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether a tag of this identity is one of them and stands in the article, as it was read.
    pub(super) fn has_in(&self, key: u64, words: &Words) -> bool {
        let stems = self.0.get(&key);
        stems.is_some_and(|stems| words.stems.windows(stems.len()).any(|w| w == stems))
    }

    /// The identities of its tags.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.keys().copied()
    }
}

/// One article's suggestions, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RankedTags {
    /// Whether each is one of the article's tags.
    pub is_right: Vec<bool>,
    /// Whether each is one of the article's tags that its text has.
    pub is_present: Vec<bool>,
    /// How many distinct tags the article has.
    pub n_tags: usize,
    /// How many of these its text has.
    pub n_present: usize,
}

/// Means over articles of the first 5 and 10 suggestions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Ranking {
    /// Against all tags of an article.
    pub at_5: AtK,
    /// Against all tags of an article.
    pub at_10: AtK,
    /// Against the tags that the text has, over articles that have such.
    pub present_at_5: AtK,
    /// Against the tags that the text has, over articles that have such.
    pub present_at_10: AtK,
    /// Normalised discounted cumulative gain of the first five.
    pub ndcg_at_5: f64,
}

/// Means over articles, each in [0, 1].
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct AtK {
    /// Share of the suggestions that are right.
    pub precision: f64,
    /// Share of the tags that are suggested.
    pub recall: f64,
    /// Harmonic mean of both, article by article.
    pub f1: f64,
}

/// Measures ranked suggestions.
pub fn ranking(articles: &[RankedTags]) -> Ranking {
    let all = |k| mean_at(articles.iter().map(|a| (&*a.is_right, a.n_tags)), k);
    let present = |k| {
        let articles = articles.iter().filter(|a| a.n_present > 0);
        mean_at(articles.map(|a| (&*a.is_present, a.n_present)), k)
    };
    let gains: Vec<f64> = articles.iter().map(ndcg_at_5).collect();
    Ranking {
        at_5: all(5),
        at_10: all(10),
        present_at_5: present(5),
        present_at_10: present(10),
        // A sum of nothing is minus zero.
        ndcg_at_5: gains.iter().sum::<f64>() / gains.len().max(1) as f64 + 0.0,
    }
}

/// Of each article which suggestions count, and how many would count if all were found.
fn mean_at<'a>(articles: impl Iterator<Item = (&'a [bool], usize)>, k: usize) -> AtK {
    let (mut sum, mut n) = (AtK::default(), 0usize);
    for (hits, n_tags) in articles {
        let first = &hits[..hits.len().min(k)];
        let hits = first.iter().filter(|right| **right).count() as f64;
        sum.precision += hits / first.len().max(1) as f64;
        sum.recall += hits / n_tags.max(1) as f64;
        sum.f1 += 2.0 * hits / (first.len() + n_tags).max(1) as f64;
        n += 1;
    }
    let n = n.max(1) as f64;
    AtK {
        precision: sum.precision / n,
        recall: sum.recall / n,
        f1: sum.f1 / n,
    }
}

/// Source: Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", TOIS.
fn ndcg_at_5(article: &RankedTags) -> f64 {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let best: f64 = (0..article.n_tags.min(5)).map(discount).sum();
    let ranks = article.is_right.iter().take(5).enumerate();
    let gain: f64 = ranks
        .filter(|(_, right)| **right)
        .map(|(rank, _)| discount(rank))
        .sum();
    if best > 0.0 { gain / best + 0.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn means_over_articles_by_hand() {
        let articles = [
            RankedTags {
                is_right: vec![true, false, true, false, false, true],
                is_present: vec![true, false, true, false, false, true],
                n_tags: 5,
                n_present: 3,
            },
            RankedTags {
                is_right: vec![false],
                is_present: vec![false],
                n_tags: 2,
                n_present: 0,
            },
        ];
        let found = ranking(&articles);
        assert!(close(found.at_5.precision, (0.4 + 0.0) / 2.0));
        assert!(close(found.at_5.recall, (0.4 + 0.0) / 2.0));
        assert!(close(found.at_5.f1, (4.0 / 10.0) / 2.0));
        assert!(close(found.at_10.f1, (6.0 / 11.0) / 2.0));
        assert!(close(found.present_at_5.f1, 4.0 / 8.0));
        assert!(close(found.present_at_10.recall, 1.0));
        // sklearn.metrics.ndcg_score([[1,0,1,0,0,1,1,1]], [[8,7,6,5,4,3,2,1]], k=5) of scikit-learn 1.5.2.
        assert!(
            close(found.ndcg_at_5, 0.508_740_307_910_424_2 / 2.0),
            "{}",
            found.ndcg_at_5
        );
        assert_eq!(ranking(&[]), Ranking::default());
    }

    #[test]
    fn nothing_right_is_zero_without_a_sign() {
        let wrong = RankedTags {
            is_right: vec![false],
            is_present: vec![false],
            n_tags: 2,
            n_present: 0,
        };
        for articles in [vec![], vec![wrong]] {
            let gain = ranking(&articles).ndcg_at_5;
            assert!(gain.is_sign_positive(), "{gain:?}");
        }
    }

    #[test]
    fn of_the_tags_in_a_text_only_suggestions_that_it_has_count() {
        let article = RankedTags {
            is_right: vec![true, true, false],
            is_present: vec![false, true, false],
            n_tags: 2,
            n_present: 1,
        };
        let found = ranking(&[article]);
        assert!(close(found.at_5.recall, 1.0) && close(found.present_at_5.recall, 1.0));
        assert!(close(found.present_at_5.precision, 1.0 / 3.0));
        assert!(close(found.present_at_5.f1, 2.0 / 4.0));
    }
}
