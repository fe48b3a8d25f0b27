//! A corpus becomes a matrix.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rayon::prelude::*;

use super::corpus::LabelledArticle;
use crate::features::sparse::{MAX_COLUMNS, MAX_LEVELS, RowBlock};
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

/// Shards of the table of document frequencies. Each is small enough to stay in a core's cache.
const N_SHARDS: usize = 64;
/// Articles that are counted before their terms go into the table: bounds what waits.
pub const WAVE_ARTICLES: usize = 4 * CHUNK_ARTICLES;
/// Most distinct terms in the table of document frequencies.
pub const MAX_COUNTED_TERMS: usize = 1 << 24;

/// How much is kept of a corpus, however large it is.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Terms of a shard; if there are more, the rarest half goes.
    shard_terms: usize,
    /// Columns of the matrix: the commonest terms.
    columns: usize,
}

const LIMITS: Limits = Limits {
    shard_terms: MAX_COUNTED_TERMS / N_SHARDS,
    columns: MAX_COLUMNS,
};

/// Counts the terms of a corpus and weights them by sublinear tf × idf. Terms of fewer than `min_df`
/// articles are dropped.
///
/// Memory is bounded by two passes. The first counts articles per term; when more than
/// [`MAX_COUNTED_TERMS`] are in the table, those met least so far are forgotten and start anew if they come
/// again ("lossy counting" of Manku and Motwani 2002, "Approximate frequency counts over data streams",
/// VLDB). At most [`MAX_COLUMNS`] terms, the commonest, become columns. The second pass counts these
/// exactly and keeps 4 bytes for each term of each article. Corpora of fewer terms lose nothing.
/// `on_counted` is called with numbers of articles, twice `articles.len()` in all.
pub fn vectorize(
    articles: &[LabelledArticle],
    params: &TermParams,
    min_df: u32,
    on_counted: &(dyn Fn(usize) + Sync),
) -> VectorizedCorpus {
    vectorize_within(articles, params, min_df, LIMITS, on_counted)
}

fn vectorize_within(
    articles: &[LabelledArticle],
    params: &TermParams,
    min_df: u32,
    limits: Limits,
    on_counted: &(dyn Fn(usize) + Sync),
) -> VectorizedCorpus {
    let kept = common_terms(articles, params, min_df, limits, on_counted);
    let columns: ByTerm<u32> = kept.iter().copied().zip(0..).collect();
    let blocks: Vec<RowBlock> = articles
        .par_chunks(CHUNK_ARTICLES)
        .map(|chunk| {
            let block = count_columns(chunk, params, &columns);
            on_counted(chunk.len());
            block
        })
        .collect();
    let mut document_frequencies = vec![0u32; kept.len()];
    for column in blocks.iter().flat_map(RowBlock::columns) {
        document_frequencies[column as usize] += 1;
    }
    let idf: Vec<f32> = document_frequencies
        .iter()
        .map(|&df| idf(df, articles.len()))
        .collect();
    let levels = (0..MAX_LEVELS as u32).map(sublinear_tf).collect();
    VectorizedCorpus {
        records: SparseRecords::new(blocks, CHUNK_ARTICLES, levels, idf.clone()),
        hashes: kept,
        document_frequencies,
        idf,
    }
}

/// The terms that become columns, commonest first: these share cache lines of the weight matrix. Ties
/// by hash keep one order.
fn common_terms(
    articles: &[LabelledArticle],
    params: &TermParams,
    min_df: u32,
    limits: Limits,
    on_counted: &(dyn Fn(usize) + Sync),
) -> Vec<u64> {
    let mut shards: Vec<ByTerm<u32>> = vec![ByTerm::default(); N_SHARDS];
    for wave in articles.chunks(WAVE_ARTICLES) {
        let counted: Vec<Vec<Vec<u64>>> = wave
            .par_chunks(CHUNK_ARTICLES)
            .map(|chunk| sharded_terms(chunk, params))
            .collect();
        shards.par_iter_mut().enumerate().for_each(|(i, shard)| {
            for hash in counted.iter().flat_map(|chunk| &chunk[i]) {
                *shard.entry(*hash).or_default() += 1;
            }
            forget_rarest(shard, limits.shard_terms);
        });
        on_counted(wave.len());
    }
    let mut kept: Vec<(u64, u32)> = shards
        .into_iter()
        .flatten()
        .filter(|&(_, df)| df >= min_df)
        .collect();
    kept.sort_unstable_by_key(|&(hash, df)| (std::cmp::Reverse(df), hash));
    kept.truncate(limits.columns);
    kept.into_iter().map(|(hash, _)| hash).collect()
}

/// The distinct terms of each article, by shard.
fn sharded_terms(articles: &[LabelledArticle], params: &TermParams) -> Vec<Vec<u64>> {
    let mut shards = vec![Vec::new(); N_SHARDS];
    let mut terms = TermCounts::default();
    for article in articles {
        terms.count(&article.title, &article.text, params);
        for &(hash, _) in terms.as_slice() {
            // Bits that the shard's own table does not use.
            shards[(hash >> 40) as usize % N_SHARDS].push(hash);
        }
    }
    shards
}

/// If there are more than `max_terms`, drops the least counts until at most half as many are left.
fn forget_rarest(counts: &mut ByTerm<u32>, max_terms: usize) {
    if counts.len() <= max_terms {
        return;
    }
    let mut all: Vec<u32> = counts.values().copied().collect();
    all.sort_unstable_by_key(|&count| std::cmp::Reverse(count));
    let highest_dropped = all[max_terms / 2];
    counts.retain(|_, count| *count > highest_dropped);
}

/// The rows of a chunk.
fn count_columns(
    articles: &[LabelledArticle],
    params: &TermParams,
    columns: &ByTerm<u32>,
) -> RowBlock {
    let mut block = RowBlock::default();
    let mut terms = TermCounts::default();
    let mut row: Vec<(u32, u32)> = Vec::new();
    for article in articles {
        terms.count(&article.title, &article.text, params);
        row.clear();
        row.extend(terms.as_slice().iter().filter_map(|&(hash, count)| {
            let level = count.min(MAX_LEVELS as u32 - 1);
            columns.get(&hash).map(|&column| (column, level))
        }));
        row.sort_unstable();
        block.push(row.iter().copied());
    }
    block.shrink();
    block
}

/// The IGM weight of each column, out of the given rows alone; (n_features). `targets` is
/// (n_samples). 0 for what stands in fewer than `min_df` of the rows: a model of these would not know it.
pub fn igm_weights(
    records: &SparseRecords,
    rows: &[usize],
    (targets, n_classes): (&[usize], usize),
    min_df: u32,
    lambda: f32,
) -> Vec<f32> {
    let mut class_sizes = vec![0u32; n_classes];
    let mut counts = vec![0u32; records.n_features() * n_classes];
    for &i in rows {
        class_sizes[targets[i]] += 1;
        for column in records.columns(i) {
            counts[column as usize * n_classes + targets[i]] += 1;
        }
    }
    let mut rates = Vec::new();
    counts
        .chunks_exact(n_classes)
        .map(|counts| match counts.iter().sum::<u32>() < min_df {
            true => 0.0,
            false => igm_weight(counts, &class_sizes, lambda, &mut rates),
        })
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
            &|_| {},
        );
        assert_eq!(corpus.document_frequencies, [3, 1, 1]);
        // "bank": ln(4/4) + 1 = 1, twice: 1 + ln 2.
        assert!((corpus.records.row(0).next().unwrap().1 - 1.693_147).abs() < 1e-5);
        assert_eq!(
            vectorize(&articles(&["bank goal", "bank"]), &words(), 2, &|_| {})
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
            pool.install(|| vectorize(&articles, &exact, 2, &|_| {}))
        };
        let (one, four) = (run(1), run(4));
        assert_eq!(one.hashes, four.hashes);
        assert_eq!(one.idf, four.idf);
        for i in 0..articles.len() {
            assert!(one.records.row(i).eq(four.records.row(i)));
        }
    }

    #[test]
    fn a_table_that_is_too_small_keeps_the_common_terms_with_exact_counts() {
        // Every article has a word of its own and two that return.
        let texts: Vec<String> = (0..WAVE_ARTICLES + 100)
            .map(|i| format!("bank vote{} only{i}x", i % 2))
            .collect();
        let articles = articles(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let exact = TermParams {
            fold_digits: false,
            ..words()
        };
        let limits = Limits {
            shard_terms: 8,
            columns: 2,
        };
        let corpus = vectorize_within(&articles, &exact, 1, limits, &|_| {});
        let n = articles.len() as u32;
        assert_eq!(corpus.document_frequencies, [n, n / 2]);
    }

    #[test]
    fn the_least_counts_are_forgotten_first() {
        let mut counts: ByTerm<u32> = [(1, 5), (2, 1), (3, 9), (4, 1), (5, 2)]
            .into_iter()
            .collect();
        forget_rarest(&mut counts, 5);
        assert_eq!(counts.len(), 5);
        forget_rarest(&mut counts, 4);
        assert_eq!((counts.len(), counts[&3], counts[&1]), (2, 9, 5));
    }

    #[test]
    fn igm_weights_use_the_given_rows_alone() {
        let corpus = vectorize(
            &articles(&["bank", "bank", "goal", "goal bank"]),
            &words(),
            1,
            &|_| {},
        );
        let bank = corpus.records.columns(0).next().unwrap() as usize;
        let all = igm_weights(&corpus.records, &[0, 1, 2, 3], (&[0, 0, 1, 1], 2), 1, 1.0);
        let without_last = igm_weights(&corpus.records, &[0, 1, 2], (&[0, 0, 1, 1], 2), 1, 1.0);
        assert!(without_last[bank] > all[bank]);
        let of_three = igm_weights(&corpus.records, &[0, 1, 2], (&[0, 0, 1, 1], 2), 3, 1.0);
        assert_eq!(of_three, [0.0, 0.0], "each is in two of these at most");
    }
}
