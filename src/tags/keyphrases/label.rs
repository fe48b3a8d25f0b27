//! How a phrase of an article is written as a tag.

use std::borrow::Cow;
use std::ops::Range;

use super::aliases::{canonical, name_of, of_word};
use super::candidate::Candidate;
use super::place;
use crate::tags::Reading;
use crate::text::Field;

/// So many letters in capitals are no abbreviation, or one that may be written as a name.
const MIN_SHOUTED_LETTERS: usize = 5;

/// The tag that a candidate is; `occurrences` are its tokens, in order.
pub(super) fn label_of(
    candidate: &Candidate,
    occurrences: impl Iterator<Item = Range<usize>>,
    reading: &Reading<'_>,
) -> String {
    let alias = || candidate.alias(reading.words).and_then(name_of);
    match candidate.known_as.or_else(alias) {
        Some(name) => name.to_owned(),
        None => label(
            &written(candidate, occurrences, reading),
            candidate.is_name(),
        ),
    }
}

/// How the article writes a candidate. Capitals throughout are for the most part a dateline's or a heading's: then it
/// is as the article has it elsewhere, or as a name is written.
fn written<'a>(
    candidate: &Candidate,
    occurrences: impl Iterator<Item = Range<usize>>,
    reading: &Reading<'a>,
) -> Cow<'a, str> {
    let text_of = |tokens: &Range<usize>| {
        let (field, bytes) = place(reading.words, tokens);
        &reading.text(field)[bytes]
    };
    let shown = text_of(&candidate.shown);
    if !is_shouted(shown) {
        return shown.into();
    }
    let is_alike = |text: &&str| {
        let has_capital = text.starts_with(char::is_uppercase);
        !is_shouted(text) && (has_capital || !candidate.is_name())
    };
    let elsewhere = occurrences
        .filter(|tokens| tokens.len() == candidate.shown.len())
        .map(|tokens| text_of(&tokens))
        .find(is_alike);
    match elsewhere {
        Some(text) => text.into(),
        None if is_first(candidate, reading) || is_in_heading(candidate, reading) => {
            let words: Vec<String> = shown.split_whitespace().map(capitalised).collect();
            words.join(" ").into()
        }
        None => shown.into(),
    }
}

/// Whether a text has a long word in capitals, and no small letter.
fn is_shouted(text: &str) -> bool {
    let is_long =
        |word: &str| word.chars().filter(|c| c.is_uppercase()).count() >= MIN_SHOUTED_LETTERS;
    !text.contains(char::is_lowercase) && text.split_whitespace().any(is_long)
}

/// Whether it is the first that the body has to say, as a dateline is.
fn is_first(candidate: &Candidate, reading: &Reading<'_>) -> bool {
    let tokens = &reading.words.tokens;
    let is_body = |i: usize| {
        tokens
            .get(i)
            .is_some_and(|token| token.field == Field::Body)
    };
    let first = candidate.shown.start;
    is_body(first) && (first == 0 || !is_body(first - 1))
}

/// Whether its sentence has nothing but capitals.
fn is_in_heading(candidate: &Candidate, reading: &Reading<'_>) -> bool {
    let sentences = &reading.words.sentences;
    let after =
        sentences.partition_point(|sentence| sentence.tokens.start <= candidate.shown.start);
    let Some(sentence) = after.checked_sub(1).map(|i| &sentences[i]) else {
        return false;
    };
    let (field, bytes) = place(reading.words, &sentence.tokens);
    sentence.tokens.len() > candidate.shown.len()
        && !reading.text(field)[bytes].contains(char::is_lowercase)
}

/// "CHICAGO" as "Chicago".
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first: String = letters.next().into_iter().collect();
    first + &letters.as_str().to_lowercase()
}

/// Names as they are written; other words as the first of a sentence. Inner capitals and those of peoples are kept.
fn label(written: &str, is_name: bool) -> String {
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_name {
        return canonical(written);
    }
    let mut small = written
        .split(' ')
        .map(
            |word| match has_inner_capital(word) || of_word(word).is_some() {
                true => word.to_owned(),
                false => word.to_lowercase(),
            },
        )
        .collect::<Vec<_>>()
        .join(" ");
    let first_word = small.split(' ').next().unwrap_or_default();
    if let (Some(first), false) = (small.chars().next(), has_inner_capital(first_word)) {
        small.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    small
}

fn has_inner_capital(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::super::reader::WordReader;
    use super::super::statistics::WordStatistics;
    use super::super::words::tag_key;
    use super::*;

    fn label_in(body: &str, phrase: &str) -> String {
        let mut reader = WordReader::default();
        let words = reader.read("", body);
        let mut found = Candidates::default();
        found.find(words, &WordStatistics::default());
        let reading = Reading {
            words,
            title: "",
            body,
        };
        let candidate = found
            .list
            .iter()
            .find(|c| c.key == tag_key(phrase))
            .expect("a candidate");
        label_of(candidate, found.occurrences(candidate), &reading)
    }

    #[test]
    fn capitals_of_datelines_and_headings_are_not_kept() {
        for (body, phrase, want) in [
            (
                "CHICAGO (AP) - They met the governor.",
                "Chicago",
                "Chicago",
            ),
            (
                "CHICAGO (AP) - They met. All of Chicago knew.",
                "Chicago",
                "Chicago",
            ),
            (
                "They met.\nPLAGUE COMES TO TOWN\nAll knew.",
                "Plague",
                "Plague",
            ),
            ("They met at UNESCO in spring.", "UNESCO", "UNESCO"),
            ("NATO (the alliance) met.", "NATO", "NATO"),
        ] {
            assert_eq!(label_in(body, phrase), want, "{body}");
        }
    }

    #[test]
    fn a_tag_has_nothing_that_a_terminal_obeys() {
        for c in [
            '\u{1b}', '\u{7}', '\0', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            for name in [
                format!("Ilse{c} Brandt"),
                format!("Ilse {c}Brandt"),
                format!("Ilse{c}Brandt"),
            ] {
                let body = format!("The mayor {name} spoke. Later {name} left.");
                let mut reader = WordReader::default();
                let words = reader.read("", &body);
                let mut found = Candidates::default();
                found.find(words, &WordStatistics::default());
                let reading = Reading {
                    words,
                    title: "",
                    body: &body,
                };
                for candidate in &found.list {
                    let label = label_of(candidate, found.occurrences(candidate), &reading);
                    assert!(!label.contains(c), "{c:?} {label:?}");
                }
            }
        }
    }

    #[test]
    fn common_words_begin_with_a_capital_and_names_are_kept() {
        for (written, is_name, want) in [
            ("fresh sanctions", false, "Fresh sanctions"),
            ("Air  Defence", false, "Air defence"),
            ("Learn Japanese", false, "Learn Japanese"),
            ("iPhone", false, "iPhone"),
            ("élections", false, "Élections"),
            ("McConnell", true, "McConnell"),
            ("NATO", true, "NATO"),
            ("U.S", true, "United States"),
        ] {
            assert_eq!(label(written, is_name), want);
        }
    }
}
