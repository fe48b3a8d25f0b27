//! Which articles belong together: named groups and near-duplicates.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::features::{TermCounts, TermParams};
use crate::train::corpus::LabelledArticle;

/// Signature of an article: for each of these many hash functions its least shingle.
const SIGNATURE: usize = 24;
/// Signature places that make one bucket key; articles that share a bucket are compared.
const BAND: usize = 3;
/// Equal places of two signatures from which on articles are near-duplicates: about 3 in 4 of
/// their distinct word triples are shared.
const MIN_EQUAL: usize = 18;

/// Puts every article into a group: articles with one group name, and near-duplicates. Returns one
/// group number per article, numbered by first member.
///
/// Near-duplicates are found by min-wise hashing of word triples with banding. Source: Broder 1997,
/// "On the resemblance and containment of documents"; Leskovec, Rajaraman and Ullman 2020, "Mining
/// of Massive Datasets", 3.4.
pub fn groups(articles: &[LabelledArticle]) -> Vec<usize> {
    let mut forest = Forest::new(articles.len());
    let mut first_of_name = HashMap::new();
    for (i, article) in articles.iter().enumerate() {
        if !article.group.is_empty() {
            forest.join(*first_of_name.entry(article.group.as_str()).or_insert(i), i);
        }
    }
    let signatures = signatures(articles);
    let mut first_of_bucket = HashMap::new();
    for (i, signature) in signatures.iter().enumerate() {
        for (band, key) in signature.chunks_exact(BAND).enumerate() {
            let first = *first_of_bucket.entry((band, key)).or_insert(i);
            let n_equal = signature
                .iter()
                .zip(&signatures[first])
                .filter(|(a, b)| a == b)
                .count();
            if n_equal >= MIN_EQUAL {
                forest.join(first, i);
            }
        }
    }
    (0..articles.len()).map(|i| forest.root(i)).collect()
}

/// How many groups there are.
pub(in crate::train) fn count_groups(groups: &[usize]) -> usize {
    groups.iter().collect::<HashSet<_>>().len()
}

fn signatures(articles: &[LabelledArticle]) -> Vec<[u32; SIGNATURE]> {
    let triples = TermParams {
        ngram_range: (3, 3),
        prefix_chars: 0,
        ..TermParams::default()
    };
    let words = TermParams {
        ngram_range: (1, 1),
        ..triples
    };
    articles
        .par_iter()
        .map_init(TermCounts::default, |terms, article| {
            terms.count(&article.title, &article.text, &triples);
            if terms.is_empty() {
                terms.count(&article.title, &article.text, &words);
            }
            signature(terms)
        })
        .collect()
}

fn signature(terms: &TermCounts) -> [u32; SIGNATURE] {
    let mut least = [u32::MAX; SIGNATURE];
    for &(hash, _) in terms.as_slice() {
        for (place, least) in least.iter_mut().enumerate() {
            // Multiply-shift hashing (Dietzfelbinger et al. 1997) with an odd factor a place.
            let factor = (place as u64 * 2 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            *least = (*least).min((hash.wrapping_mul(factor) >> 32) as u32);
        }
    }
    least
}

/// Union-find with the least member as root.
struct Forest(Vec<usize>);

impl Forest {
    fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.0[i] != i {
            self.0[i] = self.0[self.0[i]];
            i = self.0[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(text: &str, group: &str) -> LabelledArticle {
        LabelledArticle {
            text: text.into(),
            group: group.into(),
            ..LabelledArticle::default()
        }
    }

    #[test]
    fn near_duplicates_and_named_groups_join() {
        let story = "The council voted on Tuesday evening to close the old bridge for repairs that \
                     will take at least two years and cost four million";
        let groups = groups(&[
            article(story, ""),
            article(
                "A wholly different text about a football match played in the rain",
                "",
            ),
            article(&format!("{story} euros"), ""),
            article("short", "2024-05-01"),
            article("another", "2024-05-01"),
            article("SHORT", ""),
        ]);
        assert_eq!(groups, [0, 1, 0, 3, 3, 3]);
    }

    #[test]
    fn shared_phrases_are_no_duplicates() {
        let groups = groups(&[
            article(
                "The president said on Monday that the budget will be cut next year",
                "",
            ),
            article(
                "The president said on Monday that a new school will open in the north",
                "",
            ),
        ]);
        assert_eq!(groups, [0, 1]);
    }
}
