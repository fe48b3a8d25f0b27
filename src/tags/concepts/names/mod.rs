//! All labels and aliases as one automaton over an article's words.
//!
//! Each stem that any name has stands for one character; an article becomes a string of these, with a
//! character of its own for what no name has and for what parts sentences. So names are found by whole
//! words in one pass (Aho and Corasick 1975, "Efficient string matching"), whatever their case, width,
//! hyphens and plurals. As UTF-8 characters cannot be taken for parts of one another, bytes can be searched.

mod build;

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::AhoCorasick;
use foldhash::fast::RandomState;

use super::entry::{ConceptEntry, ConceptsError};
use crate::tags::keyphrases::words::{Token, Words, tag_key};
use crate::tags::wording::{are_forms, fold, parts};
use crate::text::Field;
use build::Build;

/// A stem that no name has, or the end of a sentence, a comma and the like.
const GAP: char = '\u{1}';

/// An article as its words were read.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The words of both texts.
    pub words: &'a Words,
    /// The title.
    pub title: &'a str,
    /// The text.
    pub body: &'a str,
}

impl<'a> Reading<'a> {
    /// The text of a field.
    pub fn text(&self, field: Field) -> &'a str {
        match field {
            Field::Title => self.title,
            Field::Body => self.body,
        }
    }
}

/// A place where an article names a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The tag's place in the vocabulary.
    pub concept: usize,
    /// The tokens.
    pub tokens: Range<usize>,
    /// Where they stand.
    pub field: Field,
    /// In bytes; within a token if that is hyphenated.
    pub bytes: Range<usize>,
}

/// The names of a vocabulary.
#[derive(Debug, Clone)]
pub struct Names {
    /// The character of each stem.
    stems: HashMap<u64, char, RandomState>,
    automaton: AhoCorasick,
    /// Identity of each pattern's words with the pattern, ascending; (n_patterns).
    keys: Vec<(u64, u32)>,
    /// Where the names of a pattern begin in `names`; (n_patterns + 1).
    offsets: Vec<u32>,
    names: Vec<Name>,
    /// The names in lower case, one after the other.
    folded: String,
}

#[derive(Debug, Clone)]
struct Name {
    concept: u32,
    /// In [`Names::folded`].
    folded: Range<u32>,
    /// Of the names of the same words labels go before aliases, and then the first.
    is_alias: bool,
    writing: Writing,
}

/// How a name must be written to be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Any,
    /// "AIDS" is no "aids", and "May" no "may".
    FirstCapital,
    /// "US" is no "us", and no "Us".
    Capitals,
}

/// An article's words as characters.
#[derive(Debug, Default)]
struct Encoded {
    text: String,
    /// The stem of each byte.
    stems: Vec<u32>,
}

impl Names {
    /// Puts the names of some tags into one automaton.
    ///
    /// # Errors
    /// [`ConceptsError`] if a name has too many words, or all of them too many different ones.
    pub fn new(entries: &[ConceptEntry]) -> Result<Self, ConceptsError> {
        let mut build = Build::default();
        for (concept, entry) in (0u32..).zip(entries) {
            let aliases = entry.aliases.iter().map(|alias| (alias, true));
            for (name, is_alias) in std::iter::once((&entry.label, false)).chain(aliases) {
                build
                    .add(concept, name, is_alias)
                    .map_err(|problem| ConceptsError {
                        place: format!("the tag {:?}", entry.label),
                        field: if is_alias { "aliases" } else { "label" },
                        problem,
                    })?;
            }
        }
        build.finish()
    }

    /// The tag that a wording is a name of, whatever its capitals.
    pub fn lookup(&self, wording: &str) -> Option<usize> {
        let key = tag_key(wording);
        let first = self.keys.partition_point(|(known, _)| *known < key);
        let equal = self.keys[first..]
            .iter()
            .take_while(|(known, _)| *known == key);
        let folded = fold(wording);
        equal
            .flat_map(|(_, pattern)| self.names_of(*pattern as usize))
            .find(|name| are_forms(self.folded(name), &folded))
            .map(|name| name.concept as usize)
    }

    /// Where an article names the tags, in order, none within another; of two names that begin at one
    /// word the longer.
    pub fn hits(&self, reading: &Reading<'_>) -> Vec<Hit> {
        if self.names.is_empty() {
            return Vec::new();
        }
        let encoded = self.encode(reading.words);
        let mut hits: Vec<(Range<u32>, Hit)> = self
            .automaton
            .find_overlapping_iter(&encoded.text)
            .filter_map(|found| {
                let stems = encoded.stems[found.start()]..encoded.stems[found.end() - 1] + 1;
                let (tokens, bytes) = place(reading, &stems)?;
                let field = reading.words.tokens[tokens.start].field;
                let written = &reading.text(field)[bytes.clone()];
                let folded = fold(written);
                let name = self
                    .names_of(found.pattern().as_usize())
                    .find(|name| self.is_meant(name, written, &folded))?;
                let hit = Hit {
                    concept: name.concept as usize,
                    tokens,
                    field,
                    bytes,
                };
                Some((stems, hit))
            })
            .collect();
        hits.sort_by_key(|(stems, _)| (stems.start, std::cmp::Reverse(stems.end)));
        let mut end = 0;
        hits.retain(|(stems, _)| {
            let is_free = stems.start >= end;
            if is_free {
                end = stems.end;
            }
            is_free
        });
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    fn names_of(&self, pattern: usize) -> impl Iterator<Item = &Name> {
        self.names[self.offsets[pattern] as usize..self.offsets[pattern + 1] as usize].iter()
    }

    fn is_meant(&self, name: &Name, written: &str, folded: &str) -> bool {
        let is_written = match name.writing {
            Writing::Any => true,
            Writing::FirstCapital => written.chars().next().is_some_and(char::is_uppercase),
            Writing::Capitals => !written.chars().any(char::is_lowercase),
        };
        is_written && are_forms(self.folded(name), folded)
    }

    fn folded(&self, name: &Name) -> &str {
        &self.folded[name.folded.start as usize..name.folded.end as usize]
    }

    fn encode(&self, words: &Words) -> Encoded {
        let mut encoded = Encoded::default();
        encoded.text.reserve(3 * words.stems.len());
        encoded.stems.reserve(3 * words.stems.len());
        for_each_stem(words, |stem| {
            let (c, place) = match stem {
                Some((place, stem)) => (self.stems.get(&stem).copied().unwrap_or(GAP), place),
                None => (GAP, 0),
            };
            encoded.text.push(c);
            let n_bytes = encoded.stems.len() + c.len_utf8();
            encoded.stems.resize(n_bytes, place as u32);
        });
        encoded
    }
}

/// The stems of a reading with their places, and `None` for what parts them.
fn for_each_stem(words: &Words, mut on_stem: impl FnMut(Option<(usize, u64)>)) {
    for sentence in &words.sentences {
        for token in &words.tokens[sentence.tokens.clone()] {
            let stems = token.stems.0 as usize..token.stems.1 as usize;
            let is_possessive = !token.is_word && token.end - token.start > 1;
            if !token.is_word && !is_possessive {
                on_stem(None);
            }
            for place in stems {
                on_stem(Some((place, words.stems[place])));
            }
        }
        on_stem(None);
    }
}

/// The tokens and bytes of some stems. A part of a hyphenated word counts only with a capital: the
/// "Russia" of "Russia-backed" is meant, the "art" of "state-of-the-art" is not.
fn place(reading: &Reading<'_>, stems: &Range<u32>) -> Option<(Range<usize>, Range<usize>)> {
    let tokens = &reading.words.tokens;
    let token_of = |stem: u32| tokens.partition_point(|token| token.stems.1 <= stem);
    let (first, last) = (token_of(stems.start), token_of(stems.end - 1));
    let (from, to) = (tokens.get(first)?, tokens.get(last)?);
    let start = part(reading, from, stems.start)?.start;
    let end = part(reading, to, stems.end - 1)?.end;
    let is_whole = start == from.start as usize && end == to.end as usize;
    let written = reading.text(from.field).get(start..end)?;
    let is_meant = is_whole || written.chars().next().is_some_and(char::is_uppercase);
    is_meant.then_some((first..last + 1, start..end))
}

/// The bytes of a stem of a token.
fn part(reading: &Reading<'_>, token: &Token, stem: u32) -> Option<Range<usize>> {
    let (start, end) = (token.start as usize, token.end as usize);
    if token.stems.1 - token.stems.0 == 1 {
        return Some(start..end);
    }
    let written = reading.text(token.field).get(start..end)?;
    let part = parts(written).nth((stem - token.stems.0) as usize)?;
    let at = start + (part.as_ptr() as usize - written.as_ptr() as usize);
    Some(at..at + part.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::build::MAX_NAME_WORDS;
    use super::*;
    use crate::tags::keyphrases::reader::WordReader;

    fn names(labels: &[&str]) -> Names {
        let entry = |label: &&str| {
            let (label, aliases) = label.split_once('=').unwrap_or((label, ""));
            let aliases = aliases.split('|').filter(|alias| !alias.is_empty());
            ConceptEntry {
                label: label.into(),
                aliases: aliases.map(String::from).collect(),
                ..ConceptEntry::default()
            }
        };
        let entries: Vec<ConceptEntry> = labels.iter().map(entry).collect();
        Names::new(&entries).unwrap()
    }

    /// What of a text is found, with the place of the tag.
    fn found<'a>(names: &Names, text: &'a str) -> Vec<(usize, &'a str)> {
        let mut reader = WordReader::default();
        let reading = Reading {
            words: reader.read("", text),
            title: "",
            body: text,
        };
        let hits = names.hits(&reading).into_iter();
        hits.map(|hit| (hit.concept, &text[hit.bytes])).collect()
    }

    #[test]
    fn names_are_found_in_every_form_and_as_whole_words() {
        let names = names(&[
            "Sanction",
            "climate change",
            "Élection",
            "New York",
            "New York Times",
        ]);
        let text = "SANCTIONS hit; climate-change and Climate\nchange. Les e\u{301}lections, New York Times. \
                    New York. Sanctioning sanctionist climate, change.";
        let want = [
            (0, "SANCTIONS"),
            (1, "climate-change"),
            (2, "e\u{301}lections"),
            (4, "New York Times"),
            (3, "New York"),
            (0, "Sanctioning"),
        ];
        assert_eq!(found(&names, text), want);
    }

    #[test]
    fn capitals_tell_names_from_words() {
        let names = names(&["United States=US|U.S.", "AIDS", "May", "Turkey"]);
        let text = "The US helps us. Aids and aids; we may in May. U.S.-backed turkey.";
        let want = [
            (0, "US"),
            (1, "Aids"),
            (2, "May"),
            (0, "U.S"),
            (3, "turkey"),
        ];
        assert_eq!(found(&names, text), want);
    }

    #[test]
    fn in_a_vocabulary_of_capitals_they_tell_nothing() {
        let names = names(&["TRADE", "CLIMATE CHANGE"]);
        assert_eq!(found(&names, "a trade"), [(0, "trade")]);
    }

    #[test]
    fn a_part_of_a_hyphenated_word_counts_with_a_capital() {
        let names = names(&["Art", "Russia"]);
        let hits = found(&names, "State-of-the-art, Russia-backed, anti-Russia.");
        assert_eq!(hits, [(1, "Russia"), (1, "Russia")]);
    }

    #[test]
    fn a_label_goes_before_an_alias_and_a_stem_is_not_enough() {
        let names = names(&["Rovers=United", "United", "University"]);
        let hits = found(&names, "united universe universities");
        assert_eq!(hits, [(1, "united"), (2, "universities")]);
        assert_eq!(names.lookup("UNITED"), Some(1));
        assert_eq!(names.lookup("rover"), Some(0));
        assert_eq!(names.lookup("universe"), None);
    }

    #[test]
    fn marks_within_a_name_are_asked_for() {
        let names = names(&["Children's rights", "Education, higher"]);
        let text = "children’s rights; education higher, education, higher";
        let want = [(0, "children’s rights"), (1, "education, higher")];
        assert_eq!(found(&names, text), want);
    }

    #[test]
    fn an_endless_name_is_refused() {
        let entry = |n: usize| ConceptEntry {
            label: vec!["w"; n].join(" "),
            ..ConceptEntry::default()
        };
        assert!(Names::new(&[entry(MAX_NAME_WORDS - 1)]).is_ok());
        let refused = Names::new(&[entry(MAX_NAME_WORDS + 1)]).unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("words; the limit is 40"), "{refused}");
    }

    proptest! {
        #[test]
        fn hits_are_whole_characters_in_order_and_apart(
            labels in proptest::collection::vec("[A-Za-zé東\u{301}'. -]{1,12}", 1..6),
            text in "([A-Za-zé東\u{301}'.-]{1,6}[ ,.\n]){0,60}",
        ) {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            let names = names(&labels);
            let text = format!("{text} {}", labels.join(", "));
            let mut end = 0;
            for (_, written) in found(&names, &text) {
                let start = written.as_ptr() as usize - text.as_ptr() as usize;
                prop_assert!(start >= end && !written.is_empty());
                end = start + written.len();
            }
        }
    }
}
