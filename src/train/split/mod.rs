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

use super::corpus::{Corpus, LabelledArticle};
use super::{OnStep, Step, TrainError};

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
    let n_folds = (1.0 / share).round().max(2.0) as usize;
    let folds = stratified_folds(&strata, &groups, n_folds, seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (article, fold) in corpus.articles.into_iter().zip(folds) {
        // The last fold is the one that rare labels reach last.
        if fold + 1 == n_folds {
            test.push(article)
        } else {
            train.push(article)
        }
    }
    Split { train, test }
}

/// Holds out the newest share of a corpus, in (0, 1): what comes is another matter than what was.
///
/// # Errors
/// [`TrainError::NoDate`] if an article has no date.
pub fn hold_out_newest(corpus: Corpus, share: f64) -> Result<Split, TrainError> {
    let mut train = corpus.articles;
    let n_undated = train.iter().filter(|a| a.date.is_empty()).count();
    if n_undated > 0 {
        return Err(TrainError::NoDate {
            n_undated,
            n_articles: train.len(),
        });
    }
    train.sort_by(|a, b| a.date.cmp(&b.date));
    let n_test = (share * train.len() as f64).round() as usize;
    let test = train.split_off(train.len().saturating_sub(n_test.max(1)));
    Ok(Split { train, test })
}
