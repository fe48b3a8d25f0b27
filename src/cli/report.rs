//! Measurements as tables for people.

use comfy_table::{CellAlignment, Table, presets};

use super::visible::visible;
use crate::train::evaluate::{Evaluation, TagMeasures};
use crate::train::keyphrases::CrossValidation;

/// A larger matrix is no longer read: of its confusions a page lists the largest, and a terminal none.
pub(super) const MAX_MATRIX_TOPICS: usize = 60;

/// Which articles were measured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measured {
    /// Those that the training run held out.
    HeldOut,
    /// Some that were given, of which nobody knows whether the model has learnt from them.
    Given,
}

/// What keeps tags of the articles from counting.
pub(super) const WHY_TAGS_DO_NOT_COUNT: &str =
    "are not in the model, too rare in training or not there, and do not count";

/// Topics and tags with their measures.
pub(super) fn evaluation(evaluation: &Evaluation) -> String {
    let mut sections = Vec::new();
    if evaluation.n_articles > 0 {
        sections.push(topics(evaluation).to_string());
        sections.push(summary(evaluation));
    }
    sections.extend(tags(evaluation));
    if evaluation.suggestions.n_articles > 0 {
        sections.push(suggestions(evaluation));
    }
    if sections.is_empty() {
        sections.push("nothing was measured: no article has a topic or a known tag".to_owned());
    }
    visible(&sections.join("\n\n")).into_owned()
}

/// Which topics are taken for which.
pub(super) fn confusion(evaluation: &Evaluation) -> String {
    let n_topics = evaluation.topics.len();
    if n_topics > MAX_MATRIX_TOPICS {
        return format!(
            "which topics are taken for which is shown of at most {MAX_MATRIX_TOPICS} topics, and these are {n_topics}: --report lists the most frequent confusions, --json has all"
        );
    }
    let mut table = plain_table();
    let numbers = (1..=evaluation.topics.len()).map(|n| n.to_string());
    table.set_header(["is \\ was answered".to_owned()].into_iter().chain(numbers));
    for (i, topic) in evaluation.topics.iter().enumerate() {
        let counts = evaluation.confusion[i].iter().map(|count| match count {
            0 => "·".to_owned(),
            count => count.to_string(),
        });
        table.add_row(
            [format!("{} {}", i + 1, topic.name)]
                .into_iter()
                .chain(counts),
        );
    }
    right_align(&mut table);
    visible(&table.to_string()).into_owned()
}

/// How right the most confident answers are.
pub(super) fn coverage(evaluation: &Evaluation) -> String {
    let mut table = plain_table();
    table.set_header(["most confident", "confidence from", "accuracy"]);
    for point in &evaluation.coverage_curve {
        table.add_row([
            format!("{:.0} %", 100.0 * point.coverage),
            share(f64::from(point.confidence)),
            share(point.accuracy),
        ]);
    }
    right_align(&mut table);
    table.to_string()
}

/// How well the ranker of names and phrases does on articles it has not seen, and what its confidences
/// are worth.
pub(super) fn ranker(measured: &CrossValidation) -> String {
    let ranking = &measured.ranking;
    let mut text = format!(
        "fitted on {} articles; cross-validated F1@5 {:.3} of all tags, {:.3} of those in the texts; F1@10 {:.3} and {:.3}; nDCG@5 {:.3}",
        measured.n_articles,
        ranking.at_5.f1,
        ranking.present_at_5.f1,
        ranking.at_10.f1,
        ranking.present_at_10.f1,
        ranking.ndcg_at_5,
    );
    for bin in &measured.reliability {
        text.push_str(&format!(
            "\n  {} phrases of confidence {:.2} on average: editors gave {:.2} of them",
            bin.n_articles, bin.confidence, bin.accuracy
        ));
    }
    text
}

/// A table with thin lines between header and rows and nothing else.
pub(super) fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table
}

/// Aligns every column but the first to the right.
pub(super) fn right_align(table: &mut Table) {
    table
        .column_iter_mut()
        .skip(1)
        .for_each(|column| column.set_cell_alignment(CellAlignment::Right));
}

fn topics(evaluation: &Evaluation) -> Table {
    let mut table = plain_table();
    table.set_header(["topic", "precision", "recall", "F1", "articles"]);
    for topic in &evaluation.topics {
        table.add_row([
            topic.name.clone(),
            share(topic.precision),
            share(topic.recall),
            share(topic.f1),
            topic.support.to_string(),
        ]);
    }
    right_align(&mut table);
    table
}

fn summary(evaluation: &Evaluation) -> String {
    let mut lines = format!(
        "accuracy {}   macro-F1 {}   calibration error {}   log loss {}   on {} articles",
        share(evaluation.accuracy),
        share(evaluation.macro_f1),
        share(evaluation.calibration_error),
        evaluation.log_loss.map_or_else(|| "–".to_owned(), share),
        evaluation.n_articles,
    );
    let automatic = &evaluation.automatic;
    match automatic.accuracy {
        None => lines.push_str("\nall of the articles need review"),
        Some(accuracy) if automatic.share < 1.0 => lines.push_str(&format!(
            "\n{:.0} % of the articles need no review; {:.1} % of those are right",
            100.0 * automatic.share,
            100.0 * accuracy
        )),
        Some(_) => {}
    }
    if evaluation.n_unknown_topic > 0 {
        lines.push_str(&format!(
            "\n{} articles have a topic that the model does not know; they count as wrong",
            evaluation.n_unknown_topic
        ));
    }
    if evaluation.n_failed > 0 {
        lines.push_str(&format!(
            "\n{} articles could not be classified; they count as wrong",
            evaluation.n_failed
        ));
    }
    lines
}

fn tags(evaluation: &Evaluation) -> Option<String> {
    let tags = &evaluation.tags;
    let mut lines = Vec::new();
    if tags.n_articles > 0 {
        lines.push(format!(
            "tags: {}   on {} articles with {} tags",
            tag_measures(tags),
            tags.n_articles,
            tags.n_tags,
        ));
        lines.extend((tags.n_unknown_tags > 0).then(|| {
            let n_tags = tags.n_unknown_tags;
            format!("{n_tags} further tags {WHY_TAGS_DO_NOT_COUNT}")
        }));
    }
    lines.extend(of_archive(evaluation).map(|all| {
        format!(
            "of the {} tags that training articles have, however rare: {}",
            all.n_tags,
            tag_measures(all)
        )
    }));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What all tags of the archive make of it, if these are more than were learnt.
pub(super) fn of_archive(evaluation: &Evaluation) -> Option<&TagMeasures> {
    let all = evaluation.archive_tags.as_ref()?;
    (all.n_tags > evaluation.tags.n_tags).then_some(all)
}

fn tag_measures(tags: &TagMeasures) -> String {
    format!(
        "micro-F1 {}   macro-F1 {}   precision {}   recall {}",
        share(tags.micro_f1),
        share(tags.macro_f1),
        share(tags.precision),
        share(tags.recall)
    )
}

fn suggestions(evaluation: &Evaluation) -> String {
    let mut table = plain_table();
    table.set_header(["first suggestions", "precision", "recall", "F1"]);
    let ranking = &evaluation.suggestions.ranking;
    for (name, measured) in [
        ("5, all tags", ranking.at_5),
        ("10, all tags", ranking.at_10),
        ("5, tags in the text", ranking.present_at_5),
        ("10, tags in the text", ranking.present_at_10),
    ] {
        table.add_row([
            name.to_owned(),
            share(measured.precision),
            share(measured.recall),
            share(measured.f1),
        ]);
    }
    right_align(&mut table);
    format!(
        "{table}\nnDCG@5 {}   on {} articles; equal are tags with the same stems",
        share(ranking.ndcg_at_5),
        evaluation.suggestions.n_articles
    )
}

fn share(value: f64) -> String {
    format!("{value:.4}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::evaluate::LabelMeasures;

    #[test]
    fn what_was_not_measured_is_no_zero() {
        let evaluation = Evaluation {
            n_articles: 1,
            ..Evaluation::default()
        };
        let shown = summary(&evaluation);
        assert!(shown.contains("log loss –"), "{shown}");
        assert!(shown.contains("all of the articles need review"), "{shown}");
        assert!(!shown.contains("are right"), "{shown}");
    }

    #[test]
    fn a_matrix_that_nobody_reads_is_not_shown() {
        let of_topics = |n_topics: usize| {
            let topic = |n: usize| LabelMeasures {
                name: format!("Topic {n}"),
                precision: 0.0,
                recall: 0.0,
                f1: 0.0,
                support: 0,
            };
            confusion(&Evaluation {
                topics: (0..n_topics).map(topic).collect(),
                confusion: vec![vec![0; n_topics]; n_topics],
                ..Evaluation::default()
            })
        };
        assert!(of_topics(60).contains("Topic 59"));
        let shown = of_topics(61);
        assert!(!shown.contains("Topic"), "{shown}");
        assert!(shown.contains("these are 61"), "{shown}");
        assert!(shown.contains("--json has all"), "{shown}");
    }

    #[test]
    fn tags_that_were_not_learnt_are_told_apart() {
        let mut evaluation = Evaluation::default();
        assert_eq!(tags(&evaluation), None);
        let own = &mut evaluation.tags;
        (own.n_articles, own.n_tags, own.micro_f1, own.n_unknown_tags) = (1, 2, 0.5, 6);
        let mut all = own.clone();
        evaluation.archive_tags = Some(all.clone());
        let shown = tags(&evaluation).unwrap();
        assert!(
            shown.contains("6 further tags are not in the model"),
            "{shown}"
        );
        assert!(!shown.contains("however rare"), "{shown}");
        (all.n_tags, all.micro_f1) = (5, 0.25);
        evaluation.archive_tags = Some(all);
        let shown = tags(&evaluation).unwrap();
        let told = [
            "tags: micro-F1 0.5000",
            "of the 5 tags that training articles have",
            "rare: micro-F1 0.2500",
        ];
        assert!(told.iter().all(|part| shown.contains(part)), "{shown}");
        // Where none was learnt, that is what there is to say.
        evaluation.tags = TagMeasures::default();
        assert!(tags(&evaluation).unwrap().starts_with("of the 5 tags"));
    }
}
