//! A text becomes words and sentences that remember how they are written and where.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::lexicon::{ABBREVIATION, classes_of};
use super::memory::{KnownWord, Memory};
use crate::text::Field;

/// What an article is about stands in its first words; the rest is not read for phrases.
const MAX_TOKENS: usize = 20_000;
/// What is longer is no word.
const MAX_WORD_BYTES: usize = 60;
/// A line without a full stop is a heading if more than this share of its words is capitalised.
const HEADING_CAPITAL_SHARE: f32 = 0.6;

/// FNV-1a with its bits spread: the identity of words and phrases in an article and in the model.
pub fn hash_of(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    spread(hash)
}

fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// The identity of a phrase: its stems in order.
pub fn phrase_key(stems: &[u64]) -> u64 {
    stems.iter().fold(0, |key, stem| longer_key(key, *stem))
}

/// The identity of a phrase with one more stem at its end.
pub(super) fn longer_key(key: u64, stem: u64) -> u64 {
    spread(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stem)
}

/// The identity of a tag that somebody wrote.
pub fn tag_key(tag: &str) -> u64 {
    phrase_key(&tag_stems(tag))
}

/// The stems of a tag that somebody wrote.
pub fn tag_stems(tag: &str) -> Vec<u64> {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut stems = Vec::new();
    for word in tag.split_whitespace() {
        let word = word.trim_end_matches("'s").trim_end_matches("’s");
        push_stems(&stemmer, word, &mut stems);
    }
    stems
}

/// A word, or what stands between words.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    /// Where it stands.
    pub field: Field,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// Hash of the word in lower case, without the full stop of an abbreviation.
    pub lower: u64,
    /// Its stems, one for each part of a hyphenated word: a range of [`Words::stems`].
    pub stems: (u32, u32),
    /// Classes of words that it belongs to.
    pub classes: u8,
    /// Not punctuation.
    pub is_word: bool,
    /// Begins with a digit.
    pub is_number: bool,
    /// Begins with a capital.
    pub is_capital: bool,
    /// The name that it stands for, if any; see `aliases`.
    pub alias: Option<u8>,
}

impl Token {
    /// Whether the word belongs to a class.
    pub fn is(&self, class: u8) -> bool {
        self.classes & class != 0
    }
}

/// Some tokens that end where a full stop or a line does.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Its tokens.
    pub tokens: Range<usize>,
    /// It is of the title.
    pub is_title: bool,
    /// Its capitals are a heading's and say nothing of names.
    pub is_heading: bool,
}

/// A text's tokens and sentences; a buffer that is filled anew for each article.
pub struct Words {
    /// In the order of the text, the title first.
    pub tokens: Vec<Token>,
    /// In the order of the text.
    pub sentences: Vec<Sentence>,
    /// The stems of all words.
    pub stems: Vec<u64>,
    stemmer: Stemmer,
    memory: Memory,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            sentences: Vec::new(),
            stems: Vec::new(),
            stemmer: Stemmer::create(Algorithm::English),
            memory: Memory::default(),
        }
    }
}

impl Words {
    /// Reads an article.
    pub fn read(&mut self, title: &str, body: &str) {
        self.tokens.clear();
        self.sentences.clear();
        self.stems.clear();
        self.read_field(Field::Title, title);
        self.read_field(Field::Body, body);
    }

    /// The stems of a run of tokens.
    pub fn stems_of(&self, tokens: Range<usize>) -> &[u64] {
        match (
            self.tokens.get(tokens.start),
            self.tokens.get(tokens.end.wrapping_sub(1)),
        ) {
            (Some(first), Some(last)) => &self.stems[first.stems.0 as usize..last.stems.1 as usize],
            _ => &[],
        }
    }

    fn read_field(&mut self, field: Field, text: &str) {
        let mut first = self.tokens.len();
        let mut may_end = false;
        let mut at = 0;
        while let Some(&byte) = text.as_bytes().get(at) {
            if self.tokens.len() >= MAX_TOKENS {
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
                && is_abbreviation(&text[start..at], self.tokens.last())
            {
                at += 1;
            }
        }
        self.end_sentence(field, first, may_end);
    }

    fn push_mark(&mut self, field: Field, text: &str, bytes: Range<usize>) {
        let lower = hash_of(&text[bytes.clone()]);
        let here = self.stems.len() as u32;
        self.tokens.push(Token {
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
        let word = without_possessive(whole);
        let from = self.stems.len() as u32;
        let place = bytes.start..bytes.start + word.len();
        let known = match self.memory.get(text.as_bytes(), place.clone()) {
            Some(known) => {
                match known.stems() {
                    [stem] => self.stems.push(*stem),
                    stems => self.stems.extend_from_slice(stems),
                }
                *known
            }
            None => {
                push_stems(&self.stemmer, word, &mut self.stems);
                let known = KnownWord::new(word, &self.stems[from as usize..]);
                self.memory.keep(text.as_bytes(), place, known);
                known
            }
        };
        self.tokens.push(Token {
            field,
            start: bytes.start as u32,
            end: (bytes.start + word.len()) as u32,
            lower: known.lower,
            stems: (from, self.stems.len() as u32),
            classes: known.classes,
            is_word: true,
            is_number: known.is_number,
            is_capital: known.is_capital,
            alias: known.alias,
        });
        if word.len() < whole.len() {
            self.push_mark(field, "'s", 0..2);
            if let Some(mark) = self.tokens.last_mut() {
                mark.start = (bytes.start + word.len()) as u32;
                mark.end = bytes.end as u32;
            }
        }
    }

    /// Ends the sentence that begins at token `first`; the next one begins where this returns.
    fn end_sentence(&mut self, field: Field, first: usize, has_stop: bool) -> usize {
        let end = self.tokens.len();
        if first < end {
            let words = self.tokens[first..]
                .iter()
                .filter(|t| t.is_word && !t.is_number);
            let (n_words, n_capitals) = words.fold((0usize, 0usize), |(n, capitals), token| {
                (n + 1, capitals + usize::from(token.is_capital))
            });
            let is_title = field == Field::Title;
            let is_mostly_capital = n_capitals as f32 > HEADING_CAPITAL_SHARE * n_words as f32;
            self.sentences.push(Sentence {
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

/// A letter, a digit, or an accent on one.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && unicode_normalization::char::is_combining_mark(c))
}

fn is_abbreviation(word: &str, token: Option<&Token>) -> bool {
    let is_initials = word.split('.').all(|part| part.chars().count() == 1)
        && word.starts_with(char::is_alphabetic);
    is_initials || token.is_some_and(|token| token.is_word && token.is(ABBREVIATION))
}

/// Appends the stem of each run of letters and digits of a word.
fn push_stems(stemmer: &Stemmer, word: &str, stems: &mut Vec<u64>) {
    let lower: String = if word.is_ascii() {
        word.to_ascii_lowercase()
    } else {
        word.nfkc().flat_map(char::to_lowercase).collect()
    };
    for part in lower
        .split(|c| !is_letter(c))
        .filter(|part| !part.is_empty())
    {
        stems.push(hash_of(&stemmer.stem(part)));
    }
}
