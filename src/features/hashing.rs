//! The terms of an article, hashed and counted.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::{TokenSink, is_ascii_word, tokenize};

/// Which terms an article is turned into. Kept in the model file: an article must be read as the
/// training articles were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermParams {
    /// Lengths of the word n-grams, from and to, both counted: `(1, 2)` is words and pairs.
    pub ngram_range: (u8, u8),
    /// Shorter tokens are dropped. 2 drops single ASCII letters and digits and keeps single Han
    /// characters, which have 3 bytes.
    pub min_token_bytes: u32,
    /// Longer words yield their first characters as one more term, which stands in for stemming;
    /// 0: no such terms.
    pub prefix_chars: u32,
    /// Whether every digit counts as the digit 0, so that amounts and years of one length agree.
    pub fold_digits: bool,
    /// A mention in the title counts as so many; 1 to [`Self::MAX_TITLE_MENTIONS`]. Files without it count
    /// each once.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub title_mentions: u32,
}

impl TermParams {
    /// The most that a mention in the title counts as.
    pub const MAX_TITLE_MENTIONS: u32 = 16;
}

const fn once() -> u32 {
    1
}

// serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_once(mentions: &u32) -> bool {
    *mentions == once()
}

impl Default for TermParams {
    fn default() -> Self {
        Self {
            ngram_range: (1, 2),
            min_token_bytes: 2,
            prefix_chars: 4,
            fold_digits: true,
            title_mentions: once(),
        }
    }
}

const HASH_SEED: u64 = 0xcbf2_9ce4_8422_2325;
const HASH_PRIME: u64 = 0x0000_0100_0000_01b3;
const NGRAM_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const PREFIX_SALT: u64 = 0x1111_2222_3333_0001;
/// Tables over this many slots are given back after the article that needed them.
const MAX_IDLE_SLOTS: usize = 1 << 16;

/// Spreads the bits of a hash (the finaliser of SplitMix64, Steele et al. 2014, shortened).
fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

fn push(hash: u64, c: char) -> u64 {
    // FNV-1a, a character at a time.
    (hash ^ u64::from(u32::from(c))).wrapping_mul(HASH_PRIME)
}

/// Each byte as it is hashed, as itself and with digits folded; 0: it ends a token.
static FOLDED: [[u8; 256]; 2] = [folded(false), folded(true)];

const fn folded(fold_digits: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < u8::MAX {
        if is_ascii_word(byte) {
            let is_folded = fold_digits && byte.is_ascii_digit();
            table[byte as usize] = if is_folded {
                b'0'
            } else {
                byte.to_ascii_lowercase()
            };
        }
        byte += 1;
    }
    table
}

/// The distinct terms of one article with their counts. Made once and used for many articles:
/// after the longest article so far it allocates nothing.
#[derive(Debug, Default)]
pub struct TermCounts {
    spread: Spread,
    /// Open addressing with linear probing: a term's place in `terms` and 1, or 0. An article uses as many of the
    /// first slots as it needs.
    slots: Vec<u32>,
    /// In the order in which they were first met: sums over terms keep one order.
    terms: Vec<(u64, u32)>,
    /// Those of the title, then those of the body.
    tokens: Vec<TokenHash>,
    n_title_tokens: usize,
}

/// Which slot a term is looked for in first. Whoever writes an article knows the hashes of its terms, and could choose
/// words that all want one slot: he does not know these numbers.
#[derive(Debug, Clone, Copy)]
struct Spread {
    secret: u64,
    /// Odd.
    factor: u64,
}

impl Default for Spread {
    fn default() -> Self {
        let seeds = RandomState::new();
        Self {
            secret: seeds.hash_one(0),
            factor: seeds.hash_one(1) | 1,
        }
    }
}

impl Spread {
    #[inline]
    fn slot(self, hash: u64, mask: usize) -> usize {
        let product = u128::from(hash ^ self.secret) * u128::from(self.factor);
        ((product >> 64) ^ product) as usize & mask
    }
}

#[derive(Debug, Clone, Copy)]
struct TokenHash {
    word: u64,
    /// Hash of the first characters if the word is longer than these.
    prefix: Option<u64>,
    /// Where it stands in its text, in bytes.
    start: u32,
    end: u32,
}

/// A term where a text has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermMention {
    /// The term's hash.
    pub hash: u64,
    /// From its first word to its last; of a prefix, the whole word.
    pub bytes: Range<usize>,
    /// Whether the term is the word's first characters alone.
    pub is_prefix: bool,
}

/// Every mention of every term of a text, in the order of their first words. For whoever must show
/// terms; counting them needs none of this.
pub fn mentions(text: &str, params: &TermParams, mut on_mention: impl FnMut(TermMention)) {
    let mut tokens = Vec::new();
    tokenize(text, &mut TokenHasher::new(params, &mut tokens));
    each_term(&tokens, params, |hash, first, last| {
        on_mention(TermMention {
            hash,
            bytes: first.start as usize..last.end as usize,
            is_prefix: first.prefix == Some(hash),
        });
    });
}

/// Calls `on_term` with the hash, the first and the last token of every n-gram and prefix.
#[inline]
fn each_term(
    tokens: &[TokenHash],
    params: &TermParams,
    mut on_term: impl FnMut(u64, &TokenHash, &TokenHash),
) {
    let (shortest, longest) = params.ngram_range;
    for (i, token) in tokens.iter().enumerate() {
        let mut hash = token.word;
        for (length, last) in (1..=longest).zip(&tokens[i..]) {
            if length > 1 {
                hash = mix(hash.wrapping_mul(NGRAM_FACTOR) ^ last.word);
            }
            if length >= shortest {
                on_term(hash, token, last);
            }
        }
        if let Some(prefix) = token.prefix {
            on_term(prefix, token, token);
        }
    }
}

impl TermCounts {
    /// Forgets the last article and counts the terms of this one, those of the title as often as
    /// `params` says. No n-gram spans title and body.
    pub fn count(&mut self, title: &str, body: &str, params: &TermParams) {
        if self.slots.len() > MAX_IDLE_SLOTS {
            *self = Self::default();
        }
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        tokenize(title, &mut TokenHasher::new(params, &mut tokens));
        self.n_title_tokens = tokens.len();
        tokenize(body, &mut TokenHasher::new(params, &mut tokens));
        let mask = self.make_room(tokens.len() * (usize::from(params.ngram_range.1) + 1));
        let (of_title, of_body) = tokens.split_at(self.n_title_tokens);
        let in_title = params.title_mentions;
        each_term(of_title, params, |hash, _, _| {
            self.add(hash, in_title, mask)
        });
        each_term(of_body, params, |hash, _, _| self.add(hash, 1, mask));
        self.tokens = tokens;
    }

    /// How many tokens the article had, the dropped ones not counted.
    pub fn n_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// How many distinct terms the article has.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether the article has no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Each distinct term's hash and count, in order of first mention.
    pub fn as_slice(&self) -> &[(u64, u32)] {
        &self.terms
    }

    /// Hashes of the words of the body, or of the title if there is no body, in their order.
    pub fn last_words(&self) -> impl Iterator<Item = u64> + '_ {
        let (of_title, of_body) = self.tokens.split_at(self.n_title_tokens);
        let last = if of_body.is_empty() {
            of_title
        } else {
            of_body
        };
        last.iter().map(|token| token.word)
    }

    /// Empties slots for so many terms at a load of at most one half; returns the number of these slots less 1.
    fn make_room(&mut self, n_terms: usize) -> usize {
        self.terms.clear();
        let n_slots = (n_terms * 2).next_power_of_two();
        if n_slots > self.slots.len() {
            self.slots = vec![0; n_slots];
        } else {
            self.slots[..n_slots].fill(0);
        }
        n_slots - 1
    }

    #[inline]
    fn add(&mut self, hash: u64, n_mentions: u32, mask: usize) {
        let mut slot = self.spread.slot(hash, mask);
        loop {
            match self.slots[slot] {
                0 => {
                    self.terms.push((hash, n_mentions));
                    self.slots[slot] = self.terms.len() as u32;
                    return;
                }
                place => {
                    let (known, count) = &mut self.terms[place as usize - 1];
                    if *known == hash {
                        *count += n_mentions;
                        return;
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }
}

/// Hashes tokens as the tokenizer spells them: lower-cased, digits folded.
struct TokenHasher<'a> {
    params: &'a TermParams,
    tokens: &'a mut Vec<TokenHash>,
    hash: u64,
    n_bytes: u32,
    n_chars: u32,
    prefix: u64,
}

impl<'a> TokenHasher<'a> {
    fn new(params: &'a TermParams, tokens: &'a mut Vec<TokenHash>) -> Self {
        Self {
            params,
            tokens,
            hash: HASH_SEED,
            n_bytes: 0,
            n_chars: 0,
            prefix: 0,
        }
    }

    fn folded(&self) -> &'static [u8; 256] {
        &FOLDED[usize::from(self.params.fold_digits)]
    }

    fn push_folded(&mut self, c: char) {
        self.hash = push(self.hash, c);
        self.n_bytes += c.len_utf8() as u32;
        self.n_chars += 1;
        if self.n_chars == self.params.prefix_chars {
            self.prefix = self.hash;
        }
    }
}

impl TokenSink for TokenHasher<'_> {
    #[inline]
    fn push_char(&mut self, c: char) {
        if c.is_ascii() {
            self.push_folded(char::from(self.folded()[c as usize]));
        } else if self.params.fold_digits && c.is_numeric() {
            self.push_folded('0');
        } else {
            for lower in c.to_lowercase() {
                // The final sigma is the same letter as the one within a word.
                self.push_folded(if lower == 'ς' { 'σ' } else { lower });
            }
        }
    }

    /// Nearly all tokens: read and hashed in one loop.
    #[inline]
    fn take_ascii(&mut self, text: &[u8]) -> usize {
        let folded = self.folded();
        let n_prefix = self.params.prefix_chars as usize;
        let (mut hash, mut n_bytes) = (HASH_SEED, 0);
        for &byte in text {
            let byte = folded[usize::from(byte)];
            if byte == 0 {
                break;
            }
            hash = push(hash, char::from(byte));
            n_bytes += 1;
            if n_bytes == n_prefix {
                self.prefix = hash;
            }
        }
        self.hash = hash;
        (self.n_bytes, self.n_chars) = (n_bytes as u32, n_bytes as u32);
        n_bytes
    }

    fn drop_token(&mut self) {
        self.hash = HASH_SEED;
        self.n_bytes = 0;
        self.n_chars = 0;
    }

    #[inline]
    fn end_token(&mut self, bytes: Range<usize>) {
        if self.n_bytes >= self.params.min_token_bytes {
            let is_longer = self.params.prefix_chars > 0 && self.n_chars > self.params.prefix_chars;
            self.tokens.push(TokenHash {
                word: mix(self.hash),
                prefix: is_longer.then(|| mix(self.prefix ^ PREFIX_SALT)),
                start: bytes.start as u32,
                end: bytes.end as u32,
            });
        }
        self.drop_token();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counts(title: &str, body: &str, params: &TermParams) -> Vec<(u64, u32)> {
        let mut terms = TermCounts::default();
        terms.count(title, body, params);
        let mut counts: Vec<_> = terms.as_slice().to_vec();
        counts.sort_unstable();
        counts
    }

    fn words_only() -> TermParams {
        TermParams {
            ngram_range: (1, 1),
            prefix_chars: 0,
            ..TermParams::default()
        }
    }

    #[test]
    fn whoever_knows_the_hashes_cannot_choose_the_slots() {
        // The lower half of each is the same.
        let hashes: Vec<u64> = (0..1000).map(|i| i << 40).collect();
        let slots = |spread: Spread| {
            let slots = hashes.iter().map(|hash| spread.slot(*hash, 4095));
            slots.collect::<Vec<usize>>()
        };
        let (some, others) = (slots(Spread::default()), slots(Spread::default()));
        assert_ne!(some, others);
        // By chance 887 would be used.
        let distinct: std::collections::HashSet<&usize> = some.iter().collect();
        assert!(distinct.len() > 300, "{}", distinct.len());
    }

    #[test]
    fn counts_words_pairs_and_prefixes() {
        // "elections won elections": 2 words, 2 pairs, the prefix "elec".
        let all = counts("", "elections won elections", &TermParams::default());
        let mut n: Vec<u32> = all.iter().map(|t| t.1).collect();
        n.sort_unstable();
        assert_eq!(n, [1, 1, 1, 2, 2]);
    }

    #[test]
    fn case_and_digits_fold() {
        let params = words_only();
        assert_eq!(
            counts("", "Paris 1998", &params),
            counts("", "pARIS 2024", &params)
        );
        assert_eq!(counts("", "ΟΔΟΣ", &params), counts("", "οδος", &params));
        let exact = TermParams {
            fold_digits: false,
            ..params
        };
        assert_ne!(counts("", "1998", &exact), counts("", "2024", &exact));
    }

    #[test]
    fn mentions_in_the_title_count_as_often_as_they_are_told_to() {
        let params = TermParams {
            title_mentions: 2,
            ..words_only()
        };
        let n = |title, body| counts(title, body, &params)[0].1;
        assert_eq!(
            (n("rates", ""), n("", "rates"), n("Rates", "rates")),
            (2, 1, 3)
        );
    }

    #[test]
    fn files_that_say_nothing_of_the_title_count_it_once() {
        let written = serde_json::to_string(&TermParams::default()).unwrap();
        assert!(!written.contains("title_mentions"), "{written}");
        let read: TermParams = serde_json::from_str(&written).unwrap();
        assert_eq!(read, TermParams::default());
    }

    #[test]
    fn no_pair_spans_title_and_body() {
        let pairs = TermParams {
            ngram_range: (2, 2),
            prefix_chars: 0,
            ..TermParams::default()
        };
        assert_eq!(counts("one", "two", &pairs), []);
        assert_eq!(counts("", "one two", &pairs).len(), 1);
    }

    #[test]
    fn single_letters_are_dropped_and_single_han_characters_kept() {
        assert_eq!(counts("", "a 7 b", &words_only()), []);
        assert_eq!(counts("", "东京", &words_only()).len(), 2);
    }

    #[test]
    fn a_prefix_is_not_the_word_it_spells() {
        let params = TermParams {
            ngram_range: (1, 1),
            ..TermParams::default()
        };
        let long = counts("", "parties", &params);
        let short = counts("", "part", &params);
        assert!(long.iter().all(|t| !short.contains(t)));
    }

    #[test]
    fn mentions_are_the_counted_terms_in_their_places() {
        let text = "Rates rise: rates";
        let params = TermParams::default();
        let mut found = Vec::new();
        mentions(text, &params, |mention| {
            found.push((text[mention.bytes].to_owned(), mention.is_prefix));
        });
        let found: Vec<_> = found.iter().map(|(t, p)| (t.as_str(), *p)).collect();
        assert_eq!(
            found,
            [
                ("Rates", false),
                ("Rates rise", false),
                ("Rates", true),
                ("rise", false),
                ("rise: rates", false),
                ("rates", false),
                ("rates", true),
            ]
        );
    }

    proptest! {
        #[test]
        fn a_token_is_the_same_whole_and_by_its_characters(
            word in "[A-Za-z0-9_]{1,12}",
            fold_digits: bool,
            prefix_chars in 0u32..6,
        ) {
            let params = TermParams { fold_digits, prefix_chars, ..words_only() };
            let (mut whole, mut parted) = (Vec::new(), Vec::new());
            let mut hasher = TokenHasher::new(&params, &mut whole);
            prop_assert_eq!(hasher.take_ascii(word.as_bytes()), word.len());
            hasher.end_token(0..word.len());
            let mut hasher = TokenHasher::new(&params, &mut parted);
            word.chars().for_each(|c| hasher.push_char(c));
            hasher.end_token(0..word.len());
            let told = |tokens: &[TokenHash]| tokens.iter().map(|t| (t.word, t.prefix)).collect::<Vec<_>>();
            prop_assert_eq!(told(&whole), told(&parted));
        }

        #[test]
        fn mentions_and_counts_agree(text in any::<String>()) {
            let params = TermParams::default();
            let mut found = std::collections::BTreeMap::new();
            mentions(&text, &params, |m| *found.entry(m.hash).or_insert(0) += 1);
            prop_assert_eq!(found.into_iter().collect::<Vec<_>>(), counts("", &text, &params));
        }

        #[test]
        fn the_last_article_leaves_no_trace(first in any::<String>(), second in any::<String>()) {
            let params = TermParams::default();
            let mut terms = TermCounts::default();
            terms.count(&first, &second, &params);
            terms.count("", &second, &params);
            let mut again: Vec<_> = terms.as_slice().to_vec();
            again.sort_unstable();
            prop_assert_eq!(again, counts("", &second, &params));
        }

        #[test]
        fn counts_add_up_to_the_tokens(words in proptest::collection::vec("[a-z]{2,6}", 0..300)) {
            let mut terms = TermCounts::default();
            terms.count("", &words.join(" "), &words_only());
            prop_assert_eq!(terms.n_tokens(), words.len());
            prop_assert_eq!(terms.as_slice().iter().map(|t| t.1 as usize).sum::<usize>(), words.len());
        }
    }
}
