//! Which phrases of an article stand in it more than once.

/// Bits for each word of the text, of which four phrases begin: few of those that stand there once share theirs.
const BITS_PER_TOKEN: usize = 32;

/// Keys that were met once, and those that were met again, a bit for each. Two keys can have one bit: what is met
/// twice is always told so, and of the others few are.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    met: Vec<u64>,
    again: Vec<u64>,
}

impl Repeats {
    /// For a text of so many tokens, of which nothing was met yet.
    pub(super) fn clear(&mut self, n_tokens: usize) {
        let n_bits = (BITS_PER_TOKEN * n_tokens.max(2)).next_power_of_two();
        for bits in [&mut self.met, &mut self.again] {
            bits.clear();
            bits.resize(n_bits / 64, 0);
        }
    }

    /// Meets a key.
    pub(super) fn count(&mut self, key: u64) {
        let (word, bit) = self.place(key);
        self.again[word] |= self.met[word] & bit;
        self.met[word] |= bit;
    }

    /// Whether a key may have been met more than once.
    pub(super) fn may_repeat(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.again[word] & bit != 0
    }

    /// The bits are a power of two.
    fn place(&self, key: u64) -> (usize, u64) {
        let word = (key >> 6) as usize & (self.met.len() - 1);
        (word, 1 << (key % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::super::words::longer_key;
    use super::*;

    proptest! {
        #[test]
        fn what_is_met_twice_is_always_told_and_little_else(n_tokens in 0..300usize, numbers in proptest::collection::vec(0..2_000u64, 0..1_000)) {
            let mut repeats = Repeats::default();
            repeats.clear(n_tokens);
            let keys = numbers.iter().take(4 * n_tokens).map(|number| longer_key(0, *number));
            let mut counts: HashMap<u64, usize> = HashMap::new();
            for key in keys {
                repeats.count(key);
                *counts.entry(key).or_default() += 1;
            }
            let told = |is_repeated: bool| {
                let of = counts.iter().filter(move |(_, n)| (**n > 1) == is_repeated);
                of.filter(|(key, _)| repeats.may_repeat(**key)).count()
            };
            prop_assert_eq!(told(true), counts.values().filter(|n| **n > 1).count());
            prop_assert!(told(false) <= 10 + counts.len() / 4);
        }
    }
}
