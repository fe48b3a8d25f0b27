//! How words are used in general, counted from a great deal of text.

/// How a word is used: shares of its occurrences, in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// After a determiner or a preposition.
    pub after_determiner: f32,
    /// Where verbs stand.
    pub before_verb: f32,
    /// Before "of", a verb or punctuation.
    pub before_end: f32,
    /// With a capital within a sentence.
    pub capital: f32,
}

/// Of a word that was never seen.
const UNSEEN: Usage = Usage {
    after_determiner: 0.3,
    before_verb: 0.1,
    before_end: 0.4,
    capital: 0.5,
};
/// Inverse document frequencies and log-odds are kept in steps of this many nats.
const STEP: f32 = 1.0 / 16.0;
/// Keys are spread evenly, so that one bucket has but a handful of them.
const BUCKET_BITS: u32 = 14;

/// What is known of a stem or a phrase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// Inverse document frequency, in nats.
    pub idf: f32,
    /// How much likelier than other stems it is to be in the tags of a text that has it: log-odds in nats. 0 of
    /// phrases of several stems.
    pub tag_odds: f32,
}

/// [`Known`] as it is kept: both in sixteenths of a nat, side by side, as they are asked for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownSteps {
    /// Of [`Known::idf`].
    pub idf: u8,
    /// Of [`Known::tag_odds`].
    pub tag_odds: i8,
}

impl From<Known> for KnownSteps {
    /// The nearest steps.
    fn from(known: Known) -> Self {
        Self {
            idf: (known.idf / STEP).round().clamp(0.0, 255.0) as u8,
            tag_odds: (known.tag_odds / STEP).round().clamp(-127.0, 127.0) as i8,
        }
    }
}

impl From<KnownSteps> for Known {
    fn from(steps: KnownSteps) -> Self {
        Self {
            idf: f32::from(steps.idf) * STEP,
            tag_odds: f32::from(steps.tag_odds) * STEP,
        }
    }
}

/// Keys in ascending order, found by their first bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Keys {
    keys: Vec<u32>,
    /// Where the keys of each bucket begin; (n_buckets + 1).
    buckets: Vec<u32>,
}

impl Default for Keys {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl Keys {
    /// The identities of tags, cut to 32 bits, each once.
    pub fn of(keys: impl IntoIterator<Item = u64>) -> Self {
        let mut keys: Vec<u32> = keys.into_iter().map(|key| key as u32).collect();
        keys.sort_unstable();
        keys.dedup();
        Self::new(keys)
    }

    /// Indexes keys, which must ascend for any to be found.
    pub fn new(keys: Vec<u32>) -> Self {
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1];
        for key in &keys {
            buckets[Self::bucket(*key) + 1] += 1;
        }
        for i in 1..buckets.len() {
            buckets[i] += buckets[i - 1];
        }
        Self { keys, buckets }
    }

    /// The keys, ascending.
    pub fn as_slice(&self) -> &[u32] {
        &self.keys
    }

    fn bucket(key: u32) -> usize {
        (key >> (u32::BITS - BUCKET_BITS)) as usize
    }

    /// The place of a key.
    fn find(&self, key: u32) -> Option<usize> {
        let bucket = Self::bucket(key);
        let (start, end) = (
            self.buckets[bucket] as usize,
            self.buckets[bucket + 1] as usize,
        );
        let place = self.keys[start..end]
            .iter()
            .position(|other| *other == key)?;
        Some(start + place)
    }
}

/// The table of words, stems, phrases and tags, each by the low 32 bits of its hash, ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordStatistics {
    /// Words; (n_words).
    pub words: Keys,
    /// [`Usage`] of each in 255ths; (n_words, 4), row-major.
    pub usage: Vec<u8>,
    /// Stems and phrases of stems; (n_phrases).
    pub phrases: Keys,
    /// What is known of each; (n_phrases).
    pub known: Vec<KnownSteps>,
    /// Inverse document frequency of what is not in the table.
    pub max_idf: f32,
    /// What editors gave as tags; (n_tags).
    pub tags: Keys,
    /// Tags of a vocabulary, whether an article has them or not; (n_known_tags).
    pub known_tags: Keys,
}

impl WordStatistics {
    /// Whether arrays from a file are a table.
    pub fn is_consistent(&self) -> bool {
        let ascends = |keys: &Keys| keys.as_slice().is_sorted_by(|a, b| a < b);
        self.usage.len() == 4 * self.words.as_slice().len()
            && self.known.len() == self.phrases.as_slice().len()
            && [&self.words, &self.phrases, &self.tags, &self.known_tags]
                .into_iter()
                .all(ascends)
            && self.max_idf.is_finite()
    }

    /// How a word is used, by its hash.
    pub fn usage(&self, word: u64) -> Usage {
        let Some(place) = self.words.find(word as u32) else {
            return UNSEEN;
        };
        let share = |i: usize| f32::from(self.usage[4 * place + i]) / 255.0;
        Usage {
            after_determiner: share(0),
            before_verb: share(1),
            before_end: share(2),
            capital: share(3),
        }
    }

    /// What is known of a stem or a phrase, by its key.
    pub fn known(&self, key: u64) -> Known {
        match self.phrases.find(key as u32) {
            Some(place) => self.known[place].into(),
            None => Known {
                idf: self.max_idf,
                tag_odds: 0.0,
            },
        }
    }

    /// Whether editors gave a tag, by its key.
    pub fn is_tag(&self, key: u64) -> bool {
        self.tags.find(key as u32).is_some()
    }

    /// Whether a vocabulary has a tag, by its key.
    pub fn is_known_tag(&self, key: u64) -> bool {
        self.known_tags.find(key as u32).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_is_found_where_binary_search_finds_it(mut keys in proptest::collection::vec(any::<u32>(), 0..300), other: u32) {
            keys.sort_unstable();
            keys.dedup();
            let index = Keys::new(keys.clone());
            for key in keys.iter().chain([&other]) {
                prop_assert_eq!(index.find(*key), keys.binary_search(key).ok());
            }
        }
    }
}
