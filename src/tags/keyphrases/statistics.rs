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
/// Inverse document frequencies are kept in steps of this many nats.
const IDF_STEP: f32 = 1.0 / 16.0;

/// The table of words, stems and phrases, each by the low 32 bits of its hash, ascending.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordStatistics {
    /// Words; (n_words).
    pub words: Vec<u32>,
    /// [`Usage`] of each in 255ths; (n_words, 4), row-major.
    pub usage: Vec<u8>,
    /// Stems and phrases of stems; (n_phrases).
    pub phrases: Vec<u32>,
    /// Inverse document frequency of each in sixteenths of a nat; (n_phrases).
    pub idf: Vec<u8>,
    /// Inverse document frequency of what is not in the table.
    pub max_idf: f32,
}

impl WordStatistics {
    /// Whether arrays from a file are a table.
    pub fn is_consistent(&self) -> bool {
        self.usage.len() == 4 * self.words.len()
            && self.idf.len() == self.phrases.len()
            && self.words.is_sorted_by(|a, b| a < b)
            && self.phrases.is_sorted_by(|a, b| a < b)
            && self.max_idf.is_finite()
    }

    /// How a word is used, by its hash.
    pub fn usage(&self, word: u64) -> Usage {
        let Ok(place) = self.words.binary_search(&(word as u32)) else {
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

    /// The inverse document frequency of a stem or a phrase, by its key, in nats.
    pub fn idf(&self, key: u64) -> f32 {
        self.phrases
            .binary_search(&(key as u32))
            .map_or(self.max_idf, |place| f32::from(self.idf[place]) * IDF_STEP)
    }

    /// The step nearest to an inverse document frequency.
    pub fn idf_step(idf: f32) -> u8 {
        (idf / IDF_STEP).round().clamp(0.0, 255.0) as u8
    }
}
