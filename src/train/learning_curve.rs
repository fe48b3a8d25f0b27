//! What more articles would bring.

use ndarray::Axis;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::topics::{self, TopicData};
use super::{TrainError, TrainParams};
use crate::model::linear::argmax;

/// The shares of the training articles that are learnt from, each within the next.
const SHARES: [f64; 5] = [0.1, 0.2, 0.4, 0.7, 1.0];
/// The fold that all shares are measured on.
const MEASURED_FOLD: usize = 0;

/// One fit of the topic model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningPoint {
    /// Articles learnt from.
    pub n_articles: usize,
    /// Share of the articles of another fold that are right, in [0, 1].
    pub accuracy: f64,
}

/// Accuracy on the first fold of models of growing shares of the others, at one C. Only idf is that
/// of the whole corpus, which knows no labels.
///
/// # Errors
/// [`TrainError`] if the solver fails.
pub fn learning_curve(
    data: TopicData<'_>,
    c: f32,
    params: &TrainParams,
) -> Result<Vec<LearningPoint>, TrainError> {
    let (held_out, mut rest): (Vec<usize>, Vec<usize>) =
        (0..data.n_with_folds()).partition(|&i| data.folds[i] == MEASURED_FOLD);
    if held_out.is_empty() {
        return Ok(Vec::new());
    }
    rest.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(params.seed));
    let mut sizes = SHARES
        .map(|share| (share * rest.len() as f64).round() as usize)
        .to_vec();
    sizes.retain(|size| *size > 0);
    sizes.dedup();
    sizes
        .into_par_iter()
        .map(|n_articles| {
            let (model, igm) = topics::fit_rows(data, &rest[..n_articles], c, params)?;
            let rows = data.records.weighted_unit_rows(&held_out, &igm);
            let scores = model.decision_function(&rows);
            let n_right = scores
                .axis_iter(Axis(0))
                .zip(&held_out)
                .filter(|(row, i)| argmax(row.iter().copied()) == data.targets[**i])
                .count();
            Ok(LearningPoint {
                n_articles,
                accuracy: n_right as f64 / held_out.len() as f64,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SparseRecords;

    #[test]
    fn shares_grow_to_all_articles_outside_the_measured_fold() {
        // Class i % 2 has term i % 2: any two articles of both classes teach it all.
        let records = SparseRecords::from_rows(2, (0..100).map(|i| vec![(i % 2, 1.0)]));
        let data = TopicData {
            neighbours: None,
            records: &records,
            targets: &(0..100).map(|i| i % 2).collect::<Vec<_>>(),
            weights: &[1.0; 100],
            folds: &(0..100).map(|i| i / 2 % 5).collect::<Vec<_>>(),
            n_topics: 2,
        };
        let curve = learning_curve(data, 1.0, &TrainParams::default()).unwrap();
        let sizes: Vec<usize> = curve.iter().map(|point| point.n_articles).collect();
        assert_eq!(sizes, [8, 16, 32, 56, 80]);
        assert_eq!(curve[4].accuracy, 1.0);
    }
}
