//! Surnames count with the full names of the same article.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::candidates::Candidates;
use super::lexicon::{CONNECTOR, ROLE};
use super::statistics::WordStatistics;
use super::words::Words;
use crate::text::Field;

/// A full name that comes late is a surname's if it stands there alone at most so many times as often.
const MAX_TIMES_SHORT: u32 = 3;

/// Joins each surname to the most frequent full name that ends in it.
pub(super) fn join_surnames(found: &mut Candidates, words: &Words, statistics: &WordStatistics) {
    let mut by_last: HashMap<u64, usize, RandomState> = HashMap::default();
    for (i, candidate) in found.list.iter().enumerate() {
        let tokens = &words.tokens[candidate.shown.clone()];
        let is_person = candidate.n_runs > 0
            && (2..=3).contains(&tokens.len())
            && !tokens
                .iter()
                .any(|t| t.is(ROLE | CONNECTOR) || t.alias.is_some());
        if let (true, Some(last)) = (is_person, words.stems_of(candidate.shown.clone()).last()) {
            let best = by_last.entry(*last).or_insert(i);
            if found.list[*best].n_runs < candidate.n_runs {
                *best = i;
            }
        }
    }
    for i in 0..found.list.len() {
        if found.list[i].shown.len() > 1 || found.list[i].n_runs == 0 {
            continue;
        }
        let stems = words.stems_of(found.list[i].shown.clone());
        let full = stems.last().and_then(|last| by_last.get(last)).copied();
        if let Some(full) =
            full.filter(|&full| full != i && may_be_short_for(found, (i, full), words, statistics))
        {
            found.list[i].full_name = Some(full);
            let surname = found.list[i].clone();
            found.list[full].count_surname(&surname);
            found.max_count = found.max_count.max(found.list[full].count);
        }
    }
}

/// Whether a name of one word can be short for a full one: articles give the full name first, or often, unless
/// everybody knows it. "Jordan closes its border" is not about the Michael Jordan who is named far below.
fn may_be_short_for(
    found: &Candidates,
    (short, full): (usize, usize),
    words: &Words,
    statistics: &WordStatistics,
) -> bool {
    let [short, full] = [short, full].map(|i| &found.list[i]);
    if statistics.is_tag(full.key) || statistics.is_known_tag(full.key) {
        return true;
    }
    let in_body = |i: &usize| words.tokens[*i].field == Field::Body;
    let first = found
        .occurrences(short)
        .map(|tokens| tokens.start)
        .find(in_body);
    first.is_none_or(|first| full.first <= first) || MAX_TIMES_SHORT * full.n_runs >= short.n_runs
}

#[cfg(test)]
mod tests {
    use super::super::candidates::tests::{counts, found};

    #[test]
    fn surnames_are_joined_to_the_full_name() {
        let body = "On Monday Odile Marchand spoke. Then Odile Marchand left, and they saw Marchand again.";
        let full = counts(body, "Odile Marchand").expect("the full name");
        assert_eq!((full.count, full.n_surname), (3, 1));
        let surname = counts(body, "Marchand").expect("the surname");
        let (_, found) = found("", body);
        assert_eq!(
            surname.full_name.map(|full| found.list[full].key),
            Some(full.key)
        );
    }

    #[test]
    fn a_place_is_no_surname_of_somebody_named_far_below() {
        let body = "On Monday Jordan closed its border. Ministers in Jordan met, and Jordan said so. All of Jordan \
                    knew. They also heard from Michael Jordan.";
        let place = counts(body, "Jordan").expect("the place");
        assert_eq!(place.full_name, None);
        let body = "On Monday Michael Jordan closed his shop. Friends of Jordan met, and Jordan said so. All of Jordan's \
                    friends knew Jordan.";
        assert!(counts(body, "Jordan").is_some_and(|name| name.full_name.is_some()));
    }
}
