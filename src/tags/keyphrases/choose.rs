//! Which candidates are offered: the best ones, each thing once.

use super::aliases;
use super::candidate::Candidate;
use super::candidates::Candidates;
use super::capitals::stands_for_country;
use super::sources::is_agency;
use super::words::Words;

/// At most so many phrases of one article are offered.
pub const MAX_KEYPHRASES: usize = 50;
/// A phrase within another is a tag of its own if it stands alone at least so many times.
const MIN_ALONE: u32 = 3;

/// A candidate that is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its place among the candidates.
    pub candidate: usize,
    /// The ranker's.
    pub score: f32,
    /// The places of the surnames that are counted with it.
    pub surnames: Vec<usize>,
}

/// The best candidates, at most `max_phrases` of them, best first. `scores` is (n_candidates).
pub fn choose(
    words: &Words,
    found: &Candidates,
    scores: &[f32],
    max_phrases: usize,
    is_wanted: impl Fn(f32) -> bool,
) -> Vec<Choice> {
    let mut order: Vec<usize> = (0..found.list.len())
        .filter(|&i| is_wanted(scores[i]) && may_be_tag(&found.list[i]))
        .collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    let mut chosen: Vec<Choice> = Vec::new();
    for candidate in order {
        if chosen.len() >= max_phrases {
            break;
        }
        let repeats = |choice: &Choice| is_same_thing(words, found, choice.candidate, candidate);
        let is_capital = || stands_for_country(&found.list[candidate], &found.list);
        if chosen.iter().any(repeats) || is_capital() {
            continue;
        }
        chosen.push(Choice {
            candidate,
            score: scores[candidate],
            surnames: Vec::new(),
        });
    }
    for (i, candidate) in found.list.iter().enumerate() {
        let full = chosen
            .iter_mut()
            .find(|choice| candidate.full_name == Some(choice.candidate));
        if let Some(full) = full {
            full.surnames.push(i);
        }
    }
    chosen
}

/// Whether a candidate could be offered at all, whatever its score.
pub fn may_be_tag(candidate: &Candidate) -> bool {
    // Capitals of a heading make no phrase of it, and a piece of longer names is none, nor what only describes.
    candidate.full_name.is_none()
        && candidate.n_headings < candidate.count
        && !candidate.is_piece()
        && !candidate.is_modifier
        && (candidate.n_title > 0 || !is_agency(candidate.key))
}

/// Whether one of two phrases holds the other, unless the shorter one stands alone often enough to be
/// a tag of its own. Surnames do not: "Trump" beside "Donald Trump".
fn is_same_thing(words: &Words, found: &Candidates, a: usize, b: usize) -> bool {
    let (a, b) = (&found.list[a], &found.list[b]);
    let stems = |c| stems_of(words, c);
    let (inner, outer) = match stems(a).len() <= stems(b).len() {
        true => (a, b),
        false => (b, a),
    };
    if !holds(stems(outer), stems(inner)) {
        return false;
    }
    let is_name_end = inner.is_name() && outer.is_name() && stems(outer).ends_with(stems(inner));
    is_name_end || inner.count < outer.count + MIN_ALONE
}

/// The stems of a candidate under the name that its tag has.
fn stems_of<'a>(words: &'a Words, candidate: &Candidate) -> &'a [u64] {
    match candidate.alias(words) {
        Some(alias) => aliases::stems(alias),
        None => words.stems_of(candidate.shown.clone()),
    }
}

/// Whether `outer` has `inner` as a run.
pub(super) fn holds(outer: &[u64], inner: &[u64]) -> bool {
    !inner.is_empty() && outer.windows(inner.len()).any(|window| window == inner)
}

#[cfg(test)]
mod tests {
    use super::super::candidates::tests::found;
    use super::super::reader::WordReader;
    use super::super::statistics::{Keys, WordStatistics};
    use super::super::words::{hash_of, tag_key};
    use super::*;

    /// Of two phrases, the likelier first, those that are offered.
    fn offered<'a>(body: &str, phrases: [&'a str; 2]) -> Vec<&'a str> {
        let (words, found) = found("", body);
        let keys = phrases.map(tag_key);
        let score = |candidate: &Candidate| match keys.map(|key| key == candidate.key) {
            [true, _] => 2.0,
            [_, true] => 1.0,
            _ => 0.0,
        };
        let scores: Vec<f32> = found.list.iter().map(score).collect();
        let chosen = choose(&words, &found, &scores, MAX_KEYPHRASES, |score| score > 0.0);
        let place = |choice: &Choice| {
            let key = found.list[choice.candidate].key;
            keys.iter().position(|other| *other == key)
        };
        chosen
            .iter()
            .filter_map(place)
            .map(|i| phrases[i])
            .collect()
    }

    #[test]
    fn a_phrase_within_another_is_a_tag_if_it_stands_alone_three_times() {
        let body = "A cyber attack hit the shops, and the cyber attack cost them. The attack began at dawn. Nobody saw \
                    the attack.";
        let pair = ["cyber attack", "attack"];
        assert_eq!(offered(body, pair), ["cyber attack"]);
        let body = format!("{body} After the attack they closed.");
        assert_eq!(offered(&body, pair), pair);
    }

    #[test]
    fn no_more_are_chosen_than_are_asked_for() {
        let (words, found) = found("", "The harbour, the bridge and the tariff are old.");
        let scores: Vec<f32> = (0..found.list.len()).map(|i| i as f32).collect();
        let all = choose(&words, &found, &scores, MAX_KEYPHRASES, |_| true);
        assert!(all.len() > 2);
        for n in [0, 1, 2] {
            assert_eq!(choose(&words, &found, &scores, n, |_| true), all[..n]);
        }
    }

    #[test]
    fn words_that_only_describe_are_none() {
        let end_share = |share| [0, 0, share, 0];
        let mut usage = [("disputed", end_share(9)), ("tariff", end_share(80))]
            .map(|(word, usage)| (hash_of(word) as u32, usage));
        usage.sort_unstable();
        let statistics = WordStatistics {
            words: Keys::new(usage.iter().map(|(word, _)| *word).collect()),
            usage: usage.iter().flat_map(|(_, usage)| *usage).collect(),
            ..WordStatistics::default()
        };
        let may_be = |body: &str, phrase: &str| {
            let words = WordReader::default().read("", body).clone();
            let mut found = Candidates::default();
            found.find(&words, &statistics);
            let mut list = found.list.iter();
            list.find(|c| c.key == tag_key(phrase)).map(may_be_tag)
        };
        let body = "They met at the disputed bridge over a tariff.";
        assert_eq!(may_be(body, "disputed"), Some(false));
        assert_eq!(may_be(body, "tariff"), Some(true));
        let band = "They met Disputed at the bridge, and heard Disputed play.";
        assert_eq!(may_be(band, "disputed"), Some(true));
    }

    #[test]
    fn a_name_within_another_is_none_however_often_it_stands_alone() {
        let body = "They heard Donald Trump. Some like Trump, some fear Trump, and all know Trump.";
        assert_eq!(offered(body, ["Donald Trump", "Trump"]), ["Donald Trump"]);
    }
}
