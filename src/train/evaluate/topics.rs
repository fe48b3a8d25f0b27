//! How well topics are told.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::Evaluation;
use super::counts::{Counts, LabelMeasures, mean, ratio};
use crate::pipeline::Classification;
use crate::train::corpus::LabelledArticle;
use crate::train::coverage::{CoveragePoint, coverage_curve};
use crate::train::error::first_of;
use crate::train::reliability::{expected_calibration_error, reliability};
use crate::train::{MAX_TOPICS, TrainError};

/// Bins of the calibration error.
const N_BINS: usize = 15;
/// A right topic of probability 0 costs this, so that one article cannot cost infinitely much.
const MIN_PROBABILITY: f64 = f32::EPSILON as f64;

/// The answers that are not marked for review.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Automatic {
    /// Their share of all articles.
    pub share: f64,
    /// The share of them that is right; `None` if there are none.
    pub accuracy: Option<f64>,
}

/// Makes sure that the topics of articles can be meant as those of a model that has `of_model`: the articles of each
/// pair of topics are counted.
///
/// # Errors
/// [`TrainError::UnknownTopics`] if the model lacks more of them than any model may have.
pub fn check_topics(
    of_model: &BTreeSet<&str>,
    articles: &[LabelledArticle],
) -> Result<(), TrainError> {
    // Of a model without topics none are measured.
    if of_model.is_empty() {
        return Ok(());
    }
    let topics = topics_of(articles);
    let unknown = topics.difference(of_model).copied();
    let n_topics = unknown.clone().count();
    if n_topics > MAX_TOPICS {
        return Err(TrainError::UnknownTopics {
            n_topics,
            shown: first_of(unknown),
        });
    }
    Ok(())
}

/// Makes sure that articles that have topics have one of those that a model is to have, `of_model`: a model that is
/// never right was measured on another archive.
///
/// # Errors
/// [`TrainError::OtherTopics`] if they have none of them.
pub fn check_shared_topics(
    of_model: &BTreeSet<&str>,
    articles: &[LabelledArticle],
) -> Result<(), TrainError> {
    let topics = topics_of(articles);
    if topics.is_empty() || of_model.is_empty() || !topics.is_disjoint(of_model) {
        return Ok(());
    }
    Err(TrainError::OtherTopics {
        learnt: first_of(of_model.iter().copied()),
        given: first_of(topics),
    })
}

fn topics_of(articles: &[LabelledArticle]) -> BTreeSet<&str> {
    let labels = articles.iter().map(|article| article.label.as_str());
    labels.filter(|label| !label.is_empty()).collect()
}

/// The topics' part of an evaluation; `of_model` are those that the model has.
pub(super) fn measure_topics(
    of_model: &BTreeSet<&str>,
    articles: &[LabelledArticle],
    answers: &[Option<Classification>],
) -> Evaluation {
    let labelled: Vec<(&str, Option<&Classification>)> = articles
        .iter()
        .zip(answers)
        .filter(|(article, _)| !article.label.is_empty() && !of_model.is_empty())
        .map(|(article, answer)| (article.label.as_str(), answer.as_ref()))
        .collect();
    let mut evaluation = Evaluation {
        n_articles: labelled.len(),
        n_unknown_topic: labelled
            .iter()
            .filter(|(label, _)| !of_model.contains(label))
            .count(),
        n_failed: labelled
            .iter()
            .filter(|(_, answer)| answer.is_none())
            .count(),
        ..Evaluation::default()
    };
    let names: Vec<&str> = labelled
        .iter()
        .flat_map(|(label, answer)| [Some(*label), answer.map(best_topic)])
        .flatten()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    evaluation.confusion = vec![vec![0; names.len()]; names.len()];
    let (mut confidences, mut is_right, mut log_loss) = (Vec::new(), Vec::new(), Vec::new());
    let (mut n_automatic, mut n_automatic_right) = (0, 0);
    let mut misses_of_failed: BTreeMap<&str, usize> = BTreeMap::new();
    for (label, answer) in &labelled {
        let Some(answer) = answer else {
            *misses_of_failed.entry(label).or_default() += 1;
            continue;
        };
        let place = |name: &str| names.binary_search(&name).unwrap_or(0);
        evaluation.confusion[place(label)][place(best_topic(answer))] += 1;
        confidences.push(answer.topics.first().map_or(0.0, |t| t.probability));
        is_right.push(best_topic(answer) == *label);
        n_automatic += usize::from(!answer.needs_review);
        n_automatic_right += usize::from(!answer.needs_review && best_topic(answer) == *label);
        if let Some(right) = answer.topics.iter().find(|t| &*t.topic == *label) {
            log_loss.push(-f64::from(right.probability).max(MIN_PROBABILITY).ln());
        }
    }
    evaluation.topics = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let failed = misses_of_failed.get(name).copied().unwrap_or(0);
            topic_measures(name, i, &evaluation.confusion, failed)
        })
        .collect();
    evaluation.accuracy = ratio(
        is_right.iter().filter(|right| **right).count(),
        labelled.len(),
    );
    evaluation.macro_f1 = mean(evaluation.topics.iter().map(|topic| topic.f1));
    evaluation.calibration_error = expected_calibration_error(&confidences, &is_right, N_BINS);
    evaluation.reliability = reliability(&confidences, &is_right, N_BINS);
    evaluation.log_loss = (!log_loss.is_empty()).then(|| mean(log_loss.into_iter()));
    evaluation.automatic = Automatic {
        share: ratio(n_automatic, labelled.len()),
        accuracy: (n_automatic > 0).then(|| ratio(n_automatic_right, n_automatic)),
    };
    evaluation.coverage_curve = tenths(&coverage_curve(&confidences, &is_right));
    evaluation
}

/// The points of a curve at which it first reaches each tenth, each once: of few articles, or of many of one
/// confidence, one point reaches several.
fn tenths(curve: &[CoveragePoint]) -> Vec<CoveragePoint> {
    let reaches = |tenth: u32| {
        let tenth = f64::from(tenth) / 10.0;
        curve
            .iter()
            .find(|point| point.coverage >= tenth - 1e-9)
            .copied()
    };
    let mut points: Vec<CoveragePoint> = (1..=10).filter_map(reaches).collect();
    points.dedup();
    points
}

fn best_topic(answer: &Classification) -> &str {
    answer.topics.first().map_or("", |topic| &topic.topic)
}

fn topic_measures(name: &str, i: usize, confusion: &[Vec<usize>], failed: usize) -> LabelMeasures {
    let hits = confusion[i][i];
    let support = confusion[i].iter().sum::<usize>() + failed;
    let counts = Counts {
        hits,
        false_alarms: confusion.iter().map(|row| row[i]).sum::<usize>() - hits,
        misses: support - hits,
    };
    counts.measures(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::TopicScore;
    use std::sync::Arc;

    fn article(label: &str) -> LabelledArticle {
        LabelledArticle {
            label: label.into(),
            ..LabelledArticle::default()
        }
    }

    fn answered(topic: &str) -> Option<Classification> {
        let other = if topic == "A" { "B" } else { "A" };
        let score = |topic: &str, probability| TopicScore {
            topic: Arc::from(topic),
            probability,
            index: 0,
        };
        Some(Classification {
            topics: vec![score(topic, 0.75), score(other, 0.25)],
            needs_review: topic == "B",
            ..Classification::default()
        })
    }

    fn known_topics() -> BTreeSet<&'static str> {
        BTreeSet::from(["A", "B"])
    }

    #[test]
    fn topics_match_scikit_learn() {
        // precision_recall_fscore_support(list("AAABBC"), list("AABBBA")) of scikit-learn 1.5.2.
        let articles = ["A", "A", "A", "B", "B", "C"].map(article);
        let answers = ["A", "A", "B", "B", "B", "A"].map(answered);
        let found = measure_topics(&known_topics(), &articles, &answers);
        let f1: Vec<f64> = found.topics.iter().map(|t| t.f1).collect();
        let want = [2.0 / 3.0, 0.8, 0.0];
        assert!(
            f1.iter()
                .zip(want)
                .all(|(got, want)| (got - want).abs() < 1e-9),
            "{f1:?}"
        );
        assert!((found.accuracy - 4.0 / 6.0).abs() < 1e-9);
        assert!((found.macro_f1 - 0.488_888_888).abs() < 1e-6);
        assert_eq!(found.confusion, [[2, 1, 0], [0, 2, 0], [1, 0, 0]]);
        assert_eq!(found.n_unknown_topic, 1);
        // "B" is marked for review: three are automatic, two of them right.
        assert_eq!(found.automatic.share, 0.5);
        assert!((found.automatic.accuracy.unwrap() - 2.0 / 3.0).abs() < 1e-9);
        let everything = found.coverage_curve.last().unwrap();
        assert_eq!(
            (everything.coverage, everything.accuracy),
            (1.0, found.accuracy)
        );
        // Four of six right at confidence 0.75; right at 0.75 four times, at 0.25 once.
        assert!((found.calibration_error - (0.75 - 4.0 / 6.0)).abs() < 1e-6);
        let log_loss = (4.0 * -0.75f64.ln() - 0.25f64.ln()) / 5.0;
        assert!((found.log_loss.unwrap() - log_loss).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_right_or_wrong_of_no_answers() {
        let found = measure_topics(&known_topics(), &[article("B")], &[answered("B")]);
        assert_eq!(
            (found.automatic.share, found.automatic.accuracy),
            (0.0, None)
        );
    }

    #[test]
    fn a_point_of_the_coverage_is_shown_once() {
        let articles = ["A", "A", "B"].map(article);
        let answers = ["A", "A", "B"].map(answered);
        let found = measure_topics(&known_topics(), &articles, &answers);
        // All of them are equally sure.
        let shares: Vec<f64> = found.coverage_curve.iter().map(|p| p.coverage).collect();
        assert_eq!(shares, [1.0]);
    }

    #[test]
    fn there_is_no_log_loss_where_no_topic_is_known() {
        let found = measure_topics(&known_topics(), &[article("C")], &[answered("A")]);
        assert_eq!((found.n_unknown_topic, found.log_loss), (1, None));
    }

    #[test]
    fn an_article_that_fails_counts_as_wrong() {
        let articles = ["A", "B"].map(article);
        let found = measure_topics(&known_topics(), &articles, &[answered("A"), None]);
        assert_eq!((found.accuracy, found.n_failed), (0.5, 1));
        assert_eq!(found.topics[1].support + found.topics[0].support, 2);
    }
}
