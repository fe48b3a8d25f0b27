//! The recipe of the learnt tags.

use std::collections::BTreeMap;

use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array2;
use rayon::prelude::*;

use super::calibrate::platt_scaling;
use super::svm::{BLOCK_CLASSES, ClassMasks, OneVsRestSvmParams};
use super::topics::N_FOLDS;
use super::{Step, TrainError, TrainParams};
use crate::features::SparseRecords;
use crate::tags::vocabulary::Calibration;

/// Out-of-fold scores below this are sure to be no tag; they are not kept.
const MIN_SCORE: f32 = -0.95;
/// A tag's own threshold counts as much as the common one when it rests on so many examples.
const THRESHOLD_SHRINKAGE: f32 = 5.0;
/// Thresholds are tried so far from each other.
const THRESHOLD_STEP: f32 = 0.01;
/// The highest threshold that is tried.
const MAX_THRESHOLD: f32 = 1.0;
/// A threshold is worth the mean F1 of those of so many steps to each side of it: it has to hold for
/// articles whose scores are others.
const THRESHOLD_REACH: usize = 15;
/// Weights that contribute less than this part of the tag's largest are dropped.
const MIN_CONTRIBUTION: f32 = 0.02;
/// At most so many scores are used to fit the one calibration curve.
const MAX_CALIBRATION_SCORES: usize = 100_000;

/// The learnt tags before they are packed.
#[derive(Debug, Default)]
pub struct TagModel {
    /// The tag indices of those that were learnt, ascending: a tag that no word tells is not.
    pub learnt: Vec<usize>,
    /// By place in `learnt`.
    pub tags: Vec<TagWeights>,
    /// From score to confidence.
    pub calibration: Calibration,
}

/// One tag's linear model.
#[derive(Debug, Clone, PartialEq)]
pub struct TagWeights {
    /// (column, weight), columns ascending.
    pub weights: Vec<(u32, f32)>,
    /// Shifted so that a score of 0 is the tag's threshold.
    pub intercept: f32,
}

/// What is learnt from. Only articles that have tags say anything of them.
#[derive(Debug, Clone, Copy)]
pub struct TagData<'a> {
    /// Sublinear tf × idf; (n_samples, n_features).
    pub records: &'a SparseRecords,
    /// Each term's IGM weight, as the topic model has it; (n_features).
    pub igm: &'a [f32],
    /// idf × IGM weight of each term; (n_features).
    pub term_weights: &'a [f32],
    /// Tag indices of each article; (n_samples).
    pub tags: &'a [Vec<usize>],
    /// Whether the article has any tags, learnt ones or not; (n_samples).
    pub is_tagged: &'a [bool],
    /// Fold of each article; (n_samples).
    pub folds: &'a [usize],
    /// Number of tags.
    pub n_tags: usize,
}

/// A score of an article that was held out.
#[derive(Debug, Clone, Copy)]
struct HeldOutScore {
    score: f32,
    is_right: bool,
}

/// A block of tags, fitted on all articles and scored out of fold.
struct FittedTag {
    index: usize,
    weights: Vec<(u32, f32)>,
    intercept: f32,
    held_out: Vec<HeldOutScore>,
}

/// Fits one SVM a tag against all other articles that have tags. Each tag's threshold is that of
/// the best F1 on held-out scores, drawn towards the best common threshold by n / (n + 5) of its n
/// examples; one calibration curve serves all tags.
///
/// # Errors
/// [`TrainError`] if a solver fails.
pub fn fit(
    data: TagData<'_>,
    params: &TrainParams,
    on_step: &super::OnStep<'_>,
) -> Result<TagModel, TrainError> {
    if data.n_tags == 0 {
        return Ok(TagModel::default());
    }
    let rows: Vec<usize> = (0..data.tags.len())
        .filter(|&i| data.is_tagged[i])
        .collect();
    let folds: Vec<Fold> = (0..N_FOLDS)
        .map(|fold| Fold::new(data, &rows, Some(fold)))
        .collect();
    let all = Fold::new(data, &rows, None);
    let blocks: Vec<usize> = (0..data.n_tags).step_by(BLOCK_CLASSES).collect();
    on_step(Step::FittingTags {
        n_tags: data.n_tags,
    });
    let fitted: Vec<Vec<FittedTag>> = blocks
        .par_iter()
        .map(|&first| {
            let block = fit_block(data, &folds, &all, first, params)?;
            let n_units = block.len();
            on_step(Step::Advanced { n_units });
            Ok(block)
        })
        .collect::<Result<_, TrainError>>()?;
    // Without weights all articles have the same score, and the tag would be offered to all or none.
    let is_told = |tag: &FittedTag| !tag.weights.is_empty();
    let fitted: Vec<FittedTag> = fitted.into_iter().flatten().filter(is_told).collect();
    if fitted.is_empty() {
        return Ok(TagModel::default());
    }
    let mut model = with_thresholds(fitted)?;
    let threshold = &mut model.calibration.threshold;
    *threshold = threshold.max(params.min_tag_confidence);
    Ok(model)
}

/// Rows to learn from and rows to score.
struct Fold {
    train_rows: Vec<usize>,
    train: SparseRecords,
    test_rows: Vec<usize>,
    test: SparseRecords,
}

impl Fold {
    /// `None`: learn from all rows and score none.
    fn new(data: TagData<'_>, rows: &[usize], fold: Option<usize>) -> Self {
        let (test_rows, train_rows): (Vec<usize>, Vec<usize>) =
            rows.iter().partition(|&&i| Some(data.folds[i]) == fold);
        Self {
            train: data.records.weighted_unit_rows(&train_rows, data.igm),
            test: data.records.weighted_unit_rows(&test_rows, data.igm),
            train_rows,
            test_rows,
        }
    }
}

fn fit_block(
    data: TagData<'_>,
    folds: &[Fold],
    all: &Fold,
    first: usize,
    params: &TrainParams,
) -> Result<Vec<FittedTag>, TrainError> {
    let n_tags = BLOCK_CLASSES.min(data.n_tags - first);
    let svm = OneVsRestSvmParams::new(n_tags)
        .c(params.tag_c)
        .seed(params.seed);
    let mask = |i: &usize| masks(&data.tags[*i], first, n_tags);
    let fit = |fold: &Fold| {
        let targets = ClassMasks(fold.train_rows.iter().map(mask).collect());
        svm.fit(&DatasetBase::new(fold.train.clone(), targets))
    };
    let mut held_out = vec![Vec::new(); n_tags];
    for fold in folds {
        // Sparse here too: thresholds must be those of the models that are served.
        let mut model = fit(fold)?;
        sparsify(&mut model.weights, data.term_weights, params.max_tag_terms);
        let scores = model.decision_function(&fold.test);
        for (row, scores) in fold.test_rows.iter().zip(scores.rows()) {
            let right = mask(row);
            for (tag, &score) in scores.iter().enumerate() {
                let is_right = right >> tag & 1 == 1;
                if is_right || score > MIN_SCORE {
                    held_out[tag].push(HeldOutScore { score, is_right });
                }
            }
        }
    }
    let mut model = fit(all)?;
    sparsify(&mut model.weights, data.term_weights, params.max_tag_terms);
    let tags = held_out
        .into_iter()
        .enumerate()
        .map(|(tag, held_out)| FittedTag {
            index: first + tag,
            weights: (0..)
                .zip(model.weights.column(tag).iter().copied())
                .filter(|(_, weight)| *weight != 0.0)
                .collect(),
            intercept: model.intercepts[tag],
            held_out,
        });
    Ok(tags.collect())
}

fn masks(tags: &[usize], first: usize, n_tags: usize) -> u32 {
    tags.iter()
        .filter_map(|tag| tag.checked_sub(first))
        .filter(|&bit| bit < n_tags)
        .fold(0, |mask, bit| mask | 1 << bit)
}

/// Sets all weights to 0 but, of each tag, at most `max_terms` of those that can move its score.
/// `weights` is (n_features, n_tags), `term_weights` (n_features).
fn sparsify(weights: &mut Array2<f32>, term_weights: &[f32], max_terms: usize) {
    for mut column in weights.columns_mut() {
        let share = |(term, weight): (usize, &f32)| (weight.abs() * term_weights[term], term);
        let largest = column
            .iter()
            .enumerate()
            .map(share)
            .map(|(s, _)| s)
            .fold(0.0, f32::max);
        let least = largest * MIN_CONTRIBUTION;
        let telling = column
            .iter()
            .enumerate()
            .map(share)
            .filter(|(s, _)| *s >= least);
        let mut kept: Vec<(f32, usize)> = telling.collect();
        kept.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        kept.truncate(max_terms);
        let kept: Vec<(usize, f32)> = kept.iter().map(|&(_, term)| (term, column[term])).collect();
        column.fill(0.0);
        kept.into_iter()
            .for_each(|(term, weight)| column[term] = weight);
    }
}

fn with_thresholds(mut fitted: Vec<FittedTag>) -> Result<TagModel, TrainError> {
    let every = fitted.iter().flat_map(|tag| &tag.held_out);
    let common = best_threshold(every).unwrap_or(0.0);
    for tag in &mut fitted {
        let n_right = tag.held_out.iter().filter(|s| s.is_right).count() as f32;
        let own = best_threshold(&tag.held_out).unwrap_or(common);
        let trust = n_right / (n_right + THRESHOLD_SHRINKAGE);
        let threshold = trust * own + (1.0 - trust) * common;
        tag.intercept -= threshold;
        tag.held_out.iter_mut().for_each(|s| s.score -= threshold);
    }
    let n_scores: usize = fitted.iter().map(|tag| tag.held_out.len()).sum();
    let stride = n_scores.div_ceil(MAX_CALIBRATION_SCORES).max(1);
    let all = fitted.iter().flat_map(|tag| &tag.held_out);
    let (scores, is_right): (Vec<f32>, Vec<bool>) =
        all.step_by(stride).map(|s| (s.score, s.is_right)).unzip();
    Ok(TagModel {
        calibration: platt_scaling(&scores, &is_right)?,
        learnt: fitted.iter().map(|tag| tag.index).collect(),
        tags: fitted
            .into_iter()
            .map(|tag| TagWeights {
                weights: tag.weights,
                intercept: tag.intercept,
            })
            .collect(),
    })
}

/// The threshold around which F1 is best: the middle of those of the greatest mean. Never below
/// [`MIN_SCORE`]: of the scores down there only the right ones were kept. `None` if no right score is
/// above it.
///
/// Source: Yang 2001, "A study of thresholding strategies for text categorization", SIGIR (SCut); there
/// the one best threshold is taken, which is as good as chance on a few dozen scores.
fn best_threshold<'a>(scores: impl IntoIterator<Item = &'a HeldOutScore> + Clone) -> Option<f32> {
    let right = scores.clone().into_iter().filter(|s| s.is_right);
    let n_right = right.count();
    let is_kept = |s: &&HeldOutScore| s.score > MIN_SCORE;
    // As large as it must be: of thousands of tags these are most of what a run needs.
    let n_kept = scores.clone().into_iter().filter(is_kept).count();
    let mut kept: Vec<HeldOutScore> = Vec::with_capacity(n_kept);
    kept.extend(scores.into_iter().filter(is_kept));
    if !kept.iter().any(|s| s.is_right) {
        return None;
    }
    kept.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let thresholds: Vec<f32> = (0..)
        .map(|step| MIN_SCORE + step as f32 * THRESHOLD_STEP)
        .take_while(|threshold| *threshold < MAX_THRESHOLD)
        .collect();
    let (mut f1, mut n_taken, mut n_hits) = (vec![0.0; thresholds.len()], 0, 0);
    for (f1, threshold) in f1.iter_mut().zip(&thresholds).rev() {
        while let Some(next) = kept.get(n_taken).filter(|s| s.score > *threshold) {
            n_taken += 1;
            n_hits += usize::from(next.is_right);
        }
        *f1 = 2.0 * n_hits as f64 / (n_taken + n_right) as f64;
    }
    let mean = |i: usize| {
        let near = i.saturating_sub(THRESHOLD_REACH)..(i + THRESHOLD_REACH + 1).min(f1.len());
        f1[near.clone()].iter().sum::<f64>() / near.len() as f64
    };
    let means: Vec<f64> = (0..f1.len()).map(mean).collect();
    let best = means.iter().fold(0.0, |a: f64, &b| a.max(b)) - 1e-9;
    let first = means.iter().position(|mean| *mean >= best)?;
    let last = means.iter().rposition(|mean| *mean >= best)?;
    Some((thresholds[first] + thresholds[last]) / 2.0)
}

/// The tags of at least `min_examples` articles, in alphabetical order, with their counts.
pub fn vocabulary<'a>(
    tags: impl Iterator<Item = &'a String>,
    min_examples: usize,
) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    tags.for_each(|tag| *counts.entry(tag).or_default() += 1);
    counts
        .into_iter()
        .filter(|&(_, count)| count >= min_examples.max(1))
        .map(|(tag, count)| (tag.to_owned(), count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn held_out(list: &[(f32, bool)]) -> Vec<HeldOutScore> {
        let score = |&(score, is_right)| HeldOutScore { score, is_right };
        list.iter().map(score).collect()
    }

    #[test]
    fn the_best_threshold_stands_midway_between_right_and_wrong() {
        let parted = held_out(&[(0.2, true), (-0.6, false), (0.8, true)]);
        assert!((best_threshold(&parted).unwrap() + 0.2).abs() < THRESHOLD_STEP);
        // Taking the two wrong ones between costs less than missing the right ones below them.
        let mixed = held_out(&[
            (0.9, true),
            (0.5, false),
            (0.4, true),
            (0.3, true),
            (-0.1, false),
        ]);
        assert!((best_threshold(&mixed).unwrap() - 0.1).abs() < THRESHOLD_STEP);
        assert_eq!(best_threshold(&[]), None);
    }

    #[test]
    fn a_narrow_gap_is_no_threshold() {
        // Between 0.30 and 0.31 F1 is 1, but a little above it half of the right ones are missed, and below
        // it, for long, one in four suggestions is wrong.
        let mut scores = vec![(0.31, true), (0.32, true), (0.9, true), (0.3, false)];
        scores.extend([(-0.6, false); 9]);
        let threshold = best_threshold(&held_out(&scores)).unwrap();
        assert!(threshold < 0.2, "{threshold}");
    }

    #[test]
    fn a_right_score_below_the_floor_does_not_drag_the_threshold_there() {
        // Its wrong neighbours were not kept: taking it would take them all.
        let scores = held_out(&[(-0.2, true), (-1.9, true)]);
        assert!(best_threshold(&scores).unwrap() > MIN_SCORE);
        assert_eq!(best_threshold(&scores[1..]), None);
    }

    #[test]
    fn small_contributions_are_dropped_first() {
        let mut weights = array![[0.5], [0.001], [-0.4], [0.0], [0.3]];
        sparsify(&mut weights, &[1.0, 1.0, 1.0, 1.0, 2.0], 2);
        assert_eq!(weights, array![[0.5], [0.0], [0.0], [0.0], [0.3]]);
    }

    #[test]
    fn rare_tags_are_not_learnt() {
        let tags = ["a", "b", "a", "c", "b", "a"].map(String::from);
        assert_eq!(
            vocabulary(tags.iter(), 2),
            [("a".to_owned(), 3), ("b".to_owned(), 2)]
        );
    }
}
