//! A phrase of the article that might be a tag, with what the article says of it.

use std::ops::Range;

use super::aliases;
use super::words::{Words, phrase_key};

/// A phrase with its counts in the article.
#[derive(Debug, Clone, Default)]
pub struct Candidate {
    /// Its identity.
    pub key: u64,
    /// Tokens of the occurrence that shows best how it is written.
    pub shown: Range<usize>,
    /// Number of its occurrences.
    pub count: u32,
    /// Token at which the first begins.
    pub first: usize,
    /// Token at which the last begins.
    pub last: usize,
    /// Sentence of the first.
    pub first_sentence: usize,
    /// Sentence of the last.
    pub last_sentence: usize,
    /// Sentences that have it.
    pub n_sentences: u32,
    /// Occurrences whose every word is a name's.
    pub n_names: u32,
    /// Occurrences that are a whole run of names.
    pub n_runs: u32,
    /// Occurrences within a longer run.
    pub n_cut: u32,
    /// Occurrences in the title.
    pub n_title: u32,
    /// Occurrences in headings of the body.
    pub n_headings: u32,
    /// Occurrences under another name, such as the adjective of a country.
    pub n_alias: u32,
    /// Whether one of the first sentences has it.
    pub is_early: bool,
    /// Determiners before it and ends after it.
    pub n_noun_places: u32,
    /// Times that longer candidates hold it: the most frequent one's count, and how many there are.
    pub nested: (u32, u32),
    /// A word that nearly always stands before what it describes, as "foreign" and "disputed" do, and no name.
    pub is_modifier: bool,
    /// The full name of which this is the surname.
    pub full_name: Option<usize>,
    /// The full name of whom everybody knows by this surname, if the article does not give one.
    pub known_as: Option<&'static str>,
    /// Those of its occurrences that are the surname alone.
    pub n_surname: u32,
    /// Its occurrences in the chain: the first and the last.
    pub(in crate::tags) chain: (u32, u32),
}

impl Candidate {
    /// Whether most of its occurrences are names.
    pub fn is_name(&self) -> bool {
        2 * self.n_names > self.count
    }

    /// The alias that stands for it if no occurrence has its own name.
    pub(super) fn alias(&self, words: &Words) -> Option<u8> {
        let alias = match words.tokens.get(self.shown.clone())? {
            [word] => word.alias,
            _ => aliases::of_name(phrase_key(words.stems_of(self.shown.clone()))),
        };
        alias.filter(|_| self.n_alias > 0)
    }

    /// A word that stands nowhere but within longer names, as "University" does in "University of Liverpool". Adjectives of
    /// countries are none: the Chinese Foreign Ministry is China's.
    pub(super) fn is_piece(&self) -> bool {
        self.shown.len() == 1 && self.n_cut == self.count && self.n_alias == 0
    }

    /// Counts the surname's occurrences as those of the full name.
    pub(super) fn count_surname(&mut self, surname: &Self) {
        let alone = surname.n_runs;
        self.n_surname += alone;
        self.count += alone;
        self.n_names += alone;
        self.n_runs += alone;
        self.n_title = self.n_title.max(surname.n_title);
        self.n_sentences = self.n_sentences.max(surname.n_sentences);
        self.n_noun_places += surname.n_noun_places.saturating_sub(surname.n_cut);
        self.is_early |= surname.is_early;
        self.first = self.first.min(surname.first);
        self.first_sentence = self.first_sentence.min(surname.first_sentence);
        self.last = self.last.max(surname.last);
    }

    /// Seen once, of several common words, not in the title: of 311 editors' tags in their articles
    /// 12 were such phrases, and every third candidate is.
    pub(super) fn is_chance(&self) -> bool {
        self.count == 1 && self.shown.len() > 1 && !self.is_name() && self.n_title == 0
    }
}
