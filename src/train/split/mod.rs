//! Which articles are learnt from and which are held out.
//!
//! - [`hold_out`], [`hold_out_newest`]: read these first.
//! - `groups`: which articles belong together.
//! - `folds`: whole groups, every label spread evenly.

mod folds;
mod groups;

pub(super) use folds::strata;
pub use folds::stratified_folds;
pub use groups::groups;

use std::collections::HashSet;

use super::corpus::{Corpus, LabelledArticle};
use super::{OnStep, Step, TrainError};

/// A share is dealt in no more folds than this.
const MAX_FOLDS: usize = 100;

/// What is learnt from and what is measured on.
#[derive(Debug, Clone)]
pub struct Split {
    /// Learnt from.
    pub train: Vec<LabelledArticle>,
    /// Measured on.
    pub test: Vec<LabelledArticle>,
}

/// Holds out a seeded, stratified share of a corpus, in (0, 1): whole groups, no near-duplicates
/// across.
pub fn hold_out(corpus: Corpus, share: f64, seed: u64, on_step: &OnStep<'_>) -> Split {
    on_step(Step::Grouping {
        n_articles: corpus.articles.len(),
    });
    let groups = groups(&corpus.articles);
    let strata = strata(&corpus.articles);
    let (n_held_out, n_folds) = fraction(share);
    let folds = stratified_folds(&strata, &groups, n_folds, seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (article, fold) in corpus.articles.into_iter().zip(folds) {
        // The last folds are those that rare labels reach last.
        if fold + n_held_out >= n_folds {
            test.push(article)
        } else {
            train.push(article)
        }
    }
    Split { train, test }
}

/// How many of how few folds are such a share of all, to a fiftieth of it: of more folds than articles of a topic,
/// the last would have none of it.
fn fraction(share: f64) -> (usize, usize) {
    let folds = 2..=MAX_FOLDS;
    let mut fractions = folds.map(|n_folds| {
        let n_held_out = (share * n_folds as f64).round() as usize;
        (n_held_out.clamp(1, n_folds - 1), n_folds)
    });
    let whole = (1.0 / share).round();
    let is_whole = (whole * share - 1.0).abs() < 1e-9;
    match is_whole {
        true => (1, whole as usize),
        false => fractions
            .find(|&(n_held_out, n_folds)| {
                let dealt = n_held_out as f64 / n_folds as f64;
                (dealt - share).abs() <= share / 50.0
            })
            .unwrap_or((1, whole.max(2.0) as usize)),
    }
}

/// Holds out the newest share of a corpus, in (0, 1): what comes is another matter than what was.
/// Older articles that nearly repeat a held-out one, or are of its group, are left out of both.
///
/// # Errors
/// [`TrainError::NoDate`] if an article has no date.
pub fn hold_out_newest(
    corpus: Corpus,
    share: f64,
    on_step: &OnStep<'_>,
) -> Result<Split, TrainError> {
    let mut train = corpus.articles;
    let mut undated = train.iter().filter(|a| a.date.is_empty());
    if let Some(first) = undated.next() {
        return Err(TrainError::NoDate {
            first: first.place.clone(),
            n_undated: 1 + undated.count(),
            n_articles: train.len(),
        });
    }
    on_step(Step::Grouping {
        n_articles: train.len(),
    });
    train.sort_by(|a, b| a.date.cmp(&b.date));
    let groups = groups(&train);
    let n_test = (share * train.len() as f64).round() as usize;
    let test = train.split_off(train.len().saturating_sub(n_test.max(1)));
    let (of_train, of_test) = groups.split_at(train.len());
    let held_out: HashSet<usize> = of_test.iter().copied().collect();
    let mut groups = of_train.iter();
    train.retain(|_| groups.next().is_none_or(|group| !held_out.contains(group)));
    Ok(Split { train, test })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(date: &str, text: &str, group: &str) -> LabelledArticle {
        LabelledArticle {
            date: date.into(),
            text: text.into(),
            group: group.into(),
            ..LabelledArticle::default()
        }
    }

    fn split(articles: Vec<LabelledArticle>) -> Result<Split, TrainError> {
        let mut corpus = Corpus::default();
        corpus.articles = articles;
        hold_out_newest(corpus, 0.25, &|_| ())
    }

    #[test]
    fn the_share_that_is_asked_for_is_held_out() {
        assert_eq!(fraction(0.1), (1, 10));
        assert_eq!(fraction(0.05), (1, 20));
        assert_eq!(fraction(0.01), (1, 100));
        assert_eq!(fraction(0.4), (2, 5));
        for percent in 1..=50 {
            let share = f64::from(percent) / 100.0;
            let (n_held_out, n_folds) = fraction(share);
            let dealt = n_held_out as f64 / n_folds as f64;
            assert!((dealt - share).abs() <= share / 50.0, "{share}: {dealt}");
        }
        // No two have a word in common.
        let articles = (0..200).map(|n| {
            let digits = format!("{n:03}").into_bytes().into_iter();
            let word: String = digits
                .map(|digit| char::from(digit + b'a' - b'0'))
                .collect();
            article("", &format!("{word} {word}s {word}ing"), "")
        });
        let mut corpus = Corpus::default();
        corpus.articles = articles.collect();
        let split = hold_out(corpus, 0.4, 42, &|_| ());
        assert_eq!((split.train.len(), split.test.len()), (120, 80));
    }

    #[test]
    fn nothing_of_a_held_out_group_is_learnt() {
        let found = split(vec![
            article("2024-01-04", "the storm hit the coast", "storm"),
            article("2024-01-01", "rates rise again", ""),
            article("2024-01-02", "a storm is on its way", "storm"),
            article("2024-01-03", "voters elect a mayor", ""),
        ])
        .unwrap();
        let dates = |articles: &[LabelledArticle]| -> Vec<String> {
            articles.iter().map(|a| a.date.clone()).collect()
        };
        assert_eq!(dates(&found.test), ["2024-01-04"]);
        assert_eq!(dates(&found.train), ["2024-01-01", "2024-01-03"]);
    }

    #[test]
    fn the_first_article_without_a_date_is_named() {
        let mut undated = article("", "x", "");
        undated.place.line = 7;
        undated.place.file = "rows.jsonl".into();
        let error = split(vec![article("2024-01-01", "y", ""), undated]).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("rows.jsonl:7"), "{error}");
    }
}
