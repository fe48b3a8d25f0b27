//! Which tags are offered, in which order.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::TagCandidate;

/// A tag of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// As the corpus writes it.
    pub label: Arc<str>,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
}

/// What a caller wants of the tags.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// At most so many.
    pub max_tags: usize,
    /// Never these: denied ones and ones the article has already. Compared without case, after NFKC.
    pub excluded: [&'a [String]; 2],
}

/// Orders the candidates, best first and equals by label, and takes the wanted ones.
pub fn select(
    candidates: &mut [TagCandidate],
    labels: &[Arc<str>],
    selection: &Selection<'_>,
) -> Vec<Tag> {
    let excluded: Vec<String> = selection
        .excluded
        .iter()
        .copied()
        .flatten()
        .map(|tag| fold(tag))
        .collect();
    candidates.sort_unstable_by(|a, b| {
        b.confidence
            .total_cmp(&a.confidence)
            .then_with(|| labels[a.index].cmp(&labels[b.index]))
    });
    candidates
        .iter()
        .map(|candidate| Tag {
            label: Arc::clone(&labels[candidate.index]),
            confidence: candidate.confidence,
        })
        .filter(|tag| excluded.is_empty() || !excluded.contains(&fold(&tag.label)))
        .take(selection.max_tags)
        .collect()
}

/// The form in which two tags are the same: NFKC, lower case, single spaces.
fn fold(tag: &str) -> String {
    let lower: String = tag.nfkc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<Arc<str>> {
        ["Brexit", "Floods", "Élections", "Budget"]
            .map(Arc::from)
            .to_vec()
    }

    fn chosen(max_tags: usize, denied: &[String], existing: &[String]) -> Vec<String> {
        let mut candidates: Vec<_> = [0.5, 0.9, 0.7, 0.9]
            .into_iter()
            .enumerate()
            .map(|(index, confidence)| TagCandidate { index, confidence })
            .collect();
        let selection = Selection {
            max_tags,
            excluded: [denied, existing],
        };
        select(&mut candidates, &labels(), &selection)
            .iter()
            .map(|t| t.label.to_string())
            .collect()
    }

    #[test]
    fn best_first_and_equals_by_label() {
        assert_eq!(
            chosen(9, &[], &[]),
            ["Budget", "Floods", "Élections", "Brexit"]
        );
        assert_eq!(chosen(2, &[], &[]), ["Budget", "Floods"]);
        assert!(chosen(0, &[], &[]).is_empty());
    }

    #[test]
    fn denied_and_existing_tags_are_left_out_without_case() {
        let denied = ["  FLOODS".to_owned(), "nothing".to_owned()];
        let existing = ["e\u{301}lections".to_owned()];
        assert_eq!(chosen(2, &denied, &existing), ["Budget", "Brexit"]);
    }
}
