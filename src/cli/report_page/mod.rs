//! Measurements as one page for a browser or a printer: no network, no script, light and dark.
//!
//! - [`write`]: read this first.
//! - `sections`: the page from top to bottom.
//! - `confusion`: which topics are taken for which.
//! - `charts`: curves as SVG.

mod charts;
mod confusion;
mod sections;

use std::fs;
use std::path::Path;

use anyhow::Context;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::report::Measured;
use crate::pipeline::manifest::Manifest;
use crate::train::evaluate::Evaluation;
use crate::train::study::Study;

const STYLE: &str = include_str!("style.css");
/// Whatever text an archive holds: the page loads nothing and runs nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// What a page is about.
pub(super) struct Page<'a> {
    /// The model's description of itself.
    pub(super) manifest: &'a Manifest,
    /// What was measured.
    pub(super) evaluation: &'a Evaluation,
    /// What was found in the archive.
    pub(super) study: &'a Study,
    /// Which articles it was measured on.
    pub(super) on: Measured,
}

/// Writes the page.
pub(super) fn write(file: &Path, page: &Page<'_>) -> anyhow::Result<()> {
    let text = render(page)?.into_string();
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn render(page: &Page<'_>) -> anyhow::Result<Markup> {
    let has_topics = page.evaluation.n_articles > 0;
    let sections = [
        sections::head(page),
        sections::topics(page),
        confusion::section(page.evaluation),
        sections::trust(page)?,
        sections::learning_curve(page.study)?,
        sections::suspects(page),
        sections::terms(page.study),
        sections::tags(page),
    ];
    Ok(html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (page.manifest.name) " – Copydesk report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    @for section in &sections { (section) }
                    @if !has_topics && page.evaluation.tags.n_articles == 0 {
                        p.note { "Nothing was measured: no article has a topic or a known tag." }
                    }
                }
            }
        }
    })
}

/// A number as people read it: `10,598`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in [0, 1] as per cent, with a space that no line is broken at.
fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::evaluate::{LabelMeasures, TagMeasures};
    use crate::train::study::SuspectArticle;
    use crate::train::telling_terms::{TellingTerm, TopicTerms};

    const HOSTILE: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn text_of_the_archive_stays_text() {
        let label = LabelMeasures {
            name: HOSTILE.into(),
            precision: 1.0,
            recall: 0.5,
            f1: 0.7,
            support: 2,
        };
        let evaluation = Evaluation {
            n_articles: 2,
            topics: vec![label.clone(), label.clone()],
            confusion: vec![vec![1, 1], vec![0, 2]],
            tags: TagMeasures {
                n_articles: 1,
                each: vec![label],
                ..TagMeasures::default()
            },
            ..Evaluation::default()
        };
        let study = Study {
            n_judged: 2,
            n_suspects: 1,
            suspects: vec![SuspectArticle {
                title: HOSTILE.into(),
                excerpt: HOSTILE.into(),
                place: HOSTILE.into(),
                given: HOSTILE.into(),
                likely: HOSTILE.into(),
                given_probability: 0.1,
                likely_probability: 0.9,
            }],
            terms: vec![TopicTerms {
                topic: HOSTILE.into(),
                terms: vec![TellingTerm {
                    term: HOSTILE.into(),
                    weight: 1.0,
                    n_articles: 1,
                }],
            }],
            ..Study::default()
        };
        let pipeline = crate::pipeline::Pipeline::built_in().unwrap();
        let mut manifest = pipeline.manifest().clone();
        manifest.name = HOSTILE.into();
        manifest.training.data = HOSTILE.into();
        let page = Page {
            manifest: &manifest,
            evaluation: &evaluation,
            study: &study,
            on: Measured::HeldOut,
        };
        let text = render(&page).unwrap().into_string();
        assert!(!text.contains("<script"), "{text}");
        assert!(!text.contains("<img"), "{text}");
        assert!(text.matches("&lt;script&gt;").count() >= 10, "{text}");
        // Out of an attribute, only a quotation mark leads.
        assert!(!text.contains("\"'&"), "{text}");
    }
}
