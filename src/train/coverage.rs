//! What share of the articles is automatic, and how much of it is right.

/// The least confidence from which on answers need no review: of the articles at or above it, at least
/// `target_accuracy` are right, and they are as many as possible. 1 if there is no such confidence.
///
/// Source: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification", JMLR.
pub fn review_threshold(confidences: &[f32], is_right: &[bool], target_accuracy: f64) -> f32 {
    coverage_curve(confidences, is_right)
        .into_iter()
        .rfind(|point| point.accuracy >= target_accuracy)
        .map_or(1.0, |point| point.confidence)
}

/// A point of a coverage–accuracy curve.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct CoveragePoint {
    /// Articles of at least this confidence count.
    pub confidence: f32,
    /// They are this share of all articles, in [0, 1].
    pub coverage: f64,
    /// This share of them is right, in [0, 1].
    pub accuracy: f64,
}

/// Coverage and accuracy at every confidence that occurs, most confident first.
pub fn coverage_curve(confidences: &[f32], is_right: &[bool]) -> Vec<CoveragePoint> {
    let mut order: Vec<usize> = (0..confidences.len()).collect();
    order.sort_by(|&a, &b| confidences[b].total_cmp(&confidences[a]));
    let mut points: Vec<CoveragePoint> = Vec::new();
    let mut n_right = 0;
    for (rank, &i) in order.iter().enumerate() {
        n_right += usize::from(is_right[i]);
        let point = CoveragePoint {
            confidence: confidences[i],
            coverage: (rank + 1) as f64 / confidences.len() as f64,
            accuracy: n_right as f64 / (rank + 1) as f64,
        };
        match points.last_mut() {
            // Articles of one confidence cannot be told apart.
            Some(last) if last.confidence == point.confidence => *last = point,
            _ => points.push(point),
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_review_threshold_covers_as_much_as_the_target_allows() {
        let confidences = [0.9, 0.8, 0.8, 0.6, 0.5];
        let is_right = [true, true, false, true, false];
        // Accuracy at 0.9: 1; at 0.8: 2/3; at 0.6: 3/4; at 0.5: 3/5.
        let curve = coverage_curve(&confidences, &is_right);
        let accuracies: Vec<f64> = curve.iter().map(|point| point.accuracy).collect();
        assert_eq!(accuracies, [1.0, 2.0 / 3.0, 0.75, 0.6]);
        assert_eq!(review_threshold(&confidences, &is_right, 0.75), 0.6);
        assert_eq!(review_threshold(&confidences, &is_right, 0.9), 0.9);
        assert_eq!(review_threshold(&confidences, &[false; 5], 0.5), 1.0);
        assert_eq!(review_threshold(&[], &[], 0.5), 1.0);
    }
}
