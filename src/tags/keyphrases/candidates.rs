//! The search for the phrases of an article that might be tags.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::aliases;
use super::candidate::Candidate;
use super::lexicon::{AFTER_NOUN, CONNECTOR, DETERMINER, NAME_START, STOP, TITLE};
use super::names::{Cases, is_name, runs};
use super::repeats::Repeats;
use super::statistics::WordStatistics;
use super::surnames::join_surnames;
use super::words::{Sentence, Words, longer_key, phrase_key};

/// Longest phrase that is no name, in words.
const MAX_WORDS: usize = 4;
/// The first sentences, the title among them, say what the article is about.
const EARLY_SENTENCES: usize = 4;
/// A word that stands at the end of a phrase less often than this is no noun.
const MIN_END_SHARE: f32 = 0.04;
/// The end of a chain of occurrences.
const NONE: u32 = u32::MAX;

/// All candidates of an article; a buffer that is filled anew for each.
#[derive(Debug, Default)]
pub struct Candidates {
    /// In the order of their first occurrences.
    pub list: Vec<Candidate>,
    /// Greatest number of occurrences of one of them.
    pub max_count: u32,
    /// All that might be one, in order.
    spans: Vec<Span>,
    repeats: Repeats,
    /// Tokens of each occurrence, and the place of the same candidate's next one.
    occurrences: Vec<(u32, u32, u32)>,
    places: HashMap<u64, u32, RandomState>,
    cases: Cases,
    /// Whether each token is a name's; (n_tokens).
    names: Vec<bool>,
    /// Whether each is none to begin or end a phrase with, and here no part of a name; (n_tokens).
    bare: Vec<bool>,
    /// The run of names that each token is in; empty: none; (n_tokens).
    run_of: Vec<(u32, u32)>,
    runs: Vec<Range<usize>>,
}

/// One occurrence of a phrase.
#[derive(Debug, Clone)]
struct Span {
    key: u64,
    tokens: Range<usize>,
    sentence: usize,
    is_run: bool,
    is_alias: bool,
}

impl Candidates {
    /// Finds the candidates of an article.
    pub fn find(&mut self, words: &Words, statistics: &WordStatistics) {
        self.clear(words.tokens.len());
        self.cases.count(words);
        for (number, sentence) in words.sentences.iter().enumerate() {
            for i in sentence.tokens.clone() {
                let is_name = is_name(words, sentence, i, &self.cases, statistics);
                let token = &words.tokens[i];
                self.names[i] = is_name;
                self.bare[i] =
                    token.is(STOP | CONNECTOR) && !(is_name && token.is(NAME_START | CONNECTOR));
            }
            self.runs.clear();
            runs(words, sentence, &self.names, statistics, &mut self.runs);
            for i in 0..self.runs.len() {
                let run = self.runs[i].clone();
                self.run_of[run.clone()].fill((run.start as u32, run.end as u32));
            }
            self.take_runs(words, number);
            self.take_phrases(words, number);
        }
        self.count(words);
        self.count_nested(words);
        join_surnames(self, words, statistics);
        self.mark_modifiers(words, statistics);
        self.drop_chance();
    }

    /// The tokens of each occurrence of a candidate, in order.
    pub fn occurrences(&self, candidate: &Candidate) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut next = candidate.chain.0;
        std::iter::from_fn(move || {
            let (start, end, after) = *self.occurrences.get(next as usize)?;
            next = after;
            Some(start as usize..end as usize)
        })
    }

    fn clear(&mut self, n_tokens: usize) {
        self.list.clear();
        self.max_count = 0;
        self.spans.clear();
        self.repeats.clear(n_tokens);
        self.occurrences.clear();
        self.places.clear();
        self.names.clear();
        self.names.resize(n_tokens, false);
        self.bare.clear();
        self.bare.resize(n_tokens, false);
        self.run_of.clear();
        self.run_of.resize(n_tokens, (0, 0));
    }

    fn take_runs(&mut self, words: &Words, sentence: usize) {
        for i in 0..self.runs.len() {
            let tokens = self.runs[i].clone();
            let key = phrase_key(words.stems_of(tokens.clone()));
            self.take(words, key, tokens, sentence, true);
        }
    }

    /// Phrases of up to four words without stop words at their ends, and "of" and the like within.
    fn take_phrases(&mut self, words: &Words, number: usize) {
        let Sentence { tokens: within, .. } = &words.sentences[number];
        let (tokens, end) = (&words.tokens, within.end);
        for start in within.clone() {
            let token = &tokens[start];
            let is_bare = self.bare[start];
            if !token.is_word || token.is_number || is_bare || token.end - token.start < 2 {
                continue;
            }
            // "President Putin" is Putin with his title, and no tag.
            let is_title =
                token.is(TITLE) && self.names[start] && start + 1 < end && self.names[start + 1];
            let mut key = 0;
            let reach = (start + MAX_WORDS).min(end);
            for (last, token) in tokens.iter().enumerate().take(reach).skip(start) {
                let is_bare = self.bare[last];
                if !token.is_word || (is_bare && !token.is(CONNECTOR)) {
                    break;
                }
                for stem in words.stems_of(last..last + 1) {
                    key = longer_key(key, *stem);
                }
                let span = start..last + 1;
                let is_run = self.run_of[start] == (start as u32, last as u32 + 1);
                let is_titled = is_title && last > start;
                if !is_bare && !is_run && !is_titled {
                    self.take(words, key, span, number, false);
                }
            }
        }
    }

    fn take(
        &mut self,
        words: &Words,
        key: u64,
        tokens: Range<usize>,
        sentence: usize,
        is_run: bool,
    ) {
        if words.stems_of(tokens.clone()).is_empty() {
            return;
        }
        let alias = match self.names[tokens.clone()] {
            [true] => words.tokens[tokens.start].alias,
            [true, true] => aliases::of_name(key),
            _ => None,
        };
        let key = alias.map_or(key, aliases::key);
        self.repeats.count(key);
        self.spans.push(Span {
            key,
            sentence,
            is_run,
            is_alias: alias.is_some(),
            tokens,
        });
    }

    /// Counts what was taken. Most of it is of several words that stand together once, and is left out here: it
    /// would be dropped in the end, and nothing else depends on it.
    fn count(&mut self, words: &Words) {
        let spans = std::mem::take(&mut self.spans);
        for span in &spans {
            let is_chance = span.tokens.len() > 1
                && !self.repeats.may_repeat(span.key)
                && !words.sentences[span.sentence].is_title
                && !self.is_name(words, span);
            if !is_chance {
                self.add(words, span);
            }
        }
        self.spans = spans;
    }

    /// Whether every word is a name's, or it is a whole name.
    fn is_name(&self, words: &Words, span: &Span) -> bool {
        let is_part = |i: usize| self.names[i] || words.tokens[i].is(CONNECTOR);
        span.is_run || span.tokens.clone().all(is_part)
    }

    fn add(&mut self, words: &Words, occurrence: &Span) {
        let is_name = self.is_name(words, occurrence);
        let number = occurrence.sentence;
        let sentence = &words.sentences[number];
        let span = occurrence.tokens.clone();
        let place = *self.places.entry(occurrence.key).or_insert_with(|| {
            self.list.push(Candidate {
                key: occurrence.key,
                shown: span.clone(),
                first: span.start,
                first_sentence: number,
                last_sentence: usize::MAX,
                chain: (NONE, NONE),
                ..Candidate::default()
            });
            self.list.len() as u32 - 1
        });
        let candidate = &mut self.list[place as usize];
        let is_first_run = occurrence.is_run && candidate.n_runs == 0 && !sentence.is_heading;
        let is_first_own = !occurrence.is_alias && candidate.n_alias == candidate.count;
        if (is_first_run && !occurrence.is_alias) || is_first_own {
            candidate.shown = span.clone();
        }
        let is_cut = |i: usize| {
            let (start, end) = self.run_of[i];
            start < end && ((start as usize) < span.start || (end as usize) > span.end)
        };
        candidate.count += 1;
        candidate.n_names += u32::from(is_name);
        candidate.n_runs += u32::from(occurrence.is_run);
        candidate.n_cut += u32::from(is_cut(span.start) || is_cut(span.end - 1));
        candidate.n_title += u32::from(sentence.is_title);
        candidate.n_headings += u32::from(sentence.is_heading && !sentence.is_title);
        candidate.n_alias += u32::from(occurrence.is_alias);
        candidate.is_early |= number < EARLY_SENTENCES;
        candidate.last = span.start;
        if candidate.last_sentence != number {
            candidate.n_sentences += 1;
            candidate.last_sentence = number;
        }
        let before =
            span.start > sentence.tokens.start && words.tokens[span.start - 1].is(DETERMINER);
        let after = span.end == sentence.tokens.end || words.tokens[span.end].is(AFTER_NOUN);
        candidate.n_noun_places += u32::from(before) + u32::from(after);
        self.max_count = self.max_count.max(candidate.count);
        let here = self.occurrences.len() as u32;
        match candidate.chain {
            (NONE, _) => candidate.chain = (here, here),
            (_, last) => {
                self.occurrences[last as usize].2 = here;
                candidate.chain.1 = here;
            }
        }
        let (start, end) = (span.start as u32, span.end as u32);
        self.occurrences.push((start, end, NONE));
    }

    fn count_nested(&mut self, words: &Words) {
        for i in 0..self.list.len() {
            let outer = &self.list[i];
            let (count, shown) = (outer.count, outer.shown.clone());
            if shown.len() < 2 || (count < 2 && outer.n_runs == 0) {
                continue;
            }
            for start in shown.clone() {
                let mut key = 0;
                for last in start..shown.end {
                    for stem in words.stems_of(last..last + 1) {
                        key = longer_key(key, *stem);
                    }
                    let inner = self.places.get(&key).map(|inner| *inner as usize);
                    if let Some(inner) = inner.filter(|&inner| inner != i) {
                        let nested = &mut self.list[inner].nested;
                        *nested = (nested.0.max(count), nested.1 + 1);
                    }
                }
            }
        }
    }

    fn mark_modifiers(&mut self, words: &Words, statistics: &WordStatistics) {
        for candidate in &mut self.list {
            let is_name = candidate.is_name() || candidate.n_alias > 0;
            if let ([word], false) = (&words.tokens[candidate.shown.clone()], is_name) {
                candidate.is_modifier = statistics.usage(word.lower).before_end < MIN_END_SHARE;
            }
        }
    }

    /// Leaves out what stands in the article by chance.
    fn drop_chance(&mut self) {
        let mut moved = 0;
        // Names are never dropped, and only names are full names: their places are known in time.
        let mut new_places: Vec<u32> = Vec::new();
        if self.list.iter().any(|c| c.full_name.is_some()) {
            new_places.extend(self.list.iter().map(|candidate| {
                let place = moved;
                moved += u32::from(!candidate.is_chance());
                place
            }));
        }
        self.list.retain(|candidate| !candidate.is_chance());
        for candidate in &mut self.list {
            let place = |full: usize| new_places.get(full).map(|place| *place as usize);
            candidate.full_name = candidate.full_name.and_then(place);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::reader::WordReader;
    use super::*;
    use proptest::prelude::*;

    pub(in super::super) fn found(title: &str, body: &str) -> (Words, Candidates) {
        let mut found = Candidates::default();
        let words = WordReader::default().read(title, body).clone();
        found.find(&words, &WordStatistics::default());
        (words, found)
    }

    pub(in super::super) fn counts(body: &str, phrase: &str) -> Option<Candidate> {
        let (_, found) = found("", body);
        let key = super::super::words::tag_key(phrase);
        found
            .list
            .into_iter()
            .find(|candidate| candidate.key == key)
    }

    #[test]
    fn names_under_another_name_count_with_it() {
        let candidate = counts(
            "He spoke of France. Later the French cabinet met, and he left France.",
            "France",
        );
        let candidate = candidate.expect("a country");
        assert_eq!((candidate.count, candidate.n_alias), (3, 1));
    }

    #[test]
    fn peoples_of_two_words_stand_for_their_countries() {
        let candidate = counts(
            "They saw South African farmers. He left South Africa.",
            "South Africa",
        );
        let candidate = candidate.expect("a country");
        assert_eq!((candidate.count, candidate.n_alias), (2, 1));
        let alone = counts("They saw North Korean farmers.", "North Korea");
        assert!(alone.is_some_and(|candidate| candidate.n_alias == 1));
    }

    #[test]
    fn a_name_that_stands_there_once_is_kept_with_all_its_words() {
        for name in ["Securities and Exchange Commission", "Apollo 11"] {
            assert!(counts(&format!("They wrote of the {name} then."), name).is_some());
        }
    }

    #[test]
    fn pieces_of_longer_names_are_none_but_adjectives_of_countries() {
        let body = "They left the University of Ghent, saw the University of Leeds, and asked the Chinese Foreign Ministry.";
        let is_piece = |phrase| counts(body, phrase).map(|candidate| candidate.is_piece());
        assert_eq!(is_piece("University"), Some(true));
        assert_eq!(is_piece("University of Ghent"), Some(false));
        assert_eq!(is_piece("China"), Some(false));
        let body = format!("{body} It is a university.");
        assert!(counts(&body, "University").is_some_and(|word| !word.is_piece()));
    }

    #[test]
    fn small_words_of_other_languages_that_join_names_are_no_phrases() {
        for word in ["de", "la", "der"] {
            assert!(
                counts("Il va de la gare de Lyon der", word).is_none(),
                "{word}"
            );
        }
        assert!(counts("They left El Salvador for Le Mans.", "El Salvador").is_some());
    }

    #[test]
    fn occurrences_are_kept_in_order() {
        let (words, found) = found("", "The tariff rose. A tariff fell, and the tariff stayed.");
        let key = super::super::words::tag_key("tariff");
        let candidate = found.list.iter().find(|c| c.key == key).expect("a word");
        let starts: Vec<usize> = found.occurrences(candidate).map(|o| o.start).collect();
        assert!(starts.is_sorted());
        assert_eq!(starts.len(), 3);
        assert!(starts.iter().all(|&i| words.tokens[i].is_word));
    }

    #[test]
    fn what_stands_there_once_by_chance_is_no_candidate() {
        assert!(
            counts(
                "They met a friendly old neighbour today.",
                "friendly old neighbour"
            )
            .is_none()
        );
        assert!(counts("They met a neighbour today.", "neighbour").is_some());
    }

    proptest! {
        #[test]
        fn the_work_is_in_proportion_to_the_words(body in "([A-Z]?[a-z]{1,4}[ ,.&]{1,2}|and |of the ){1,300}") {
            let (words, found) = found("", &body);
            // Each word begins at most one run and four phrases.
            prop_assert!(found.occurrences.len() <= 5 * words.tokens.len());
            let n: u32 = found.list.iter().map(|c| c.count - c.n_surname).sum();
            prop_assert!(n as usize <= found.occurrences.len());
        }
    }
}
