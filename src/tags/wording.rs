//! When two tags mean the same, however they are written.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::keyphrases::words::{longer_key, tag_key};

/// Of fewer letters and digits, the blanks between them tell tags apart.
const MIN_LETTERS: usize = 4;
/// No link.
const NONE: usize = usize::MAX;

/// A tag as it is compared: without case, width, hyphens, apostrophes, blanks, possessives and plurals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    key: u64,
    /// The identity of its letters and digits alone; `None` of few.
    letters: Option<u64>,
    folded: String,
}

impl Wording {
    /// The wording of a tag that somebody wrote.
    pub fn new(tag: &str) -> Self {
        let folded = fold(tag);
        Self {
            key: tag_key(tag),
            letters: letters(&folded),
            folded,
        }
    }

    /// The identity of its stems.
    pub(super) fn key(&self) -> u64 {
        self.key
    }

    /// Wordings that mean the same have one of these in common; others seldom have.
    fn keys(&self) -> impl Iterator<Item = u64> + use<> {
        [Some(self.key), self.letters].into_iter().flatten()
    }

    /// Whether both are the same tag: "Co-op" and "co op" and "coop", "Sanction" and "sanctions".
    pub fn means(&self, other: &Self) -> bool {
        self.folded == other.folded
            || (self.key == other.key && are_forms(&self.folded, &other.folded))
            || (self.letters.is_some() && self.letters == other.letters)
    }
}

/// Something for each of several tags, found by whatever means the same.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ByWording<T> {
    entries: Vec<(Wording, T)>,
    /// The last link of each key.
    last: HashMap<u64, usize, RandomState>,
    /// Entry i has the links 2i and 2i + 1, one for each of its keys: the link before it of the same key, or [`NONE`].
    before: Vec<usize>,
}

impl<T> Default for ByWording<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            last: HashMap::default(),
            before: Vec::new(),
        }
    }
}

impl<T> ByWording<T> {
    pub(super) fn insert(&mut self, wording: Wording, value: T) {
        let first = 2 * self.entries.len();
        self.before.resize(first + 2, NONE);
        for (link, key) in (first..).zip(wording.keys()) {
            self.before[link] = self.last.insert(key, link).unwrap_or(NONE);
        }
        self.entries.push((wording, value));
    }

    /// What was inserted first of what means the same.
    pub(super) fn get(&self, wording: &Wording) -> Option<&T> {
        self.place(wording).map(|i| &self.entries[i].1)
    }

    pub(super) fn get_mut(&mut self, wording: &Wording) -> Option<&mut T> {
        self.place(wording).map(|i| &mut self.entries[i].1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn has(&self, wording: &Wording) -> bool {
        self.place(wording).is_some()
    }

    /// In the order in which they were inserted.
    pub(super) fn into_entries(self) -> Vec<(Wording, T)> {
        self.entries
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|(_, value)| value)
    }

    fn place(&self, wording: &Wording) -> Option<usize> {
        let links = wording.keys().flat_map(|key| {
            let before = |link: &usize| Some(self.before[*link]).filter(|link| *link != NONE);
            std::iter::successors(self.last.get(&key).copied(), before)
        });
        links
            .map(|link| link / 2)
            .filter(|&i| self.entries[i].0.means(wording))
            .min()
    }
}

/// The identity of a folded tag's letters and digits.
fn letters(folded: &str) -> Option<u64> {
    let letters = || folded.chars().filter(|c| is_inner(*c));
    let is_enough = letters().nth(MIN_LETTERS - 1).is_some() && letters().any(char::is_alphabetic);
    is_enough.then(|| letters().fold(0, |key, letter| longer_key(key, u64::from(letter))))
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
    folded
        .split(|c| !is_inner(c))
        .filter(|part| !part.is_empty() && *part != "s")
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
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
            ("LC500 Convertible", "LC 500 convertible"),
            ("Syi’ah", "Syiah"),
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
            ("5 G", "5G"),
            ("1 9 84", "1984"),
            ("", "x"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn what_means_the_same_is_found_whatever_the_words() {
        let mut map = ByWording::default();
        for (i, tag) in ["Co-op", "Sanctions", "5G"].iter().enumerate() {
            map.insert(Wording::new(tag), i);
        }
        let get = |tag: &str| map.get(&Wording::new(tag)).copied();
        let found = ["coop", "CO OP", "sanction", "5G", "5 G", "Universe"].map(get);
        assert_eq!(found, [Some(0), Some(0), Some(1), Some(2), None, None]);
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
