//! Which articles an editor may have filed under the wrong topic.

use ndarray::ArrayView2;

/// An article whose label is in doubt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect {
    /// Its place in the corpus.
    pub article: usize,
    /// The class it is filed under.
    pub given: usize,
    /// The class it more likely has.
    pub likely: usize,
    /// Out-of-fold probability of the class it is filed under, in [0, 1].
    pub given_probability: f32,
    /// Out-of-fold probability of the likely class, in [0, 1].
    pub likely_probability: f32,
}

/// The off-diagonal articles of the confident joint, the widest margin between the likely and the
/// given class first. An article counts for a class if its probability is at least the mean that the
/// articles filed there have; so a class the model is unsure of throughout does not lose its articles.
/// `out_of_fold` is (n_samples, n_classes), by models that have not seen the article.
///
/// Source: Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset
/// labels", JAIR 70, section 3.1.
pub fn suspects(out_of_fold: ArrayView2<'_, f32>, targets: &[usize]) -> Vec<Suspect> {
    let thresholds = mean_self_confidences(out_of_fold, targets);
    let mut suspects: Vec<Suspect> = out_of_fold
        .rows()
        .into_iter()
        .zip(targets)
        .enumerate()
        .filter_map(|(article, (row, &given))| {
            let (likely, &likely_probability) = row
                .iter()
                .enumerate()
                .filter(|(class, probability)| **probability >= thresholds[*class])
                .max_by(|a, b| a.1.total_cmp(b.1))?;
            (likely != given).then_some(Suspect {
                article,
                given,
                likely,
                given_probability: row[given],
                likely_probability,
            })
        })
        .collect();
    let margin = |suspect: &Suspect| suspect.likely_probability - suspect.given_probability;
    suspects.sort_by(|a, b| margin(b).total_cmp(&margin(a)));
    suspects
}

/// For each class the mean probability that its own articles give it; infinite without articles.
fn mean_self_confidences(out_of_fold: ArrayView2<'_, f32>, targets: &[usize]) -> Vec<f32> {
    let mut sums = vec![(0.0f64, 0usize); out_of_fold.ncols()];
    for (row, &target) in out_of_fold.rows().into_iter().zip(targets) {
        sums[target].0 += f64::from(row[target]);
        sums[target].1 += 1;
    }
    sums.into_iter()
        .map(|(sum, n)| match n {
            0 => f32::INFINITY,
            n => (sum / n as f64) as f32,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_confident_joint_by_hand() {
        // Means of the own class: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.4) / 2 = 0.55.
        // Article 2 is filed under 0 and has 0.9 for 1; article 4, filed under 1, has 0.6 for 0.
        let rows = array![
            [0.9, 0.1],
            [0.8, 0.2],
            [0.1, 0.9],
            [0.3, 0.7],
            [0.601, 0.399]
        ];
        let found = suspects(rows.view(), &[0, 0, 0, 1, 1]);
        let found: Vec<_> = found
            .iter()
            .map(|s| (s.article, s.given, s.likely))
            .collect();
        assert_eq!(found, [(2, 0, 1), (4, 1, 0)]);
    }

    #[test]
    fn an_article_of_no_confident_class_is_left_alone() {
        let rows = array![[0.9, 0.1], [0.45, 0.55], [0.05, 0.95]];
        // The second leans to class 1, but less than the articles filed there do.
        assert_eq!(suspects(rows.view(), &[0, 0, 1]), []);
    }
}
