//! The sections of the page, one function each.

use maud::{Markup, PreEscaped, html};

use super::charts::{self, LineChart};
use super::{Page, grouped, percent};
use crate::cli::report::{Measured, WHY_TAGS_DO_NOT_COUNT, of_archive};
use crate::train::evaluate::{Evaluation, LabelMeasures};
use crate::train::study::{Study, SuspectArticle};

/// Tags beyond these are rare; the page says how many there are.
const MAX_TAG_ROWS: usize = 200;

/// Name, origin and the few numbers that matter most.
pub(super) fn head(page: &Page<'_>) -> Markup {
    let (manifest, evaluation) = (page.manifest, page.evaluation);
    let training = &manifest.training;
    html! {
        header {
            p.kicker { "Copydesk report" }
            h1 { (manifest.name) }
            p.origin {
                "Version " code { (manifest.version()) }
                ", learnt from " (grouped(training.articles as usize)) " articles"
                @if !manifest.languages.is_empty() { " in " (manifest.languages.join(", ")) }
                "."
                @if !training.data.is_empty() { " " (training.data) "." }
            }
            div.tiles {
                @if evaluation.n_articles > 0 { (topic_tiles(evaluation, page.on)) }
                @if evaluation.tags.n_articles > 0 {
                    (tile("Tags, micro-F1", &format!("{:.3}", evaluation.tags.micro_f1), &format!(
                        "precision {:.3}, recall {:.3} on {} articles",
                        evaluation.tags.precision, evaluation.tags.recall, grouped(evaluation.tags.n_articles)
                    )))
                }
            }
        }
    }
}

fn topic_tiles(evaluation: &Evaluation, on: Measured) -> Markup {
    let articles = match on {
        Measured::HeldOut => "held-out articles",
        Measured::Given => {
            "articles; only of those that the model has not learnt from does it tell what is to come"
        }
    };
    let automatic = &evaluation.automatic;
    let of_automatic = match automatic.accuracy {
        Some(accuracy) => format!("{} of these are right", percent(accuracy)),
        None => "all articles need review".to_owned(),
    };
    html! {
        (tile("Accuracy", &percent(evaluation.accuracy), &format!("of {} {articles}", grouped(evaluation.n_articles))))
        (tile("Macro-F1", &format!("{:.3}", evaluation.macro_f1), &format!("every one of {} topics counts the same", evaluation.topics.len())))
        (tile("Without review", &percent(automatic.share), &of_automatic))
        (tile("Calibration error", &format!("{:.3}", evaluation.calibration_error), "mean gap between confidence and accuracy"))
        @if evaluation.n_unknown_topic > 0 {
            (tile("Unknown topics", &grouped(evaluation.n_unknown_topic), "articles have a topic that the model does not know; they count as wrong"))
        }
        @if evaluation.n_failed > 0 {
            (tile("Failed", &grouped(evaluation.n_failed), "articles could not be classified; they count as wrong"))
        }
    }
}

fn tile(name: &str, value: &str, meaning: &str) -> Markup {
    html! {
        div.tile {
            div.name { (name) }
            div.value { (value) }
            div.meaning { (meaning) }
        }
    }
}

/// Precision, recall and F1 of every topic.
pub(super) fn topics(page: &Page<'_>) -> Markup {
    let topics = &page.evaluation.topics;
    html! {
        @if !topics.is_empty() {
            section id="topics" {
                h2 { "Topics" }
                p {
                    "Precision: of the answers with this topic, how many are right. Recall: of the articles of "
                    "this topic, how many are found. F1 is high only if both are."
                }
                (measures("Topic", topics.iter()))
            }
        }
    }
}

/// Every tag that could be measured, the commonest first.
pub(super) fn tags(page: &Page<'_>) -> Markup {
    let evaluation = page.evaluation;
    let mut tags: Vec<&LabelMeasures> = evaluation.tags.each.iter().collect();
    tags.sort_by(|a, b| b.support.cmp(&a.support).then_with(|| a.name.cmp(&b.name)));
    let n_more = tags.len().saturating_sub(MAX_TAG_ROWS);
    tags.truncate(MAX_TAG_ROWS);
    html! {
        @if !tags.is_empty() {
            section id="tags" {
                h2 { "Tags" }
                p {
                    "On " (grouped(evaluation.tags.n_articles)) " articles that have tags. All tags together: "
                    "micro-F1 " (format!("{:.3}", evaluation.tags.micro_f1)) "; each tag alike: macro-F1 "
                    (format!("{:.3}", evaluation.tags.macro_f1)) "."
                    @if evaluation.tags.n_unknown_tags > 0 {
                        " " (grouped(evaluation.tags.n_unknown_tags)) " further tags " (WHY_TAGS_DO_NOT_COUNT) "."
                    }
                    @if let Some(all) = of_archive(evaluation) {
                        " Of the " (grouped(all.n_tags)) " tags that training articles have, however rare: micro-F1 "
                        (format!("{:.3}", all.micro_f1)) ", macro-F1 " (format!("{:.3}", all.macro_f1)) "."
                    }
                }
                (measures("Tag", tags.into_iter()))
                @if n_more > 0 { p.note { "And " (grouped(n_more)) " rarer tags." } }
            }
        }
    }
}

fn measures<'a>(what: &str, labels: impl Iterator<Item = &'a LabelMeasures>) -> Markup {
    html! {
        div.scroll {
            table.measures {
                thead {
                    tr {
                        th { (what) } th { "Precision" } th { "Recall" } th { "F1" } th.number { "Articles" }
                    }
                }
                tbody {
                    @for label in labels {
                        tr {
                            th scope="row" { (label.name) }
                            @for value in [label.precision, label.recall] { td { (bar(value, "bar")) } }
                            td { (bar(label.f1, "bar strong")) }
                            td.number { (grouped(label.support)) }
                        }
                    }
                }
            }
        }
    }
}

fn bar(value: f64, class: &str) -> Markup {
    html! {
        div class=(class) {
            span.track { span.fill style=(format!("width:{:.1}%", 100.0 * value)) {} }
            span.figure { (format!("{value:.3}")) }
        }
    }
}

/// Whether confidences hold, and what they are good for.
pub(super) fn trust(page: &Page<'_>) -> anyhow::Result<Markup> {
    let evaluation = page.evaluation;
    if evaluation.reliability.is_empty() {
        return Ok(html! {});
    }
    let reliability = charts::reliability(&evaluation.reliability)?;
    let coverage = charts::coverage(evaluation)?;
    let threshold = f64::from(page.manifest.review_threshold);
    Ok(html! {
        section id="trust" {
            h2 { "How far confidences can be trusted" }
            div.pair {
                figure {
                    figcaption {
                        b { "Reliability." }
                        " Of answers with confidence 80 %, four in five should be right: points on the thin line. "
                        "Points below it are answers that are too sure; larger points stand for more articles."
                    }
                    div role="img" aria-label="Reliability diagram: accuracy against confidence" { (PreEscaped(reliability)) }
                }
                figure {
                    figcaption {
                        b { "Coverage." }
                        " How many of the most confident answers are right. "
                        @if threshold > 0.0 {
                            "The ring is the review threshold, confidence " (percent(threshold)) ": "
                            @if let Some(accuracy) = evaluation.automatic.accuracy {
                                (percent(evaluation.automatic.share)) " of the articles need no review, and "
                                (percent(accuracy)) " of those are right."
                            } @else {
                                "all of the articles need review."
                            }
                        }
                    }
                    div role="img" aria-label="Coverage and accuracy" { (PreEscaped(coverage)) }
                }
            }
            (coverage_table(evaluation))
        }
    })
}

fn coverage_table(evaluation: &Evaluation) -> Markup {
    html! {
        details {
            summary { "The curve in numbers" }
            table.plain {
                thead { tr { th.number { "Most confident" } th.number { "Confidence from" } th.number { "Accuracy" } } }
                tbody {
                    @for point in &evaluation.coverage_curve {
                        tr {
                            td.number { (format!("{:.0} %", 100.0 * point.coverage)) }
                            td.number { (format!("{:.3}", point.confidence)) }
                            td.number { (percent(point.accuracy)) }
                        }
                    }
                }
            }
        }
    }
}

/// What more articles would bring.
pub(super) fn learning_curve(study: &Study) -> anyhow::Result<Markup> {
    let (Some(first), Some(last)) = (study.learning_curve.first(), study.learning_curve.last())
    else {
        return Ok(html! {});
    };
    let points = study
        .learning_curve
        .iter()
        .map(|point| (point.n_articles as f64, point.accuracy));
    let chart = LineChart::of_sizes(points.collect(), "articles learnt from", "accuracy");
    let chart = chart.draw()?;
    Ok(html! {
        section id="learning-curve" {
            h2 { "Would more articles help?" }
            figure.single {
                figcaption {
                    "Accuracy on a fifth of the training articles, learning from ever more of the others: "
                    (percent(first.accuracy)) " from " (grouped(first.n_articles)) " articles, "
                    (percent(last.accuracy)) " from " (grouped(last.n_articles))
                    ". If the curve still rises at its end, further articles will pay; if it is flat, better labels will."
                }
                div role="img" aria-label="Learning curve: accuracy against the number of articles" { (PreEscaped(chart)) }
            }
        }
    })
}

/// Articles to look at again.
pub(super) fn suspects(page: &Page<'_>) -> Markup {
    let study = page.study;
    let judge = match page.on {
        Measured::HeldOut => "a model that has not seen the article",
        Measured::Given => "the model (which doubts few of the articles that it has learnt from)",
    };
    html! {
        @if study.n_judged > 0 {
            section id="mislabelled" {
                h2 { "Articles that may be filed under the wrong topic" }
                @if study.n_suspects == 0 {
                    p { "None of " (grouped(study.n_judged)) " labels is in doubt." }
                } @else {
                    p {
                        (grouped(study.n_suspects)) " of " (grouped(study.n_judged)) " labels ("
                        (percent(study.n_suspects as f64 / study.n_judged as f64))
                        ") are in doubt: " (judge) " finds another topic at least as "
                        "probable as that topic's own articles have it on average (confident learning). The widest "
                        "gaps come first. Some are mistakes; others belong to two topics, or show that two topics overlap."
                    }
                    (suspects_table(&study.suspects))
                    @if study.n_suspects > study.suspects.len() {
                        p.note { "The first " (study.suspects.len()) " are shown." }
                    }
                }
            }
        }
    }
}

fn suspects_table(suspects: &[SuspectArticle]) -> Markup {
    html! {
        div.scroll {
            table.suspects {
                thead { tr { th { "Article" } th { "Filed under" } th { "More likely" } } }
                tbody {
                    @for suspect in suspects {
                        tr {
                            td {
                                @if !suspect.title.is_empty() { div.title { (suspect.title) } }
                                div.excerpt { (suspect.excerpt) }
                                div.place { (suspect.place) }
                            }
                            td { (judgement(&suspect.given, suspect.given_probability, "bar wrong")) }
                            td { (judgement(&suspect.likely, suspect.likely_probability, "bar strong")) }
                        }
                    }
                }
            }
        }
    }
}

fn judgement(topic: &str, probability: f32, class: &str) -> Markup {
    html! {
        div.topic { (topic) }
        (bar(f64::from(probability), class))
    }
}

/// The words by which topics are told.
pub(super) fn terms(study: &Study) -> Markup {
    let known: Vec<_> = study.terms.iter().filter(|t| !t.terms.is_empty()).collect();
    html! {
        @if !known.is_empty() {
            section id="terms" {
                h2 { "The most telling terms" }
                p {
                    "What adds most to each topic in the articles that are answered with it. The number is the mean "
                    "log-odds a term adds; … stands for any ending. A name, a place or a byline that should not "
                    "decide is a hint that the archive is one-sided."
                }
                dl.terms {
                    @for topic in known {
                        div {
                            dt { (topic.topic) }
                            dd {
                                @for term in &topic.terms {
                                    span.term title=(format!("in {} articles", term.n_articles)) {
                                        (term.term) " " small { (format!("{:+.2}", term.weight)) }
                                    }
                                    " "
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
