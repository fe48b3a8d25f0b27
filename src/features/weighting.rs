//! What a term is worth in an article.

/// Sublinear term frequency, `1 + ln(count)`: the tenth mention says less than the second.
/// `count` is at least 1.
///
/// Source: Manning, Raghavan and Schütze 2008, "Introduction to Information Retrieval", 6.4.1.
#[inline]
pub fn sublinear_tf(count: u32) -> f32 {
    if count == 1 {
        1.0
    } else {
        1.0 + (count as f32).ln()
    }
}

/// Smoothed inverse document frequency, `ln((1 + n) / (1 + df)) + 1`, as scikit-learn defines it.
///
/// `document_frequency` of the `n_samples` articles have the term.
pub fn idf(document_frequency: u32, n_samples: usize) -> f32 {
    let n = n_samples as f64;
    (((1.0 + n) / (1.0 + f64::from(document_frequency))).ln() + 1.0) as f32
}

/// The weight `1 + lambda · IGM` of a term out of how often each class has it.
///
/// `class_counts[c]` of the `class_sizes[c]` articles of class c have the term. The inverse gravity
/// moment is 1 for a term of one class alone and falls towards `2 / (K (K + 1))` for one spread
/// evenly; rates are smoothed by two articles spread over the classes as the corpus is. `rates` is
/// scratch space.
///
/// Source: Chen, Zhang, Long and Zhang 2016, "Turning from TF-IDF to TF-IGM for term weighting in
/// text classification", Expert Systems with Applications 66.
pub fn igm_weight(
    class_counts: &[u32],
    class_sizes: &[u32],
    lambda: f32,
    rates: &mut Vec<f32>,
) -> f32 {
    let n_samples: u32 = class_sizes.iter().sum();
    rates.clear();
    rates.extend(class_counts.iter().zip(class_sizes).map(|(&count, &size)| {
        // One more article to each class keeps an empty class from dividing by 0.
        let size = size as f32 + 1.0;
        (count as f32 + 2.0 * size / n_samples.max(1) as f32) / size
    }));
    rates.sort_unstable_by(|a, b| b.total_cmp(a));
    let gravity: f32 = rates
        .iter()
        .enumerate()
        .map(|(rank, rate)| rate * (rank + 1) as f32)
        .sum();
    match rates.first() {
        Some(highest) if gravity > 0.0 => 1.0 + lambda * highest / gravity,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tf_and_idf_match_scikit_learn() {
        // TfidfTransformer(sublinear_tf=True, smooth_idf=True) of scikit-learn 1.5.
        assert_eq!(sublinear_tf(1), 1.0);
        assert!((sublinear_tf(4) - 2.386_294_4).abs() < 1e-6);
        assert!((idf(1, 4) - 1.916_290_7).abs() < 1e-6);
        assert!((idf(4, 4) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn igm_is_high_for_one_class_and_low_for_all() {
        let mut rates = Vec::new();
        let sizes = [1000, 1000, 1000];
        let one = igm_weight(&[900, 0, 0], &sizes, 1.0, &mut rates) - 1.0;
        let all = igm_weight(&[500, 500, 500], &sizes, 1.0, &mut rates) - 1.0;
        assert!(one > 0.99, "{one}");
        assert!((all - 1.0 / 6.0).abs() < 1e-3, "{all}");
    }

    #[test]
    fn igm_of_nothing_is_neutral() {
        let mut rates = Vec::new();
        assert_eq!(igm_weight(&[], &[], 3.0, &mut rates), 1.0);
        assert!(igm_weight(&[0, 0], &[0, 0], 3.0, &mut rates).is_finite());
    }
}
