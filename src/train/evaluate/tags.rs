//! How well learnt tags are found.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;

use super::counts::{Counts, LabelMeasures, mean};
use crate::pipeline::Classification;
use crate::train::corpus::LabelledArticle;

/// The learnt tags, on articles that have tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TagMeasures {
    /// Articles with tags, whether these count or not: none is right of what is suggested for one without a tag
    /// that counts. 0 if no tag that counts occurs.
    pub n_articles: usize,
    /// Tags that count and occur in these articles.
    pub n_tags: usize,
    /// F1 over all pairs of article and tag.
    pub micro_f1: f64,
    /// Mean F1 of the tags that count and occur.
    pub macro_f1: f64,
    /// Share of suggested tags that are right.
    pub precision: f64,
    /// Share of tags that are suggested.
    pub recall: f64,
    /// Distinct tags of the articles that do not count.
    pub n_unknown_tags: usize,
    /// The tags that count and occur, by name.
    pub each: Vec<LabelMeasures>,
}

/// The tags of an article that count: those it has, and those that were suggested.
struct Judged<'a> {
    right: BTreeSet<&'a str>,
    given: BTreeSet<&'a str>,
}

impl<'a> Judged<'a> {
    fn new(
        article: &'a LabelledArticle,
        answer: Option<&'a Classification>,
        known: &HashSet<String>,
    ) -> Self {
        let counts = |tag: &&str| known.contains(*tag);
        let own = article.tags.iter().map(String::as_str);
        let suggested = answer.map_or(&[][..], |answer| &answer.tags).iter();
        Self {
            right: own.filter(counts).collect(),
            given: suggested.map(|tag| &*tag.label).filter(counts).collect(),
        }
    }
}

/// The learnt tags against those of the articles that count, which are `known`.
pub(super) fn measure_tags(
    articles: &[LabelledArticle],
    answers: &[Option<Classification>],
    known: &HashSet<String>,
) -> TagMeasures {
    let pairs = articles.iter().zip(answers);
    let tagged = pairs.filter(|(article, _)| !article.tags.is_empty());
    let judged: Vec<Judged> = tagged
        .map(|(article, answer)| Judged::new(article, answer.as_ref(), known))
        .collect();
    let tags = articles.iter().flat_map(|article| &article.tags);
    let unknown: BTreeSet<&String> = tags.filter(|tag| !known.contains(*tag)).collect();
    let measured = match judged.iter().all(|article| article.right.is_empty()) {
        true => TagMeasures::default(),
        false => measures(&judged),
    };
    TagMeasures {
        n_unknown_tags: unknown.len(),
        ..measured
    }
}

fn measures(articles: &[Judged<'_>]) -> TagMeasures {
    let mut by_tag: BTreeMap<&str, Counts> = BTreeMap::new();
    for Judged { right, given } in articles {
        for tag in right.union(given) {
            let counts = by_tag.entry(tag).or_default();
            match (right.contains(tag), given.contains(tag)) {
                (true, true) => counts.hits += 1,
                (false, _) => counts.false_alarms += 1,
                (true, false) => counts.misses += 1,
            }
        }
    }
    let total = by_tag.values().fold(Counts::default(), |sum, tag| Counts {
        hits: sum.hits + tag.hits,
        false_alarms: sum.false_alarms + tag.false_alarms,
        misses: sum.misses + tag.misses,
    });
    let each: Vec<LabelMeasures> = by_tag
        .iter()
        .map(|(tag, counts)| counts.measures(tag))
        .filter(|tag| tag.support > 0)
        .collect();
    TagMeasures {
        n_articles: articles.len(),
        n_tags: each.len(),
        micro_f1: total.f1(),
        macro_f1: mean(each.iter().map(|tag| tag.f1)),
        precision: total.precision(),
        recall: total.recall(),
        each,
        ..TagMeasures::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::TagKind;
    use crate::tags::Tag;
    use std::sync::Arc;

    fn article(tags: &[&str]) -> LabelledArticle {
        LabelledArticle {
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..LabelledArticle::default()
        }
    }

    fn answered(tags: &[&str]) -> Option<Classification> {
        let tag = |label: &&str| Tag {
            label: Arc::from(*label),
            confidence: 0.9,
            kind: TagKind::Vocabulary,
            mentions: Vec::new(),
            code: None,
            broader: None,
            is_new: false,
        };
        Some(Classification {
            tags: tags.iter().map(tag).collect(),
            ..Classification::default()
        })
    }

    #[test]
    fn tags_match_scikit_learn() {
        // f1_score of the indicator matrices, micro 2/3, macro (1 + 0.5 + 0)/3 over x, y, z; the
        // untagged article and the tag "new", never seen in training, do not count.
        let articles = [
            article(&["x", "y"]),
            article(&["y", "z", "new"]),
            article(&["x"]),
            article(&[]),
        ];
        let answers = [
            answered(&["x", "y"]),
            answered(&[]),
            answered(&["x", "y"]),
            answered(&["z"]),
        ];
        let known = ["x", "y", "z"].map(str::to_owned).into();
        let found = measure_tags(&articles, &answers, &known);
        assert_eq!(
            (found.n_articles, found.n_tags, found.n_unknown_tags),
            (3, 3, 1)
        );
        assert!((found.micro_f1 - 2.0 * 3.0 / (6.0 + 1.0 + 2.0)).abs() < 1e-9);
        assert!((found.macro_f1 - 0.5).abs() < 1e-9);
        let each: Vec<(&str, f64, usize)> = found
            .each
            .iter()
            .map(|tag| (tag.name.as_str(), tag.f1, tag.support))
            .collect();
        assert_eq!(each, [("x", 1.0, 2), ("y", 0.5, 2), ("z", 0.0, 1)]);
        assert!((found.precision - 0.75).abs() < 1e-9);
        assert!((found.recall - 0.6).abs() < 1e-9);
    }

    #[test]
    fn what_is_suggested_for_an_article_of_other_tags_is_a_false_alarm() {
        let articles = [article(&["x"]), article(&["new"]), article(&[])];
        let answers = [answered(&["x"]), answered(&["x"]), answered(&["x"])];
        let known = ["x"].map(str::to_owned).into();
        let found = measure_tags(&articles, &answers, &known);
        assert_eq!((found.n_articles, found.precision), (2, 0.5));
        // Where no tag that counts occurs, nothing was measured.
        let found = measure_tags(&articles[1..], &answers[1..], &known);
        assert_eq!((found.n_articles, found.n_unknown_tags), (0, 1));
    }

    #[test]
    fn what_does_not_count_is_no_false_alarm() {
        let known = ["x"].map(str::to_owned).into();
        let found = measure_tags(&[article(&["x", "y"])], &[answered(&["x", "y"])], &known);
        assert_eq!((found.micro_f1, found.n_unknown_tags), (1.0, 1));
    }
}
