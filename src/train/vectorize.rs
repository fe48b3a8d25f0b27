//! A corpus becomes a matrix.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use super::corpus::LabelledArticle;
use crate::features::weighting::{idf, igm_weight, sublinear_tf};
use crate::features::{SparseRecords, TermCounts, TermParams};

/// Articles that one task counts. Fixed, so that the number of threads changes no order.
const CHUNK_ARTICLES: usize = 4096;

/// A corpus as numbers.
#[derive(Debug)]
pub struct VectorizedCorpus {
    /// Sublinear tf × idf of each article's terms, rows not scaled; (n_samples, n_features).
    pub records: SparseRecords,
    /// Each column's term hash, commonest term first; (n_features).
    pub hashes: Vec<u64>,
    /// How many articles have the term; (n_features).
    pub document_frequencies: Vec<u32>,
    /// Inverse document frequencies; (n_features).
    pub idf: Vec<f32>,
}

/// Term hashes are spread already: they are their own hash.
#[derive(Default)]
struct TermHashHasher(u64);

impl Hasher for TermHashHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type ByTerm<V> = HashMap<u64, V, BuildHasherDefault<TermHashHasher>>;

/// The terms of a chunk of articles, numbered as they were met.
#[derive(Default)]
struct Chunk {
    hashes: Vec<u64>,
    document_frequencies: Vec<u32>,
    /// (term number within the chunk, count), article after article.
    terms: Vec<(u32, u32)>,
    /// Number of terms of each article.
    lengths: Vec<usize>,
}

/// Counts the terms of a corpus and weights them by sublinear tf × idf. Terms of fewer than `min_df`
/// articles are dropped.
pub fn vectorize(
    articles: &[LabelledArticle],
    params: &TermParams,
    min_df: u32,
) -> VectorizedCorpus {
    let chunks: Vec<Chunk> = articles
        .par_chunks(CHUNK_ARTICLES)
        .map(|chunk| count(chunk, params))
        .collect();
    let mut frequencies: ByTerm<u32> = ByTerm::default();
    for chunk in &chunks {
        for (&hash, df) in chunk.hashes.iter().zip(&chunk.document_frequencies) {
            *frequencies.entry(hash).or_default() += df;
        }
    }
    let mut kept: Vec<(u64, u32)> = frequencies
        .into_iter()
        .filter(|&(_, df)| df >= min_df)
        .collect();
    // The commonest terms share cache lines of the weight matrix; ties by hash keep one order.
    kept.sort_unstable_by_key(|&(hash, df)| (std::cmp::Reverse(df), hash));
    let columns: ByTerm<u32> = kept
        .iter()
        .zip(0..)
        .map(|(&(hash, _), column)| (hash, column))
        .collect();
    let idf: Vec<f32> = kept
        .iter()
        .map(|&(_, df)| idf(df, articles.len()))
        .collect();
    let rows: Vec<Vec<Vec<(u32, f32)>>> = chunks
        .into_par_iter()
        .map(|chunk| weigh(&chunk, &columns, &idf))
        .collect();
    VectorizedCorpus {
        records: SparseRecords::from_rows(kept.len(), rows.into_iter().flatten()),
        hashes: kept.iter().map(|&(hash, _)| hash).collect(),
        document_frequencies: kept.iter().map(|&(_, df)| df).collect(),
        idf,
    }
}

fn count(articles: &[LabelledArticle], params: &TermParams) -> Chunk {
    let mut chunk = Chunk::default();
    let mut numbers: ByTerm<u32> = ByTerm::default();
    let mut terms = TermCounts::default();
    for article in articles {
        terms.count(&article.title, &article.text, params);
        for (hash, count) in terms.iter() {
            let next = chunk.hashes.len() as u32;
            let number = *numbers.entry(hash).or_insert(next);
            if number == next {
                chunk.hashes.push(hash);
                chunk.document_frequencies.push(0);
            }
            chunk.document_frequencies[number as usize] += 1;
            chunk.terms.push((number, count));
        }
        chunk.lengths.push(terms.len());
    }
    chunk
}

fn weigh(chunk: &Chunk, columns: &ByTerm<u32>, idf: &[f32]) -> Vec<Vec<(u32, f32)>> {
    let columns: Vec<Option<u32>> = chunk
        .hashes
        .iter()
        .map(|hash| columns.get(hash).copied())
        .collect();
    let mut rest = chunk.terms.as_slice();
    let mut rows = Vec::with_capacity(chunk.lengths.len());
    for &length in &chunk.lengths {
        let (terms, after) = rest.split_at(length);
        rest = after;
        let mut row: Vec<(u32, f32)> = terms
            .iter()
            .filter_map(|&(number, count)| {
                let column = columns[number as usize]?;
                Some((column, sublinear_tf(count) * idf[column as usize]))
            })
            .collect();
        row.sort_unstable_by_key(|&(column, _)| column);
        rows.push(row);
    }
    rows
}

/// The IGM weight of each column, out of the given rows alone; (n_features). `targets` is
/// (n_samples).
pub fn igm_weights(
    records: &SparseRecords,
    rows: &[usize],
    targets: &[usize],
    n_classes: usize,
    lambda: f32,
) -> Vec<f32> {
    let mut class_sizes = vec![0u32; n_classes];
    let mut counts = vec![0u32; records.n_features() * n_classes];
    for &i in rows {
        class_sizes[targets[i]] += 1;
        for &column in records.row(i).0 {
            counts[column as usize * n_classes + targets[i]] += 1;
        }
    }
    let mut rates = Vec::new();
    counts
        .chunks_exact(n_classes)
        .map(|counts| igm_weight(counts, &class_sizes, lambda, &mut rates))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn articles(texts: &[&str]) -> Vec<LabelledArticle> {
        texts
            .iter()
            .map(|text| LabelledArticle {
                text: (*text).into(),
                ..LabelledArticle::default()
            })
            .collect()
    }

    fn words() -> TermParams {
        TermParams {
            ngram_range: (1, 1),
            prefix_chars: 0,
            ..TermParams::default()
        }
    }

    #[test]
    fn rare_terms_are_dropped_and_common_ones_come_first() {
        let corpus = vectorize(
            &articles(&["bank bank goal", "bank", "vote bank"]),
            &words(),
            1,
        );
        assert_eq!(corpus.document_frequencies, [3, 1, 1]);
        // "bank": ln(4/4) + 1 = 1, twice: 1 + ln 2.
        assert!((corpus.records.row(0).1[0] - 1.693_147).abs() < 1e-5);
        assert_eq!(
            vectorize(&articles(&["bank goal", "bank"]), &words(), 2)
                .hashes
                .len(),
            1
        );
    }

    #[test]
    fn the_matrix_does_not_depend_on_threads_or_chunks() {
        let texts: Vec<String> = (0..CHUNK_ARTICLES + 50)
            .map(|i| format!("word{} term{}", i % 97, i % 13))
            .collect();
        let articles = articles(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let exact = TermParams {
            fold_digits: false,
            ..words()
        };
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| vectorize(&articles, &exact, 2))
        };
        let (one, four) = (run(1), run(4));
        assert_eq!(one.hashes, four.hashes);
        assert_eq!(one.idf, four.idf);
        for i in 0..articles.len() {
            assert_eq!(one.records.row(i), four.records.row(i));
        }
    }

    #[test]
    fn igm_weights_use_the_given_rows_alone() {
        let corpus = vectorize(
            &articles(&["bank", "bank", "goal", "goal bank"]),
            &words(),
            1,
        );
        let bank = corpus.records.row(0).0[0] as usize;
        let all = igm_weights(&corpus.records, &[0, 1, 2, 3], &[0, 0, 1, 1], 2, 1.0);
        let without_last = igm_weights(&corpus.records, &[0, 1, 2], &[0, 0, 1, 1], 2, 1.0);
        assert!(without_last[bank] > all[bank]);
    }
}
