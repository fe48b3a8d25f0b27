//! How much likelier than other words a word is to be in the tags of its text.

use std::collections::{BTreeMap, HashSet};

use crate::tags::keyphrases::words::{Words, phrase_key, tag_stems};

/// A stem counts as if so many texts more had it, and as often in their tags as other stems.
const PRIOR_TEXTS: f32 = 20.0;

/// Counts stems in texts that have tags.
#[derive(Default)]
pub(super) struct TagOdds {
    /// By their keys.
    stems: BTreeMap<u32, TextCounts>,
}

/// Of a stem, the texts that have it.
#[derive(Default)]
struct TextCounts {
    n: u32,
    /// Those that have it in their tags.
    n_in_tags: u32,
}

impl TagOdds {
    /// Counts a text's stems; one without tags says nothing.
    pub(super) fn count(&mut self, words: &Words, tags: &[String]) {
        let in_tags: HashSet<u64> = tags.iter().flat_map(|tag| tag_stems(tag)).collect();
        if in_tags.is_empty() {
            return;
        }
        let tokens = 0..words.tokens.len();
        let in_text: HashSet<u64> = tokens
            .filter(|&i| words.tokens[i].is_word)
            .filter_map(|i| match words.stems_of(i..i + 1) {
                [stem] => Some(*stem),
                _ => None,
            })
            .collect();
        for stem in in_text {
            let count = self.stems.entry(phrase_key(&[stem]) as u32).or_default();
            count.n += 1;
            count.n_in_tags += u32::from(in_tags.contains(&stem));
        }
    }

    /// Log-odds of a stem against those of all stems, by its key, in nats; 0 of what was not counted.
    pub(super) fn by_key(&self) -> impl Fn(u32) -> f32 {
        let sum = |of: fn(&TextCounts) -> u32| -> f64 {
            self.stems.values().map(|count| f64::from(of(count))).sum()
        };
        let rate = ((sum(|c| c.n_in_tags) + 1.0) / (sum(|c| c.n) + 2.0)) as f32;
        let log_odds = |p: f32| (p / (1.0 - p)).ln();
        move |key| {
            self.stems.get(&key).map_or(0.0, |count| {
                let n_in_tags = count.n_in_tags as f32 + PRIOR_TEXTS * rate;
                log_odds(n_in_tags / (count.n as f32 + PRIOR_TEXTS)) - log_odds(rate)
            })
        }
    }
}
