//! Surnames count with the full names of the same article, and those that everybody knows have theirs without it.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::candidates::Candidates;
use super::lexicon::{CONNECTOR, ROLE};
use super::statistics::WordStatistics;
use super::words::{Words, tag_key, tag_stems};
use crate::text::Field;

/// A full name that comes late is a surname's if it stands there alone at most so many times as often.
const MAX_TIMES_SHORT: u32 = 3;

/// Surnames of East Asia, which stand before the given name and are hardly ever another word.
const SURNAMES_FIRST: [&str; 18] = [
    "Chen", "Deng", "Guo", "Huang", "Kim", "Li", "Liu", "Mao", "Nguyen", "Tsai", "Wang", "Wu",
    "Xi", "Xu", "Zhang", "Zhao", "Zheng", "Zhou",
];

/// Surnames that articles give alone, as everybody knows whose they are. Sorted.
const KNOWN_PERSONS: [(&str, &str); 23] = [
    ("Assad", "Bashar al-Assad"),
    ("Biden", "Joe Biden"),
    ("Bolsonaro", "Jair Bolsonaro"),
    ("Einstein", "Albert Einstein"),
    ("Erdogan", "Recep Tayyip Erdogan"),
    ("Erdoğan", "Recep Tayyip Erdogan"),
    ("Gorbachev", "Mikhail Gorbachev"),
    ("Hitler", "Adolf Hitler"),
    ("Macron", "Emmanuel Macron"),
    ("Merkel", "Angela Merkel"),
    ("Modi", "Narendra Modi"),
    ("Netanyahu", "Benjamin Netanyahu"),
    ("Obama", "Barack Obama"),
    ("Putin", "Vladimir Putin"),
    ("Stalin", "Joseph Stalin"),
    ("Starmer", "Keir Starmer"),
    ("Thatcher", "Margaret Thatcher"),
    ("Trudeau", "Justin Trudeau"),
    ("Trump", "Donald Trump"),
    ("Yeltsin", "Boris Yeltsin"),
    ("Zelensky", "Volodymyr Zelensky"),
    ("Zelenskyy", "Volodymyr Zelensky"),
    ("Zuckerberg", "Mark Zuckerberg"),
];

/// Joins each surname to the most frequent full name that has it.
pub(super) fn join_surnames(found: &mut Candidates, words: &Words, statistics: &WordStatistics) {
    let mut by_surname: HashMap<u64, usize, RandomState> = HashMap::default();
    for (i, candidate) in found.list.iter().enumerate() {
        let tokens = &words.tokens[candidate.shown.clone()];
        let is_person = candidate.n_runs > 0
            && (2..=3).contains(&tokens.len())
            && !tokens
                .iter()
                .any(|t| t.is(ROLE | CONNECTOR) || t.alias.is_some());
        if !is_person {
            continue;
        }
        let stems = words.stems_of(candidate.shown.clone());
        let first = stems.first().filter(|first| stands_first(**first));
        for surname in first.into_iter().chain(stems.last()) {
            let best = by_surname.entry(*surname).or_insert(i);
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
        let full = stems.last().and_then(|last| by_surname.get(last)).copied();
        if let Some(full) =
            full.filter(|&full| full != i && may_be_short_for(found, (i, full), words, statistics))
        {
            found.list[i].full_name = Some(full);
            let surname = found.list[i].clone();
            found.list[full].count_surname(&surname);
            found.max_count = found.max_count.max(found.list[full].count);
        } else if let Some(name) = known_person(found.list[i].key) {
            found.list[i].known_as = Some(name);
            found.list[i].key = tag_key(name);
        }
    }
}

/// Whether a surname is one that stands before the given name, by its stem.
fn stands_first(surname: u64) -> bool {
    static STEMS: LazyLock<Vec<u64>> = LazyLock::new(|| {
        SURNAMES_FIRST
            .iter()
            .flat_map(|name| tag_stems(name))
            .collect()
    });
    STEMS.contains(&surname)
}

/// The full name of the person whom everybody knows by the surname, by its key.
pub(in crate::tags) fn known_person(surname: u64) -> Option<&'static str> {
    static NAMES: LazyLock<HashMap<u64, &str, RandomState>> = LazyLock::new(|| {
        let names = KNOWN_PERSONS
            .iter()
            .map(|(surname, name)| (tag_key(surname), *name));
        names.collect()
    });
    NAMES.get(&surname).copied()
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
    use super::KNOWN_PERSONS;

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
    fn surnames_that_stand_first_are_joined_too() {
        let body =
            "On Monday Xi Jinping spoke. Then they asked Xi again, and an ally of Xi answered.";
        let full = counts(body, "Xi Jinping").expect("the full name");
        assert_eq!((full.count, full.n_surname), (3, 2));
        // Elsewhere the first word is no surname: the company is not its watch.
        let body = "On Monday the Apple Watch came out. Then they asked Apple again, and an ally of Apple answered.";
        let company = counts(body, "Apple").expect("the company");
        assert_eq!(company.full_name, None);
    }

    #[test]
    fn whom_everybody_knows_has_the_full_name_unless_the_article_gives_another() {
        let body = "They heard Mr. Trump speak. Then Trump left.";
        let person = counts(body, "Donald Trump").expect("the person");
        assert_eq!((person.count, person.known_as), (2, Some("Donald Trump")));
        assert!(counts(body, "Trump").is_none());
        let body = "They heard Melania Trump speak. Then Trump left.";
        assert!(counts(body, "Trump").is_some_and(|name| name.full_name.is_some()));
        assert!(counts(body, "Donald Trump").is_none());
    }

    #[test]
    fn known_persons_are_in_order_and_end_in_their_surnames() {
        assert!(KNOWN_PERSONS.is_sorted_by(|a, b| a.0 < b.0));
        for (surname, name) in KNOWN_PERSONS {
            let last = name.rsplit([' ', '-']).next().expect("a name");
            assert!(last[..4] == surname[..4], "{surname} {name}");
        }
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
