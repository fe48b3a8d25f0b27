//! Words that were read before, so that none is stemmed twice.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::aliases;
use super::lexicon::{STOP, classes_of};
use super::words::hash_of;

/// Words of more bytes are read anew each time.
const MAX_BYTES: usize = 23;
/// Of "merry-go-round" and what has fewer parts the stems are kept.
const MAX_STEMS: usize = 3;
/// When so many words are known all are forgotten: about 1.5 MB.
const MAX_WORDS: usize = 1 << 14;

/// What is known of a word whatever text it stands in.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownWord {
    /// Hash of the word in lower case.
    pub(super) lower: u64,
    /// Classes of words that it belongs to.
    pub(super) classes: u8,
    /// Begins with a digit.
    pub(super) is_number: bool,
    /// Begins with a capital.
    pub(super) is_capital: bool,
    /// The name that it stands for, if any.
    pub(super) alias: Option<u8>,
    stems: [u64; MAX_STEMS],
    n_stems: u8,
}

impl KnownWord {
    /// Looks at a word; `stems` are those of its parts.
    pub(super) fn new(word: &str, stems: &[u64]) -> Self {
        let lower = match word.bytes().all(|b| b.is_ascii_lowercase()) {
            true => hash_of(word),
            false => hash_of(&word.to_lowercase().replace('’', "'")),
        };
        let mut kept = [0; MAX_STEMS];
        kept.iter_mut()
            .zip(stems)
            .for_each(|(to, from)| *to = *from);
        // "US", "IT" and "WHO" are names; "us", "it" and "who" are not.
        let is_acronym = word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        let no_classes = if is_acronym { STOP } else { 0 };
        Self {
            lower,
            classes: classes_of(lower) & !no_classes,
            is_number: word.starts_with(char::is_numeric),
            is_capital: word.starts_with(char::is_uppercase),
            alias: aliases::of_word(word),
            stems: kept,
            n_stems: u8::try_from(stems.len()).unwrap_or(u8::MAX),
        }
    }

    /// The stems of its parts.
    pub(super) fn stems(&self) -> &[u64] {
        &self.stems[..usize::from(self.n_stems).min(MAX_STEMS)]
    }
}

/// A bounded memory of words as they are written, compared letter by letter.
#[derive(Default)]
pub(super) struct Memory(HashMap<Key, KnownWord, RandomState>);

/// A word's bytes, and their number in the last byte.
type Key = (u64, u64, u64);

impl Memory {
    /// What is known of a word.
    pub(super) fn get(&self, word: &str) -> Option<KnownWord> {
        self.0.get(&key_of(word)?).copied()
    }

    /// Remembers a word.
    pub(super) fn keep(&mut self, word: &str, known: KnownWord) {
        let Some(key) = key_of(word).filter(|_| usize::from(known.n_stems) <= MAX_STEMS) else {
            return;
        };
        if self.0.len() >= MAX_WORDS {
            self.0.clear();
        }
        self.0.insert(key, known);
    }
}

fn key_of(word: &str) -> Option<Key> {
    if word.len() > MAX_BYTES {
        return None;
    }
    let mut key = [0, 0, (word.len() as u64) << 56];
    for (part, bytes) in key.iter_mut().zip(word.as_bytes().chunks(8)) {
        *part |= match bytes.try_into() {
            Ok(eight) => u64::from_le_bytes(eight),
            // In a register: what was written byte by byte is slow to read as a whole.
            Err(_) => bytes
                .iter()
                .rev()
                .fold(0, |part, b| part << 8 | u64::from(*b)),
        };
    }
    Some(key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_case_and_length() {
        let mut memory = Memory::default();
        memory.keep("Us", KnownWord::new("Us", &[7]));
        assert_eq!(memory.get("Us").map(|w| w.stems().to_vec()), Some(vec![7]));
        assert!(memory.get("us").is_none() && memory.get("U").is_none());
        assert!(memory.get("Us\0").is_none());
    }

    #[test]
    fn long_words_and_words_of_many_parts_are_not_kept_and_the_memory_is_bounded() {
        let mut memory = Memory::default();
        let long = "x".repeat(MAX_BYTES + 1);
        memory.keep(&long, KnownWord::new(&long, &[1]));
        memory.keep("a-b-c-d", KnownWord::new("a-b-c-d", &[1, 2, 3, 4]));
        assert!(memory.0.is_empty());
        for i in 0..=MAX_WORDS {
            let word = format!("w{i}");
            memory.keep(&word, KnownWord::new(&word, &[1]));
        }
        assert!(memory.0.len() <= MAX_WORDS);
    }
}
