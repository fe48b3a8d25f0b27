//! Which tags are offered, in which order.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::TagCandidate;
use super::keyphrases::words::tag_key;
use crate::text::Span;

/// A tag of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// As the corpus writes it, or as the article does.
    pub label: Arc<str>,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
    /// Where it comes from.
    pub kind: TagKind,
    /// Where the article speaks of it, in order; only if asked for.
    pub mentions: Vec<Span>,
}

/// Where a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// The model learnt it.
    Vocabulary,
    /// The article has it.
    Keyphrase,
}

/// What a caller wants of the tags.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// At most so many.
    pub max_tags: usize,
    /// Never these: denied ones and ones the article has already. Compared without case, after NFKC.
    pub excluded: [&'a [String]; 2],
}

/// Orders the candidates, best first and equals by label, and appends the wanted ones to `tags`.
pub fn select(
    candidates: &mut [TagCandidate],
    labels: &[Arc<str>],
    selection: &Selection<'_>,
    tags: &mut Vec<Tag>,
) {
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
    let wanted = candidates
        .iter()
        .map(|candidate| Tag {
            label: Arc::clone(&labels[candidate.index]),
            confidence: candidate.confidence,
            kind: TagKind::Vocabulary,
            mentions: Vec::new(),
        })
        .filter(|tag| excluded.is_empty() || !excluded.contains(&fold(&tag.label)))
        .take(selection.max_tags);
    tags.extend(wanted);
}

/// Adds the article's own phrases to the chosen learnt tags: one list, best first. A phrase that is a
/// learnt tag but for case, plural or hyphen gives its mentions to that tag.
pub fn merge(tags: &mut Vec<Tag>, phrases: Vec<Tag>, selection: &Selection<'_>) {
    if phrases.is_empty() {
        return;
    }
    let mut keys: Vec<u64> = tags.iter().map(|tag| tag_key(&tag.label)).collect();
    let excluded = selection.excluded.iter().copied().flatten();
    let excluded: Vec<(String, u64)> = excluded.map(|t| (fold(t), tag_key(t))).collect();
    for phrase in phrases {
        let key = tag_key(&phrase.label);
        if let Some(known) = keys.iter().position(|&known| known == key) {
            if tags[known].mentions.is_empty() {
                tags[known].mentions = phrase.mentions;
            }
            continue;
        }
        let folded = fold(&phrase.label);
        if excluded
            .iter()
            .any(|(tag, of)| *tag == folded || *of == key)
        {
            continue;
        }
        keys.push(key);
        tags.push(phrase);
    }
    tags.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    tags.truncate(selection.max_tags);
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
        let mut tags = Vec::new();
        select(&mut candidates, &labels(), &selection, &mut tags);
        tags.iter().map(|t| t.label.to_string()).collect()
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
