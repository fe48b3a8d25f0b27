//! Small words of other languages than English, which are no phrases either.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::lexicon::STOP;
use super::words::{Words, hash_of};
use crate::text::detect;

/// Of the words of English prose some four in ten are small ones. Where they are fewer, the text may be of
/// another language.
const MIN_ENGLISH_SHARE: f32 = 0.2;
/// Fewer words are no prose.
const MIN_WORDS: usize = 20;

/// Marks the small words of a text that is not in English; `body` is what its language is told by.
pub(super) fn mark_small_words(words: &mut Words, body: &str) {
    let (n_words, n_small) = words
        .tokens
        .iter()
        .filter(|token| token.is_word)
        .fold((0usize, 0usize), |(n_words, n_small), token| {
            (n_words + 1, n_small + usize::from(token.is(STOP)))
        });
    if n_words < MIN_WORDS || n_small as f32 >= MIN_ENGLISH_SHARE * n_words as f32 {
        return;
    }
    let Some(small) = detect(body).and_then(|tag| SMALL_WORDS.get(tag.as_str())) else {
        return;
    };
    for token in &mut words.tokens {
        if token.is_word && small.contains(&token.lower) {
            token.classes |= STOP;
        }
    }
}

/// By languages as BCP 47 names them, the hashes of their small words; English has its own list.
static SMALL_WORDS: LazyLock<HashMap<&str, HashSet<u64>>> = LazyLock::new(|| {
    let languages = stop_words::available_languages().iter();
    languages
        .filter(|language| **language != "en")
        .map(|language| {
            let words = stop_words::get(language).iter();
            (*language, words.map(|word| hash_of(word)).collect())
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::super::reader::WordReader;
    use super::*;

    fn small_words(body: &str) -> Vec<&str> {
        let mut reader = WordReader::default();
        let words = reader.read("", body);
        let small = words.tokens.iter().filter(|token| token.is(STOP));
        small
            .map(|token| &body[token.start as usize..token.end as usize])
            .collect()
    }

    #[test]
    fn small_words_are_known_in_many_languages() {
        for (body, word, other) in [
            (
                "Die Stadt hat am Montag den Bau der neuen Brücke beschlossen. Die Arbeiten sollen im Frühjahr \
                 beginnen und zwei Jahre dauern, und die Kosten trägt das Land.",
                "und",
                "Brücke",
            ),
            (
                "Город в понедельник решил построить новый мост через реку. На это уйдёт два года, и работы \
                 начнутся весной, а платить за них будет область, что уже решено.",
                "что",
                "мост",
            ),
            (
                "La ciudad decidió el lunes construir un puente nuevo sobre el río. Las obras durarán dos años \
                 para que el tráfico no se detenga, y la región pagará todo.",
                "para",
                "puente",
            ),
        ] {
            let small = small_words(body);
            assert!(
                small.contains(&word) && !small.contains(&other),
                "{small:?}"
            );
        }
    }

    #[test]
    fn those_of_english_are_its_own() {
        let body = "The city decided on Monday to build a new bridge across the river. The work will take two \
                    years, and the county will pay for all of it, as the council said again.";
        assert!(!small_words(body).contains(&"bridge"));
        // "die" and "war" are small words of German alone.
        assert!(!small_words(&format!("{body} They die in a war.")).contains(&"war"));
    }
}
