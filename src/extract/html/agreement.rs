//! Two readings of a page become one.

use crate::extract::shingles::Shingles;

/// One text is much less than another that is so many times as long.
pub(super) const MUCH_LESS: usize = 2;
/// A sentence of so many words among lines of the article belongs to it, even if one reading has lost it.
const MIN_INNER_WORDS: usize = 25;

/// The lines of `other` that are in `found` too, or stand among such lines as a paragraph; all of them if
/// `found` is much less.
pub(super) fn agreed(found: &str, other: &str) -> String {
    if found.len() * MUCH_LESS < other.len() {
        return other.to_owned();
    }
    let shingles = Shingles::new(found);
    let lines: Vec<(&str, bool)> = other
        .lines()
        .map(|line| (line, shingles.has_most_of(line)))
        .collect();
    let first = lines.iter().position(|(_, agreed)| *agreed).unwrap_or(0);
    let end = lines.iter().rposition(|(_, agreed)| *agreed);
    let among = lines.get(first..end.map_or(0, |last| last + 1));
    let kept = among.unwrap_or_default().iter();
    let kept = kept.filter(|(line, agreed)| *agreed || is_paragraph(line));
    let kept: Vec<&str> = kept.map(|(line, _)| *line).collect();
    kept.join("\n")
}

fn is_paragraph(line: &str) -> bool {
    line.trim_end_matches(['"', '”', '’', ')'])
        .ends_with(['.', '!', '?'])
        && line.split_whitespace().nth(MIN_INNER_WORDS - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_both_have_are_kept() {
        let lost = "A paragraph which one of the two has lost, for all that it is long and ends as a sentence \
            does, and stands between two lines that both of them have found.";
        let other = format!(
            "Menu of the day\nThe tide was out again.\nOther stories\n{lost}\nSo we stayed at home.\n{lost}"
        );
        let found = "The tide was out again.\nSubscribe to the letter\nSo we stayed at home.\nIt rained all the \
            same, and nobody was surprised; the boats lay on the sand until evening, when the water came back \
            over the stones.";
        let kept = format!("The tide was out again.\n{lost}\nSo we stayed at home.");
        assert_eq!(agreed(found, &other), kept);
    }

    #[test]
    fn much_less_is_no_witness() {
        let other = "The tide was out again.\nSo we stayed at home.";
        assert_eq!(agreed("", other), other);
        assert_eq!(agreed("The tide", other), other);
        assert_eq!(agreed(other, ""), "");
        assert_eq!(
            agreed(
                "Something else was found in this page.",
                "Nothing is the same"
            ),
            ""
        );
    }
}
