//! One-vs-rest scores become scores whose softmax is calibrated.

/// Where the line bends, in units of the margin: between the score of −1 that the solver pushes
/// strangers to and the decision boundary at 0.
const KNOT: f32 = -0.5;

/// A rising line with one bend for all topics, and an intercept for each. The hinge loss gathers
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
    slopes: [f32; 2],
    intercepts: Vec<f32>,
}

/// Why numbers are no [`SplineCalibration`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the topics' calibration has a slope that does not rise or an intercept that is not finite"
)]
pub struct SplineError;

impl SplineCalibration {
    /// `slopes`: log-odds per unit of score below the knot and above it, above 0; `intercepts`:
    /// log-odds, (n_classes).
    ///
    /// # Errors
    /// [`SplineError`] if a slope is not positive or a number is not finite.
    pub fn new(slopes: [f32; 2], intercepts: Vec<f32>) -> Result<Self, SplineError> {
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
            slopes: [1.0; 2],
            intercepts: vec![0.0; n_classes],
        }
    }

    /// The score as the fit sees it: itself, and how far it is above the knot.
    pub fn basis(score: f32) -> [f32; 2] {
        [score, (score - KNOT).max(0.0)]
    }

    /// Below the knot and above it.
    pub fn slopes(&self) -> [f32; 2] {
        self.slopes
    }

    /// (n_classes).
    pub fn intercepts(&self) -> &[f32] {
        &self.intercepts
    }

    /// The straight line that holds for this score of this class: (slope, intercept).
    pub fn line_at(&self, class: usize, score: f32) -> (f32, f32) {
        let [below, above] = self.slopes;
        if score > KNOT {
            (above, self.intercepts[class] + (below - above) * KNOT)
        } else {
            (below, self.intercepts[class])
        }
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
    fn a_line_with_a_bend_by_hand() {
        let calibration = SplineCalibration::new([4.0, 2.0], vec![0.0, 1.0]).unwrap();
        let mut scores = [-1.0, 0.5];
        calibration.apply(&mut scores);
        // 4·(−1) = −4; 4·(−0.5) + 2·(0.5 + 0.5) + 1 = 1.
        assert_eq!(scores, [-4.0, 1.0]);
    }

    #[test]
    fn what_does_not_rise_is_refused() {
        for slopes in [[0.0, 1.0], [1.0, -1.0], [f32::NAN, 1.0]] {
            assert!(SplineCalibration::new(slopes, vec![]).is_err());
        }
        assert!(SplineCalibration::new([1.0, 1.0], vec![f32::INFINITY]).is_err());
    }

    proptest! {
        #[test]
        fn a_higher_score_is_never_less_probable(a in -3f32..3.0, b in -3f32..3.0) {
            let calibration = SplineCalibration::new([5.0, 1.5], vec![0.3]).unwrap();
            let (mut low, mut high) = ([a.min(b)], [a.max(b)]);
            calibration.apply(&mut low);
            calibration.apply(&mut high);
            prop_assert!(low[0] <= high[0]);
        }

        #[test]
        fn the_basis_spans_the_line(score in -3f32..3.0) {
            let calibration = SplineCalibration::new([5.0, 1.5], vec![0.3]).unwrap();
            let mut scores = [score];
            calibration.apply(&mut scores);
            let [own, above] = SplineCalibration::basis(score);
            prop_assert!((scores[0] - (5.0 * own - 3.5 * above + 0.3)).abs() < 1e-4);
        }
    }
}
