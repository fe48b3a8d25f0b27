//! What the ranker looks at: numbers that describe one candidate.

use std::sync::LazyLock;

use super::candidate::Candidate;
use super::candidates::Candidates;
use super::statistics::{Known, WordStatistics};
use super::words::{Words, phrase_key};

/// How many numbers.
pub const N_FEATURES: usize = 41;

/// Articles with editors' tags have more sentences. What is shorter counts as so long: nothing was learnt of
/// it, and the few phrases of one sentence are not surer for being alone.
const MIN_SENTENCES: usize = 8;

/// Greatest log-odds of a name of one word; see [`trusted_odds`].
const MAX_NAME_ODDS: f32 = 1.0;

/// An article's words and candidates and what is known of them.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The words.
    pub words: &'a Words,
    /// All candidates.
    pub found: &'a Candidates,
    /// What is known of words and phrases.
    pub statistics: &'a WordStatistics,
}

/// ln(1 + n), from a table for the small numbers that nearly all counts are.
fn ln_1p(n: usize) -> f32 {
    static TABLE: LazyLock<[f32; 256]> =
        LazyLock::new(|| std::array::from_fn(|n| (n as f32).ln_1p()));
    TABLE.get(n).copied().unwrap_or_else(|| (n as f32).ln_1p())
}

/// Of a phrase of `n_words`, the mean log-odds of its stems. They are counted in headings of events, in which countries
/// stand far oftener, and persons and bodies far more seldom, than among editors' tags: of names of several
/// words they say nothing, and of others not all.
fn trusted_odds(is_name: bool, n_words: usize, mean_odds: f32) -> f32 {
    match (is_name, n_words) {
        (false, _) => mean_odds,
        (true, 1) => mean_odds.min(MAX_NAME_ODDS),
        (true, _) => 0.0,
    }
}

/// Describes a candidate; (n_features).
pub fn features(candidate: &Candidate, context: Context<'_>) -> [f32; N_FEATURES] {
    let Context {
        words,
        found,
        statistics,
    } = context;
    let shown = candidate.shown.clone();
    let tokens = &words.tokens[shown.clone()];
    let n = tokens.len();
    let head = statistics.usage(tokens[n - 1].lower);
    let stems = words.stems_of(shown);
    let (mut sum_idf, mut min_idf, mut max_idf) = (0.0, f32::INFINITY, 0.0f32);
    let mut sum_odds = 0.0;
    for stem in stems {
        let Known { idf, tag_odds } = statistics.known(phrase_key(&[*stem]));
        sum_odds += tag_odds;
        sum_idf += idf;
        min_idf = min_idf.min(idf);
        max_idf = max_idf.max(idf);
    }
    let n_stems = stems.len().max(1) as f32;
    let mean_idf = sum_idf / n_stems;
    // Of a single word that is no alias both are one.
    let own_idf = match stems.len() == 1 && candidate.n_alias == 0 {
        true => max_idf,
        false => statistics.known(candidate.key).idf,
    };
    let count = candidate.count as f32;
    let log_count = ln_1p(candidate.count as usize);
    let of_max = count / found.max_count.max(1) as f32;
    let n_sentences = words.sentences.len().max(MIN_SENTENCES);
    let n_tokens = words.tokens.len().max(1) as f32;
    let first = candidate.first as f32 / n_tokens;
    let last = candidate.last as f32 / n_tokens;
    let names = candidate.n_names as f32 / count;
    let cut = candidate.n_cut as f32 / count;
    let nested = candidate.nested.0 as f32 / count;
    let is = |holds: bool| if holds { 1.0 } else { 0.0 };
    let is_known = is(statistics.is_known_tag(candidate.key));
    let is_once = candidate.count == 1;
    let first_sentence = candidate.first_sentence as f32;
    [
        log_count,
        of_max,
        mean_idf,
        min_idf,
        max_idf,
        own_idf,
        log_count * mean_idf,
        log_count * min_idf,
        first,
        ln_1p(candidate.first_sentence),
        (-first_sentence / 3.0).exp(),
        last,
        last - first,
        candidate.n_sentences as f32 / n_sentences as f32,
        ln_1p(candidate.n_sentences as usize),
        is(candidate.n_title > 0),
        is(candidate.is_early),
        is(n == 1),
        is(n == 2),
        is(n == 3),
        is(n >= 4),
        names,
        is(names > 0.5) * log_count,
        candidate.n_runs as f32 / count,
        cut,
        cut * is(n == 1),
        nested,
        is(nested >= 0.99),
        ln_1p(candidate.nested.1 as usize),
        candidate.n_noun_places as f32 / count,
        head.after_determiner,
        head.before_verb,
        head.before_end,
        head.capital,
        ln_1p(n_sentences),
        is(is_once),
        is(is_once && candidate.first_sentence > 5),
        is(statistics.is_tag(candidate.key)) * of_max,
        is_known,
        is_known * log_count,
        trusted_odds(names > 0.5, n, sum_odds / n_stems),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_of_names_are_trusted_less() {
        for (is_name, n_words, mean_odds, expected) in [
            (false, 1, 2.5, 2.5),
            (false, 2, -3.0, -3.0),
            (true, 1, 2.5, 1.0),
            (true, 1, -3.0, -3.0),
            (true, 2, 2.5, 0.0),
            (true, 3, -3.0, 0.0),
        ] {
            assert_eq!(trusted_odds(is_name, n_words, mean_odds), expected);
        }
    }
}
