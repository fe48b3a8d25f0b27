//! The recipe of the topic model.

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::calibrate;
use super::svm::OneVsRestSvmParams;
use super::vectorize::igm_weights;
use super::{Step, TrainError, TrainParams};
use crate::features::SparseRecords;
use crate::model::linear::argmax;
use crate::model::softmax::softmax_in_place;
use crate::model::{LinearClassifier, SplineCalibration};

/// The values of C that are tried.
const C_GRID: [f32; 4] = [0.1, 0.3, 1.0, 3.0];
/// Parts that are held out in turn.
pub const N_FOLDS: usize = 5;

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
}

/// What is learnt from: sublinear tf × idf, topics, weights and folds, (n_samples) each.
#[derive(Debug, Clone, Copy)]
pub struct TopicData<'a> {
    /// (n_samples, n_features).
    pub records: &'a SparseRecords,
    /// Class of each article, below `n_topics`.
    pub targets: &'a [usize],
    /// What each article counts for, above 0.
    pub weights: &'a [f32],
    /// Fold of each article, below [`N_FOLDS`].
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

/// Fits the topic model:
///
/// 1. C is chosen by log loss after temperature scaling, on the first fold.
/// 2. Every fold is scored by a model of the others; IGM weights are those of the others too.
/// 3. The calibration is fitted on these scores.
/// 4. The review threshold is chosen on the same scores.
///
/// # Errors
/// [`TrainError`] if a solver fails.
pub fn fit(
    data: TopicData<'_>,
    params: &TrainParams,
    on_step: &super::OnStep<'_>,
) -> Result<TopicModel, TrainError> {
    on_step(Step::ChoosingC);
    let (c, first) = choose_c(data, params)?;
    on_step(Step::FittingTopics);
    let (model, others) = rayon::join(
        || {
            fit_rows(
                data,
                &(0..data.targets.len()).collect::<Vec<_>>(),
                c,
                params,
            )
        },
        || {
            (1..N_FOLDS)
                .into_par_iter()
                .map(|fold| Ok(hold_out(data, fold, &[c], params)?.remove(0)))
                .collect::<Result<Vec<_>, TrainError>>()
        },
    );
    let (classifier, igm) = model?;
    on_step(Step::Calibrating);
    let scores = assemble(std::iter::once(first).chain(others?), data);
    let calibration = calibrate::spline_calibration(scores.view(), data.targets)?;
    Ok(TopicModel {
        review_threshold: review_threshold(&scores, &calibration, data, params),
        classifier,
        calibration,
        igm,
        c,
    })
}

fn choose_c(data: TopicData<'_>, params: &TrainParams) -> Result<(f32, HeldOut), TrainError> {
    let tried = hold_out(data, 0, &C_GRID, params)?;
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
    fold: usize,
    c_grid: &[f32],
    params: &TrainParams,
) -> Result<Vec<HeldOut>, TrainError> {
    let split = split(data.folds, fold);
    let igm = igm_weights(
        data.records,
        &split.rest,
        data.targets,
        data.n_topics,
        params.igm_lambda,
    );
    let train = dataset(data, &split.rest, &igm);
    let test = data.records.weighted_unit_rows(&split.held_out, &igm);
    c_grid
        .par_iter()
        .map(|&c| {
            let model = svm(data.n_topics, c, params).fit(&train)?;
            Ok(HeldOut {
                rows: split.held_out.clone(),
                scores: model.decision_function(&test),
            })
        })
        .collect()
}

fn split(folds: &[usize], fold: usize) -> FoldSplit {
    let (held_out, rest) = (0..folds.len()).partition(|&i| folds[i] == fold);
    FoldSplit { rest, held_out }
}

fn fit_rows(
    data: TopicData<'_>,
    rows: &[usize],
    c: f32,
    params: &TrainParams,
) -> Result<(LinearClassifier, Vec<f32>), TrainError> {
    let igm = igm_weights(
        data.records,
        rows,
        data.targets,
        data.n_topics,
        params.igm_lambda,
    );
    let model = svm(data.n_topics, c, params).fit(&dataset(data, rows, &igm))?;
    Ok((model, igm))
}

fn svm(n_topics: usize, c: f32, params: &TrainParams) -> OneVsRestSvmParams {
    OneVsRestSvmParams::new(n_topics)
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

/// The scores of all articles, each by a model that has not seen it; (n_samples, n_topics).
fn assemble(held_out: impl Iterator<Item = HeldOut>, data: TopicData<'_>) -> Array2<f32> {
    let mut scores = Array2::zeros((data.targets.len(), data.n_topics));
    for part in held_out {
        for (&row, part) in part.rows.iter().zip(part.scores.rows()) {
            scores.row_mut(row).assign(&part);
        }
    }
    scores
}

fn review_threshold(
    scores: &Array2<f32>,
    calibration: &SplineCalibration,
    data: TopicData<'_>,
    params: &TrainParams,
) -> f32 {
    let (confidences, is_right): (Vec<f32>, Vec<bool>) = scores
        .rows()
        .into_iter()
        .zip(data.targets)
        .map(|(scores, &target)| {
            let mut probabilities = scores.to_vec();
            calibration.apply(&mut probabilities);
            softmax_in_place(&mut probabilities);
            let best = argmax(probabilities.iter().copied());
            (probabilities[best], best == target)
        })
        .unzip();
    calibrate::review_threshold(&confidences, &is_right, params.auto_accuracy)
}
