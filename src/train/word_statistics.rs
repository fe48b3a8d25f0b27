//! How words are used, counted in any texts, and what is known to be a tag: the table of the keyphrase ranker.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::corpus::LabelledArticle;
use super::tag_odds::TagOdds;
use crate::tags::keyphrases::lexicon::{AFTER_NOUN, BEFORE_VERB, DETERMINER, STOP};
use crate::tags::keyphrases::reader::WordReader;
use crate::tags::keyphrases::statistics::{Keys, Known, KnownSteps, WordStatistics};
use crate::tags::keyphrases::words::{Words, phrase_key, tag_key};

/// Words of fewer occurrences are not kept.
const MIN_WORD_COUNT: u32 = 12;
/// Stems and phrases of fewer texts are not kept.
const MIN_PHRASE_TEXTS: u32 = 8;
/// Words of the longest phrases that are counted.
const MAX_WORDS: usize = 3;

#[derive(Default)]
struct WordCounts {
    n: u32,
    after_determiner: f32,
    before_verb: f32,
    before_end: f32,
    capital: f32,
}

/// The identities of tags, and of the parts of such as "arts, culture and media".
pub fn known_tags(tags: &[String]) -> Keys {
    let keys = tags
        .iter()
        .flat_map(|tag| {
            let parts = tag
                .split(&[',', '(', ')', '/'][..])
                .flat_map(|part| part.split(" and "));
            std::iter::once(tag.as_str()).chain(parts)
        })
        .filter(|tag| tag.chars().any(char::is_alphanumeric))
        .map(tag_key);
    Keys::of(keys)
}

/// Counts how words are used. The same texts give the same table.
pub fn count_words(articles: &[LabelledArticle]) -> WordStatistics {
    let mut counts: BTreeMap<u32, WordCounts> = BTreeMap::new();
    let mut texts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut tag_odds = TagOdds::default();
    let mut tags: BTreeSet<u64> = BTreeSet::new();
    let mut reader = WordReader::default();
    for article in articles {
        let words = reader.read(&article.title, &article.text);
        count_usage(words, &mut counts);
        for key in phrases(words) {
            *texts.entry(key).or_default() += 1;
        }
        tag_odds.count(words, &article.tags);
        tags.extend(article.tags.iter().map(|tag| tag_key(tag)));
    }
    counts.retain(|_, count| count.n >= MIN_WORD_COUNT);
    texts.retain(|_, n| *n >= MIN_PHRASE_TEXTS);
    let tag_odds = tag_odds.by_key();
    let idf = |n: f32| ((articles.len() as f32 + 1.0) / (n + 0.5)).ln();
    let share = |part: f32, prior: f32, n: u32| {
        (255.0 * (part + prior) / (n as f32 + 1.0))
            .round()
            .clamp(0.0, 255.0) as u8
    };
    let usage = counts.values().flat_map(|c| {
        [
            share(c.after_determiner, 0.3, c.n),
            share(c.before_verb, 0.1, c.n),
            share(c.before_end, 0.4, c.n),
            share(c.capital, 0.3, c.n),
        ]
    });
    WordStatistics {
        usage: usage.collect(),
        words: Keys::new(counts.keys().copied().collect()),
        known: texts
            .iter()
            .map(|(&key, &n)| Known {
                idf: idf(n as f32),
                tag_odds: tag_odds(key),
            })
            .map(KnownSteps::from)
            .collect(),
        phrases: Keys::new(texts.into_keys().collect()),
        max_idf: idf(MIN_PHRASE_TEXTS as f32 / 4.0),
        tags: Keys::of(tags),
        known_tags: Keys::default(),
    }
}

fn count_usage(words: &Words, counts: &mut BTreeMap<u32, WordCounts>) {
    for sentence in words.sentences.iter().filter(|s| !s.is_heading) {
        let tokens = &words.tokens[sentence.tokens.clone()];
        for (i, token) in tokens.iter().enumerate().filter(|(_, t)| t.is_word) {
            let before = i.checked_sub(1).map(|i| tokens[i]);
            let ends = tokens.get(i + 1).is_none_or(|next| next.is(AFTER_NOUN));
            let count = counts.entry(token.lower as u32).or_default();
            count.n += 1;
            count.after_determiner += f32::from(before.is_some_and(|t| t.is(DETERMINER)));
            count.before_verb += f32::from(before.is_some_and(|t| t.is(BEFORE_VERB)));
            count.before_end += f32::from(ends);
            count.capital += match (token.is_capital, i) {
                (false, _) => 0.0,
                (true, 0) => 0.5,
                (true, _) => 1.0,
            };
        }
    }
}

/// The distinct stems of a text and its phrases of two and three words.
fn phrases(words: &Words) -> HashSet<u32> {
    let mut found = HashSet::new();
    for sentence in &words.sentences {
        for start in sentence.tokens.clone() {
            for end in start + 1..=(start + MAX_WORDS).min(sentence.tokens.end) {
                let (first, last) = (&words.tokens[start], &words.tokens[end - 1]);
                if !first.is_word || !last.is_word {
                    break;
                }
                if end == start + 1 || !(first.is(STOP) || last.is(STOP)) {
                    found.insert(phrase_key(words.stems_of(start..end)) as u32);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_that_are_often_in_the_tags_of_their_texts_have_odds() {
        let article = |i: usize| LabelledArticle {
            text: "The tariffs on steel rose.".to_owned(),
            tags: match i {
                0..10 => vec!["Tariff war".to_owned()],
                10..20 => vec!["Trade".to_owned()],
                _ => Vec::new(),
            },
            ..LabelledArticle::default()
        };
        let statistics = count_words(&(0..30).map(article).collect::<Vec<_>>());
        let odds = |phrase: &str| statistics.known(tag_key(phrase)).tag_odds;
        // By hand: 20 texts with tags have five stems each, of which 10 are in tags. Of tariff 10 of 20, of steel none,
        // each with 20 more texts of the mean rate.
        let log_odds = |p: f32| (p / (1.0 - p)).ln();
        let rate: f32 = 11.0 / 102.0;
        for (word, share) in [
            ("tariff", (10.0 + 20.0 * rate) / 40.0),
            ("steel", 20.0 * rate / 40.0),
        ] {
            let expected = log_odds(share) - log_odds(rate);
            assert!(
                (odds(word) - expected).abs() <= 1.0 / 32.0,
                "{word}: {} {expected}",
                odds(word)
            );
        }
        assert!(odds("tariff") > 1.0 && odds("steel") < -0.5);
        assert_eq!((odds("steel rose"), odds("unheard")), (0.0, 0.0));
    }
}
