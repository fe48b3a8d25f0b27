//! Labelled pages become a model of lines.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, Axis};

use super::TrainError;
use super::dumps::DumpStyle;
use crate::extract::page_text::{N_FEATURES, line_features};
use crate::extract::{LineModel, LineModelParts, Shingles};

const MAX_ITERATIONS: u64 = 200;
const L2_PENALTY: f64 = 1.0;
/// The decisions that are tried: costs of a change, shifts of the log-odds, thresholds between the first
/// and the last line.
const SWITCH_COSTS: [f32; 4] = [0.5, 1.0, 2.0, 3.0];
const SHIFTS: [f32; 5] = [-0.5, 0.0, 0.5, 1.0, 1.5];
const INNER_THRESHOLDS: [f32; 4] = [-3.0, -2.0, -1.0, 0.0];

/// A page and its article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledPage {
    /// The page.
    pub html: String,
    /// The article's text as a person marked it.
    pub article: String,
}

/// Lines of one dump with the answers to learn.
struct Dump {
    rows: Vec<[f32; N_FEATURES]>,
    is_article: Vec<bool>,
    n_words: Vec<f32>,
}

/// Fits which lines of a page are its article, on the pages as text in each [`DumpStyle`].
///
/// # Errors
/// [`TrainError::Lines`] if there are no lines of both kinds, or linfa's solver fails.
pub fn fit_line_model(pages: &[LabelledPage]) -> Result<LineModel, TrainError> {
    let dumps: Vec<Dump> = pages.iter().flat_map(dumps).collect();
    let linear = fit_linear(&dumps)?;
    let mut best: Option<(f32, LineModel)> = None;
    for parts in decisions(&linear) {
        let model = LineModel::new(parts).map_err(|e| TrainError::Lines(e.to_string()))?;
        let score = mean_f1(&model, &dumps);
        if best.as_ref().is_none_or(|(best, _)| score > *best) {
            best = Some((score, model));
        }
    }
    best.map(|(_, model)| model)
        .ok_or_else(|| TrainError::Lines("no decision was tried".into()))
}

fn decisions(linear: &LineModelParts) -> impl Iterator<Item = LineModelParts> + '_ {
    SWITCH_COSTS.iter().flat_map(move |&switch_cost| {
        SHIFTS.iter().flat_map(move |&shift| {
            INNER_THRESHOLDS
                .iter()
                .map(move |&inner_threshold| LineModelParts {
                    intercept: linear.intercept + shift,
                    switch_cost,
                    inner_threshold,
                    ..linear.clone()
                })
        })
    })
}

fn dumps(page: &LabelledPage) -> Vec<Dump> {
    let article = Shingles::new(&page.article);
    let dump = |style: DumpStyle| {
        let text = style.dump(&page.html);
        let (lines, rows): (Vec<&str>, Vec<_>) = line_features(&text).into_iter().unzip();
        Dump {
            rows,
            is_article: lines.iter().map(|line| article.has_most_of(line)).collect(),
            n_words: lines.iter().map(|line| n_words(line) as f32).collect(),
        }
    };
    DumpStyle::ALL.map(dump).into()
}

fn n_words(line: &str) -> usize {
    line.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .count()
}

/// A logistic regression on standardised features, its scales folded into the weights.
fn fit_linear(dumps: &[Dump]) -> Result<LineModelParts, TrainError> {
    let targets: Vec<bool> = dumps
        .iter()
        .flat_map(|d| d.is_article.iter().copied())
        .collect();
    let n_article = targets.iter().filter(|is_article| **is_article).count();
    if n_article == 0 || n_article == targets.len() {
        return Err(TrainError::Lines(format!(
            "{n_article} of {} lines are an article's: there must be lines of both kinds",
            targets.len()
        )));
    }
    let values = dumps
        .iter()
        .flat_map(|dump| dump.rows.iter().flatten().copied().map(f64::from));
    let mut rows = Array2::from_shape_vec((targets.len(), N_FEATURES), values.collect())
        .map_err(|e| TrainError::Lines(e.to_string()))?;
    let means = rows
        .mean_axis(Axis(0))
        .unwrap_or_else(|| Array1::zeros(N_FEATURES));
    let scales = rows
        .std_axis(Axis(0), 0.0)
        .mapv(|scale| if scale > 1e-6 { scale } else { 1.0 });
    rows -= &means;
    rows /= &scales;
    let fitted = LogisticRegression::default()
        .alpha(L2_PENALTY)
        .max_iterations(MAX_ITERATIONS)
        .fit(&Dataset::new(rows, Array1::from(targets)))
        .map_err(|e| TrainError::Lines(e.to_string()))?;
    // linfa calls the more frequent class positive, whichever it is.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let weights = fitted.params() * sign / &scales;
    let intercept = sign * fitted.intercept() - weights.dot(&means);
    Ok(LineModelParts {
        weights: weights.iter().map(|&weight| weight as f32).collect(),
        intercept: intercept as f32,
        switch_cost: 0.0,
        inner_threshold: 0.0,
    })
}

/// The mean over dumps of the F1 of their words.
fn mean_f1(model: &LineModel, dumps: &[Dump]) -> f32 {
    let f1 = |dump: &Dump| {
        let kept = model.kept_lines(&dump.rows);
        let sum = |counts: &dyn Fn(usize) -> bool| -> f32 {
            (0..kept.len())
                .filter(|&i| counts(i))
                .map(|i| dump.n_words[i])
                .sum()
        };
        let right = sum(&|i| kept[i] && dump.is_article[i]);
        let found = sum(&|i| kept[i]);
        let wanted = sum(&|i| dump.is_article[i]);
        if found + wanted > 0.0 {
            2.0 * right / (found + wanted)
        } else {
            1.0
        }
    };
    dumps.iter().map(f1).sum::<f32>() / dumps.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(n: usize) -> LabelledPage {
        let story: String = (0..6)
            .map(|i| format!("The harbour of town {n} was quiet on day {i}, and nobody could say when the ships would be back.\n"))
            .collect();
        let paragraphs = story
            .lines()
            .map(|line| format!("<p>{line}</p>"))
            .collect::<String>();
        let html = format!(
            "<title>Quayside Post, page {n}</title><ul><li>Home<li>News {n}<li>Sport</ul>{paragraphs}<h3>Most read</h3><p>Cup final {n}</p>"
        );
        LabelledPage {
            html,
            article: story,
        }
    }

    #[test]
    fn menus_are_told_from_stories() {
        let pages: Vec<LabelledPage> = (0..8).map(page).collect();
        let model = fit_line_model(&pages).unwrap();
        let text = DumpStyle::InnerText.dump(&page(99).html);
        let found = crate::extract::page_text::extract(&text, &model).unwrap();
        let kept: Vec<&str> = found.runs.iter().map(|run| &text[run.clone()]).collect();
        assert_eq!(kept, [page(99).article.trim_end()]);
    }

    #[test]
    fn pages_without_articles_are_an_error() {
        let page = LabelledPage {
            html: "<p>Home<p>News".into(),
            article: String::new(),
        };
        assert!(matches!(fit_line_model(&[page]), Err(TrainError::Lines(_))));
    }
}
