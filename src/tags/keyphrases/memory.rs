//! Words that were read before, so that none is stemmed twice.

use std::ops::Range;

use super::aliases;
use super::lexicon::{STOP, classes_of};
use super::words::hash_of;

/// Words of more bytes are read anew each time.
const MAX_BYTES: usize = 23;
/// Of "merry-go-round" and what has fewer parts the stems are kept.
const MAX_STEMS: usize = 3;
/// Places for words, a power of two: 2 MiB.
const N_PLACES_LOG2: u32 = 15;

/// What is known of a word whatever text it stands in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KnownWord {
    /// Hash of the word in lower case.
    pub(super) lower: u64,
    /// Classes of words that it belongs to.
    pub(super) classes: u16,
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

/// A memory of words as they are written, compared letter by letter. Each word has one place, and takes it
/// from the word that was there.
#[derive(Default)]
pub(super) struct Memory(Vec<Place>);

/// A place is one line of the processor's cache.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Place {
    key: Key,
    known: KnownWord,
}

/// A word's bytes, and their number in the last byte. No word has none.
type Key = [u64; 3];

impl Memory {
    /// What is known of the word at these bytes of a text.
    pub(super) fn get(&self, text: &[u8], word: Range<usize>) -> Option<&KnownWord> {
        let key = key_of(text, word)?;
        let place = self.0.get(place_of(key))?;
        (place.key == key).then_some(&place.known)
    }

    /// Remembers the word at these bytes of a text.
    pub(super) fn keep(&mut self, text: &[u8], word: Range<usize>, known: KnownWord) {
        if let Some(key) = key_of(text, word)
            && usize::from(known.n_stems) <= MAX_STEMS
        {
            self.0.resize(1 << N_PLACES_LOG2, Place::default());
            self.0[place_of(key)] = Place { key, known };
        }
    }
}

fn place_of(key: Key) -> usize {
    let [a, b, c] = key;
    let mixed = a.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ b.wrapping_mul(0xd6e8_feb8_6659_fd93)
        ^ c.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (u64::BITS - N_PLACES_LOG2)) as usize
}

fn key_of(text: &[u8], word: Range<usize>) -> Option<Key> {
    let n_bytes = word.len();
    if !(1..=MAX_BYTES).contains(&n_bytes) {
        return None;
    }
    let mut key = [0; 3];
    for (i, part) in key.iter_mut().take(n_bytes.div_ceil(8)).enumerate() {
        let from = word.start + 8 * i;
        let n_missing = (from + 8).saturating_sub(word.end);
        *part = eight_bytes(text, from) & (u64::MAX >> (8 * n_missing));
    }
    key[2] |= (n_bytes as u64) << 56;
    Some(key)
}

/// The bytes from here, the first the lowest; behind the text zeros.
fn eight_bytes(text: &[u8], from: usize) -> u64 {
    match text[from..].first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => text[from..]
            .iter()
            .rev()
            .fold(0, |part, byte| part << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(memory: &mut Memory, word: &str, stems: &[u64]) {
        memory.keep(word.as_bytes(), 0..word.len(), KnownWord::new(word, stems));
    }

    fn stems_of(memory: &Memory, text: &str, word: Range<usize>) -> Option<Vec<u64>> {
        let known = memory.get(text.as_bytes(), word);
        known.map(|known| known.stems().to_vec())
    }

    #[test]
    fn words_are_told_apart_by_case_and_length() {
        let mut memory = Memory::default();
        keep(&mut memory, "Us", &[7]);
        assert_eq!(stems_of(&memory, "Us", 0..2), Some(vec![7]));
        for other in ["us", "U", "Us\0", ""] {
            assert_eq!(stems_of(&memory, other, 0..other.len()), None, "{other:?}");
        }
    }

    #[test]
    fn a_word_is_known_wherever_it_stands() {
        let words = [
            "a",
            "seventh",
            "eighteen",
            "ninetieth",
            "a-word-of-23-characters",
        ];
        for word in words {
            let mut memory = Memory::default();
            keep(&mut memory, word, &[1]);
            for (before, after) in [
                ("", ""),
                ("so ", ""),
                ("", " indeed, and so on"),
                ("é", "é"),
            ] {
                let text = format!("{before}{word}{after}");
                let place = before.len()..before.len() + word.len();
                assert_eq!(stems_of(&memory, &text, place), Some(vec![1]), "{text:?}");
            }
        }
    }

    #[test]
    fn long_words_and_words_of_many_parts_are_not_kept() {
        let mut memory = Memory::default();
        keep(&mut memory, &"x".repeat(MAX_BYTES + 1), &[1]);
        keep(&mut memory, "a-b-c-d", &[1, 2, 3, 4]);
        assert!(memory.0.is_empty());
    }

    #[test]
    fn a_word_that_loses_its_place_is_not_taken_for_the_other() {
        let mut memory = Memory::default();
        let words: Vec<String> = (0..3 << N_PLACES_LOG2).map(|i| format!("w{i}")).collect();
        for (i, word) in words.iter().enumerate() {
            keep(&mut memory, word, &[i as u64]);
        }
        assert_eq!(memory.0.len(), 1 << N_PLACES_LOG2);
        let found = words.iter().enumerate().filter_map(|(i, word)| {
            let stems = stems_of(&memory, word, 0..word.len())?;
            assert_eq!(stems, [i as u64]);
            Some(())
        });
        // Places are used evenly: of places that three words each want at random, 1 - 1/e³ are taken.
        assert!(found.count() > (9 << N_PLACES_LOG2) / 10);
    }
}
