//! Topics that one editor would take for the same.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::LabelledArticle;

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
