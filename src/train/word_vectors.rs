//! Vectors of words by the company that they keep.

use std::collections::HashMap;

use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::{Array1, Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::corpus::LabelledArticle;
use crate::features::TermParams;
use crate::features::hashing::mentions;

/// Words of fewer texts keep too little company.
const MIN_TEXTS: u32 = 3;
/// Of more words the commonest are enough: the others hardly come again.
pub(super) const MAX_WORDS: usize = 50_000;
/// Of more texts so many, evenly out of all, are read.
const MAX_TEXTS: usize = 200_000;
/// What a text is about stands in its first words.
const MAX_TEXT_WORDS: usize = 300;
/// Words that are in each other's company: nearly all of a short text.
const WINDOW: usize = 25;
/// How fast company counts less with distance: a word n away counts 1 / (1 + n × this).
const DECAY: f32 = 0.1;
/// Contexts count by their frequency to this power, which takes from rare ones (Levy, Goldberg and Dagan 2015).
const CONTEXT_POWER: f32 = 0.75;
/// Length of the vectors.
const N_DIMENSIONS: usize = 150;
/// More directions are followed than are kept, so that those that are kept come out well.
const N_DIRECTIONS: usize = 160;
const N_ITERATIONS: usize = 3;
/// At the most there are a product, its rows one by one, and two sets of directions.
pub(super) const BYTES_PER_WORD: usize = 4 * N_DIRECTIONS * size_of::<f32>();
/// A place that is no word of the table's.
const NONE: u32 = u32::MAX;

/// Words and their vectors.
#[derive(Debug)]
pub(super) struct WordVectors {
    /// Each word's term hash, commonest first; (n_words).
    pub(super) words: Vec<u64>,
    /// Texts that have each; (n_words).
    pub(super) n_texts: Vec<u32>,
    /// Of length 1, or 0 where nothing is known; (n_words, n_dimensions).
    pub(super) vectors: Array2<f32>,
}

/// Texts as words of a table.
struct Company {
    words: Vec<u64>,
    n_texts: Vec<u32>,
    /// Word after word, with [`WINDOW`] places of none behind each text.
    ids: Vec<u32>,
    /// Where each word stands in `ids`, and where its places begin.
    places: Vec<u32>,
    starts: Vec<usize>,
}

/// Learns vectors in which words of like company lie close: the left singular vectors of the matrix of positive
/// pointwise mutual information of words and contexts, by the roots of the singular values. Equal texts and seeds give
/// equal vectors on any number of threads.
///
/// Sources: Levy, Goldberg and Dagan 2015, "Improving distributional similarity with lessons learned from word
/// embeddings", TACL; Halko, Martinsson and Tropp 2011, "Finding structure with randomness", SIAM Review.
///
/// # Errors
/// Those of the decomposition, which would be a defect.
pub(super) fn word_vectors(
    texts: &[&LabelledArticle],
    params: &TermParams,
    seed: u64,
) -> Result<WordVectors, linfa_linalg::LinalgError> {
    let company = Company::read(texts, params);
    let n_words = company.words.len();
    let n_directions = N_DIRECTIONS.min(n_words);
    let logs = company.log_frequencies();
    let times = |columns: &Array2<f32>| company.times((&logs.words, &logs.contexts), columns);
    let transposed = |columns: &Array2<f32>| company.times((&logs.contexts, &logs.words), columns);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let start =
        Array2::from_shape_simple_fn((n_words, n_directions), || rng.gen_range(-1.0f32..1.0));
    let mut basis = orthonormal(&times(&start))?;
    for _ in 0..N_ITERATIONS {
        basis = orthonormal(&times(&orthonormal(&transposed(&basis))?))?;
    }
    let image = transposed(&basis);
    // Its eigenvalues are the squares of the singular values.
    let (squares, directions) = image
        .t()
        .dot(&image)
        .mapv(f64::from)
        .eigh()?
        .sort_eig_desc();
    let kept: Vec<usize> = (0..N_DIMENSIONS.min(n_directions)).collect();
    let scaled = directions.select(Axis(1), &kept)
        * &squares
            .select(Axis(0), &kept)
            .mapv(|square| square.max(0.0).powf(0.25));
    let mut vectors = basis.dot(&scaled.mapv(|x| x as f32));
    for mut vector in vectors.rows_mut() {
        let length = vector.dot(&vector).sqrt();
        if length > 0.0 {
            vector /= length;
        }
    }
    Ok(WordVectors {
        words: company.words,
        n_texts: company.n_texts,
        vectors,
    })
}

/// Columns of length 1 at right angles that span the same space. Of directions that hang together, one is zero.
fn orthonormal(columns: &Array2<f32>) -> Result<Array2<f32>, linfa_linalg::LinalgError> {
    let gram = columns.t().dot(columns).mapv(f64::from);
    let (values, directions) = gram.eigh()?.sort_eig_desc();
    let least = values.first().copied().unwrap_or_default() * 1e-7;
    let scales: Array1<f64> = values.mapv(|value| match value > least {
        true => 1.0 / value.sqrt(),
        false => 0.0,
    });
    Ok(columns.dot(&(directions * &scales).mapv(|x| x as f32)))
}

/// A text's words by their term hashes, title and body apart.
fn words_of(article: &LabelledArticle, params: &TermParams) -> Vec<u64> {
    let params = TermParams {
        ngram_range: (1, 1),
        prefix_chars: 0,
        ..*params
    };
    let mut words = Vec::new();
    for text in [&article.title, &article.text] {
        mentions(text, &params, |mention| words.push(mention.hash));
        // A place that is no word of any table.
        words.push(0);
    }
    words.truncate(MAX_TEXT_WORDS);
    words
}

/// Logarithms of how often each word meets others, and of its share as a context; (n_words) each. Less both, the
/// logarithm of how often two meet is their mutual information.
struct LogFrequencies {
    words: Vec<f32>,
    contexts: Vec<f32>,
}

impl Company {
    fn read(texts: &[&LabelledArticle], params: &TermParams) -> Self {
        let stride = texts.len().div_ceil(MAX_TEXTS).max(1);
        let texts: Vec<Vec<u64>> = texts
            .par_iter()
            .step_by(stride)
            .map(|article| words_of(article, params))
            .collect();
        let mut counts: HashMap<u64, u32> = HashMap::new();
        let mut distinct = Vec::new();
        for text in &texts {
            distinct.clone_from(text);
            distinct.sort_unstable();
            distinct.dedup();
            for word in distinct.iter().filter(|word| **word != 0) {
                *counts.entry(*word).or_default() += 1;
            }
        }
        let mut words: Vec<(u64, u32)> = counts
            .into_iter()
            .filter(|(_, n)| *n >= MIN_TEXTS)
            .collect();
        words.sort_unstable_by_key(|&(word, n)| (std::cmp::Reverse(n), word));
        words.truncate(MAX_WORDS);
        let (words, n_texts): (Vec<u64>, Vec<u32>) = words.into_iter().unzip();
        let numbers: HashMap<u64, u32> = words.iter().copied().zip(0..).collect();
        let mut ids = Vec::new();
        for text in &texts {
            let known = text
                .iter()
                .map(|word| numbers.get(word).copied().unwrap_or(NONE));
            ids.extend(known);
            ids.extend([NONE; WINDOW]);
        }
        let mut starts = vec![0usize; words.len() + 1];
        for id in ids.iter().filter(|id| **id != NONE) {
            starts[*id as usize + 1] += 1;
        }
        for i in 1..starts.len() {
            starts[i] += starts[i - 1];
        }
        let mut next = starts.clone();
        let mut places = vec![0u32; starts.last().copied().unwrap_or_default()];
        for (place, id) in (0u32..).zip(&ids) {
            if *id != NONE {
                places[next[*id as usize]] = place;
                next[*id as usize] += 1;
            }
        }
        Self {
            words,
            n_texts,
            ids,
            places,
            starts,
        }
    }

    /// Calls with each word in the company of word `i`, and what it counts.
    fn each_companion(&self, i: usize, mut on_companion: impl FnMut(u32, f32)) {
        let decay: [f32; WINDOW] = std::array::from_fn(|n| 1.0 / (1.0 + DECAY * (n + 1) as f32));
        for &place in &self.places[self.starts[i]..self.starts[i + 1]] {
            let place = place as usize;
            let before = self.ids[place.saturating_sub(WINDOW)..place].iter().rev();
            let after = self.ids[place + 1..].iter();
            for (&id, &weight) in before.zip(&decay).chain(after.zip(&decay)) {
                if id != NONE {
                    on_companion(id, weight);
                }
            }
        }
    }

    fn log_frequencies(&self) -> LogFrequencies {
        let meetings: Vec<f32> = (0..self.words.len())
            .into_par_iter()
            .map(|i| {
                let mut sum = 0.0f64;
                self.each_companion(i, |_, weight| sum += f64::from(weight));
                sum as f32
            })
            .collect();
        let contexts = meetings.iter().map(|n| n.powf(CONTEXT_POWER));
        let all = contexts.clone().sum::<f32>().ln();
        LogFrequencies {
            contexts: contexts.map(|n| n.ln() - all).collect(),
            words: meetings.iter().map(|n| n.ln()).collect(),
        }
    }

    /// The matrix of positive mutual information times another, (n_words, n_columns); with the logarithms the other
    /// way round, its transpose. Its rows are counted anew each time: all together they would be some hundred
    /// megabytes.
    fn times(&self, (of_rows, of_columns): (&[f32], &[f32]), columns: &Array2<f32>) -> Array2<f32> {
        let n_words = self.words.len();
        let rows = (0..n_words).into_par_iter().map_init(
            || (vec![0.0f32; n_words], Vec::new()),
            |(meetings, met), i| {
                let mut row = Array1::zeros(columns.ncols());
                self.each_companion(i, |id, weight| {
                    let sum = &mut meetings[id as usize];
                    if *sum == 0.0 {
                        met.push(id);
                    }
                    *sum += weight;
                });
                for id in met.drain(..) {
                    let id = id as usize;
                    let count = std::mem::take(&mut meetings[id]);
                    let information = count.ln() - of_rows[i] - of_columns[id];
                    if information > 0.0 {
                        row.scaled_add(information, &columns.row(id));
                    }
                }
                row
            },
        );
        let rows: Vec<Array1<f32>> = rows.collect();
        let mut product = Array2::zeros(columns.raw_dim());
        for (mut to, row) in product.rows_mut().into_iter().zip(rows) {
            to.assign(&row);
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Vec<LabelledArticle> {
        let themes = [
            "goal striker league match keeper",
            "bank rates shares market profit",
        ];
        (0..400usize)
            .map(|i| {
                let words: Vec<&str> = themes[i % 2].split(' ').collect();
                let text = [
                    words[i % 5],
                    words[(i / 5) % 5],
                    "said",
                    words[(i / 25) % 5],
                ];
                LabelledArticle {
                    text: text.join(" "),
                    ..LabelledArticle::default()
                }
            })
            .collect()
    }

    fn hash_of(word: &str) -> u64 {
        let article = LabelledArticle {
            title: word.into(),
            ..LabelledArticle::default()
        };
        words_of(&article, &TermParams::default())[0]
    }

    #[test]
    fn words_of_like_company_are_alike() {
        let found = word_vectors(
            &texts().iter().collect::<Vec<_>>(),
            &TermParams::default(),
            1,
        )
        .unwrap();
        let vector = |word: &str| {
            let place = found.words.iter().position(|w| *w == hash_of(word));
            found.vectors.row(place.expect("a word of the table"))
        };
        let near = vector("goal").dot(&vector("striker"));
        let far = vector("goal").dot(&vector("bank"));
        assert!(near > 0.5 && far < near - 0.4, "{near} {far}");
        let length = vector("goal").dot(&vector("goal"));
        assert!((length - 1.0).abs() < 1e-4);
    }

    #[test]
    fn threads_change_nothing() {
        let run = |n_threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(n_threads)
                .build()
                .unwrap();
            pool.install(|| {
                word_vectors(
                    &texts().iter().collect::<Vec<_>>(),
                    &TermParams::default(),
                    1,
                )
                .unwrap()
                .vectors
            })
        };
        assert_eq!(run(1), run(3));
    }

    #[test]
    fn company_is_counted_on_both_sides_and_less_with_distance() {
        let article = LabelledArticle {
            text: "aa bb aa cc".into(),
            ..LabelledArticle::default()
        };
        let company = Company::read(&vec![&article; MIN_TEXTS as usize], &TermParams::default());
        let place = |word: &str| {
            company
                .words
                .iter()
                .position(|w| *w == hash_of(word))
                .unwrap()
        };
        let mut met = 0.0;
        company.each_companion(place("aa"), |id, weight| {
            if id as usize == place("cc") {
                met += weight;
            }
        });
        // In each text one and three words apart.
        let expected = MIN_TEXTS as f32 * (1.0 / 1.1 + 1.0 / 1.3);
        assert!((met - expected).abs() < 1e-4, "{met}");
    }

    #[test]
    fn columns_come_out_at_right_angles() {
        let columns =
            Array2::from_shape_vec((3, 2), vec![1.0f32, 1.0, 0.0, 1.0, 0.0, 0.0]).unwrap();
        let found = orthonormal(&columns).unwrap();
        let gram = found.t().dot(&found);
        for ((i, j), value) in gram.indexed_iter() {
            let expected = if i == j { 1.0 } else { 0.0 };
            assert!((value - expected).abs() < 1e-4, "{gram}");
        }
    }
}
