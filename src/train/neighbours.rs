//! What a word's own articles are too few to say, the words that keep its company say.

use std::collections::{HashMap, HashSet};

use ndarray::{Array2, Axis, Slice};
use rayon::prelude::*;

use super::TrainError;
use super::corpus::LabelledArticle;
use super::vectorize::VectorizedCorpus;
use super::word_vectors::{WordVectors, word_vectors};
use crate::features::TermParams;

/// Cosines of less say nothing.
const MIN_SIMILARITY: f32 = 0.3;
/// Words of fewer texts do not speak for others.
const MIN_TEXTS: u32 = 5;
/// What a word's neighbours count for together, beside itself, if it has hardly any articles of its own.
const STRENGTH: f32 = 2.0;
/// With so many articles of its own, a word's neighbours count half.
const HALF_DOCUMENTS: f32 = 100.0;
/// Words whose similarities to all others are looked at together.
const BLOCK_WORDS: usize = 256;

/// The nearest words of each column of a corpus.
///
/// A classifier is fitted on rows in which each word brings its neighbours, x (I + S), and its weights w become
/// (I + S) w: it answers from rows as they are, at the cost of any other. A word that few articles have, of which a fit
/// makes little, so gets most of its weight from words that are used alike; what helps most is texts of other
/// publishers, which have words that the archive seldom has (`bench/transfer`).
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// Where each column's begin; (n_features + 1).
    starts: Vec<u32>,
    /// Column and share.
    nearest: Vec<(u32, f32)>,
}

/// Sums of a row; all zero between rows.
#[derive(Debug)]
pub struct Sums {
    /// (n_features).
    sums: Vec<f32>,
    columns: Vec<u32>,
}

/// The texts in which words keep company: a background, and what is without a topic as far as it is not in there.
pub(super) fn company<'a>(
    background: &'a [LabelledArticle],
    unlabelled: &'a [LabelledArticle],
) -> Vec<&'a LabelledArticle> {
    let text_of = |article: &'a LabelledArticle| (&*article.title, &*article.text);
    let known: HashSet<(&str, &str)> = match unlabelled {
        [] => HashSet::new(),
        _ => background.iter().map(text_of).collect(),
    };
    let others = unlabelled.iter().filter(|a| !known.contains(&text_of(a)));
    background.iter().chain(others).collect()
}

impl Neighbours {
    /// Finds the `n_nearest` nearest words of each word of a corpus, by the company that they keep in `texts`.
    ///
    /// # Errors
    /// [`TrainError::Calibration`] if the decomposition fails, which would be a defect.
    pub(super) fn find(
        corpus: &VectorizedCorpus,
        texts: &[&LabelledArticle],
        params: &TermParams,
        n_nearest: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let vectors = word_vectors(texts, params, seed)
            .map_err(|error| TrainError::Calibration(error.to_string()))?;
        Ok(Self::of(corpus, &vectors, n_nearest))
    }

    fn of(corpus: &VectorizedCorpus, known: &WordVectors, n_nearest: usize) -> Self {
        let columns: HashMap<u64, u32> = corpus.hashes.iter().copied().zip(0..).collect();
        // Only words of the corpus have anything to say or to learn.
        let (places, columns): (Vec<usize>, Vec<u32>) = known
            .words
            .iter()
            .enumerate()
            .filter_map(|(place, word)| Some((place, *columns.get(word)?)))
            .unzip();
        let vectors = known.vectors.select(Axis(0), &places);
        let speaks: Vec<bool> = places
            .iter()
            .map(|&place| known.n_texts[place] >= MIN_TEXTS)
            .collect();
        let blocks: Vec<usize> = (0..columns.len()).step_by(BLOCK_WORDS).collect();
        let found: Vec<Vec<(usize, f32)>> = blocks
            .into_par_iter()
            .flat_map_iter(|first| {
                let end = (first + BLOCK_WORDS).min(columns.len());
                let similarities = vectors
                    .slice_axis(Axis(0), Slice::from(first..end))
                    .dot(&vectors.t());
                let rows = similarities.rows().into_iter().enumerate();
                let nearest = rows.map(|(i, row)| {
                    let others = row.iter().copied().enumerate();
                    let others = others.filter(|&(j, _)| j != first + i && speaks[j]);
                    nearest(others, n_nearest)
                });
                nearest.collect::<Vec<_>>()
            })
            .collect();
        let mut by_column = vec![Vec::new(); corpus.hashes.len()];
        for (&column, found) in columns.iter().zip(found) {
            let total: f32 = found.iter().map(|(_, similarity)| similarity.powi(2)).sum();
            let n_own = corpus.document_frequencies[column as usize] as f32;
            let strength = STRENGTH * HALF_DOCUMENTS / (HALF_DOCUMENTS + n_own);
            by_column[column as usize] = found
                .into_iter()
                .map(|(place, similarity)| (columns[place], strength * similarity.powi(2) / total))
                .collect();
        }
        Self::new(by_column)
    }

    fn new(by_column: Vec<Vec<(u32, f32)>>) -> Self {
        let mut starts = vec![0];
        starts.extend(by_column.iter().scan(0u32, |end, nearest| {
            *end += nearest.len() as u32;
            Some(*end)
        }));
        Self {
            starts,
            nearest: by_column.into_iter().flatten().collect(),
        }
    }

    fn of_column(&self, column: usize) -> &[(u32, f32)] {
        &self.nearest[self.starts[column] as usize..self.starts[column + 1] as usize]
    }

    /// What [`Self::spread`] needs, to be used again and again.
    pub fn sums(&self) -> Sums {
        Sums {
            sums: vec![0.0; self.starts.len() - 1],
            columns: Vec::new(),
        }
    }

    /// Adds to a row's terms those of their neighbours. Values are above 0.
    pub fn spread(&self, terms: &mut Vec<(u32, f32)>, sums: &mut Sums) {
        for &(column, value) in terms.iter() {
            sums.add(column, value);
            for &(other, share) in self.of_column(column as usize) {
                sums.add(other, value * share);
            }
        }
        terms.clear();
        let Sums { sums, columns } = sums;
        let taken = columns.drain(..);
        terms.extend(taken.map(|column| (column, std::mem::take(&mut sums[column as usize]))));
    }

    /// Weights for rows as they are, from those for rows with neighbours; (n_features, n_classes).
    pub fn fold(&self, weights: &Array2<f32>) -> Array2<f32> {
        let mut folded = weights.clone();
        for (column, mut row) in folded.rows_mut().into_iter().enumerate() {
            for &(other, share) in self.of_column(column) {
                row.scaled_add(share, &weights.row(other as usize));
            }
        }
        folded
    }
}

impl Sums {
    fn add(&mut self, column: u32, value: f32) {
        let sum = &mut self.sums[column as usize];
        if *sum == 0.0 {
            self.columns.push(column);
        }
        *sum += value;
    }
}

/// The places of the greatest similarities, greatest first.
fn nearest(
    similarities: impl Iterator<Item = (usize, f32)>,
    n_nearest: usize,
) -> Vec<(usize, f32)> {
    let mut best: Vec<(usize, f32)> = Vec::with_capacity(n_nearest + 1);
    for (place, similarity) in similarities {
        let is_full = best.len() == n_nearest;
        let least = best.last().map_or(MIN_SIMILARITY, |(_, least)| *least);
        if similarity <= MIN_SIMILARITY || (is_full && similarity <= least) {
            continue;
        }
        let at = best.partition_point(|(_, other)| *other >= similarity);
        best.insert(at, (place, similarity));
        best.truncate(n_nearest);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn neighbours() -> Neighbours {
        Neighbours::new(vec![vec![(1, 0.5), (2, 0.25)], vec![(0, 1.0)], Vec::new()])
    }

    #[test]
    fn a_row_brings_its_neighbours_once() {
        let neighbours = neighbours();
        let mut sums = neighbours.sums();
        for _ in 0..2 {
            let mut terms = vec![(0, 2.0), (1, 4.0)];
            neighbours.spread(&mut terms, &mut sums);
            terms.sort_by_key(|(column, _)| *column);
            assert_eq!(terms, [(0, 6.0), (1, 5.0), (2, 0.5)]);
        }
    }

    #[test]
    fn folded_weights_score_rows_as_they_are_alike() {
        let neighbours = neighbours();
        let weights = array![[1.0f32, -2.0], [3.0, 0.5], [-4.0, 8.0]];
        let score = |weights: &Array2<f32>, terms: &[(u32, f32)]| {
            let products = terms
                .iter()
                .map(|&(c, v)| weights.row(c as usize).to_owned() * v);
            products.fold(ndarray::Array1::<f32>::zeros(2), |sum, product| {
                sum + product
            })
        };
        let terms = vec![(0, 2.0f32), (1, 4.0)];
        let mut spread = terms.clone();
        neighbours.spread(&mut spread, &mut neighbours.sums());
        assert_eq!(
            score(&neighbours.fold(&weights), &terms),
            score(&weights, &spread)
        );
    }

    #[test]
    fn company_has_no_text_of_the_background_twice() {
        let article = |text: &str| LabelledArticle {
            text: text.to_owned(),
            ..LabelledArticle::default()
        };
        let background = ["a", "b", "a"].map(article);
        let unlabelled = ["b", "c"].map(article);
        let texts = |unlabelled| -> String {
            let company = company(&background, unlabelled);
            company.iter().map(|article| &*article.text).collect()
        };
        assert_eq!(texts(&unlabelled), "abac");
        assert_eq!(texts(&[]), "aba");
    }

    #[test]
    fn the_nearest_are_the_most_alike() {
        let similarities = || [0.9f32, 0.2, 0.5, 0.7].into_iter().enumerate();
        assert_eq!(nearest(similarities(), 2), [(0, 0.9), (3, 0.7)]);
        assert_eq!(nearest(similarities(), 9).len(), 3);
    }
}
