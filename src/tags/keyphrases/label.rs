//! How a phrase of an article is written as a tag.

use super::aliases::{canonical, name_of};
use super::candidate::Candidate;
use super::words::Words;

/// The tag that a candidate is; `written` is how the article has it.
pub(super) fn label_of(candidate: &Candidate, words: &Words, written: &str) -> String {
    match candidate.alias(words).and_then(name_of) {
        Some(name) => name.to_owned(),
        None => label(written, candidate.is_name()),
    }
}

/// Names as they are written; other words as the first of a sentence. Inner capitals are kept.
fn label(written: &str, is_name: bool) -> String {
    let written = written.split_whitespace().collect::<Vec<_>>().join(" ");
    if is_name {
        return canonical(written);
    }
    let mut small = written
        .split(' ')
        .map(|word| match has_inner_capital(word) {
            true => word.to_owned(),
            false => word.to_lowercase(),
        })
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
    use super::label;

    #[test]
    fn common_words_begin_with_a_capital_and_names_are_kept() {
        for (written, is_name, want) in [
            ("fresh sanctions", false, "Fresh sanctions"),
            ("Air  Defence", false, "Air defence"),
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
