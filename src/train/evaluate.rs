//! How good a pipeline is on labelled articles.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rayon::prelude::*;
use serde::Serialize;

use super::calibrate::{CoveragePoint, coverage_curve, expected_calibration_error};
use super::corpus::LabelledArticle;
use super::ranking::{RankedTags, Ranking, ranking};
use super::reliability::{ReliabilityBin, reliability};
use crate::pipeline::options::OptionsDraft;
use crate::pipeline::{Classification, Options, Pipeline, TagSource};
use crate::tags::keyphrases::words::{Words, tag_key, tag_stems};
use crate::text::{Article, ArticleDraft, ContentFormat};

/// Bins of the calibration error.
const N_BINS: usize = 15;
/// A right topic of probability 0 costs this, so that one article cannot cost infinitely much.
const MIN_PROBABILITY: f64 = f32::EPSILON as f64;

/// What was measured. Shares and F1 are in [0, 1]; all is 0 where there was nothing to measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Articles with a topic.
    pub n_articles: usize,
    /// Share of them whose most probable topic is right.
    pub accuracy: f64,
    /// Mean F1 of the topics that occur, right or answered.
    pub macro_f1: f64,
    /// Expected calibration error of the most probable topic, 15 bins.
    pub calibration_error: f64,
    /// Mean negative log probability of the right topic, in nats, over topics that the model has.
    pub log_loss: f64,
    /// Articles whose topic the model does not have; they count as wrong.
    pub n_unknown_topic: usize,
    /// Articles that could not be classified; they count as wrong.
    pub n_failed: usize,
    /// What the model answers without asking for review.
    pub automatic: Automatic,
    /// Accuracy of the most confident 10 %, 20 % … 100 % of the answers.
    pub coverage_curve: Vec<CoveragePoint>,
    /// Confidence against accuracy, in the bins of the calibration error that have articles.
    pub reliability: Vec<ReliabilityBin>,
    /// By name.
    pub topics: Vec<LabelMeasures>,
    /// `confusion[i][j]`: articles of topic i that were answered with topic j, in the order of
    /// `topics`.
    pub confusion: Vec<Vec<usize>>,
    /// The learnt tags.
    pub tags: TagMeasures,
    /// The best suggestions from anywhere, in their order, against the tags of each article; equal are
    /// those with the same stems.
    pub suggestions: SuggestionMeasures,
}

/// Suggestions from anywhere, learnt tags, names and phrases, on articles that have tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SuggestionMeasures {
    /// Articles with tags.
    pub n_articles: usize,
    /// What their first suggestions are worth.
    #[serde(flatten)]
    pub ranking: Ranking,
}

/// The answers that are not marked for review.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Automatic {
    /// Their share of all articles.
    pub share: f64,
    /// The share of them that is right.
    pub accuracy: f64,
}

/// One topic or tag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabelMeasures {
    /// The topic or tag.
    pub name: String,
    /// Share of its answers that are right.
    pub precision: f64,
    /// Share of its articles that are found.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Articles that have it.
    pub support: usize,
}

/// The learnt tags, on articles that have tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TagMeasures {
    /// Articles with at least one tag that counts.
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
    /// Distinct tags of the articles that do not count because the model could not learn them.
    pub n_unknown_tags: usize,
    /// The tags that count and occur, by name.
    pub each: Vec<LabelMeasures>,
}

/// Hits, false alarms and misses.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    hits: usize,
    false_alarms: usize,
    misses: usize,
}

impl Counts {
    fn precision(self) -> f64 {
        ratio(self.hits, self.hits + self.false_alarms)
    }

    fn recall(self) -> f64 {
        ratio(self.hits, self.hits + self.misses)
    }

    fn measures(self, name: &str) -> LabelMeasures {
        LabelMeasures {
            name: name.to_owned(),
            precision: self.precision(),
            recall: self.recall(),
            f1: self.f1(),
            support: self.hits + self.misses,
        }
    }

    fn f1(self) -> f64 {
        ratio(
            2 * self.hits,
            2 * self.hits + self.false_alarms + self.misses,
        )
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// Classifies every article and compares. Tags that count are `known_tags`, or the pipeline's own
/// vocabulary; a tag that counts but was too rare to be learnt is a miss.
pub fn evaluate(
    pipeline: &Pipeline,
    articles: &[LabelledArticle],
    known_tags: Option<&HashSet<String>>,
) -> Evaluation {
    let options = Options::new(OptionsDraft {
        max_tags: Some(usize::MAX),
        // Phrases of the article are measured by themselves.
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    })
    .unwrap_or_default();
    let answers: Vec<Option<Classification>> = articles
        .par_iter()
        .map(|article| answer(pipeline, article, &options))
        .collect();
    let vocabulary;
    let known_tags = match known_tags {
        Some(tags) => tags,
        None => {
            vocabulary = pipeline
                .manifest()
                .tags
                .iter()
                .map(|tag| tag.label.clone())
                .collect();
            &vocabulary
        }
    };
    let topics = pipeline
        .manifest()
        .topics
        .iter()
        .map(|t| t.name.as_str())
        .collect();
    let mut evaluation = measure_topics(&topics, articles, &answers);
    evaluation.tags = measure_tags(articles, &answers, known_tags);
    evaluation.suggestions = measure_suggestions(pipeline, articles);
    evaluation
}

/// The first ten suggestions, however sure, against the tags of each article.
fn measure_suggestions(pipeline: &Pipeline, articles: &[LabelledArticle]) -> SuggestionMeasures {
    let options = Options::new(OptionsDraft {
        max_tags: Some(10),
        min_tag_confidence: Some(0.0),
        ..OptionsDraft::default()
    })
    .unwrap_or_default();
    let ranked: Vec<RankedTags> = articles
        .par_iter()
        .filter(|article| !article.tags.is_empty())
        .map_init(Words::default, |words, article| {
            let answer = answer(pipeline, article, &options);
            let labels = answer
                .iter()
                .flat_map(|a| a.tags.iter().map(|tag| &*tag.label));
            ranked_tags(article, labels, words)
        })
        .collect();
    SuggestionMeasures {
        n_articles: ranked.len(),
        ranking: ranking(&ranked),
    }
}

/// Which suggestions are tags of an article, and how many tags it has.
fn ranked_tags<'a>(
    article: &LabelledArticle,
    suggestions: impl Iterator<Item = &'a str>,
    words: &mut Words,
) -> RankedTags {
    words.read(&article.title, &article.text);
    let tags: BTreeMap<u64, Vec<u64>> = article
        .tags
        .iter()
        .map(|tag| (tag_key(tag), tag_stems(tag)))
        .filter(|(_, stems)| !stems.is_empty())
        .collect();
    let is_in_text = |stems: &&Vec<u64>| words.stems.windows(stems.len()).any(|w| w == **stems);
    RankedTags {
        is_right: suggestions
            .map(|tag| tags.contains_key(&tag_key(tag)))
            .collect(),
        n_tags: tags.len(),
        n_present: tags.values().filter(is_in_text).count(),
    }
}

/// A pipeline's answer to an article of a corpus; `None` if it is no article.
pub(super) fn answer(
    pipeline: &Pipeline,
    article: &LabelledArticle,
    options: &Options,
) -> Option<Classification> {
    let article = Article::new(ArticleDraft {
        title: article.title.clone(),
        body: article.text.clone(),
        // A corpus holds articles, and none is to be taken for a page.
        format: ContentFormat::Text,
        ..ArticleDraft::default()
    });
    article
        .ok()
        .map(|article| pipeline.classify(&article, options))
}

fn measure_topics(
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
    evaluation.log_loss = mean(log_loss.into_iter());
    evaluation.automatic = Automatic {
        share: ratio(n_automatic, labelled.len()),
        accuracy: ratio(n_automatic_right, n_automatic),
    };
    evaluation.coverage_curve = tenths(&coverage_curve(&confidences, &is_right));
    evaluation
}

/// The points of a curve at which it first reaches each tenth.
fn tenths(curve: &[CoveragePoint]) -> Vec<CoveragePoint> {
    let reaches = |tenth: u32| {
        let tenth = f64::from(tenth) / 10.0;
        curve
            .iter()
            .find(|point| point.coverage >= tenth - 1e-9)
            .copied()
    };
    (1..=10).filter_map(reaches).collect()
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

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len();
    if n == 0 {
        0.0
    } else {
        values.sum::<f64>() / n as f64
    }
}

fn measure_tags(
    articles: &[LabelledArticle],
    answers: &[Option<Classification>],
    known: &HashSet<String>,
) -> TagMeasures {
    let mut by_tag: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut n_articles = 0;
    for (article, answer) in articles.iter().zip(answers) {
        let right: BTreeSet<&str> = article
            .tags
            .iter()
            .filter(|t| known.contains(*t))
            .map(String::as_str)
            .collect();
        unknown.extend(article.tags.iter().filter(|t| !known.contains(*t)));
        if right.is_empty() {
            continue;
        }
        n_articles += 1;
        let tags = answer.as_ref().map_or(&[][..], |answer| &answer.tags);
        let given: BTreeSet<&str> = tags.iter().map(|tag| &*tag.label).collect();
        for tag in right.union(&given) {
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
        n_articles,
        n_tags: each.len(),
        micro_f1: total.f1(),
        macro_f1: mean(each.iter().map(|tag| tag.f1)),
        precision: total.precision(),
        recall: total.recall(),
        n_unknown_tags: unknown.len(),
        each,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::TagKind;
    use crate::pipeline::TopicScore;
    use crate::tags::Tag;
    use std::sync::Arc;

    fn article(label: &str, tags: &[&str]) -> LabelledArticle {
        LabelledArticle {
            label: label.into(),
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            ..LabelledArticle::default()
        }
    }

    fn answered(topic: &str, tags: &[&str]) -> Option<Classification> {
        let other = if topic == "A" { "B" } else { "A" };
        let score = |topic: &str, probability| TopicScore {
            topic: Arc::from(topic),
            probability,
            index: 0,
        };
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
            topics: vec![score(topic, 0.75), score(other, 0.25)],
            tags: tags.iter().map(tag).collect(),
            rejected_tags: Vec::new(),
            language: None,
            warnings: Vec::new(),
            needs_review: topic == "B",
            page: None,
            evidence: Vec::new(),
        })
    }

    fn known_topics() -> BTreeSet<&'static str> {
        BTreeSet::from(["A", "B"])
    }

    #[test]
    fn topics_match_scikit_learn() {
        // precision_recall_fscore_support(list("AAABBC"), list("AABBBA")) of scikit-learn 1.5.2.
        let articles = ["A", "A", "A", "B", "B", "C"].map(|label| article(label, &[]));
        let answers = ["A", "A", "B", "B", "B", "A"].map(|topic| answered(topic, &[]));
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
        assert!((found.automatic.accuracy - 2.0 / 3.0).abs() < 1e-9);
        let everything = found.coverage_curve.last().unwrap();
        assert_eq!(
            (everything.coverage, everything.accuracy),
            (1.0, found.accuracy)
        );
        // Four of six right at confidence 0.75; right at 0.75 four times, at 0.25 once.
        assert!((found.calibration_error - (0.75 - 4.0 / 6.0)).abs() < 1e-6);
        let log_loss = (4.0 * -0.75f64.ln() - 0.25f64.ln()) / 5.0;
        assert!((found.log_loss - log_loss).abs() < 1e-6);
    }

    #[test]
    fn an_article_that_fails_counts_as_wrong() {
        let articles = ["A", "B"].map(|label| article(label, &[]));
        let found = measure_topics(&known_topics(), &articles, &[answered("A", &[]), None]);
        assert_eq!((found.accuracy, found.n_failed), (0.5, 1));
        assert_eq!(found.topics[1].support + found.topics[0].support, 2);
    }

    #[test]
    fn suggestions_are_right_by_their_stems() {
        let mut article = article("", &["Tariffs", "cease-fire", "Economy", "tariff"]);
        article.text = "A tariff and a cease fire.".into();
        let suggestions = ["Tariff", "Canada", "Cease-fires"];
        let found = ranked_tags(&article, suggestions.into_iter(), &mut Words::default());
        assert_eq!(found.is_right, [true, false, true]);
        assert_eq!((found.n_tags, found.n_present), (3, 2));
    }

    #[test]
    fn tags_match_scikit_learn() {
        // f1_score of the indicator matrices, micro 2/3, macro (1 + 0.5 + 0)/3 over x, y, z; the
        // untagged article and the tag "new", never seen in training, do not count.
        let articles = [
            article("", &["x", "y"]),
            article("", &["y", "z", "new"]),
            article("", &["x"]),
            article("", &[]),
        ];
        let answers = [
            answered("A", &["x", "y"]),
            answered("A", &[]),
            answered("A", &["x", "y"]),
            answered("A", &["z"]),
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
}
