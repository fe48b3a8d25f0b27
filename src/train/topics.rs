//! The recipe of the topic model.

use std::sync::Arc;

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, Array2};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::neighbours::Neighbours;
use super::svm::OneVsRestSvmParams;
use super::vectorize::igm_weights;
use super::{Step, TrainError, TrainParams};
use super::{calibrate, coverage};
use crate::features::SparseRecords;
use crate::model::linear::argmax;
use crate::model::softmax::softmax_in_place;
use crate::model::{LinearClassifier, SplineCalibration};

/// The values of C that are tried.
const C_GRID: [f32; 4] = [0.1, 0.3, 1.0, 3.0];
/// Parts that are held out in turn.
pub const N_FOLDS: usize = 5;
/// The fold of articles that are learnt from and never held out: nobody has told their topics.
pub const NO_FOLD: usize = N_FOLDS;
/// Of a larger corpus, about so many articles choose C: four fits of a million would take as long as
/// everything else, for a choice among four values.
const MAX_SEARCH_ARTICLES: usize = 100_000;

/// A fitted topic model in full precision.
#[derive(Debug)]
pub struct TopicModel {
    /// The one-vs-rest model.
    pub classifier: LinearClassifier,
    /// After it, the softmax of the classifier's scores is calibrated.
    pub calibration: SplineCalibration,
    /// The IGM weight of each term, to be multiplied with its idf; (n_features).
    pub igm: Vec<f32>,
    /// The chosen C.
    pub c: f32,
    /// Answers of less confidence should be reviewed; in [0, 1].
    pub review_threshold: f32,
    /// Calibrated probabilities of the training articles that have folds, each by a model that has not seen it;
    /// (n_with_folds, n_topics).
    pub out_of_fold: Array2<f32>,
}

/// What is learnt from: sublinear tf × idf, topics, weights and folds, (n_samples) each.
#[derive(Debug, Clone, Copy)]
pub struct TopicData<'a> {
    /// What words bring with them, if they do.
    pub neighbours: Option<&'a Arc<Neighbours>>,
    /// (n_samples, n_features).
    pub records: &'a SparseRecords,
    /// Class of each article, below `n_topics`.
    pub targets: &'a [usize],
    /// What each article counts for, above 0.
    pub weights: &'a [f32],
    /// Fold of each article, below [`N_FOLDS`]. Behind these, the last articles may be of [`NO_FOLD`].
    pub folds: &'a [usize],
    /// Number of topics, at least 2.
    pub n_topics: usize,
}

/// A fold's rows in and out of it.
struct FoldSplit {
    rest: Vec<usize>,
    held_out: Vec<usize>,
}

/// Scores of articles by a model that has not seen them.
struct HeldOut {
    rows: Vec<usize>,
    /// (rows, n_topics).
    scores: Array2<f32>,
}

impl TopicData<'_> {
    /// How many articles have a fold.
    pub(super) fn n_with_folds(&self) -> usize {
        self.folds.partition_point(|fold| *fold < NO_FOLD)
    }
}

/// Fits the topic model:
///
/// 1. C is chosen by log loss after temperature scaling, on the first fold; of more than a hundred
///    thousand articles a seeded sample chooses. A C that is `known` is not chosen anew.
/// 2. Every fold is scored by a model of the others; IGM weights and known terms are those of the others too.
/// 3. The calibration is fitted on these scores.
/// 4. The review threshold is chosen on the same scores.
///
/// # Errors
/// [`TrainError`] if a solver fails.
pub fn fit(
    data: TopicData<'_>,
    known_c: Option<f32>,
    params: &TrainParams,
    on_step: &super::OnStep<'_>,
) -> Result<TopicModel, TrainError> {
    let advance = || on_step(Step::Advanced { n_units: 1 });
    let (c, first) = match known_c {
        Some(c) => (c, None),
        None => {
            let searched = search_rows(data.targets.len(), MAX_SEARCH_ARTICLES, params.seed);
            on_step(Step::ChoosingC {
                n_fits: C_GRID.len(),
            });
            let (c, first) = choose_c(data, &searched, params, &advance)?;
            // A sample's scores choose C and no more: every article is to be scored.
            (
                c,
                Some(first).filter(|_| searched.len() == data.targets.len()),
            )
        }
    };
    let first_fold = usize::from(first.is_some());
    let all: Vec<usize> = (0..data.targets.len()).collect();
    on_step(Step::FittingTopics {
        n_fits: 1 + N_FOLDS - first_fold,
    });
    let (model, others) = rayon::join(
        || {
            let model = fit_rows(data, &all, c, params);
            advance();
            model
        },
        || {
            (first_fold..N_FOLDS)
                .into_par_iter()
                .map(|fold| {
                    let split = split(&all, data.folds, fold);
                    Ok(hold_out(data, split, &[c], params, &advance)?.remove(0))
                })
                .collect::<Result<Vec<_>, TrainError>>()
        },
    );
    let (classifier, igm) = model?;
    on_step(Step::Calibrating);
    let scores = assemble(first.into_iter().chain(others?), data);
    let targets = &data.targets[..scores.nrows()];
    let calibration =
        calibrate::spline_calibration(scores.view(), targets, params.base_rate_share)?;
    let out_of_fold = probabilities(scores, &calibration);
    Ok(TopicModel {
        review_threshold: review_threshold(&out_of_fold, data, params),
        out_of_fold,
        classifier,
        calibration,
        igm,
        c,
    })
}

/// All articles, or a seeded sample of `max_rows` of them, in their order.
fn search_rows(n_samples: usize, max_rows: usize, seed: u64) -> Vec<usize> {
    if n_samples <= max_rows {
        return (0..n_samples).collect();
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut rows = rand::seq::index::sample(&mut rng, n_samples, max_rows).into_vec();
    rows.sort_unstable();
    rows
}

fn choose_c(
    data: TopicData<'_>,
    rows: &[usize],
    params: &TrainParams,
    advance: &(dyn Fn() + Sync),
) -> Result<(f32, HeldOut), TrainError> {
    let tried = hold_out(data, split(rows, data.folds, 0), &C_GRID, params, advance)?;
    let losses = tried.iter().map(|held_out| {
        let targets: Vec<usize> = held_out.rows.iter().map(|&i| data.targets[i]).collect();
        let temperature = calibrate::inverse_temperature(held_out.scores.view(), &targets);
        calibrate::log_loss(held_out.scores.view(), &targets, temperature)
    });
    let best = losses
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(i, _)| i);
    let held_out = tried.into_iter().nth(best);
    held_out
        .map(|h| (C_GRID[best], h))
        .ok_or(TrainError::TooFewTopics { topics: Vec::new() })
}

/// The scores of a fold by models of the others, one for each C.
fn hold_out(
    data: TopicData<'_>,
    split: FoldSplit,
    c_grid: &[f32],
    params: &TrainParams,
    advance: &(dyn Fn() + Sync),
) -> Result<Vec<HeldOut>, TrainError> {
    let igm = igm_weights(
        data.records,
        &split.rest,
        (data.targets, data.n_topics),
        params.min_df,
        params.igm_lambda,
    );
    let train = dataset(data, &split.rest, &igm);
    let test = data.records.weighted_unit_rows(&split.held_out, &igm);
    c_grid
        .par_iter()
        .map(|&c| {
            let model = svm(data, c, params).fit(&train)?;
            advance();
            Ok(HeldOut {
                rows: split.held_out.clone(),
                scores: model.decision_function(&test),
            })
        })
        .collect()
}

fn split(rows: &[usize], folds: &[usize], fold: usize) -> FoldSplit {
    let (held_out, rest) = rows.iter().partition(|&&i| folds[i] == fold);
    FoldSplit { rest, held_out }
}

/// Fits some rows at one C, with the IGM weights of these rows.
pub(super) fn fit_rows(
    data: TopicData<'_>,
    rows: &[usize],
    c: f32,
    params: &TrainParams,
) -> Result<(LinearClassifier, Vec<f32>), TrainError> {
    let igm = igm_weights(
        data.records,
        rows,
        (data.targets, data.n_topics),
        params.min_df,
        params.igm_lambda,
    );
    let model = svm(data, c, params).fit(&dataset(data, rows, &igm))?;
    Ok((model, igm))
}

fn svm(data: TopicData<'_>, c: f32, params: &TrainParams) -> OneVsRestSvmParams {
    OneVsRestSvmParams::new(data.n_topics)
        .neighbours(data.neighbours.cloned())
        .c(c)
        .balance(params.topic_balance)
        .seed(params.seed)
}

fn dataset(
    data: TopicData<'_>,
    rows: &[usize],
    igm: &[f32],
) -> DatasetBase<SparseRecords, Array1<usize>> {
    DatasetBase::new(
        data.records.weighted_unit_rows(rows, igm),
        rows.iter().map(|&i| data.targets[i]).collect(),
    )
    .with_weights(rows.iter().map(|&i| data.weights[i]).collect())
}

/// The scores of all articles that have folds, each by a model that has not seen it; (n_with_folds, n_topics).
fn assemble(held_out: impl Iterator<Item = HeldOut>, data: TopicData<'_>) -> Array2<f32> {
    let mut scores = Array2::zeros((data.n_with_folds(), data.n_topics));
    for part in held_out {
        for (&row, part) in part.rows.iter().zip(part.scores.rows()) {
            scores.row_mut(row).assign(&part);
        }
    }
    scores
}

fn probabilities(mut scores: Array2<f32>, calibration: &SplineCalibration) -> Array2<f32> {
    for mut row in scores.rows_mut() {
        if let Some(row) = row.as_slice_mut() {
            calibration.apply(row);
            softmax_in_place(row);
        }
    }
    scores
}

fn review_threshold(out_of_fold: &Array2<f32>, data: TopicData<'_>, params: &TrainParams) -> f32 {
    let (confidences, is_right): (Vec<f32>, Vec<bool>) = out_of_fold
        .rows()
        .into_iter()
        .zip(data.targets)
        .map(|(row, &target)| {
            let best = argmax(row.iter().copied());
            (row[best], best == target)
        })
        .unzip();
    coverage::review_threshold(&confidences, &is_right, params.auto_accuracy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_corpus_is_sampled_and_a_small_one_is_not() {
        assert_eq!(search_rows(5, 5, 1), [0, 1, 2, 3, 4]);
        let rows = search_rows(1_000, 50, 1);
        assert_eq!(rows.len(), 50);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        assert_ne!(rows, search_rows(1_000, 50, 2), "the seed decides");
    }
}
