//! Where an article speaks of a tag that was not found by its words.

use std::ops::Range;

use super::concepts::Reading;
use super::keyphrases::words::tag_stems;
use super::wording::Wording;
use crate::text::Field;

/// Where the article has the words of a tag one after the other, in any of their forms, in bytes of the text that
/// was read. A tag of which the article speaks in other words has none.
pub fn mentions(label: &str, reading: &Reading<'_>) -> Vec<(Field, Range<usize>)> {
    let (wanted, stems) = (Wording::new(label), tag_stems(label));
    let words = reading.words;
    let mut found: Vec<(Field, Range<usize>)> = Vec::new();
    for (i, first) in words.tokens.iter().enumerate() {
        let from = first.stems.0 as usize;
        let is_here = first.is_word && words.stems[from..].starts_with(&stems);
        let run = words.tokens[i..].iter().take_while(|token| token.is_word);
        let end = run
            .take(stems.len())
            .find(|token| token.stems.1 as usize == from + stems.len());
        let Some(last) = end.filter(|last| is_here && last.field == first.field) else {
            continue;
        };
        let bytes = first.start as usize..last.end as usize;
        let is_free = found
            .last()
            .is_none_or(|(field, before)| *field != first.field || before.end <= bytes.start);
        if is_free && Wording::new(&reading.text(first.field)[bytes.clone()]).means(&wanted) {
            found.push((first.field, bytes));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::keyphrases::reader::WordReader;
    use super::*;

    fn found<'a>(label: &str, title: &'a str, body: &'a str) -> Vec<&'a str> {
        let mut reader = WordReader::default();
        let reading = Reading {
            words: reader.read(title, body),
            title,
            body,
        };
        mentions(label, &reading)
            .into_iter()
            .map(|(field, bytes)| match field {
                Field::Title => &title[bytes],
                Field::Body => &body[bytes],
            })
            .collect()
    }

    #[test]
    fn a_tag_is_where_its_words_are() {
        let body = "The central banks met. A Central-Bank rate, central; bank. The universe. Bank.";
        assert_eq!(
            found("central bank", "Central bank", body),
            ["Central bank", "central banks", "Central-Bank"]
        );
        assert_eq!(found("University", "", body), Vec::<&str>::new());
        assert_eq!(found("?", "", body), Vec::<&str>::new());
    }

    #[test]
    fn title_and_body_are_not_one_text() {
        assert_eq!(found("central bank", "Central", "bank"), Vec::<&str>::new());
    }
}
