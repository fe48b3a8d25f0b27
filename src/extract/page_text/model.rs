//! The linear model of lines, and the run of lines that it finds most probable.

use std::ops::Range;

use super::features::N_FEATURES;

/// Which lines of a page are its article: a linear model of each line, and how much two neighbours must
/// differ to be told apart.
#[derive(Debug, Clone, PartialEq)]
pub struct LineModel {
    parts: LineModelParts,
}

/// What a [`LineModel`] is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct LineModelParts {
    /// (n_features), for numbers as they are.
    pub weights: Vec<f32>,
    /// Log-odds of a line whose numbers are all 0.
    pub intercept: f32,
    /// Log-odds that a change from article to other lines, or back, costs.
    pub switch_cost: f32,
    /// Between the first and the last line of the article, lines of at least these log-odds belong to it.
    pub inner_threshold: f32,
}

/// Why parts are no [`LineModel`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineModelError {
    /// Written for other features.
    #[error(
        "the line model has {found} weights; this program computes {N_FEATURES} features of a line"
    )]
    Weights {
        /// Weights of the model.
        found: usize,
    },
    /// A weight that is no number.
    #[error("the line model has a weight that is not finite")]
    NotFinite,
}

impl LineModel {
    /// Checks the parts.
    ///
    /// # Errors
    /// [`LineModelError`] if the weights are not those of this program's features, or not finite.
    pub fn new(parts: LineModelParts) -> Result<Self, LineModelError> {
        if parts.weights.len() != N_FEATURES {
            return Err(LineModelError::Weights {
                found: parts.weights.len(),
            });
        }
        let decision = [parts.intercept, parts.switch_cost, parts.inner_threshold];
        if !parts.weights.iter().chain(&decision).all(|w| w.is_finite()) {
            return Err(LineModelError::NotFinite);
        }
        Ok(Self { parts })
    }

    /// What it is made of.
    pub fn parts(&self) -> &LineModelParts {
        &self.parts
    }

    /// Which lines are the article's, out of the numbers of each.
    pub fn kept_lines(&self, rows: &[[f32; N_FEATURES]]) -> Vec<bool> {
        self.predict(&self.decision_function(rows))
    }

    /// Log-odds of each line that it is the article's.
    fn decision_function(&self, rows: &[[f32; N_FEATURES]]) -> Vec<f32> {
        let score = |row: &[f32; N_FEATURES]| {
            let products = row.iter().zip(&self.parts.weights).map(|(x, w)| x * w);
            self.parts.intercept + products.sum::<f32>()
        };
        rows.iter().map(score).collect()
    }

    /// Which lines are the article's, out of their log-odds.
    fn predict(&self, log_odds: &[f32]) -> Vec<bool> {
        let mut kept = best_path(log_odds, self.parts.switch_cost);
        if !kept.contains(&true) {
            // There is an article; its lines are few.
            kept[best_run(log_odds)].fill(true);
        }
        let first = kept.iter().position(|kept| *kept);
        let last = kept.iter().rposition(|kept| *kept);
        if let (Some(first), Some(last)) = (first, last) {
            for i in first..=last {
                kept[i] |= log_odds[i] >= self.parts.inner_threshold;
            }
        }
        kept
    }
}

/// The most probable run of states, "article" or not, if a change costs so many log-odds; lines before
/// the first and after the last are no article.
///
/// Source: Viterbi 1967, "Error bounds for convolutional codes and an asymptotically optimum decoding
/// algorithm".
fn best_path(log_odds: &[f32], switch_cost: f32) -> Vec<bool> {
    let mut scores = [0.0, -switch_cost];
    // For each line and state, whether the line before was article.
    let mut came_from = Vec::with_capacity(log_odds.len());
    for &odds in log_odds {
        let stay_out = (scores[0], false);
        let leave = (scores[1] - switch_cost, true);
        let enter = (scores[0] - switch_cost, false);
        let stay_in = (scores[1], true);
        let out = if leave.0 > stay_out.0 {
            leave
        } else {
            stay_out
        };
        let within = if enter.0 > stay_in.0 { enter } else { stay_in };
        came_from.push([out.1, within.1]);
        scores = [out.0, within.0 + odds];
    }
    let mut state = scores[1] - switch_cost > scores[0];
    let mut path = vec![false; log_odds.len()];
    for (i, from) in came_from.iter().enumerate().rev() {
        path[i] = state;
        state = from[usize::from(state)];
    }
    path
}

/// The lines in a row whose log-odds sum up to most; at least one, if there is any.
///
/// Source: Kadane's algorithm, in Bentley 1984, "Programming pearls: algorithm design techniques".
fn best_run(log_odds: &[f32]) -> Range<usize> {
    let (mut best, mut best_sum) = (0..0, f32::NEG_INFINITY);
    let (mut start, mut sum) = (0, 0.0);
    for (i, &odds) in log_odds.iter().enumerate() {
        if sum < 0.0 {
            (start, sum) = (i, 0.0);
        }
        sum += odds;
        if sum > best_sum {
            (best, best_sum) = (start..i + 1, sum);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(log_odds: &[f32], switch_cost: f32) -> String {
        let kept = best_path(log_odds, switch_cost);
        kept.iter().map(|k| if *k { 'x' } else { '.' }).collect()
    }

    #[test]
    fn a_change_must_be_worth_its_cost() {
        let log_odds = [-2.0, 3.0, 3.0, -1.0, 3.0, -2.0, -2.0, -2.0, 1.0, -2.0];
        assert_eq!(path(&log_odds, 0.0), ".xx.x...x.");
        assert_eq!(path(&log_odds, 1.0), ".xxxx.....");
        assert_eq!(path(&log_odds, 9.0), "..........");
    }

    #[test]
    fn the_best_lines_in_a_row() {
        assert_eq!(best_run(&[-2.0, -1.0, -3.0]), 1..2);
        assert_eq!(best_run(&[-2.0, 1.0, -0.5, 1.0, -3.0, 1.2]), 1..4);
        assert_eq!(best_run(&[]), 0..0);
    }

    #[test]
    fn inner_lines_need_less() {
        let parts = LineModelParts {
            weights: vec![0.0; N_FEATURES],
            intercept: 0.0,
            switch_cost: 1.0,
            inner_threshold: -3.0,
        };
        let model = LineModel::new(parts).unwrap();
        let kept = model.predict(&[-2.5, 5.0, -2.5, -4.0, 5.0, -2.5]);
        assert_eq!(kept, [false, true, true, false, true, false]);
    }

    #[test]
    fn weights_are_checked() {
        let parts = |weights| LineModelParts {
            weights,
            intercept: 0.0,
            switch_cost: 0.0,
            inner_threshold: 0.0,
        };
        assert_eq!(
            LineModel::new(parts(vec![0.0])),
            Err(LineModelError::Weights { found: 1 })
        );
        let model = LineModel::new(parts(vec![f32::NAN; N_FEATURES]));
        assert_eq!(model, Err(LineModelError::NotFinite));
    }
}
