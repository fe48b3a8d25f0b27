//! How far confidences can be trusted, bin by bin.

use serde::Serialize;

/// The answers of about one confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Their mean confidence, in [0, 1].
    pub confidence: f64,
    /// The share of them that is right, in [0, 1].
    pub accuracy: f64,
    /// How many they are.
    pub n_articles: usize,
}

/// The bins that have articles, lowest confidence first; all of one width, closed above, as those of
/// [`expected_calibration_error`].
pub fn reliability(confidences: &[f32], is_right: &[bool], n_bins: usize) -> Vec<ReliabilityBin> {
    sums(confidences, is_right, n_bins)
        .into_iter()
        .filter(|(_, _, n_articles)| *n_articles > 0)
        .map(|(sum, n_right, n_articles)| ReliabilityBin {
            confidence: sum / n_articles as f64,
            accuracy: n_right as f64 / n_articles as f64,
            n_articles,
        })
        .collect()
}

/// Expected calibration error: over equal-width bins of confidence, the mean gap between confidence
/// and accuracy. `confidences` in [0, 1].
///
/// Source: Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using
/// Bayesian binning", AAAI.
pub fn expected_calibration_error(confidences: &[f32], is_right: &[bool], n_bins: usize) -> f64 {
    let gaps: f64 = sums(confidences, is_right, n_bins)
        .iter()
        .map(|(sum, n_right, _)| (sum - *n_right as f64).abs())
        .sum();
    gaps / confidences.len().max(1) as f64
}

/// Of each bin, the sum of confidences, how many answers are right, and how many there are.
fn sums(confidences: &[f32], is_right: &[bool], n_bins: usize) -> Vec<(f64, usize, usize)> {
    let mut bins = vec![(0.0, 0, 0); n_bins];
    for (&confidence, &right) in confidences.iter().zip(is_right) {
        let bin = (f64::from(confidence) * n_bins as f64).ceil() as usize;
        let (sum, n_right, n_articles) = &mut bins[bin.clamp(1, n_bins) - 1];
        *sum += f64::from(confidence);
        *n_right += usize::from(right);
        *n_articles += 1;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gaps_of_the_bins_are_the_calibration_error() {
        let confidences = [0.9, 0.92, 0.3, 0.31, 1.0, 0.0];
        let is_right = [true, false, false, true, true, false];
        let bins = reliability(&confidences, &is_right, 10);
        let gaps: f64 = bins
            .iter()
            .map(|bin| (bin.confidence - bin.accuracy).abs() * bin.n_articles as f64 / 6.0)
            .sum();
        let error = expected_calibration_error(&confidences, &is_right, 10);
        assert!((gaps - error).abs() < 1e-9, "{bins:?}");
        assert_eq!(bins.iter().map(|bin| bin.n_articles).sum::<usize>(), 6);
    }

    #[test]
    fn calibration_error_by_hand() {
        // One bin at 0.9 with accuracy 1/2, one at 0.3 with accuracy 0.
        let error = expected_calibration_error(&[0.9, 0.9, 0.3], &[true, false, false], 15);
        assert!((error - (0.8 + 0.3) / 3.0).abs() < 1e-6);
        assert_eq!(expected_calibration_error(&[], &[], 15), 0.0);
        assert!(expected_calibration_error(&[0.0, 1.0], &[false, true], 15) < 1e-9);
    }
}
