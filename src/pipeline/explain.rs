//! Why a topic: which terms speak for it and which against.

use std::collections::HashMap;
use std::ops::Range;

use crate::extract::Extracted;
use crate::features::TermParams;
use crate::features::hashing::{TermMention, mentions};
use crate::model::{ScoredTerm, SplineCalibration, TermTable};
use crate::text::{Article, Field, OffsetCounter, OffsetUnit, Span};

/// At most so many terms for a topic are named.
const MAX_FOR: usize = 10;
/// At most so many terms against it are named.
const MAX_AGAINST: usize = 5;

/// At most so many places of a term or a tag are named, the first ones: a word of two letters can stand in an article
/// half a million times.
pub(super) const MAX_MENTIONS: usize = 100;

/// One term's share in a topic's score.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// As the article first writes it; first letters that stand for several words end in `…`, and digits
    /// are 0 where several numbers count as one.
    pub term: String,
    /// Log-odds that it adds for the topic against the mean of the others.
    pub weight: f32,
    /// Where the article has it, in order; the first hundred places.
    pub mentions: Vec<Span>,
}

/// A topic's score against the mean of the others' as a sum: `base` plus the contributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// What the topic has before any term: intercepts and base rates.
    pub base: f32,
    /// What each term adds, in the order of the row: (slot, log-odds).
    pub contributions: Vec<(u32, f32)>,
}

/// Breaks the calibrated score of a class down. Exact: around an article the model is linear, so that
/// `base` and the contributions add up to the class's log-odds less the mean of the others'. `class`
/// is below n_classes.
pub fn breakdown(
    table: &TermTable,
    calibration: &SplineCalibration,
    row: &[ScoredTerm],
    class: usize,
) -> Breakdown {
    let lines: Vec<(f32, f32)> = table
        .row_scores(row)
        .into_iter()
        .enumerate()
        .map(|(class, score)| calibration.line_at(class, score))
        .collect();
    let contribution = |term: &ScoredTerm| {
        let weights = table.class_weights(term.slot as usize).zip(&lines);
        let scaled = weights.map(|(weight, (slope, _))| weight * slope);
        (term.slot, term.value * against_others(scaled, class))
    };
    let bases = table.intercepts().iter().zip(&lines);
    Breakdown {
        base: against_others(
            bases.map(|(b, (slope, intercept))| b * slope + intercept),
            class,
        ),
        contributions: row.iter().map(contribution).collect(),
    }
}

/// The value of a class less the mean of the others.
fn against_others(values: impl Iterator<Item = f32>, class: usize) -> f32 {
    let (mut own, mut others, mut n_others) = (0.0, 0.0, 0.0);
    for (i, value) in values.enumerate() {
        if i == class {
            own = value;
        } else {
            others += value;
            n_others += 1.0;
        }
    }
    if n_others > 0.0 {
        own - others / n_others
    } else {
        own
    }
}

/// The terms that speak most for a class, strongest first, then those that speak most against it.
pub(super) fn evidence(
    breakdown: &Breakdown,
    table: &TermTable,
    (article, extracted): (&Article, &Extracted<'_>),
    params: &TermParams,
    unit: OffsetUnit,
) -> Vec<Evidence> {
    let chosen = strongest(&breakdown.contributions);
    let places: HashMap<u32, usize> = chosen
        .iter()
        .zip(0..)
        .map(|((slot, _), i)| (*slot, i))
        .collect();
    let mut evidence: Vec<Evidence> = chosen
        .iter()
        .map(|&(_, weight)| Evidence {
            term: String::new(),
            weight,
            mentions: Vec::new(),
        })
        .collect();
    let mut located = Vec::new();
    for (field, text) in [
        (Field::Title, &extracted.title),
        (Field::Body, &extracted.text),
    ] {
        mentions(text, params, |mention| {
            let slot = table.find(mention.hash).map(|slot| slot as u32);
            if let Some(&place) = slot.and_then(|slot| places.get(&slot)) {
                let term = &mut evidence[place].term;
                let written = written(text, &mention, params);
                if term.is_empty() {
                    *term = written;
                } else if params.fold_digits && !has_digits_of(term, &written) {
                    *term = with_zeros(term);
                }
                let at = extracted.locate(field, &mention.bytes);
                located.extend(at.map(|(field, bytes)| (place, field, bytes)));
            }
        });
    }
    // Only those that are shown are measured.
    located.sort_by_key(|(_, field, bytes)| (*field == Field::Body, bytes.start));
    let mut n_located = vec![0; evidence.len()];
    located.retain(|(place, ..)| {
        n_located[*place] += 1;
        n_located[*place] <= MAX_MENTIONS
    });
    for (place, span) in spans(article, unit, located) {
        evidence[place].mentions.push(span);
    }
    evidence
}

/// Places in the submitted article as spans of a unit, in order, each with what it is a place of.
pub(super) fn spans<T>(
    article: &Article,
    unit: OffsetUnit,
    mut located: Vec<(T, Field, Range<usize>)>,
) -> Vec<(T, Span)> {
    located.sort_by_key(|(_, field, bytes)| (*field == Field::Body, bytes.start));
    let mut title = OffsetCounter::new(article.title(), unit);
    let mut body = OffsetCounter::new(article.body(), unit);
    let mut span = |field, bytes| match field {
        Field::Title => title.span(field, bytes),
        Field::Body => body.span(field, bytes),
    };
    located
        .into_iter()
        .map(|(of, field, bytes)| (of, span(field, bytes)))
        .collect()
}

fn strongest(contributions: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let mut order = contributions.to_vec();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let speaks_for = order
        .iter()
        .take_while(|(_, weight)| *weight > 0.0)
        .take(MAX_FOR);
    let speaks_against = order
        .iter()
        .rev()
        .take_while(|(_, weight)| *weight < 0.0)
        .take(MAX_AGAINST);
    speaks_for.chain(speaks_against).copied().collect()
}

fn written(text: &str, mention: &TermMention, params: &TermParams) -> String {
    let whole = &text[mention.bytes.clone()];
    if mention.is_prefix {
        let start: String = whole.chars().take(params.prefix_chars as usize).collect();
        format!("{start}…")
    } else {
        whole.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn has_digits_of(term: &str, other: &str) -> bool {
    let digits = |text: &'_ str| -> Vec<char> { text.chars().filter(|c| c.is_numeric()).collect() };
    digits(term) == digits(other)
}

/// A term as it is counted: which digits it has does not matter to the model.
fn with_zeros(term: &str) -> String {
    term.replace(char::is_numeric, "0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::extract;
    use crate::features::TermCounts;
    use crate::model::table::TermRow;
    use crate::text::ArticleDraft;

    fn hash(word: &str) -> u64 {
        let mut found = 0;
        mentions(word, &TermParams::default(), |m| {
            found = if m.is_prefix { found } else { m.hash }
        });
        found
    }

    fn table() -> TermTable {
        let row = |word, class_weights| TermRow {
            hash: hash(word),
            weight: 1.5,
            class_weights,
        };
        let rows = [
            row("goal", &[3.0, -1.0, -0.5][..]),
            row("rate", &[-2.0, 2.5, 0.1]),
            row("vote", &[0.2, 0.3, 1.0]),
        ];
        TermTable::pack(&rows, vec![0.3, -0.2, 0.1])
    }

    fn calibration() -> SplineCalibration {
        SplineCalibration::new([3.0, 2.5, 2.0, 1.5], vec![0.4, -0.1, 0.2]).unwrap()
    }

    fn article() -> Article {
        Article::new(ArticleDraft {
            title: "Goal é goal".into(),
            body: "The rate, the vote and the GOAL.".into(),
            ..ArticleDraft::default()
        })
        .unwrap()
    }

    #[test]
    fn base_and_contributions_add_up_to_the_score() {
        let (mut terms, mut row, mut scores) = (TermCounts::default(), Vec::new(), Vec::new());
        let article = article();
        terms.count(article.title(), article.body(), &TermParams::default());
        table().decision_function(&terms, &mut row, &mut scores);
        calibration().apply(&mut scores);
        for class in 0..3 {
            let breakdown = breakdown(&table(), &calibration(), &row, class);
            let sum: f32 =
                breakdown.base + breakdown.contributions.iter().map(|c| c.1).sum::<f32>();
            let others = (scores.iter().sum::<f32>() - scores[class]) / 2.0;
            assert!((sum - (scores[class] - others)).abs() < 1e-5);
        }
    }

    #[test]
    fn evidence_is_quoted_and_placed() {
        let (mut terms, mut row, mut scores) = (TermCounts::default(), Vec::new(), Vec::new());
        let article = article();
        terms.count(article.title(), article.body(), &TermParams::default());
        table().decision_function(&terms, &mut row, &mut scores);
        let params = TermParams::default();
        let found = evidence(
            &breakdown(&table(), &calibration(), &row, 0),
            &table(),
            (&article, &extract(&article, None)),
            &params,
            OffsetUnit::CodePoints,
        );
        let names: Vec<&str> = found.iter().map(|e| e.term.as_str()).collect();
        assert_eq!(names, ["Goal", "rate", "vote"]);
        assert!(found[0].weight > 0.0 && found[1].weight < found[2].weight);
        let span = |field, start, end| Span { field, start, end };
        assert_eq!(
            found[0].mentions,
            [
                span(Field::Title, 0, 4),
                span(Field::Title, 7, 11),
                span(Field::Body, 27, 31)
            ]
        );
    }

    #[test]
    fn a_term_that_is_everywhere_is_placed_a_hundred_times() {
        let article = Article::new(ArticleDraft {
            body: "goal ".repeat(10_000),
            ..ArticleDraft::default()
        })
        .unwrap();
        let (mut terms, mut row, mut scores) = (TermCounts::default(), Vec::new(), Vec::new());
        let params = TermParams::default();
        terms.count("", article.body(), &params);
        table().decision_function(&terms, &mut row, &mut scores);
        let breakdown = breakdown(&table(), &calibration(), &row, 0);
        let extracted = extract(&article, None);
        let unit = OffsetUnit::Bytes;
        let found = evidence(&breakdown, &table(), (&article, &extracted), &params, unit);
        assert_eq!(found[0].mentions.len(), MAX_MENTIONS);
        assert_eq!(found[0].mentions[99].start, 495);
    }

    #[test]
    fn a_term_of_several_numbers_names_none_of_them() {
        let rows = [TermRow {
            hash: hash("2019"),
            weight: 1.5,
            class_weights: &[3.0, -1.0, -0.5],
        }];
        let table = TermTable::pack(&rows, vec![0.3, -0.2, 0.1]);
        let term_of = |body: &str| {
            let article = Article::new(ArticleDraft {
                body: body.into(),
                ..ArticleDraft::default()
            })
            .unwrap();
            let (mut terms, mut row, mut scores) = (TermCounts::default(), Vec::new(), Vec::new());
            let params = TermParams::default();
            terms.count("", article.body(), &params);
            table.decision_function(&terms, &mut row, &mut scores);
            let breakdown = breakdown(&table, &calibration(), &row, 0);
            let extracted = extract(&article, None);
            let found = evidence(
                &breakdown,
                &table,
                (&article, &extracted),
                &params,
                OffsetUnit::Bytes,
            );
            found[0].term.clone()
        };
        assert_eq!(term_of("It rose in 2019 and in 2015."), "0000");
        assert_eq!(term_of("It rose in 2019, yes, in 2019."), "2019");
    }
}
