//! Whether a line is in a text: by runs of words, as neither keeps the other's spaces and marks.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Words in a row by which a line is found in a text; fewer are too common.
const GRAM: usize = 4;
/// Runs that are kept: those of shorter lines too, which are looked for whole.
const GRAMS: std::ops::RangeInclusive<usize> = 2..=GRAM;

/// The words of a text, to ask which lines of another are in it.
///
/// Source: Broder 1997, "On the resemblance and containment of documents".
#[derive(Debug, Default)]
pub struct Shingles {
    /// Hashes of words in a row, as many as [`GRAMS`] says.
    grams: HashSet<u64>,
    /// Hashes of words that stand in a line alone.
    lone_words: HashSet<u64>,
}

impl Shingles {
    /// Reads a text, line by line; a run of words may go on in the next line.
    pub fn new(text: &str) -> Self {
        let mut found = Self::default();
        let mut all = Vec::new();
        for line in text.lines() {
            let words = words(line);
            if let [word] = words[..] {
                found.lone_words.insert(word);
            }
            all.extend(words);
        }
        let runs = GRAMS.flat_map(|length| all.windows(length));
        found.grams = runs.map(hash_of).collect();
        found
    }

    /// Whether at least half of a line is in the text; of a line of fewer than four words, all.
    pub fn has_most_of(&self, line: &str) -> bool {
        let words = words(line);
        match words[..] {
            [] => false,
            [word] => self.lone_words.contains(&word),
            _ if words.len() < GRAM => self.grams.contains(&hash_of(&words)),
            _ => {
                let grams = words.windows(GRAM);
                let n_found = grams.filter(|gram| self.grams.contains(&hash_of(gram)));
                n_found.count() * 2 > words.len() - GRAM
            }
        }
    }
}

/// Hashes of the words of a line: runs of letters and digits, in lower case.
fn words(line: &str) -> Vec<u64> {
    let words = line
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut hasher = DefaultHasher::new();
            for c in word.chars().flat_map(char::to_lowercase) {
                c.hash(&mut hasher);
            }
            hasher.finish()
        })
        .collect()
}

fn hash_of(words: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_words() {
        let text =
            Shingles::new("The tide was out.\nBackground\nSo the boats lay on the sand, all day.");
        for line in [
            "the tide was OUT",
            "Background",
            "lay on",
            "Background so the",
            "So the boats lay on their sides",
        ] {
            assert!(text.has_most_of(line), "{line}");
        }
        for line in [
            "",
            "Tide",
            "on lay",
            "lay the sand",
            "So the boats sank off the sand",
            "…",
        ] {
            assert!(!text.has_most_of(line), "{line}");
        }
    }
}
