//! Scores become probabilities that hold.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::TrainError;
use crate::model::{N_SEGMENTS, SplineCalibration};
use crate::tags::vocabulary::Calibration;

/// More pairs of article and topic hardly change K + 4 numbers and cost as they grow.
const MAX_CALIBRATION_PAIRS: usize = 60_000;
const MAX_ITERATIONS: u64 = 100;
const L2_PENALTY: f32 = 1.0;
/// Log-odds per unit of score; a score that tells nothing still may not fall.
const MIN_SLOPE: f32 = 1e-3;
/// The temperature search looks at inverse temperatures from e⁻³ to e⁵.
const LOG_INVERSE_TEMPERATURES: (f32, f32) = (-3.0, 5.0);

/// Mean negative log-likelihood, in nats, of the right classes under the softmax of
/// `inverse_temperature × scores`. `scores` is (n_samples, n_classes).
pub fn log_loss(scores: ArrayView2<'_, f32>, targets: &[usize], inverse_temperature: f32) -> f64 {
    let sum: f64 = scores
        .rows()
        .into_iter()
        .zip(targets)
        .map(|(row, &target)| {
            let max = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            let sum: f32 = row
                .iter()
                .map(|s| ((s - max) * inverse_temperature).exp())
                .sum();
            f64::from(sum.ln() - (row[target] - max) * inverse_temperature)
        })
        .sum();
    sum / targets.len().max(1) as f64
}

/// The log loss of targets of which a share of 1 / (n_samples + 2) is spread over the other classes:
/// what Platt 1999 does for two classes. It has a least value even where every target has the highest
/// score, as it may be in a small corpus: else these scores would be taken for certainties.
fn smoothed_log_loss(
    scores: ArrayView2<'_, f32>,
    targets: &[usize],
    inverse_temperature: f32,
) -> f64 {
    let spread = 1.0 / (targets.len() as f64 + 2.0);
    let n_others = scores.ncols().saturating_sub(1).max(1) as f64;
    let rows = scores.rows().into_iter().zip(targets);
    // How much less probable than the target the others are, in nats.
    let gaps: f64 = rows
        .map(|(row, &target)| f64::from(row[target]) * (n_others + 1.0) - f64::from(row.sum()))
        .sum();
    let mean_gap = gaps / n_others * f64::from(inverse_temperature) / targets.len().max(1) as f64;
    log_loss(scores, targets, inverse_temperature) + spread * mean_gap
}

/// The inverse temperature of least log loss of smoothed targets, by golden section search.
///
/// Source: Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", ICML.
pub fn inverse_temperature(scores: ArrayView2<'_, f32>, targets: &[usize]) -> f32 {
    const GOLDEN: f32 = 0.618_034;
    let (mut low, mut high) = LOG_INVERSE_TEMPERATURES;
    for _ in 0..30 {
        let step = GOLDEN * (high - low);
        let (left, right) = (high - step, low + step);
        let loss = |log: f32| smoothed_log_loss(scores, targets, log.exp());
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    ((low + high) / 2.0).exp()
}

/// Fits the topics' calibration on out-of-fold scores, (n_samples, n_classes): one binary logistic
/// regression over all pairs of article and topic, whose terms are those of
/// [`SplineCalibration::basis`] and the topic itself, then one temperature for the softmax.
///
/// A full matrix of K × K coefficients ("matrix scaling" of Guo et al. 2017) was no better calibrated
/// on articles like the training articles and cost up to 5 points of accuracy on other publishers':
/// it learns which topics occur together.
///
/// # Errors
/// [`TrainError::Calibration`] if linfa's solver fails.
pub fn spline_calibration(
    scores: ArrayView2<'_, f32>,
    targets: &[usize],
    base_rate_share: f32,
) -> Result<SplineCalibration, TrainError> {
    let n_classes = scores.ncols();
    let rows = sample(targets, n_classes, MAX_CALIBRATION_PAIRS / n_classes.max(1));
    let scores = scores.select(Axis(0), &rows);
    let targets: Vec<usize> = rows.iter().map(|&i| targets[i]).collect();
    let fitted = fit_pairs(&scores, &targets)?;
    let intercepts = fitted.intercepts().iter().map(|b| b * base_rate_share);
    let fitted = spline(fitted.slopes(), intercepts.collect())?;
    let calibrated = calibrate_all(scores, &fitted);
    let temperature = inverse_temperature(calibrated.view(), &targets);
    let intercepts = fitted.intercepts().iter().map(|b| b * temperature);
    let slopes = fitted.slopes().map(|slope| slope * temperature);
    spline(slopes, intercepts.collect())
}

/// What [`spline_calibration`] takes at most: each pair of a sampled article and a topic is a row of numbers.
pub fn calibration_bytes(n_articles: usize, n_classes: usize) -> usize {
    let n_rows = MAX_CALIBRATION_PAIRS / n_classes.max(1) + n_classes;
    let n_pairs = n_rows.min(n_articles).saturating_mul(n_classes);
    n_pairs.saturating_mul((N_SEGMENTS + n_classes) * size_of::<f64>())
}

fn calibrate_all(mut scores: Array2<f32>, calibration: &SplineCalibration) -> Array2<f32> {
    for mut row in scores.rows_mut() {
        if let Some(row) = row.as_slice_mut() {
            calibration.apply(row);
        }
    }
    scores
}

fn fit_pairs(scores: &Array2<f32>, targets: &[usize]) -> Result<SplineCalibration, TrainError> {
    let (n_samples, n_classes) = scores.dim();
    let is_own = |pair: usize| targets[pair / n_classes] == pair % n_classes;
    let shape = (n_samples * n_classes, N_SEGMENTS + n_classes);
    let rows = Array2::from_shape_fn(shape, |(pair, column)| {
        let class = pair % n_classes;
        let basis = SplineCalibration::basis(scores[(pair / n_classes, class)]);
        match basis.get(column) {
            Some(&term) => f64::from(term),
            None => f64::from(u8::from(column - N_SEGMENTS == class)),
        }
    });
    let labels: Array1<bool> = (0..n_samples * n_classes).map(is_own).collect();
    let fitted = LogisticRegression::default()
        .alpha(f64::from(L2_PENALTY))
        .max_iterations(MAX_ITERATIONS)
        .fit(&Dataset::new(rows, labels))
        .map_err(|e| TrainError::Calibration(e.to_string()))?;
    // linfa calls the more frequent class positive, whichever it is.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let params = fitted.params().mapv(|p| (sign * p) as f32);
    let mut slope = 0.0;
    let slopes = std::array::from_fn(|piece| {
        slope += params[piece];
        slope.max(MIN_SLOPE)
    });
    spline(slopes, params.iter().skip(N_SEGMENTS).copied().collect())
}

fn spline(
    slopes: [f32; N_SEGMENTS],
    intercepts: Vec<f32>,
) -> Result<SplineCalibration, TrainError> {
    SplineCalibration::new(slopes, intercepts).map_err(|e| TrainError::Calibration(e.to_string()))
}

/// At most about `max_rows` rows, evenly out of every class and at least one of each.
fn sample(targets: &[usize], n_classes: usize, max_rows: usize) -> Vec<usize> {
    let stride = targets.len().div_ceil(max_rows).max(1);
    let mut seen = vec![0usize; n_classes];
    (0..targets.len())
        .filter(|&i| {
            let place = seen[targets[i]];
            seen[targets[i]] += 1;
            place.is_multiple_of(stride)
        })
        .collect()
}

/// Fits one logistic curve for all tags on out-of-fold scores, and takes the confidence at score 0
/// as the threshold: scores must be shifted so that a tag is offered from 0 on.
///
/// Source: Platt 1999, "Probabilistic outputs for support vector machines and comparisons to
/// regularized likelihood methods".
///
/// # Errors
/// [`TrainError::Calibration`] if linfa's solver fails.
pub fn platt_scaling(scores: &[f32], is_right: &[bool]) -> Result<Calibration, TrainError> {
    let n_right = is_right.iter().filter(|right| **right).count();
    if n_right == 0 || n_right == is_right.len() {
        return Ok(Calibration::default());
    }
    let rows = Array2::from_shape_fn((scores.len(), 1), |(i, _)| f64::from(scores[i]));
    let fitted = LogisticRegression::default()
        .alpha(f64::from(L2_PENALTY))
        .max_iterations(100)
        .fit(&Dataset::new(rows, Array1::from(is_right.to_vec())))
        .map_err(|e| TrainError::Calibration(e.to_string()))?;
    // linfa calls the more frequent class positive, whichever it is.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let calibration = Calibration {
        slope: (sign * fitted.params()[0] as f32).max(MIN_SLOPE),
        bias: sign * fitted.intercept() as f32,
        threshold: 0.0,
    };
    Ok(Calibration {
        threshold: calibration.confidence(0.0),
        ..calibration
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn log_loss_matches_scikit_learn() {
        // log_loss([0, 1], softmax([[2, 1], [0.5, 0.5]])) of scikit-learn 1.5.
        let scores = array![[2.0, 1.0], [0.5, 0.5]];
        assert!((log_loss(scores.view(), &[0, 1], 1.0) - 0.503_204).abs() < 1e-6);
    }

    #[test]
    fn the_temperature_undoes_a_known_one() {
        // Of articles with log-odds 1 the share exp(1) / (1 + exp(1)) = 0.731 is right.
        let scores = Array2::from_shape_fn((1000, 2), |(_, j)| if j == 0 { 4.0 } else { 0.0 });
        let targets: Vec<usize> = (0..1000).map(|i| usize::from(i >= 731)).collect();
        assert!((inverse_temperature(scores.view(), &targets) - 0.25).abs() < 1e-3);
    }

    #[test]
    fn scores_that_are_all_right_are_no_certainty() {
        // Of 48 right answers out of 48, Platt's targets are 49 / 50: log-odds of ln 49.
        let scores = Array2::from_shape_fn((48, 2), |(i, j)| f32::from(u8::from(i % 2 == j)));
        let targets: Vec<usize> = (0..48).map(|i| i % 2).collect();
        let found = inverse_temperature(scores.view(), &targets);
        assert!((found - 49f32.ln()).abs() < 1e-2, "{found}");
    }

    #[test]
    fn calibration_lowers_log_loss_and_lifts_a_topic_that_is_scored_too_low() {
        // Class 2 is scored too low throughout.
        let (mut rows, mut targets) = (Vec::new(), Vec::new());
        for i in 0..300 {
            let class = i % 3;
            let noise = ((i * 7919) % 100) as f32 / 50.0 - 1.0;
            let score = |j: usize| if j == class { 0.5 } else { noise * 0.3 } - if j == 2 { 1.0 } else { 0.0 };
            rows.extend((0..3).map(score));
            targets.push(class);
        }
        let scores = Array2::from_shape_vec((300, 3), rows).unwrap();
        let calibration = spline_calibration(scores.view(), &targets, 0.5).unwrap();
        let calibrated = calibrate_all(scores.clone(), &calibration);
        let temperature = inverse_temperature(scores.view(), &targets);
        let before = log_loss(scores.view(), &targets, temperature);
        assert!(log_loss(calibrated.view(), &targets, 1.0) < before);
        assert!(calibration.intercepts()[2] > calibration.intercepts()[0]);
    }

    #[test]
    fn without_base_rates_no_topic_is_likelier_where_no_word_tells() {
        // Nine of ten articles are of the first topic, and no score tells which.
        let scores = Array2::zeros((200, 2));
        let targets: Vec<usize> = (0..200).map(|i| usize::from(i % 10 == 0)).collect();
        let gap = |share| {
            let calibration = spline_calibration(scores.view(), &targets, share).unwrap();
            calibration.intercepts()[0] - calibration.intercepts()[1]
        };
        assert_eq!(gap(0.0), 0.0);
        assert!(gap(0.5) > 0.5, "{}", gap(0.5));
    }

    #[test]
    fn a_class_that_never_occurs_is_calibrated_too() {
        let scores = array![[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]];
        let calibration = spline_calibration(scores.view(), &[0, 1], 0.5).unwrap();
        assert!(calibration.intercepts()[2] < 0.0);
    }

    #[test]
    fn platt_scaling_rises_whichever_class_is_more_frequent() {
        for n_right in [20, 180] {
            let scores: Vec<f32> = (0..200).map(|i| (i as f32 - 100.0) / 50.0).collect();
            let is_right: Vec<bool> = (0..200).map(|i| i >= 200 - n_right).collect();
            let calibration = platt_scaling(&scores, &is_right).unwrap();
            assert!(calibration.slope > 1.0, "{calibration:?}");
            assert!(calibration.confidence(2.0) > 0.7, "{calibration:?}");
            assert!(calibration.confidence(-2.0) < 0.3, "{calibration:?}");
            assert_eq!(calibration.threshold, calibration.confidence(0.0));
        }
    }

    #[test]
    fn scores_that_tell_nothing_still_decide() {
        // The higher the score, the seldomer it is right.
        let scores: Vec<f32> = (0..200).map(|i| (i as f32 - 100.0) / 50.0).collect();
        let is_right: Vec<bool> = (0..200).map(|i| i < 80).collect();
        let calibration = platt_scaling(&scores, &is_right).unwrap();
        assert!(
            calibration.confidence(0.1) > calibration.threshold,
            "{calibration:?}"
        );
        assert!(
            calibration.confidence(-0.1) < calibration.threshold,
            "{calibration:?}"
        );
    }

    #[test]
    fn tags_that_are_always_or_never_right_need_no_curve() {
        assert_eq!(
            platt_scaling(&[1.0, 2.0], &[true, true]).unwrap(),
            Calibration::default()
        );
        assert_eq!(platt_scaling(&[], &[]).unwrap(), Calibration::default());
    }
}
