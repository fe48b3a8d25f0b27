//! Which words of an article are names, and how far each name reaches.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::lexicon::{CONNECTOR, NAME_START, ROLE, STOP, TITLE, are_one_name};
use super::statistics::WordStatistics;
use super::words::{Sentence, Token, Words, hash_of, longer_key, phrase_key};

/// Longest name, in words.
const MAX_NAME_WORDS: usize = 7;
/// A word that nothing is known of in this article is a name if it usually has a capital.
const USUAL_CAPITAL_SHARE: f32 = 0.6;

/// How often words stand within sentences with a capital, and without: those that stand elsewhere too, in a
/// heading or at a sentence's start, with a capital that says nothing.
#[derive(Debug, Default)]
pub(super) struct Cases {
    counts: HashMap<u64, (u32, u32), RandomState>,
    /// A bit for each word that is counted, at its hash: nearly all others are told by it.
    filter: [u64; FILTER_BITS / 64],
    /// Names within sentences that begin with "New" and the like, by their first two words.
    begun: Vec<u64>,
}

const FILTER_BITS: usize = 1024;

impl Cases {
    /// Counts an article's words anew.
    pub(super) fn count(&mut self, words: &Words) {
        self.counts.clear();
        self.begun.clear();
        self.filter = [0; FILTER_BITS / 64];
        for sentence in &words.sentences {
            let n_tokens = if sentence.is_heading {
                sentence.tokens.len()
            } else {
                1
            };
            for token in words.tokens[sentence.tokens.clone()].iter().take(n_tokens) {
                if token.is_word && token.is_capital {
                    self.counts.insert(token.lower, (0, 0));
                    let (word, bit) = filter_bit(token.lower);
                    self.filter[word] |= bit;
                }
            }
        }
        for sentence in words.sentences.iter().filter(|s| !s.is_heading) {
            for (i, token) in sentence
                .tokens
                .clone()
                .zip(&words.tokens[sentence.tokens.clone()])
                .skip(1)
            {
                if token.is_capital && token.is(NAME_START) {
                    self.begun.extend(begun_key(words, i));
                }
                let (word, bit) = filter_bit(token.lower);
                if token.is_word
                    && self.filter[word] & bit != 0
                    && let Some((capital, small)) = self.counts.get_mut(&token.lower)
                {
                    *(if token.is_capital { capital } else { small }) += 1;
                }
            }
        }
    }
}

/// The identity of a word and the next one, if that has a capital too.
fn begun_key(words: &Words, i: usize) -> Option<u64> {
    let next = words.tokens.get(i + 1).filter(|next| next.is_capital)?;
    Some(longer_key(words.tokens[i].lower, next.lower))
}

/// The place of a hash in the filter.
fn filter_bit(hash: u64) -> (usize, u64) {
    let bit = hash as usize % FILTER_BITS;
    (bit / 64, 1 << (bit % 64))
}

/// Whether a word is a name or a part of one.
pub(super) fn is_name(
    words: &Words,
    sentence: &Sentence,
    i: usize,
    cases: &Cases,
    statistics: &WordStatistics,
) -> bool {
    let token = &words.tokens[i];
    if !token.is_word || !token.is_capital {
        return false;
    }
    if !sentence.is_heading && i > sentence.tokens.start {
        return true;
    }
    if token.is(NAME_START) && i + 1 < sentence.tokens.end {
        // "New York" is one wherever it stands, "New" says nothing by itself.
        let is_begun = begun_key(words, i).is_some_and(|key| cases.begun.contains(&key));
        return is_begun || is_known(words, i..i + 2, statistics);
    }
    // Here every word has a capital: what the rest of the article does decides, then what is usual.
    match cases.counts.get(&token.lower) {
        Some((capital, small)) if capital > small => true,
        Some((_, small)) if *small > 0 => false,
        _ => !token.is(STOP) && statistics.usage(token.lower).capital > USUAL_CAPITAL_SHARE,
    }
}

/// Appends the runs of names of a sentence, with the connectors between them and without the titles
/// before them. `names` is (n_tokens) of the article.
pub(super) fn runs(
    words: &Words,
    sentence: &Sentence,
    names: &[bool],
    statistics: &WordStatistics,
    runs: &mut Vec<Range<usize>>,
) {
    let tokens = &words.tokens;
    let mut i = sentence.tokens.start;
    while i < sentence.tokens.end {
        if !names[i] {
            i += 1;
            continue;
        }
        let end = end_of_run(words, sentence, names, statistics, i);
        let mut start = i;
        while start + 1 < end && tokens[start].is(STOP) && !tokens[start].is(NAME_START) {
            start += 1;
        }
        start = without_titles(tokens, start, end);
        let is_short = tokens[start].end - tokens[start].start < 2;
        let is_no_name = is_short || tokens[start].is(STOP | TITLE | CONNECTOR);
        if !(is_no_name && end - start == 1) && end - start <= MAX_NAME_WORDS {
            runs.push(start..end);
        }
        i = end;
    }
}

fn end_of_run(
    words: &Words,
    sentence: &Sentence,
    names: &[bool],
    statistics: &WordStatistics,
    start: usize,
) -> usize {
    let (tokens, limit) = (&words.tokens, sentence.tokens.end);
    let is_name = |i: usize| i < limit && names[i];
    let mut end = start + 1;
    while end < limit {
        let follows_name = is_name(end - 1);
        end += if is_name(end) || (tokens[end].is_number && follows_name) {
            1
        } else if !follows_name {
            break;
        } else if tokens[end].is(CONNECTOR) && is_name(end + 1) {
            2
        } else if tokens[end].is(CONNECTOR)
            && is_name(end + 2)
            && (tokens[end + 1].lower == hash_of("the") || tokens[end + 1].is(CONNECTOR))
        {
            // "Bank of the West", "Ursula von der Leyen"
            3
        } else if tokens[end].lower == hash_of("and")
            && is_name(end + 1)
            && end + 2 - start <= MAX_NAME_WORDS
            && (are_one_name(tokens[end - 1].lower, tokens[end + 1].lower)
                || is_known(words, start..end + 2, statistics))
        {
            // "Trinidad and Tobago", but not "Moscow and Kyiv".
            2
        } else {
            break;
        };
    }
    end.min(limit)
}

fn is_known(words: &Words, run: Range<usize>, statistics: &WordStatistics) -> bool {
    let key = phrase_key(words.stems_of(run));
    statistics.is_tag(key) || statistics.is_known_tag(key)
}

/// Where the name of a run begins. "House of Commons" and "Prince of Wales" are names, no offices before one.
fn without_titles(tokens: &[Token], start: usize, end: usize) -> usize {
    let is_followed_by = |i: usize, class: u16| i + 1 < end && tokens[i + 1].is(class);
    // "Russian Foreign Minister Sergey Lavrov": what stands before the last title goes with it.
    let last_title = (start..end.saturating_sub(1))
        .rev()
        .find(|&i| tokens[i].is(TITLE) && !is_followed_by(i, CONNECTOR));
    let mut from = last_title.map_or(start, |i| i + 1);
    while end - from > 2 {
        let is_role = tokens[from].is(ROLE) && !is_followed_by(from, CONNECTOR);
        let is_first_of_office = tokens[from].is(NAME_START) && is_followed_by(from, ROLE);
        let is_of_office = tokens[from].is(TITLE) && is_followed_by(from + 1, ROLE);
        from += match () {
            // "Secretary of State Jane Roe"
            () if is_of_office && end - from > 4 => 3,
            // "First Lady Jane Roe"
            () if is_role || is_first_of_office => 1,
            () => break,
        };
    }
    from
}

#[cfg(test)]
mod tests {
    use super::super::reader::WordReader;
    use super::super::statistics::Keys;
    use super::super::words::tag_key;
    use super::*;

    fn names_of(body: &str, known: &[&str]) -> Vec<String> {
        let mut reader = WordReader::default();
        let words = reader.read("", body);
        let mut cases = Cases::default();
        cases.count(words);
        let statistics = WordStatistics {
            tags: Keys::of(known.iter().map(|tag| tag_key(tag))),
            ..WordStatistics::default()
        };
        let (mut names, mut found) = (vec![false; words.tokens.len()], Vec::new());
        for sentence in &words.sentences {
            for i in sentence.tokens.clone() {
                names[i] = is_name(words, sentence, i, &cases, &statistics);
            }
            runs(words, sentence, &names, &statistics, &mut found);
        }
        let text = |run: Range<usize>| {
            let (from, to) = (words.tokens[run.start], words.tokens[run.end - 1]);
            body[from.start as usize..to.end as usize].to_owned()
        };
        found.into_iter().map(text).collect()
    }

    #[test]
    fn titles_and_adjectives_before_them_are_no_part_of_a_name() {
        let body =
            "We met Russian Foreign Minister Sergey Lavrov and Sen. Lindsey Graham (R-S.C.) there.";
        let found = names_of(body, &[]);
        assert_eq!(found[..2], ["Sergey Lavrov", "Lindsey Graham"]);
        let body = "Then First Lady Odile Marchand met Secretary of State Peter Hallam there.";
        assert_eq!(names_of(body, &[]), ["Odile Marchand", "Peter Hallam"]);
    }

    #[test]
    fn offices_that_are_names_stay_whole() {
        let body = "In the House of Commons the Prince of Wales met the Leader of the Opposition.";
        let names = [
            "House of Commons",
            "Prince of Wales",
            "Leader of the Opposition",
        ];
        assert_eq!(names_of(body, &[]), names);
    }

    #[test]
    fn names_may_begin_with_small_words() {
        let body =
            "They flew from New York to New Zealand, watched the Six Nations and saw Will Smith.";
        let names = ["New York", "New Zealand", "Six Nations", "Will Smith"];
        assert_eq!(names_of(body, &[]), names);
        // A capital that every word would have there says nothing.
        assert_eq!(names_of("New Berlin trams are late.", &[]), ["Berlin"]);
        let known = names_of("New York trams are late.", &["New York"]);
        assert_eq!(known, ["New York"]);
        let begun = "New York trams are late. The rest of New York is not.";
        assert_eq!(names_of(begun, &[]), ["New York", "New York"]);
    }

    #[test]
    fn connectors_stand_within_names() {
        let body = "They saw Ursula von der Leyen, the Bank of England, the Bank of the West, Johnson & Johnson.";
        assert_eq!(
            names_of(body, &[]),
            [
                "Ursula von der Leyen",
                "Bank of England",
                "Bank of the West",
                "Johnson & Johnson"
            ]
        );
    }

    #[test]
    fn and_joins_only_what_is_known_as_one() {
        let body = "He left Trinidad and Tobago, then Moscow and Kyiv.";
        assert_eq!(
            names_of(body, &["Trinidad and Tobago"]),
            ["Trinidad and Tobago", "Moscow", "Kyiv"]
        );
        assert_eq!(
            names_of("He left Saint Ann and Sand Bay.", &[])[0],
            "Saint Ann"
        );
        let body =
            "The Securities and Exchange Commission wrote to the Rock and Roll Hall of Fame.";
        let names = [
            "Securities and Exchange Commission",
            "Rock and Roll Hall of Fame",
        ];
        assert_eq!(names_of(body, &[]), names);
    }
}
