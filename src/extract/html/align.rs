//! Finds the words of an extracted text in the source of its page.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::scan::{Piece as Markup, Scanner, is_block};
use crate::extract::places::{Piece, Places};

/// So many words in a row are looked up; fewer are too common to tell one place from another.
const GRAM: usize = 4;
/// A line of fewer words is looked for among so many words after the last one that was found.
const SHORT_LINE_REACH: usize = 400;
/// Of words that stand in more places, the first are looked at.
const MAX_PLACES: usize = 1_000;
/// No place.
const NOWHERE: u32 = u32::MAX;

/// The words of a page's source, ready to be found.
#[derive(Debug)]
pub struct SourceWords {
    words: Vec<Word>,
    /// Hash of [`GRAM`] words to the first place where they stand.
    grams: HashMap<u64, u32, RandomState>,
    /// For each place, the next one of the same words, or [`NOWHERE`].
    next: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq)]
struct Word {
    hash: u64,
    bytes: Range<usize>,
}

impl SourceWords {
    /// Reads the words that a reader of the page sees.
    pub fn new(html: &str) -> Self {
        let mut words = Words::default();
        for piece in Scanner::new(html) {
            match piece {
                Markup::Text(range) => words.push_source(html, range),
                Markup::Open(name) | Markup::Close(name) if is_block(name) => words.end_word(),
                Markup::Open(_) | Markup::Close(_) | Markup::Unseen(..) => {}
            }
        }
        words.end_word();
        let words = words.found;
        let mut grams = HashMap::with_capacity_and_hasher(words.len(), RandomState::default());
        let mut next = vec![NOWHERE; words.len()];
        // From the end, so that each place is put before those that follow it.
        for (i, window) in words.windows(GRAM).enumerate().rev() {
            if let Some(later) = grams.insert(hash_of(window), i as u32) {
                next[i] = later;
            }
        }
        Self { words, grams, next }
    }

    /// Where the words of a text stand in the source, as far as they can be found: only runs of
    /// four words or more, or whole short lines near the last, so that no place is a guess.
    pub fn align(&self, text: &str) -> Places {
        let mut pieces = Vec::new();
        let (mut cursor, mut run, mut line_start) = (0, 0, 0);
        for line in text.split('\n') {
            let mut words = Words::default();
            words.push_plain(text, line_start..line_start + line.len());
            words.end_word();
            let words = words.found;
            let mut at = 0;
            while at < words.len() {
                let is_line = at == 0;
                let Some(found) = self.find(&words[at..], cursor, is_line) else {
                    at += 1;
                    continue;
                };
                let length = self.common(&words[at..], found);
                let follows = found == cursor && !pieces.is_empty();
                run += u32::from(!follows);
                for (word, source) in words[at..at + length].iter().zip(&self.words[found..]) {
                    pieces.push(Piece {
                        text: word.bytes.clone(),
                        source: source.bytes.clone(),
                        run,
                    });
                }
                at += length;
                cursor = found + length;
            }
            line_start += line.len() + 1;
        }
        Places::Pieces(pieces)
    }

    /// The place of the first words: the next one after `cursor`, else the first of the page. Fewer than
    /// [`GRAM`] words must be a whole line, or follow at once.
    fn find(&self, words: &[Word], cursor: usize, is_line: bool) -> Option<usize> {
        if words.len() >= GRAM {
            let first = *self.grams.get(&hash_of(&words[..GRAM]))?;
            let mut place = first;
            for _ in 0..MAX_PLACES {
                if place == NOWHERE || place as usize >= cursor {
                    break;
                }
                place = self.next[place as usize];
            }
            let is_ahead = place != NOWHERE && place as usize >= cursor;
            return Some(if is_ahead { place } else { first } as usize);
        }
        let reach = self.words.get(cursor..)?;
        let reach = match is_line {
            true => &reach[..reach.len().min(SHORT_LINE_REACH)],
            false => &reach[..reach.len().min(words.len())],
        };
        let same = |window: &[Word]| window.iter().zip(words).all(|(a, b)| a.hash == b.hash);
        let place = reach.windows(words.len()).position(same)?;
        Some(cursor + place)
    }

    fn common(&self, words: &[Word], found: usize) -> usize {
        words
            .iter()
            .zip(&self.words[found..])
            .take_while(|(a, b)| a.hash == b.hash)
            .count()
            .max(1)
    }
}

fn hash_of(words: &[Word]) -> u64 {
    words.iter().fold(0, |hash, word| mixed(hash, word.hash))
}

/// FNV-1a, a character or a word at a time.
fn mixed(hash: u64, next: u64) -> u64 {
    (hash ^ next).wrapping_mul(0x0000_0100_0000_01b3)
}

/// Cuts text into words: runs of letters and digits.
#[derive(Default)]
struct Words {
    found: Vec<Word>,
    hash: u64,
    open: Option<Range<usize>>,
}

impl Words {
    fn push_char(&mut self, c: char, bytes: Range<usize>) {
        if !c.is_alphanumeric() {
            self.end_word();
            return;
        }
        self.hash = mixed(self.hash, u64::from(u32::from(c)) + 1);
        match &mut self.open {
            Some(open) => open.end = bytes.end,
            None => self.open = Some(bytes),
        }
    }

    fn end_word(&mut self) {
        if let Some(bytes) = self.open.take() {
            let hash = std::mem::take(&mut self.hash);
            self.found.push(Word { hash, bytes });
        }
    }

    fn push_plain(&mut self, text: &str, range: Range<usize>) {
        for (i, c) in text[range.clone()].char_indices() {
            let start = range.start + i;
            self.push_char(c, start..start + c.len_utf8());
        }
    }

    /// Text of a source, in which `&#233;` is one letter.
    fn push_source(&mut self, html: &str, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let rest = &html[at..range.end];
            let plain = rest.find('&').unwrap_or(rest.len());
            self.push_plain(html, at..at + plain);
            at += plain;
            let rest = &html[at..range.end];
            if rest.is_empty() {
                break;
            }
            let reference = reference(rest);
            let decoded = html_escape::decode_html_entities(reference);
            for c in decoded.chars() {
                self.push_char(c, at..at + reference.len());
            }
            at += reference.len();
        }
    }
}

/// The character reference that a text begins with, or its `&` alone.
fn reference(text: &str) -> &str {
    let end = text[1..]
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '#')
        .filter(|&end| end < 32 && text[1 + end..].starts_with(';'));
    end.map_or(&text[..1], |end| &text[..end + 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_their_source() {
        let html = "<h1>Caf&eacute; rules</h1><p>The caf&#233; on the <b>old</b> square may stay open \
            until ten.</p><aside>Other news of the day</aside><p>Neighbours had asked for nine.</p>";
        let words = SourceWords::new(html);
        let text =
            "The café on the old square may stay open until ten.\nNeighbours had asked for nine.";
        let places = words.align(text);
        let found = |needle: &str| {
            let start = text.find(needle)?;
            Some(&html[places.locate(&(start..start + needle.len()))?])
        };
        assert_eq!(found("café"), Some("caf&#233;"));
        assert_eq!(found("old square"), Some("old</b> square"));
        assert_eq!(found("asked"), Some("asked"));
        let ranges: Vec<&str> = places
            .ranges(html.len())
            .iter()
            .map(|r| &html[r.clone()])
            .collect();
        assert_eq!(ranges.len(), 2);
        assert!(ranges[0].starts_with("The caf") && ranges[0].ends_with("ten"));
        assert!(ranges[1].starts_with("Neighbours"));
    }

    #[test]
    fn what_is_not_there_has_no_place() {
        let words = SourceWords::new("<p>One two three four five</p>");
        let places = words.align("Nothing of this is in the page at all");
        assert_eq!(places, Places::Pieces(Vec::new()));
    }
}
