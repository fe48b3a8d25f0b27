//! A text becomes words and sentences.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};

use super::foreign::mark_small_words;
use super::lexicon::{ABBREVIATION, classes_of};
use super::memory::{KnownWord, Memory};
use super::words::{Sentence, Token, Words, hash_of, is_letter, push_stems};
use crate::text::Field;

/// What an article is about stands in its first words; the rest is not read for phrases.
const MAX_TOKENS: usize = 20_000;
/// What is longer is no word.
const MAX_WORD_BYTES: usize = 60;
/// What makes an adjective of a name.
const SUFFIXES: [&str; 20] = [
    "backed",
    "based",
    "born",
    "bound",
    "controlled",
    "era",
    "friendly",
    "funded",
    "inspired",
    "led",
    "linked",
    "made",
    "owned",
    "run",
    "sponsored",
    "style",
    "supported",
    "themed",
    "trained",
    "wide",
];
/// A line without a full stop is a heading if more than this share of its words is capitalised.
const HEADING_CAPITAL_SHARE: f32 = 0.6;

/// Reads one article after another, and is the faster the more words it has met.
pub struct WordReader {
    words: Words,
    stemmer: Stemmer,
    memory: Memory,
}

impl Default for WordReader {
    fn default() -> Self {
        Self {
            words: Words::default(),
            stemmer: Stemmer::create(Algorithm::English),
            memory: Memory::default(),
        }
    }
}

impl WordReader {
    /// The words of an article.
    pub fn read(&mut self, title: &str, body: &str) -> &Words {
        self.words.tokens.clear();
        self.words.sentences.clear();
        self.words.stems.clear();
        self.read_field(Field::Title, title);
        self.read_field(Field::Body, body);
        mark_small_words(&mut self.words, body);
        &self.words
    }

    fn read_field(&mut self, field: Field, text: &str) {
        let mut first = self.words.tokens.len();
        let mut may_end = false;
        let mut at = 0;
        while let Some(&byte) = text.as_bytes().get(at) {
            if self.words.tokens.len() >= MAX_TOKENS {
                break;
            }
            if byte == b' ' {
                at += 1;
                continue;
            }
            let Some(c) = char_at(text, at) else { break };
            let start = at;
            if !c.is_alphanumeric() {
                at += c.len_utf8();
                if c == '\n' {
                    first = self.end_sentence(field, first, may_end);
                    may_end = false;
                } else if !c.is_whitespace() {
                    may_end = matches!(c, '.' | '!' | '?' | '…')
                        || (may_end
                            && matches!(c, '"' | '”' | '’' | '\'' | ')' | ']' | '“' | '‘' | '('));
                    self.push_mark(field, text, start..at);
                }
                continue;
            }
            if may_end && (c.is_uppercase() || c.is_numeric()) {
                first = self.end_sentence(field, first, true);
            }
            may_end = false;
            at = end_of_word(text, start);
            self.push_word(field, text, start..at);
            if text.as_bytes().get(at) == Some(&b'.')
                && is_abbreviation(&text[start..at], self.words.tokens.last())
            {
                at += 1;
            }
        }
        self.end_sentence(field, first, may_end);
    }

    fn push_mark(&mut self, field: Field, text: &str, bytes: Range<usize>) {
        let lower = hash_of(&text[bytes.clone()]);
        let here = self.words.stems.len() as u32;
        self.words.tokens.push(Token {
            field,
            start: bytes.start as u32,
            end: bytes.end as u32,
            lower,
            stems: (here, here),
            classes: classes_of(lower),
            is_word: false,
            is_number: false,
            is_capital: false,
            alias: None,
        });
    }

    fn push_word(&mut self, field: Field, text: &str, bytes: Range<usize>) {
        let whole = &text[bytes.clone()];
        if whole.len() > MAX_WORD_BYTES {
            return self.push_mark(field, text, bytes);
        }
        let owner = without_possessive(whole);
        let word = without_suffix(owner);
        let from = self.words.stems.len() as u32;
        let place = bytes.start..bytes.start + word.len();
        let known = match self.memory.get(text.as_bytes(), place.clone()) {
            Some(known) => {
                match known.stems() {
                    [stem] => self.words.stems.push(*stem),
                    stems => self.words.stems.extend_from_slice(stems),
                }
                *known
            }
            None => {
                push_stems(&self.stemmer, word, &mut self.words.stems);
                let known = KnownWord::new(word, &self.words.stems[from as usize..]);
                self.memory.keep(text.as_bytes(), place, known);
                known
            }
        };
        self.words.tokens.push(Token {
            field,
            start: bytes.start as u32,
            end: (bytes.start + word.len()) as u32,
            lower: known.lower,
            stems: (from, self.words.stems.len() as u32),
            classes: known.classes,
            is_word: true,
            is_number: known.is_number,
            is_capital: known.is_capital,
            alias: known.alias,
        });
        if word.len() < whole.len() {
            let mark = if word.len() < owner.len() { "-" } else { "'s" };
            self.push_mark(field, mark, 0..mark.len());
            if let Some(mark) = self.words.tokens.last_mut() {
                mark.start = (bytes.start + word.len()) as u32;
                mark.end = bytes.end as u32;
            }
        }
    }

    /// Ends the sentence that begins at token `first`; the next one begins where this returns.
    fn end_sentence(&mut self, field: Field, first: usize, has_stop: bool) -> usize {
        let end = self.words.tokens.len();
        if first < end {
            let words = self.words.tokens[first..]
                .iter()
                .filter(|t| t.is_word && !t.is_number);
            let (n_words, n_capitals) = words.fold((0usize, 0usize), |(n, capitals), token| {
                (n + 1, capitals + usize::from(token.is_capital))
            });
            let is_title = field == Field::Title;
            let is_mostly_capital = n_capitals as f32 > HEADING_CAPITAL_SHARE * n_words as f32;
            self.words.sentences.push(Sentence {
                tokens: first..end,
                is_title,
                is_heading: is_mostly_capital && (is_title || (!has_stop && n_words >= 3)),
            });
        }
        end
    }
}

/// "Putin's" is "Putin", and "s" a mark behind it.
fn without_possessive(word: &str) -> &str {
    let Some(rest) = word.strip_suffix(['s', 'S']) else {
        return word;
    };
    match rest.strip_suffix(['\'', '’']) {
        Some(stem) if stem.chars().nth(1).is_some() => stem,
        _ => word,
    }
}

/// "Kremlin-backed" speaks of the Kremlin, and the rest is a mark behind it.
fn without_suffix(word: &str) -> &str {
    if !word.as_bytes().contains(&b'-') {
        return word;
    }
    let cut = word
        .rsplit_once('-')
        .filter(|(_, end)| SUFFIXES.contains(end));
    match cut {
        Some((name, _)) if name.starts_with(char::is_uppercase) => name,
        _ => word,
    }
}

/// The end of the word that begins at `start`: letters and digits, with single marks between them.
fn end_of_word(text: &str, start: usize) -> usize {
    let mut end = start;
    loop {
        // Nearly all letters are of one byte.
        let bytes = text.as_bytes()[end..].iter();
        end += bytes.take_while(|b| b.is_ascii_alphanumeric()).count();
        let Some(c) = char_at(text, end).filter(|c| *c != ' ') else {
            return end;
        };
        let joins = matches!(c, '\'' | '’' | '-' | '.' | '&' | '/')
            && char_at(text, end + c.len_utf8()).is_some_and(char::is_alphanumeric);
        if !joins && !is_letter(c) {
            return end;
        }
        end += c.len_utf8();
    }
}

/// The character that begins at a byte of the text. Nearly all are of one byte.
fn char_at(text: &str, at: usize) -> Option<char> {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
        _ => text[at..].chars().next(),
    }
}

fn is_abbreviation(word: &str, token: Option<&Token>) -> bool {
    let is_initials = word.split('.').all(|part| part.chars().count() == 1)
        && word.starts_with(char::is_alphabetic);
    is_initials || token.is_some_and(|token| token.is_word && token.is(ABBREVIATION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(body: &str) -> Vec<String> {
        let mut reader = WordReader::default();
        let words = reader
            .read("", body)
            .tokens
            .iter()
            .filter(|token| token.is_word);
        words
            .map(|token| body[token.start as usize..token.end as usize].to_owned())
            .collect()
    }

    #[test]
    fn possessives_and_adjectives_of_names_are_cut() {
        let found = words_of(
            "Kremlin-backed forces of Russia's, a Sugar Land-based firm's home-made pie, Rolls-Royce",
        );
        let want = [
            "Kremlin",
            "forces",
            "of",
            "Russia",
            "a",
            "Sugar",
            "Land",
            "firm",
            "home-made",
            "pie",
            "Rolls-Royce",
        ];
        assert_eq!(found, want);
    }

    #[test]
    fn tokens_cover_what_is_no_space() {
        let body = "The U.S.-led talks, Dr. Roe's idea.\nNew line";
        let mut reader = WordReader::default();
        let words = reader.read("", body);
        let mut end = 0;
        for token in &words.tokens {
            let (from, to) = (token.start as usize, token.end as usize);
            assert!(from >= end && from < to, "{from} {to}");
            end = to;
        }
        assert_eq!(end, body.len());
        assert_eq!(words.sentences.len(), 2);
    }
}
