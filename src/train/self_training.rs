//! Articles without a topic teach too: those of which a first model is surest, as if they were of that topic.

use rayon::prelude::*;

use super::corpus::LabelledArticle;
use super::evaluate::answer;
use super::split::groups;
use crate::pipeline::{Options, Pipeline};

/// More of a topic teach the first model's mistakes; `bench/transfer` has the figures.
const MAX_PER_TOPIC: usize = 2_000;
/// What is likelier of another topic, or has hardly a known word, teaches nothing.
const MIN_PROBABILITY: f32 = 0.5;
/// What they name as their source: they are one of their own.
const SOURCE: &str = "self-labelled";

/// The labelled articles, and behind them the unlabelled ones of which a model is surest, with the topics that it finds:
/// at most as many of each topic as topics have articles on average, and [`MAX_PER_TOPIC`].
///
/// Those that nearly repeat an article whose topic is known are left out: a model of the other folds would have seen it.
/// A little of every label is in the others too, as the teacher has learnt from all folds; on the default model's own
/// test part calibration is no worse for it (`bench/transfer`).
///
/// Source: Yarowsky 1995, "Unsupervised word sense disambiguation rivaling supervised methods", ACL, section 4; one
/// round of it.
pub(super) fn with_self_labelled(
    teacher: &Pipeline,
    labelled: &[LabelledArticle],
    unlabelled: &[LabelledArticle],
) -> Vec<LabelledArticle> {
    let n_labelled = labelled.len();
    let mut articles = labelled.to_vec();
    articles.extend(surest(teacher, unlabelled, n_labelled));
    // A group has the number of its first article.
    let groups = groups(&articles);
    let mut places = 0..articles.len();
    articles.retain(|_| {
        let is_kept = |place: usize| place < n_labelled || groups[place] >= n_labelled;
        places.next().is_some_and(is_kept)
    });
    articles
}

fn surest(
    teacher: &Pipeline,
    unlabelled: &[LabelledArticle],
    n_labelled: usize,
) -> Vec<LabelledArticle> {
    let topics = &teacher.manifest().topics;
    let options = Options::default();
    let answers: Vec<Option<(usize, f32)>> = unlabelled
        .par_iter()
        .map(|article| {
            let answer = answer(teacher, article, &options)?;
            let best = answer.topics.first()?;
            (best.probability >= MIN_PROBABILITY).then_some((best.index, best.probability))
        })
        .collect();
    let mut of_topic: Vec<Vec<(f32, usize)>> = vec![Vec::new(); topics.len()];
    for (article, answer) in answers.into_iter().enumerate() {
        if let Some((topic, probability)) = answer {
            of_topic[topic].push((probability, article));
        }
    }
    let max_per_topic = MAX_PER_TOPIC.min(n_labelled / topics.len().max(1));
    let mut labelled = Vec::new();
    for (topic, mut found) in topics.iter().zip(of_topic) {
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(max_per_topic);
        // In their own order: only which they are says how sure the model was.
        found.sort_unstable_by_key(|(_, article)| *article);
        labelled.extend(found.iter().map(|&(_, article)| LabelledArticle {
            title: unlabelled[article].title.clone(),
            text: unlabelled[article].text.clone(),
            label: topic.name.clone(),
            source: SOURCE.to_owned(),
            ..LabelledArticle::default()
        }));
    }
    labelled
}

#[cfg(test)]
mod tests {
    use super::super::{KeyphraseData, Split, TrainParams, train};
    use super::*;

    fn article(text: String, label: &str) -> LabelledArticle {
        LabelledArticle {
            text,
            label: label.to_owned(),
            ..LabelledArticle::default()
        }
    }

    /// A model of three topics.
    fn teacher() -> Pipeline {
        let themes = [
            ("Sports", ["goal", "striker", "league", "match", "coach"]),
            ("Economy", ["bank", "rates", "shares", "market", "profit"]),
            ("Health", ["nurse", "ward", "clinic", "patient", "doctor"]),
        ];
        let articles = themes.iter().flat_map(|(label, words)| {
            (0..60).map(move |i| {
                let (a, b, c) = (words[i % 5], words[(i / 5) % 5], words[(i / 12) % 5]);
                article(format!("{a} {b} item{i} {c} today"), label)
            })
        });
        let split = Split {
            train: articles.collect(),
            test: Vec::new(),
        };
        let data = KeyphraseData::default();
        let trained = train(&split, &[], &data, &TrainParams::default(), &|_| {});
        trained.expect("a model").pipeline
    }

    #[test]
    fn the_surest_of_each_topic_are_taken_and_no_more_than_topics_have() {
        let texts = [
            "goal and striker of the league",
            "bank and market",
            "item today",
            "bank rates and shares",
            "",
            "coach and match",
            "market profit",
            "nothing known",
            "coach of the league match",
        ];
        let unlabelled: Vec<LabelledArticle> =
            texts.map(|text| article(text.to_owned(), "")).into();
        let taken = |n_labelled| -> Vec<(String, String)> {
            let found = surest(&teacher(), &unlabelled, n_labelled);
            found.into_iter().map(|a| (a.label, a.text)).collect()
        };
        let of = |label: &str, places: &[usize]| -> Vec<(String, String)> {
            places
                .iter()
                .map(|&i| (label.to_owned(), texts[i].to_owned()))
                .collect()
        };
        // Three topics of two articles on average.
        assert_eq!(
            taken(6),
            [of("Economy", &[1, 3]), of("Sports", &[0, 8])].concat()
        );
        // Neither the empty one, nor those that say nothing.
        assert_eq!(
            taken(100),
            [of("Economy", &[1, 3, 6]), of("Sports", &[0, 5, 8])].concat()
        );
    }
}
