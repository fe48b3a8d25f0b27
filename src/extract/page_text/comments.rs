//! Where the readers' comments of a page begin: they are sentences like the article's, and often more of them.

use super::cues::{CLOCK, COMMENT_COUNT, COMMENTER, DATE};
use super::features::{Line, unmarked};

/// Comments follow at least so many words of sentences.
const MIN_WORDS_ABOVE: usize = 25;

/// The number of lines above the first comment; all of them if there is none.
pub(super) fn lines_above(text: &str, lines: &[Line]) -> usize {
    let line = |i: usize| {
        lines
            .get(i)
            .map_or("", |line| unmarked(&text[line.bytes.clone()]))
    };
    let is_dated = |i: usize| DATE.is_match(line(i)) || CLOCK.is_match(line(i));
    let has_at_most = |i: usize, n_words: usize| lines[i].n_words <= n_words;
    let mut n_words = 0;
    for (i, this) in lines.iter().enumerate() {
        // The count may repeat the headline.
        let begins = has_at_most(i, 40) && COMMENT_COUNT.is_match(line(i))
            || has_at_most(i, 15)
                && COMMENTER.is_match(line(i))
                && (is_dated(i) || is_dated(i + 1));
        if begins && n_words >= MIN_WORDS_ABOVE {
            return i;
        }
        n_words += if this.is_good() { this.n_words } else { 0 };
    }
    lines.len()
}

#[cfg(test)]
mod tests {
    use super::super::features::lines;
    use super::*;

    #[test]
    fn comments_end_the_article() {
        let story = "The council said on Monday that it would not sell the old quay before the summer is \
            over, whatever the price may be.\nThe mayor said:\nNothing of the kind was ever planned by anyone who \
            had to say something in this matter at all.";
        let above = |comments: &str| {
            let text = format!("3 comments\nHome\n{story}\n{comments}");
            let lines = lines(&text, 100);
            lines_above(&text, &lines)
        };
        assert_eq!(above("2 responses to “The old quay”\nBo: No."), 5);
        assert_eq!(above("1. bo says:\nMay 3, 2026 at 6:34 am\nNo."), 5);
        assert_eq!(
            above("* Ann (Quay) on May 3, 2026 at 6:34 am said:\nNo."),
            5
        );
        assert_eq!(above("The owner said:\nNo."), 7);
        let headline =
            "Why it is that nobody who lives by the harbour wants the old quay to be sold again";
        assert_eq!(above(&format!("7 thoughts on “{headline}”\nBo: No.")), 5);
    }
}
