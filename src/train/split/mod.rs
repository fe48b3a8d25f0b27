//! Which articles are learnt from and which are held out.
//!
//! - [`hold_out`], [`hold_out_newest`]: read these first.
//! - `groups`: which articles belong together.
//! - `folds`: whole groups, every label spread evenly.

mod folds;
mod groups;

pub(super) use folds::strata;
pub use folds::stratified_folds;
pub(super) use groups::count_groups;
pub use groups::groups;

use std::collections::{BTreeMap, HashSet};

use super::corpus::{Corpus, LabelledArticle};
use super::error::first_of;
use super::{OnStep, Step, TrainError};

/// A share is dealt in no more folds than this.
const MAX_FOLDS: usize = 100;

/// What is learnt from and what is measured on.
#[derive(Debug, Clone)]
pub struct Split {
    /// Learnt from.
    pub train: Vec<LabelledArticle>,
    /// Measured on.
    pub test: Vec<LabelledArticle>,
}

impl Split {
    /// All tags of the articles that are learnt from, however rare.
    pub fn archive_tags(&self) -> HashSet<String> {
        let tags = self.train.iter().flat_map(|article| &article.tags);
        tags.cloned().collect()
    }
}

/// Holds out a seeded, stratified share of a corpus, in (0, 1): whole groups, no near-duplicates
/// across, and of every topic something is left to learn from.
///
/// # Errors
/// [`TrainError::OneGroup`], [`TrainError::SingleArticles`] or [`TrainError::NothingHeldOut`] if there is no such group.
pub fn hold_out(
    corpus: Corpus,
    share: f64,
    seed: u64,
    on_step: &OnStep<'_>,
) -> Result<Split, TrainError> {
    on_step(Step::Grouping {
        n_articles: corpus.articles.len(),
    });
    let groups = groups(&corpus.articles);
    let strata = strata(&corpus.articles);
    let mut is_held_out = dealt_out(&strata, &groups, share, seed);
    keep_topics(&corpus.articles, &groups, &mut is_held_out);
    if !is_held_out.contains(&true) {
        return Err(nothing_held_out(&corpus.articles, &groups));
    }
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (article, is_held_out) in corpus.articles.into_iter().zip(is_held_out) {
        match is_held_out {
            true => test.push(article),
            false => train.push(article),
        }
    }
    Ok(Split { train, test })
}

/// Why no article of a corpus could be held out.
fn nothing_held_out(articles: &[LabelledArticle], groups: &[usize]) -> TrainError {
    let n_articles = articles.len();
    let n_groups = count_groups(groups);
    if n_groups < 2 {
        return TrainError::OneGroup { n_articles };
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let labels = articles.iter().map(|article| article.label.as_str());
    labels.for_each(|label| *counts.entry(label).or_default() += 1);
    let single = counts.iter().filter(|(_, count)| **count == 1);
    let single: Vec<&str> = single.map(|(topic, _)| *topic).collect();
    match 2 * single.len() > counts.len() {
        true => TrainError::SingleArticles {
            n_topics: counts.len(),
            n_single: single.len(),
            shown: first_of(single),
        },
        false => TrainError::NothingHeldOut {
            n_articles,
            n_groups,
        },
    }
}

/// Which articles are of the folds that are such a share of all: one group at least, and never all of them.
fn dealt_out(strata: &[usize], groups: &[usize], share: f64, seed: u64) -> Vec<bool> {
    let (mut n_held_out, mut n_folds) = fraction(share);
    let n_groups = count_groups(groups);
    // Folds are filled from the first one on: with fewer groups nothing would be in the last.
    if n_groups <= n_folds - n_held_out {
        let nearest = (share * n_groups as f64).round() as usize;
        n_held_out = nearest.max(1).min(n_groups.saturating_sub(1));
        n_folds = n_groups;
    }
    // The last folds are those that rare labels reach last.
    let folds = stratified_folds(strata, groups, n_folds, seed);
    folds
        .iter()
        .map(|fold| fold + n_held_out >= n_folds)
        .collect()
}

/// Leaves groups to learn from that have all the articles of a topic: the model would not know it.
fn keep_topics(articles: &[LabelledArticle], groups: &[usize], is_held_out: &mut [bool]) {
    let topics = |is_wanted: bool| {
        let dealt = articles.iter().zip(&*is_held_out);
        let wanted = dealt.filter(move |(_, is_held_out)| **is_held_out == is_wanted);
        wanted.map(|(article, _)| article.label.as_str())
    };
    let learnt: HashSet<&str> = topics(false).chain([""]).collect();
    let lost: HashSet<&str> = topics(true)
        .filter(|topic| !learnt.contains(topic))
        .collect();
    let of_lost = articles.iter().zip(groups);
    let of_lost = of_lost.filter(|(article, _)| lost.contains(article.label.as_str()));
    let kept: HashSet<usize> = of_lost.map(|(_, group)| *group).collect();
    for (is_held_out, group) in is_held_out.iter_mut().zip(groups) {
        *is_held_out &= !kept.contains(group);
    }
}

/// How many of how few folds are such a share of all, to a fiftieth of it: of more folds than articles of a topic,
/// the last would have none of it.
fn fraction(share: f64) -> (usize, usize) {
    let folds = 2..=MAX_FOLDS;
    let mut fractions = folds.map(|n_folds| {
        let n_held_out = (share * n_folds as f64).round() as usize;
        (n_held_out.clamp(1, n_folds - 1), n_folds)
    });
    let whole = (1.0 / share).round();
    let is_whole = (whole * share - 1.0).abs() < 1e-9;
    match is_whole {
        true => (1, whole as usize),
        false => fractions
            .find(|&(n_held_out, n_folds)| {
                let dealt = n_held_out as f64 / n_folds as f64;
                (dealt - share).abs() <= share / 50.0
            })
            .unwrap_or((1, whole.max(2.0) as usize)),
    }
}

/// Holds out the newest share of a corpus, in (0, 1): what comes is another matter than what was.
/// Older articles that nearly repeat a held-out one, or are of its group, are left out of both.
///
/// # Errors
/// [`TrainError::NoDate`] if an article has no date, [`TrainError::NothingOlder`] if none is left to learn from.
pub fn hold_out_newest(
    corpus: Corpus,
    share: f64,
    on_step: &OnStep<'_>,
) -> Result<Split, TrainError> {
    let mut train = corpus.articles;
    let mut undated = train.iter().filter(|a| a.date.is_empty());
    if let Some(first) = undated.next() {
        return Err(TrainError::NoDate {
            first: first.place.clone(),
            n_undated: 1 + undated.count(),
            n_articles: train.len(),
        });
    }
    on_step(Step::Grouping {
        n_articles: train.len(),
    });
    train.sort_by(|a, b| a.date.cmp(&b.date));
    let groups = groups(&train);
    let n_test = (share * train.len() as f64).round() as usize;
    let test = train.split_off(train.len().saturating_sub(n_test.max(1)));
    let (of_train, of_test) = groups.split_at(train.len());
    let held_out: HashSet<usize> = of_test.iter().copied().collect();
    let mut groups = of_train.iter();
    train.retain(|_| groups.next().is_none_or(|group| !held_out.contains(group)));
    if train.is_empty() {
        return Err(TrainError::NothingOlder {
            n_held_out: test.len(),
            n_left_out: of_train.len(),
        });
    }
    Ok(Split { train, test })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(date: &str, text: &str, group: &str) -> LabelledArticle {
        LabelledArticle {
            date: date.into(),
            text: text.into(),
            group: group.into(),
            ..LabelledArticle::default()
        }
    }

    fn split(articles: Vec<LabelledArticle>) -> Result<Split, TrainError> {
        let mut corpus = Corpus::default();
        corpus.articles = articles;
        hold_out_newest(corpus, 0.25, &|_| ())
    }

    #[test]
    fn the_share_that_is_asked_for_is_held_out() {
        assert_eq!(fraction(0.1), (1, 10));
        assert_eq!(fraction(0.05), (1, 20));
        assert_eq!(fraction(0.01), (1, 100));
        assert_eq!(fraction(0.4), (2, 5));
        for percent in 1..=50 {
            let share = f64::from(percent) / 100.0;
            let (n_held_out, n_folds) = fraction(share);
            let dealt = n_held_out as f64 / n_folds as f64;
            assert!((dealt - share).abs() <= share / 50.0, "{share}: {dealt}");
        }
        let split = held_out(unlike(200), 0.4).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (120, 80));
    }

    /// So many articles, no two of which have a word in common.
    fn unlike(n: usize) -> Vec<LabelledArticle> {
        let article = |n: usize| {
            let digits = format!("{n:03}").into_bytes().into_iter();
            let word: String = digits
                .map(|digit| char::from(digit + b'a' - b'0'))
                .collect();
            article("", &format!("{word} {word}s {word}ing"), "")
        };
        (0..n).map(article).collect()
    }

    /// The same of so many groups.
    fn grouped(n: usize, n_groups: usize) -> Vec<LabelledArticle> {
        let mut articles = unlike(n);
        for (i, article) in articles.iter_mut().enumerate() {
            article.group = format!("group {}", i % n_groups);
        }
        articles
    }

    fn held_out(articles: Vec<LabelledArticle>, share: f64) -> Result<Split, TrainError> {
        let mut corpus = Corpus::default();
        corpus.articles = articles;
        hold_out(corpus, share, 42, &|_| ())
    }

    #[test]
    fn something_is_held_out_of_two_groups_already() {
        for (n_groups, share) in [(2, 0.1), (3, 0.1), (9, 0.1), (2, 0.4), (40, 0.01), (2, 0.5)] {
            let split = held_out(grouped(120, n_groups), share).unwrap();
            let groups = |articles: &[LabelledArticle]| {
                let names: HashSet<String> = articles.iter().map(|a| a.group.clone()).collect();
                names.len()
            };
            let n_held_out = groups(&split.test);
            assert_eq!(groups(&split.train) + n_held_out, n_groups);
            assert!(
                (1..n_groups).contains(&n_held_out),
                "{n_groups}: {n_held_out}"
            );
        }
    }

    #[test]
    fn nothing_can_be_held_out_of_one_group() {
        let error = held_out(grouped(120, 1), 0.1).unwrap_err().to_string();
        for said in ["120 articles", "one group", "--group-field", "--test"] {
            assert!(error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn the_last_articles_of_a_topic_are_learnt_from() {
        // Of as many topics as articles nothing can be held out; of two articles each, one at most.
        let with_topics = |n_topics: usize| {
            let mut articles = unlike(12);
            for (i, article) in articles.iter_mut().enumerate() {
                article.label = format!("topic {}", i % n_topics);
            }
            held_out(articles, 0.5)
        };
        let error = with_topics(12).unwrap_err().to_string();
        let told = "of 12 topics 12 have one article, such as \"topic 0\", \"topic 1\", \"topic 10\"; name";
        assert!(error.contains(told), "{error}");
        let topics = |articles: &[LabelledArticle]| -> HashSet<String> {
            articles.iter().map(|a| a.label.clone()).collect()
        };
        for n_topics in [2, 5, 6, 11] {
            let split = with_topics(n_topics).unwrap();
            assert_eq!(topics(&split.train).len(), n_topics);
            assert!(topics(&split.test).is_subset(&topics(&split.train)));
        }
    }

    #[test]
    fn what_is_held_out_of_many_articles_is_the_last_fold() {
        let mut articles = unlike(900);
        for (i, article) in articles.iter_mut().enumerate() {
            article.label = format!("topic {}", i % 7);
            article.group = format!("story {}", i % 300);
        }
        let folds = stratified_folds(&strata(&articles), &groups(&articles), 10, 42);
        let last = articles.iter().zip(&folds).filter(|(_, fold)| **fold == 9);
        let last: Vec<String> = last.map(|(article, _)| article.text.clone()).collect();
        let split = held_out(articles, 0.1).unwrap();
        let texts: Vec<String> = split.test.iter().map(|a| a.text.clone()).collect();
        assert_eq!(texts, last);
    }

    #[test]
    fn who_has_nothing_older_than_what_is_held_out_is_told_why() {
        let dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"];
        let stories = dates.map(|date| article(date, "the storm hit the coast", ""));
        let error = split(stories.into()).unwrap_err().to_string();
        for said in ["1 newest", "other 3", "--test-share"] {
            assert!(error.contains(said), "{said}: {error}");
        }
    }

    #[test]
    fn nothing_of_a_held_out_group_is_learnt() {
        let found = split(vec![
            article("2024-01-04", "the storm hit the coast", "storm"),
            article("2024-01-01", "rates rise again", ""),
            article("2024-01-02", "a storm is on its way", "storm"),
            article("2024-01-03", "voters elect a mayor", ""),
        ])
        .unwrap();
        let dates = |articles: &[LabelledArticle]| -> Vec<String> {
            articles.iter().map(|a| a.date.clone()).collect()
        };
        assert_eq!(dates(&found.test), ["2024-01-04"]);
        assert_eq!(dates(&found.train), ["2024-01-01", "2024-01-03"]);
    }

    #[test]
    fn the_first_article_without_a_date_is_named() {
        let mut undated = article("", "x", "");
        undated.place.line = 7;
        undated.place.file = "rows.jsonl".into();
        let error = split(vec![article("2024-01-01", "y", ""), undated]).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("rows.jsonl:7"), "{error}");
    }
}
