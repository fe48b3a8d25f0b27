//! Folds of about one size: whole groups, every label spread evenly.

use std::collections::HashMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::train::corpus::LabelledArticle;

/// What a split must spread evenly: the label, or the first tag where there are no labels.
pub(in crate::train) fn strata(articles: &[LabelledArticle]) -> Vec<usize> {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    articles
        .iter()
        .map(|article| {
            let name = match article.tags.first() {
                Some(tag) if article.label.is_empty() => tag,
                _ => &article.label,
            };
            let next = numbers.len();
            *numbers.entry(name).or_insert(next)
        })
        .collect()
}

/// Deals articles into `n_folds` folds of about one size: whole groups, every label spread evenly.
/// Returns one fold per article. `labels` and `groups` are (n_samples).
pub fn stratified_folds(
    labels: &[usize],
    groups: &[usize],
    n_folds: usize,
    seed: u64,
) -> Vec<usize> {
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(i);
    }
    let mut order: Vec<usize> = members.keys().copied().collect();
    order.sort_unstable();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
    // Large groups first: the small ones can still even out what these upset.
    order.sort_by_key(|group| std::cmp::Reverse(members[group].len()));

    let n_labels = labels.iter().max().map_or(0, |max| max + 1);
    let mut sizes = vec![vec![0usize; n_folds]; n_labels];
    let mut totals = vec![0usize; n_folds];
    let mut folds = vec![0; labels.len()];
    for group in order {
        let members = &members[&group];
        let label = most_common(members.iter().map(|&i| labels[i]));
        let fold = (0..n_folds)
            .min_by_key(|&fold| (sizes[label][fold], totals[fold]))
            .unwrap_or(0);
        for &i in members {
            folds[i] = fold;
            sizes[labels[i]][fold] += 1;
            totals[fold] += 1;
        }
    }
    folds
}

fn most_common(labels: impl Iterator<Item = usize>) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    labels.for_each(|label| *counts.entry(label).or_default() += 1);
    counts
        .into_iter()
        .max_by_key(|&(label, count)| (count, std::cmp::Reverse(label)))
        .map_or(0, |(label, _)| label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_label_is_spread_evenly() {
        let labels: Vec<usize> = (0..100).map(|i| usize::from(i % 10 == 0)).collect();
        let groups: Vec<usize> = (0..100).collect();
        let folds = stratified_folds(&labels, &groups, 5, 7);
        for fold in 0..5 {
            let of = |label| {
                (0..100)
                    .filter(|&i| folds[i] == fold && labels[i] == label)
                    .count()
            };
            assert_eq!((of(0), of(1)), (18, 2));
        }
        assert_ne!(
            folds,
            stratified_folds(&labels, &groups, 5, 8),
            "the seed decides"
        );
    }

    proptest! {
        #[test]
        fn no_group_straddles_folds(
            rows in proptest::collection::vec((0usize..4, 0usize..20), 1..200), seed: u64
        ) {
            let (labels, groups): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let folds = stratified_folds(&labels, &groups, 3, seed);
            for i in 0..folds.len() {
                prop_assert!(folds[i] < 3);
                for j in 0..i {
                    prop_assert!(groups[i] != groups[j] || folds[i] == folds[j]);
                }
            }
        }
    }
}
