//! When two tags mean the same, however they are written.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::keyphrases::words::tag_key;

/// A tag as it is compared: without case, width, hyphens, possessives and plurals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    key: u64,
    folded: String,
}

impl Wording {
    /// The wording of a tag that somebody wrote.
    pub fn new(tag: &str) -> Self {
        Self {
            key: tag_key(tag),
            folded: fold(tag),
        }
    }

    /// Equal for wordings that mean the same; others are seldom equal.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Whether both are the same tag: "Co-op" and "co op", "Sanction" and "sanctions".
    pub fn means(&self, other: &Self) -> bool {
        self.folded == other.folded
            || (self.key == other.key && are_forms(&self.folded, &other.folded))
    }
}

/// NFKC, lower case, single spaces.
pub(super) fn fold(tag: &str) -> String {
    let mut folded = String::with_capacity(tag.len());
    fold_onto(tag, &mut folded);
    folded
}

/// Appends the folded tag to a text.
pub(super) fn fold_onto(tag: &str, text: &mut String) {
    let start = text.len();
    if tag.is_ascii() {
        // Nothing to normalise, and nearly all tags are so.
        push_words(tag, text);
        text[start..].make_ascii_lowercase();
    } else {
        let lower: String = tag.nfkc().flat_map(char::to_lowercase).collect();
        push_words(&lower, text);
    }
}

/// Appends the words of a tag with single spaces between them.
fn push_words(tag: &str, text: &mut String) {
    for (i, word) in tag.split_whitespace().enumerate() {
        if i > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// Whether two folded wordings are forms of the same words, one by one. Stems alone do not tell: those
/// of "universe" and "university" are the same.
pub(super) fn are_forms(name: &str, written: &str) -> bool {
    let (mut name, mut written) = (parts(name), parts(written));
    let mut n_parts = 0;
    loop {
        match (name.next(), written.next()) {
            (Some(a), Some(b)) if is_form(a, b) => n_parts += 1,
            (None, None) => return n_parts > 0,
            _ => return false,
        }
    }
}

/// The letters and digits between the marks; a possessive's "s" is none of them.
pub(super) fn parts(folded: &str) -> impl Iterator<Item = &str> {
    let is_inner = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    folded
        .split(move |c| !is_inner(c))
        .filter(|part| !part.is_empty() && *part != "s")
}

/// Whether a written word is a name's word with another ending. The endings are those of English plurals
/// and verbs; a name that ends in "ing" is not found by its verb ("Housing" in "houses").
fn is_form(name: &str, written: &str) -> bool {
    const ENDINGS: [&str; 9] = ["", "s", "es", "e", "y", "ies", "ed", "d", "ing"];
    if name == written {
        return true;
    }
    let same = name.chars().zip(written.chars());
    let common: usize = same
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let (of_name, of_written) = (&name[common..], &written[common..]);
    common > 1 && of_name != "ing" && ENDINGS.contains(&of_name) && ENDINGS.contains(&of_written)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Wording::new(a).means(&Wording::new(b))
    }

    #[test]
    fn case_width_plural_hyphen_and_possessive_do_not_part_tags() {
        for (a, b) in [
            ("Sanctions", "sanction"),
            ("Policy", "Policies"),
            ("Élections", "e\u{301}lections"),
            ("Climate-change", "climate  change"),
            ("ＥＵ", "EU"),
            ("Russia's economy", "Russia economy"),
            ("!", "!"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn words_of_one_stem_may_be_different_tags() {
        for (a, b) in [
            ("University", "Universe"),
            ("Organ", "Organization"),
            ("Housing", "Houses"),
            ("Trade", "Trade policy"),
            ("!", "?"),
            ("", "x"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn ascii_folds_as_all_text_does(tag in "[ -~\t\n\x0b\x0c\r]{0,40}") {
            let lower: String = tag.nfkc().flat_map(char::to_lowercase).collect();
            let words: Vec<&str> = lower.split_whitespace().collect();
            prop_assert_eq!(fold(&tag), words.join(" "));
        }
    }
}
