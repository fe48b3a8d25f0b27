//! What the ranker looks at: numbers that describe one candidate.

use super::candidates::{Candidate, Candidates};
use super::statistics::WordStatistics;
use super::words::Words;

/// How many numbers.
pub const N_FEATURES: usize = 50;

/// Describes a candidate; (n_features).
pub fn features(
    candidate: &Candidate,
    all: &Candidates,
    words: &Words,
    statistics: &WordStatistics,
) -> [f32; N_FEATURES] {
    let tokens = &words.tokens[candidate.shown.clone()];
    let stems = words.stems_of(candidate.shown.clone());
    let n = candidate.shown.len();
    let count = candidate.occurrences.len() as f32;
    let with_surname = count + candidate.n_surname as f32;
    let n_sentences = words.sentences.len().max(1) as f32;
    let n_tokens = words.tokens.len().max(1) as f32;
    let idfs = || {
        stems
            .iter()
            .map(|&stem| statistics.idf(super::words::phrase_key(&[stem])))
    };
    let mean_idf = idfs().sum::<f32>() / stems.len().max(1) as f32;
    let min_idf = idfs().fold(f32::INFINITY, f32::min);
    let max_idf = idfs().fold(0.0, f32::max);
    let first = candidate.occurrences.first().map_or(0, |o| o.start) as f32 / n_tokens;
    let last = candidate.occurrences.last().map_or(0, |o| o.start) as f32 / n_tokens;
    let fs = candidate.first_sentence as f32;
    let names = candidate.n_names as f32 / count;
    let cut = candidate.n_cut as f32 / count;
    let nested = candidate.nested.0 as f32 / count;
    let use_of =
        |token: Option<&super::words::Token>| statistics.usage(token.map_or(0, |t| t.lower));
    let (head, start) = (use_of(tokens.last()), use_of(tokens.first()));
    let company = || {
        stems
            .iter()
            .map(|stem| all.company.get(stem).copied().unwrap_or(0) as f32)
    };
    let is = |holds: bool| if holds { 1.0 } else { 0.0 };
    let (single, name) = (is(n == 1), is(names > 0.5));
    let in_title = is(candidate.n_title > 0);
    let lcount = count.ln_1p();
    [
        lcount,
        with_surname.ln_1p(),
        mean_idf,
        min_idf,
        max_idf,
        statistics.idf(candidate.key),
        with_surname.ln_1p() * mean_idf,
        with_surname.ln_1p() * min_idf,
        first,
        fs.ln_1p(),
        (-fs / 3.0).exp(),
        last,
        last - first,
        candidate.n_sentences as f32 / n_sentences,
        (candidate.n_sentences as f32).ln_1p(),
        in_title,
        is(candidate.is_early),
        single,
        is(n == 2),
        is(n == 3),
        is(n >= 4),
        names,
        name * with_surname.ln_1p(),
        candidate.n_runs as f32 / count,
        cut,
        cut * single,
        is(candidate.full_name.is_some()),
        nested,
        is(nested >= 0.99),
        (candidate.nested.1 as f32).ln_1p(),
        candidate.n_noun_places as f32 / count,
        head.after_determiner,
        head.before_verb,
        head.before_end,
        head.capital,
        start.after_determiner,
        start.before_verb,
        start.before_end,
        start.capital,
        company().sum::<f32>() / stems.len().max(1) as f32 / 10.0,
        company().fold(0.0, f32::max).ln_1p(),
        in_title * (1.0 - single),
        single * lcount,
        (1.0 - single) * lcount,
        single * (1.0 - name),
        is(n == 2) * (1.0 - name),
        (1.0 - single) * name,
        in_title * name,
        n_sentences.ln_1p(),
        is(count < 2.0) * is(candidate.first_sentence > 5),
    ]
}
