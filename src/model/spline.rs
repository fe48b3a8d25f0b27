//! One-vs-rest scores become scores whose softmax is calibrated.

/// Where the line bends, in units of the margin: between the score of −1 that the solver pushes
/// strangers to and the decision boundary, at the boundary, and between it and the +1 of members.
const KNOTS: [f32; N_SEGMENTS - 1] = [-0.5, 0.0, 0.5];
/// Straight pieces of the line.
pub const N_SEGMENTS: usize = 4;

/// A rising line with three bends for all topics, and an intercept for each. The hinge loss gathers
/// strangers' scores just under −1, so that a step counts for more down there than among members; a
/// straight line cannot say so.
///
/// For any one article the line is straight in each score, so that its score is still an exact sum
/// over its terms; see [`SplineCalibration::line_at`].
///
/// The one-vs-rest many-class form of Platt 1999 (Zadrozny and Elkan 2002, "Transforming classifier
/// scores into accurate multiclass probability estimates", KDD), with a linear spline for its line.
#[derive(Debug, Clone, PartialEq)]
pub struct SplineCalibration {
    slopes: [f32; N_SEGMENTS],
    intercepts: Vec<f32>,
}

/// Why numbers are no [`SplineCalibration`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the topics' calibration has a slope that does not rise or an intercept that is not finite"
)]
pub struct SplineError;

impl SplineCalibration {
    /// `slopes`: log-odds per unit of score, from the lowest piece to the highest, above 0;
    /// `intercepts`: log-odds, (n_classes).
    ///
    /// # Errors
    /// [`SplineError`] if a slope is not positive or a number is not finite.
    pub fn new(slopes: [f32; N_SEGMENTS], intercepts: Vec<f32>) -> Result<Self, SplineError> {
        let rises = slopes.iter().all(|slope| *slope > 0.0 && slope.is_finite());
        let is_finite = intercepts.iter().all(|intercept| intercept.is_finite());
        match rises && is_finite {
            true => Ok(Self { slopes, intercepts }),
            false => Err(SplineError),
        }
    }

    /// The calibration that changes nothing.
    pub fn identity(n_classes: usize) -> Self {
        Self {
            slopes: [1.0; N_SEGMENTS],
            intercepts: vec![0.0; n_classes],
        }
    }

    /// The score as the fit sees it: itself, and how far it is above each knot.
    pub fn basis(score: f32) -> [f32; N_SEGMENTS] {
        std::array::from_fn(|i| match i {
            0 => score,
            _ => (score - KNOTS[i - 1]).max(0.0),
        })
    }

    /// From the lowest piece to the highest.
    pub fn slopes(&self) -> [f32; N_SEGMENTS] {
        self.slopes
    }

    /// (n_classes).
    pub fn intercepts(&self) -> &[f32] {
        &self.intercepts
    }

    /// The straight line that holds for this score of this class: (slope, intercept).
    pub fn line_at(&self, class: usize, score: f32) -> (f32, f32) {
        let mut line = (self.slopes[0], self.intercepts[class]);
        for (knot, &slope) in KNOTS.iter().zip(&self.slopes[1..]) {
            if score > *knot {
                line = (slope, line.1 + (line.0 - slope) * knot);
            }
        }
        line
    }

    /// Replaces an article's scores, (n_classes), by log-odds up to a common constant.
    pub fn apply(&self, scores: &mut [f32]) {
        for (class, score) in scores.iter_mut().enumerate() {
            let (slope, intercept) = self.line_at(class, *score);
            *score = slope * *score + intercept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_with_bends_by_hand() {
        let calibration = SplineCalibration::new([4.0, 2.0, 1.0, 3.0], vec![0.0, 1.0]).unwrap();
        let mut scores = [-1.0, 0.75];
        calibration.apply(&mut scores);
        // 4·(−1) = −4; 4·(−0.5) + 2·0.5 + 1·0.5 + 3·0.25 + 1 = 1.25.
        assert_eq!(scores, [-4.0, 1.25]);
    }

    #[test]
    fn what_does_not_rise_is_refused() {
        for slopes in [
            [0.0, 1.0, 1.0, 1.0],
            [1.0, 1.0, -1.0, 1.0],
            [f32::NAN, 1.0, 1.0, 1.0],
        ] {
            assert!(SplineCalibration::new(slopes, vec![]).is_err());
        }
        assert!(SplineCalibration::new([1.0; 4], vec![f32::INFINITY]).is_err());
    }

    proptest! {
        #[test]
        fn a_higher_score_is_never_less_probable(a in -3f32..3.0, b in -3f32..3.0) {
            let calibration = SplineCalibration::new([5.0, 1.5, 2.5, 0.5], vec![0.3]).unwrap();
            let (mut low, mut high) = ([a.min(b)], [a.max(b)]);
            calibration.apply(&mut low);
            calibration.apply(&mut high);
            prop_assert!(low[0] <= high[0]);
        }

        #[test]
        fn the_basis_spans_the_line(score in -3f32..3.0) {
            let calibration = SplineCalibration::new([5.0, 1.5, 2.5, 0.5], vec![0.3]).unwrap();
            let mut scores = [score];
            calibration.apply(&mut scores);
            let [own, low, middle, high] = SplineCalibration::basis(score);
            let line = 5.0 * own - 3.5 * low + 1.0 * middle - 2.0 * high + 0.3;
            prop_assert!((scores[0] - line).abs() < 1e-4);
        }
    }
}
