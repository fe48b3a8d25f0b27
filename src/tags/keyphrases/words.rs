//! A text becomes words and sentences that remember how they are written and where.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::text::Field;

/// What an article is about stands in its first words; the rest is not read for phrases.
const MAX_TOKENS: usize = 20_000;
/// What is longer is no word.
const MAX_WORD_BYTES: usize = 60;
/// A line without a full stop is a heading if more than this share of its words is capitalised.
const HEADING_CAPITAL_SHARE: f32 = 0.6;

/// A word that no phrase begins or ends with.
pub const STOP: u8 = 1;
/// "of", "de", "van": may stand within a name.
pub const CONNECTOR: u8 = 2;
/// What stands before a noun.
pub const DETERMINER: u8 = 4;
/// What stands before a verb.
pub const BEFORE_VERB: u8 = 8;
/// What stands after a noun.
pub const AFTER_NOUN: u8 = 16;
/// An office or a title, which is no part of a name.
pub const ROLE: u8 = 32;
/// A title that is dropped before a single name as well.
pub const TITLE: u8 = 64;
/// Ends in a full stop that ends no sentence.
pub const ABBREVIATION: u8 = 128;

const STOP_WORDS: &str = "a about above after again against all also although always am among an and another any anybody anyone anything anyway are around as at away back be became because become becomes been before began begin behind being below best better between both but by came can cannot can't come comes could couldn't did didn't do does doesn't doing don't done down during each either else enough even ever every everybody everyone everything far few for found from further gave get gets getting give given go goes going gone got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how however i i'd i'll i'm i've if in into is isn't it it'd it'll it's its itself just keep kept knew know known last least less let let's like likely look looking made make makes making many may maybe me meanwhile might more most much must my myself near nearly need needed needs never new next no nobody nor not nothing now of off often on once one only onto or other others otherwise our ours ourselves out over own per perhaps put quite rather really said same saw say saying says see seem seemed seems seen several shall she she'd she'll she's should shouldn't since so some someone something soon still such take taken takes taking tell than that that's the their theirs them themselves then there there's therefore these they they'd they'll they're they've thing things think this those though through thus till to today together told tomorrow too took toward towards try under until up upon us use used using very want wanted wants was wasn't way we we'd we'll we're we've well went were weren't what what's whatever when where whether which while who who's whom whose why will with within without won't would wouldn't yes yesterday yet you you'd you'll you're you've your yours yourself yourselves mr mrs ms dr monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december jan feb aug sept oct nov dec year years month months week weeks day days time times hour hours minute minutes two three four five six seven eight nine ten first second third million billion percent pct cent according added adding ago almost already along asked called early earlier late later long lot largely left little old part people able actually across amid despite including include includes included especially recent recently";
const CONNECTORS: &str = "of for de la le du van von der den bin al el del da di";
const DETERMINERS: &str = "the a an this that these those his her its their our my your of in for with by on from at some any no each both";
const BEFORE_VERBS: &str = "to he she they it we who i you will would can could may might must should not has have had been was were is are be being";
const AFTER_NOUNS: &str =
    "of is was are were has have had will would said says and , . ; : ' \" ) 's";
const ROLES: &str = "president vice prime minister senator sen rep gov governor secretary majority minority leader foreign chancellor king queen prince princess judge justice general chief ceo coach spokesman spokeswoman spokesperson mayor congressman congresswoman chairman chairwoman chair director mr mrs ms dr sir lady lord pope rev attorney speaker ambassador admiral colonel captain sergeant officer detective professor prof press house senate democratic republican former rabbi commissioner sheriff treasury defense defence state interior finance kremlin";
const TITLES: &str = "president minister senator sen rep gov governor secretary chancellor mayor mr mrs ms dr judge congressman congresswoman chairman chairwoman prof rev";
const ABBREVIATIONS: &str = "mr mrs ms dr gov sen rep gen col lt sgt capt prof st jr sr inc corp co ltd vs no jan feb aug sept oct nov dec cmdr adm rev hon ave";

static WORD_CLASSES: LazyLock<HashMap<u64, u8>> = LazyLock::new(|| {
    let mut classes = HashMap::new();
    for (words, class) in [
        (STOP_WORDS, STOP),
        (CONNECTORS, CONNECTOR),
        (DETERMINERS, DETERMINER),
        (BEFORE_VERBS, BEFORE_VERB),
        (AFTER_NOUNS, AFTER_NOUN),
        (ROLES, ROLE),
        (TITLES, TITLE),
        (ABBREVIATIONS, ABBREVIATION),
    ] {
        for word in words.split_whitespace() {
            *classes.entry(hash_of(word)).or_default() |= class;
        }
    }
    classes
});

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
    stems.iter().fold(0, |key, stem| {
        spread(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stem)
    })
}

/// The identity of a tag that somebody wrote.
pub fn tag_key(tag: &str) -> u64 {
    let mut stems = Vec::new();
    for word in tag.split_whitespace() {
        let word = word.trim_end_matches("'s").trim_end_matches("’s");
        push_stems(&Stemmer::create(Algorithm::English), word, &mut stems);
    }
    phrase_key(&stems)
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
}

impl Default for Words {
    fn default() -> Self {
        Self {
            tokens: Vec::new(),
            sentences: Vec::new(),
            stems: Vec::new(),
            stemmer: Stemmer::create(Algorithm::English),
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
        let mut chars = text.char_indices().peekable();
        while let Some(&(start, c)) = chars.peek() {
            if self.tokens.len() >= MAX_TOKENS {
                break;
            }
            if !c.is_alphanumeric() {
                chars.next();
                if c == '\n' {
                    first = self.end_sentence(field, first, may_end);
                    may_end = false;
                } else if !c.is_whitespace() {
                    may_end = matches!(c, '.' | '!' | '?' | '…')
                        || (may_end
                            && matches!(c, '"' | '”' | '’' | '\'' | ')' | ']' | '“' | '‘' | '('));
                    self.push_mark(field, text, start..start + c.len_utf8());
                }
                continue;
            }
            if may_end && (c.is_uppercase() || c.is_numeric()) {
                first = self.end_sentence(field, first, true);
            }
            may_end = false;
            let at = end_of_word(text, start);
            while chars.peek().is_some_and(|&(i, _)| i < at) {
                chars.next();
            }
            self.push_word(field, text, start..at);
            if text[at..].starts_with('.') && is_abbreviation(&text[start..at], self.tokens.last())
            {
                chars.next();
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
            classes: WORD_CLASSES.get(&lower).copied().unwrap_or_default(),
            is_word: false,
            is_number: false,
            is_capital: false,
        });
    }

    fn push_word(&mut self, field: Field, text: &str, bytes: Range<usize>) {
        let whole = &text[bytes.clone()];
        if whole.len() > MAX_WORD_BYTES {
            return self.push_mark(field, text, bytes);
        }
        let word = ["'s", "’s", "'S", "’S"]
            .iter()
            .find_map(|s| whole.strip_suffix(s))
            .filter(|stem| stem.chars().count() > 1)
            .unwrap_or(whole);
        let lower = hash_of(&word.to_lowercase().replace('’', "'"));
        let from = self.stems.len() as u32;
        push_stems(&self.stemmer, word, &mut self.stems);
        let first = word.chars().next().unwrap_or(' ');
        // "US", "IT" and "WHO" are names; "us", "it" and "who" are not.
        let is_acronym = word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        let classes = WORD_CLASSES.get(&lower).copied().unwrap_or_default();
        self.tokens.push(Token {
            field,
            start: bytes.start as u32,
            end: (bytes.start + word.len()) as u32,
            lower,
            stems: (from, self.stems.len() as u32),
            classes: if is_acronym { classes & !STOP } else { classes },
            is_word: true,
            is_number: first.is_numeric(),
            is_capital: first.is_uppercase(),
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

/// The end of the word that begins at `start`: letters and digits, with single marks between them.
fn end_of_word(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut chars = text[start..].char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        let is_letter = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        let joins = matches!(c, '\'' | '’' | '-' | '.' | '&' | '/')
            && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !is_letter && !joins {
            break;
        }
        end = start + i + c.len_utf8();
    }
    end
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
    let is_inner =
        |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
    for part in lower
        .split(|c| !is_inner(c))
        .filter(|part| !part.is_empty())
    {
        stems.push(hash_of(&stemmer.stem(part)));
    }
}
