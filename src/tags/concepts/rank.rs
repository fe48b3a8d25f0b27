//! How sure it is that an article is about a tag that it names.

use std::collections::HashMap;
use std::ops::Range;

use super::names::{Hit, Reading};
use crate::tags::Keyphrases;
use crate::tags::keyphrases::Phrases;
use crate::tags::keyphrases::candidate::Candidate;
use crate::tags::keyphrases::candidates::Candidates;
use crate::tags::keyphrases::words::phrase_key;
use crate::text::Field;

/// A tag that is written in more ways than this is described by the first of them.
const MAX_WRITINGS: usize = 32;

/// By so much the odds of a phrase rise if a vocabulary has it. Measured on the articles of editors with
/// the other articles' tags as the vocabulary (`bench/vocabulary`).
const ODDS_IN_VOCABULARY: f32 = 1.8;

/// A tag of the vocabulary that an article names.
#[derive(Debug, Clone, PartialEq)]
pub struct ConceptTag {
    /// Its place in the vocabulary.
    pub concept: usize,
    /// Probability in [0, 1] that an editor gave it.
    pub confidence: f32,
    /// Where the article names it, in order, in bytes.
    pub mentions: Vec<(Field, Range<usize>)>,
}

/// Ranks the tags that were hit, in the order of the vocabulary.
///
/// There are no articles to learn weights from, so each tag is described as if all its names were one
/// phrase of the article, by the numbers that describe phrases (how often, how early, in the title, how
/// long, how rare, …), and scored by the ranker of phrases. Its confidence is theirs, but for the one thing
/// that is known besides: that the vocabulary has it.
pub fn rank(
    hits: &[Hit],
    reading: &Reading<'_>,
    phrases: &Phrases,
    ranker: &Keyphrases,
) -> Vec<ConceptTag> {
    if hits.is_empty() {
        return Vec::new();
    }
    let found = &phrases.found;
    let keys = found.list.iter().map(|candidate| candidate.key);
    let by_key: HashMap<u64, usize> = keys.zip(0..).collect();
    let mut order: Vec<usize> = (0..hits.len()).collect();
    order.sort_by_key(|&i| (hits[i].concept, i));
    order
        .chunk_by(|&a, &b| hits[a].concept == hits[b].concept)
        .map(|own| {
            let own: Vec<&Hit> = own.iter().map(|&i| &hits[i]).collect();
            let phrase = as_phrase(&own, reading, found, &by_key);
            let score = ranker.score(&phrase, phrases, reading.words);
            ConceptTag {
                concept: own[0].concept,
                confidence: in_vocabulary(ranker.calibration.confidence(score)),
                mentions: own
                    .iter()
                    .map(|hit| (hit.field, hit.bytes.clone()))
                    .collect(),
            }
        })
        .collect()
}

/// The probability of a phrase that a vocabulary has.
fn in_vocabulary(probability: f32) -> f32 {
    let odds = ODDS_IN_VOCABULARY * probability;
    odds / (odds + 1.0 - probability)
}

/// A tag's names as one phrase. What only the search for phrases knows, such as how often a name is part
/// of a longer one, is taken from the phrases of the same words.
fn as_phrase(
    hits: &[&Hit],
    reading: &Reading<'_>,
    found: &Candidates,
    by_key: &HashMap<u64, usize>,
) -> Candidate {
    let words = reading.words;
    let mut phrase = Candidate {
        last_sentence: usize::MAX,
        ..Candidate::default()
    };
    let mut keys: Vec<u64> = Vec::new();
    for hit in hits {
        let key = phrase_key(words.stems_of(hit.tokens.clone()));
        let sentence = words
            .sentences
            .partition_point(|s| s.tokens.end <= hit.tokens.start);
        phrase.last = hit.tokens.start;
        if phrase.count == 0 {
            phrase.first = hit.tokens.start;
            phrase.key = key;
            phrase.shown = hit.tokens.clone();
            phrase.first_sentence = sentence;
        }
        if phrase.last_sentence != sentence {
            phrase.n_sentences += 1;
            phrase.last_sentence = sentence;
        }
        let is_title = hit.field == Field::Title;
        let is_heading = words.sentences.get(sentence).is_some_and(|s| s.is_heading);
        phrase.n_title += u32::from(is_title);
        phrase.n_headings += u32::from(is_heading && !is_title);
        phrase.is_early |= sentence < 4;
        phrase.count += 1;
        if !keys.contains(&key) && keys.len() < MAX_WRITINGS {
            keys.push(key);
        }
    }
    for known in keys.iter().filter_map(|key| by_key.get(key)) {
        let known = &found.list[*known];
        phrase.n_names += known.n_names;
        phrase.n_runs += known.n_runs;
        phrase.n_cut += known.n_cut;
        phrase.n_noun_places += known.n_noun_places;
        phrase.nested.0 = phrase.nested.0.max(known.nested.0);
        phrase.nested.1 += known.nested.1;
        phrase.n_surname += known.n_surname;
    }
    // A phrase may stand within longer names too, where it is no hit.
    let n = phrase.count;
    phrase.n_names = phrase.n_names.min(n);
    phrase.n_runs = phrase.n_runs.min(n);
    phrase.n_cut = phrase.n_cut.min(n);
    phrase.n_noun_places = phrase.n_noun_places.min(2 * n);
    phrase
}

#[cfg(test)]
mod tests {
    use super::in_vocabulary;

    #[test]
    fn odds_rise_and_stay_probabilities() {
        // 1 to 4 becomes 1.8 to 4.
        assert!((in_vocabulary(0.2) - 1.8 / 5.8).abs() < 1e-6);
        assert_eq!((in_vocabulary(0.0), in_vocabulary(1.0)), (0.0, 1.0));
    }
}
