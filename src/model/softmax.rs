//! Scores become probabilities.

/// Replaces scores by their softmax: probabilities that sum to 1. Does nothing to an empty slice.
pub fn softmax_in_place(scores: &mut [f32]) {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - max).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// The logistic function, `1 / (1 + exp(-x))`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn softmax_matches_scipy() {
        // scipy.special.softmax([1.0, 2.0, 3.0])
        let mut scores = [1.0, 2.0, 3.0];
        softmax_in_place(&mut scores);
        for (got, want) in scores
            .iter()
            .zip([0.090_030_57, 0.244_728_48, 0.665_240_94])
        {
            assert!((got - want).abs() < 1e-6);
        }
        assert!((sigmoid(-2.0) - 0.119_202_92).abs() < 1e-7);
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one(mut scores in proptest::collection::vec(-1e4f32..1e4, 1..60)) {
            softmax_in_place(&mut scores);
            prop_assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            prop_assert!(scores.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }
}
