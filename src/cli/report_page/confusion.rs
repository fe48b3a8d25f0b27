//! Which topics are taken for which: the matrix and the largest confusions.

use maud::{Markup, html};

use super::{grouped, percent};
use crate::cli::report::MAX_MATRIX_TOPICS;
use crate::train::evaluate::Evaluation;

/// More columns than this are headed by numbers instead of names.
const MAX_NAMED_COLUMNS: usize = 24;
const MAX_LISTED: usize = 12;
/// A right cell of at least this share of its row is dark enough for light figures.
const DEEP_SHARE: f64 = 0.75;

/// Articles of one topic that were answered with another.
struct Confusion<'a> {
    is: &'a str,
    answered: &'a str,
    n_articles: usize,
    share: f64,
}

/// Which topics are taken for which: the matrix, and the largest confusions in words.
pub(super) fn section(evaluation: &Evaluation) -> Markup {
    let n_topics = evaluation.topics.len();
    let confusions = largest(evaluation);
    html! {
        @if n_topics > 0 {
            section id="confusion" {
                h2 { "Which topics are taken for which" }
                @if n_topics <= MAX_MATRIX_TOPICS {
                    p {
                        "A row holds the articles of one topic, a column the answers. Right answers are on the "
                        "diagonal; the stronger a cell's colour, the larger its share of the row."
                    }
                    div.scroll { (matrix(evaluation)) }
                }
                @if !confusions.is_empty() {
                    h3 { "Most frequent confusions" }
                    ol.confusions {
                        @for confusion in confusions {
                            li {
                                b { (confusion.is) } " taken for " b { (confusion.answered) } ": "
                                (grouped(confusion.n_articles)) " articles, " (percent(confusion.share))
                                " of all " (confusion.is)
                            }
                        }
                    }
                }
            }
        }
    }
}

fn matrix(evaluation: &Evaluation) -> Markup {
    let topics = &evaluation.topics;
    let named = topics.len() <= MAX_NAMED_COLUMNS;
    html! {
        table.matrix {
            thead {
                tr {
                    td {}
                    @for (i, topic) in topics.iter().enumerate() {
                        th scope="col" title=(topic.name) {
                            @if named { span.upright { (topic.name) } } @else { (i + 1) }
                        }
                    }
                }
            }
            tbody {
                @for (i, topic) in topics.iter().enumerate() {
                    tr {
                        th scope="row" {
                            (topic.name)
                            @if !named { " " small { (i + 1) } }
                        }
                        @for (j, &count) in evaluation.confusion[i].iter().enumerate() {
                            (cell(evaluation, (i, j), count))
                        }
                    }
                }
            }
        }
    }
}

fn cell(evaluation: &Evaluation, (i, j): (usize, usize), count: usize) -> Markup {
    let topics = &evaluation.topics;
    let share = count as f64 / topics[i].support.max(1) as f64;
    let class = match (i == j, share >= DEEP_SHARE) {
        (true, true) => "right deep",
        (true, false) => "right",
        (false, _) => "wrong",
    };
    let said = format!(
        "{} of {} articles of {} were answered {}",
        grouped(count),
        grouped(topics[i].support),
        topics[i].name,
        topics[j].name
    );
    html! {
        @if count == 0 {
            td.none { "·" }
        } @else {
            td class=(class) style=(format!("--share:{share:.3}")) title=(said) { (grouped(count)) }
        }
    }
}

fn largest(evaluation: &Evaluation) -> Vec<Confusion<'_>> {
    let topics = &evaluation.topics;
    let mut confusions: Vec<Confusion<'_>> = Vec::new();
    for (i, row) in evaluation.confusion.iter().enumerate() {
        for (j, &n_articles) in row.iter().enumerate() {
            if i != j && n_articles > 0 {
                confusions.push(Confusion {
                    is: &topics[i].name,
                    answered: &topics[j].name,
                    n_articles,
                    share: n_articles as f64 / topics[i].support.max(1) as f64,
                });
            }
        }
    }
    confusions.sort_by_key(|confusion| std::cmp::Reverse(confusion.n_articles));
    confusions.truncate(MAX_LISTED);
    confusions
}
