//! A fitted linear classifier in full precision.

use linfa::dataset::Records;
use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2};

use crate::features::SparseRecords;

impl Records for SparseRecords {
    type Elem = f32;

    fn nsamples(&self) -> usize {
        self.n_samples()
    }

    fn nfeatures(&self) -> usize {
        self.n_features()
    }
}

/// A linear classifier: one weight per term and class, one intercept per class. It is a linfa model:
/// `predict_inplace` writes the class of the highest score.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearClassifier {
    /// (n_features, n_classes), row-major.
    pub weights: Array2<f32>,
    /// (n_classes).
    pub intercepts: Array1<f32>,
}

impl LinearClassifier {
    /// The score of each article and class, (n_samples, n_classes).
    ///
    /// `records` must have as many features as the classifier.
    pub fn decision_function(&self, records: &SparseRecords) -> Array2<f32> {
        let mut scores = Array2::zeros((records.n_samples(), self.intercepts.len()));
        for (i, mut row) in scores.rows_mut().into_iter().enumerate() {
            row.assign(&self.intercepts);
            for (column, value) in records.row(i) {
                row.scaled_add(value, &self.weights.row(column as usize));
            }
        }
        scores
    }
}

impl PredictInplace<SparseRecords, Array1<usize>> for LinearClassifier {
    /// # Panics
    /// If `classes` has not one element per article, as linfa's own models do.
    fn predict_inplace(&self, records: &SparseRecords, classes: &mut Array1<usize>) {
        assert_eq!(records.n_samples(), classes.len(), "one class per article");
        for (class, scores) in classes
            .iter_mut()
            .zip(self.decision_function(records).rows())
        {
            *class = argmax(scores.iter().copied());
        }
    }

    fn default_target(&self, records: &SparseRecords) -> Array1<usize> {
        Array1::zeros(records.n_samples())
    }
}

/// The place of the highest score, the first of equals; 0 for none.
pub fn argmax(scores: impl IntoIterator<Item = f32>) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (i, score) in scores.into_iter().enumerate() {
        if score > best.1 {
            best = (i, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn scores_and_classes_of_a_small_model() {
        let model = LinearClassifier {
            weights: array![[1.0, -1.0], [0.0, 2.0]],
            intercepts: array![0.5, 0.0],
        };
        let records =
            SparseRecords::from_rows(2, [vec![(0, 2.0)], vec![(0, 1.0), (1, 3.0)], vec![]]);
        let scores = model.decision_function(&records);
        assert_eq!(scores, array![[2.5, -2.0], [1.5, 5.0], [0.5, 0.0]]);
        let mut classes = model.default_target(&records);
        model.predict_inplace(&records, &mut classes);
        assert_eq!(classes, array![0, 1, 0]);
    }
}
