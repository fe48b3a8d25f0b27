//! Names become one automaton.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use foldhash::fast::RandomState;

use super::{GAP, Name, Names, Writing, for_each_stem};
use crate::tags::concepts::entry::ConceptsError;
use crate::tags::keyphrases::lexicon::STOP;
use crate::tags::keyphrases::{reader::WordReader, words::phrase_key};
use crate::tags::wording::{fold_onto, parts};

/// A longer name is refused: how many names can end at one word bounds the time for it.
pub(super) const MAX_NAME_WORDS: usize = 40;
const FIRST_STEM: u32 = 2;

/// Names on their way into an automaton.
#[derive(Default)]
pub(super) struct Build {
    words: WordReader,
    stems: HashMap<u64, char, RandomState>,
    /// Each name with its characters and their identity as a tag.
    names: Vec<(String, u64, Name)>,
    /// See [`Names::folded`].
    folded: String,
    /// Names of several words, and how many of them are all in capitals.
    n_phrases: (usize, usize),
}

impl Build {
    pub(super) fn add(&mut self, concept: u32, name: &str, is_alias: bool) -> Result<(), String> {
        let mut pattern = String::new();
        let mut n_words = 0;
        let mut key = Vec::new();
        let stems = &mut self.stems;
        let mut is_full = false;
        for_each_stem(self.words.read("", name), |stem| {
            n_words += 1;
            pattern.push(match stem {
                Some((_, stem)) => {
                    key.push(stem);
                    character(stems, stem).unwrap_or_else(|| {
                        is_full = true;
                        GAP
                    })
                }
                None => GAP,
            });
        });
        if is_full {
            return Err("the vocabulary has too many different words".to_owned());
        }
        if n_words > MAX_NAME_WORDS {
            return Err(format!("{n_words} words; the limit is {MAX_NAME_WORDS}"));
        }
        let pattern = pattern.trim_matches(GAP);
        if pattern.is_empty() {
            return Ok(());
        }
        let start = self.folded.len() as u32;
        fold_onto(name, &mut self.folded);
        if n_words > 2 {
            self.n_phrases.0 += 1;
            self.n_phrases.1 += usize::from(!name.chars().any(char::is_lowercase));
        }
        let writing = writing(&mut self.words, name);
        let name = Name {
            concept,
            folded: start..self.folded.len() as u32,
            is_alias,
            writing,
        };
        self.names
            .push((pattern.to_owned(), phrase_key(&key), name));
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Names, ConceptsError> {
        let order = |name: &Name| (name.is_alias, name.concept);
        self.names.sort_by(|(a, _, first), (b, _, second)| {
            a.cmp(b).then_with(|| order(first).cmp(&order(second)))
        });
        let (mut patterns, mut keys, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        for (i, (pattern, key, _)) in self.names.iter().enumerate() {
            if patterns.last() != Some(&pattern.as_str()) {
                keys.push((*key, patterns.len() as u32));
                patterns.push(pattern.as_str());
                offsets.push(i as u32);
            }
        }
        offsets.push(self.names.len() as u32);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .prefilter(false)
            .build(&patterns)
            .map_err(|fault| ConceptsError {
                place: "the vocabulary".to_owned(),
                field: "file",
                problem: fault.to_string(),
            })?;
        let mut names: Vec<Name> = self.names.into_iter().map(|(_, _, name)| name).collect();
        // Of a vocabulary that is written in capitals throughout, they say nothing.
        if 2 * self.n_phrases.1 > self.n_phrases.0 {
            names
                .iter_mut()
                .for_each(|name| name.writing = Writing::Any);
        }
        keys.sort_unstable();
        Ok(Names {
            stems: self.stems,
            automaton,
            keys,
            offsets,
            names,
            folded: self.folded,
        })
    }
}

/// The character that a stem stands for; `None` if there are no more.
fn character(stems: &mut HashMap<u64, char, RandomState>, stem: u64) -> Option<char> {
    if let Some(known) = stems.get(&stem) {
        return Some(*known);
    }
    const SURROGATES: Range<u32> = 0xd800..0xe000;
    let number = FIRST_STEM + stems.len() as u32;
    let skipped = if number < SURROGATES.start {
        0
    } else {
        SURROGATES.len() as u32
    };
    let c = char::from_u32(number + skipped)?;
    stems.insert(stem, c);
    Some(c)
}

fn writing(words: &mut WordReader, name: &str) -> Writing {
    let mut parts = parts(name);
    let (Some(only), None) = (parts.next(), parts.next()) else {
        return Writing::Any;
    };
    let is_capital = only.chars().next().is_some_and(char::is_uppercase);
    let is_acronym = only.chars().filter(|c| c.is_uppercase()).count() > 1
        && !only.chars().any(char::is_lowercase);
    let words = words.read("", &only.to_lowercase());
    let is_stop = words.tokens.first().is_some_and(|token| token.is(STOP));
    match (is_acronym, is_stop) {
        (true, true) => Writing::Capitals,
        (true, false) => Writing::FirstCapital,
        (false, true) if is_capital => Writing::FirstCapital,
        _ => Writing::Any,
    }
}
