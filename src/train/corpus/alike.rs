//! Topics and tags that one editor would take for the same.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use super::LabelledArticle;

/// At most so many names are spelt out.
const SHOWN_NAMES: usize = 12;

/// What a test corpus writes otherwise than `whose` names are: those of a kind that are `known` but for case,
/// blanks or the form of their letters, with how often they are `given`.
pub fn written_otherwise(
    kind: &str,
    whose: &str,
    known: &[&str],
    given: &[&str],
) -> Option<String> {
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let by_wording: BTreeMap<String, &str> =
        known.iter().map(|name| (wording(name), *name)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in given.iter().filter(|name| !known.contains(**name)) {
        *counts.entry(name).or_default() += 1;
    }
    let pairs: Vec<String> = counts
        .into_iter()
        .filter_map(|(name, count)| {
            let known = by_wording.get(&wording(name))?;
            Some(format!("{name:?} ({count}) is {known:?}"))
        })
        .collect();
    let shown = pairs.iter().take(SHOWN_NAMES);
    let shown: Vec<&str> = shown.map(String::as_str).collect();
    let more = match pairs.len() - shown.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    (!pairs.is_empty()).then(|| {
        format!(
            "{kind} are compared as they are written, and some differ from those of {whose} in case or blanks alone: {}{more}; write them alike",
            shown.join(", ")
        )
    })
}

/// Topics that differ in case, blanks or the form of their letters alone, with their numbers of articles.
pub(super) fn alike_topics(articles: &[LabelledArticle]) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for article in articles.iter().filter(|article| !article.label.is_empty()) {
        *counts.entry(&article.label).or_default() += 1;
    }
    let mut alike: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (topic, count) in counts {
        let written = alike.entry(wording(topic)).or_default();
        written.push(format!("{topic:?} ({count})"));
    }
    let groups: Vec<String> = alike
        .into_values()
        .filter(|written| written.len() > 1)
        .map(|written| written.join(" and "))
        .collect();
    (!groups.is_empty()).then(|| {
        format!(
            "topics that differ in case or blanks alone are different topics: {}; write them alike to join them",
            groups.join(", ")
        )
    })
}

fn wording(topic: &str) -> String {
    let words: Vec<&str> = topic.split_whitespace().collect();
    words.join(" ").nfkc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_known_in_another_writing_are_told_with_it() {
        let said =
            |known: &[&str], given: &[&str]| written_otherwise("topics", "the model", known, given);
        let known = ["Politics", "Sport", "sport", "World News"];
        let given = [
            "politics",
            "sport",
            "politics",
            "Weather",
            "WORLD  news",
            "",
        ];
        let said_of = said(&known, &given).unwrap();
        let pairs =
            r#"alone: "WORLD  news" (1) is "World News", "politics" (2) is "Politics"; write"#;
        assert!(said_of.contains(pairs), "{said_of}");
        assert_eq!(said(&known, &["Sport", "Weather", ""]), None);
        let (known, given): (Vec<String>, Vec<String>) =
            (0..20).map(|n| (format!("T{n}"), format!("t{n}"))).unzip();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        assert!(said(&known, &given).unwrap().contains(" and 8 more;"));
    }

    #[test]
    fn topics_that_are_written_in_two_ways_are_named_with_their_counts() {
        let articles = |topics: &[&str]| -> Vec<LabelledArticle> {
            let article = |topic: &&str| LabelledArticle {
                label: (*topic).to_owned(),
                ..LabelledArticle::default()
            };
            topics.iter().map(article).collect()
        };
        let said = alike_topics(&articles(&[
            "Sport",
            "sport",
            "Sport",
            "World  News",
            "World News",
            "",
        ]));
        let said = said.unwrap();
        assert!(
            said.contains(r#""Sport" (2) and "sport" (1), "World  News" (1) and "World News" (1)"#),
            "{said}"
        );
        assert_eq!(
            alike_topics(&articles(&["Sport", "Sports", "sports car"])),
            None
        );
    }
}
