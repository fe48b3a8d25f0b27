//! Words and sentences that remember how they are written and where, and the identities of phrases.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::text::Field;

/// FNV-1a with its bits spread: the identity of words and phrases in an article and in the model.
pub fn hash_of(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    spread(hash)
}

fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// The identity of a phrase: its stems in order.
pub fn phrase_key(stems: &[u64]) -> u64 {
    stems.iter().fold(0, |key, stem| longer_key(key, *stem))
}

/// The identity of a phrase with one more stem at its end.
pub(in crate::tags) fn longer_key(key: u64, stem: u64) -> u64 {
    spread(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stem)
}

/// The identity of a tag that somebody wrote.
pub fn tag_key(tag: &str) -> u64 {
    phrase_key(&tag_stems(tag))
}

/// The stems of a tag that somebody wrote.
pub fn tag_stems(tag: &str) -> Vec<u64> {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut stems = Vec::new();
    for word in tag.split_whitespace() {
        let word = word.trim_end_matches("'s").trim_end_matches("’s");
        push_stems(&stemmer, word, &mut stems);
    }
    stems
}

/// A word, or what stands between words.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Where it stands.
    pub field: Field,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// Hash of the word in lower case, without the full stop of an abbreviation.
    pub lower: u64,
    /// Its stems, one for each part of a hyphenated word: a range of [`Words::stems`].
    pub stems: (u32, u32),
    /// Classes of words that it belongs to.
    pub classes: u16,
    /// Not punctuation.
    pub is_word: bool,
    /// Begins with a digit.
    pub is_number: bool,
    /// Begins with a capital.
    pub is_capital: bool,
    /// The name that it stands for, if any; see `aliases`.
    pub alias: Option<u8>,
}

impl Token {
    /// Whether the word belongs to a class.
    pub fn is(&self, class: u16) -> bool {
        self.classes & class != 0
    }
}

/// Some tokens that end where a full stop or a line does.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Its tokens.
    pub tokens: Range<usize>,
    /// It is of the title.
    pub is_title: bool,
    /// Its capitals are a heading's and say nothing of names.
    pub is_heading: bool,
}

/// A text's tokens and sentences.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// In the order of the text, the title first.
    pub tokens: Vec<Token>,
    /// In the order of the text.
    pub sentences: Vec<Sentence>,
    /// The stems of all words.
    pub stems: Vec<u64>,
}

impl Words {
    /// The stems of a run of tokens.
    pub fn stems_of(&self, tokens: Range<usize>) -> &[u64] {
        match (
            self.tokens.get(tokens.start),
            self.tokens.get(tokens.end.wrapping_sub(1)),
        ) {
            (Some(first), Some(last)) => &self.stems[first.stems.0 as usize..last.stems.1 as usize],
            _ => &[],
        }
    }
}

/// A letter, a digit, or an accent on one.
pub(super) fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c))
}

/// Appends the stem of each run of letters and digits of a word.
pub(super) fn push_stems(stemmer: &Stemmer, word: &str, stems: &mut Vec<u64>) {
    let lower: String = if word.is_ascii() {
        word.to_ascii_lowercase()
    } else {
        word.nfkc().flat_map(char::to_lowercase).collect()
    };
    for part in lower
        .split(|c| !is_letter(c))
        .filter(|part| !part.is_empty())
    {
        stems.push(hash_of(&stemmer.stem(part)));
    }
}
