//! `copydesk evaluate`: a model measured on labelled articles.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::data_args::{DataArgs, say_written_otherwise};
use super::report::Measured;
use super::report_page::{self, Page};
use super::visible::visible;
use super::{model_file, report};
use crate::train::evaluate;
use crate::train::study::Study;

/// Measure a model on labelled articles.
///
/// Prints precision, recall and F1 of every topic, which topics are taken for which, how far
/// confidences can be trusted, and how well tags are found.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk evaluate --data test.jsonl
  copydesk evaluate --model desk.safetensors --data test.csv --label-field section --json
  copydesk evaluate --data test.jsonl --report report.html")]
pub(super) struct EvaluateArgs {
    /// Model file; without it, the built-in model
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    /// Labelled articles: JSON lines, CSV or TSV, plain or gzip; - for standard input
    #[arg(long, env = "COPYDESK_DATA", value_name = "FILE", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    rows: DataArgs,
    /// Write the measures as JSON to standard output
    #[arg(long, env = "COPYDESK_JSON")]
    json: bool,
    /// Write a page for a browser: measures with pictures, and the articles that may be filed under
    /// the wrong topic, as far as the model has not learnt from them
    #[arg(long, env = "COPYDESK_REPORT", value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Evaluates and prints.
pub(super) fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    if let Some(file) = &args.report {
        model_file::check_writable("--report", file, args.data.iter().chain(&args.model))?;
    }
    let pipeline = model_file::load(args.model.as_deref())?;
    let corpus = args.rows.read(&args.data, pipeline.lines())?;
    let topics = pipeline.manifest().topics.iter();
    evaluate::check_topics(
        &topics.map(|topic| &*topic.name).collect(),
        &corpus.articles,
    )?;
    say_written_otherwise("the model", pipeline.manifest(), &corpus.articles);
    let measured = evaluate::evaluate_with_vocabulary(pipeline, &corpus.articles);
    let (pipeline, evaluation) = measured?;
    let manifest = pipeline.manifest();
    if let Some(file) = &args.report {
        let page = Page {
            manifest,
            evaluation: &evaluation,
            study: &Study::of_given(&pipeline, &corpus.articles),
            on: Measured::Given,
        };
        report_page::write(file, &page)?;
    }
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&evaluation)?)?;
    } else {
        writeln!(
            out,
            "{} {}\n\n{}",
            visible(&manifest.name),
            manifest.version(),
            report::evaluation(&evaluation)
        )?;
        if evaluation.n_articles > 0 {
            writeln!(out, "\n{}", report::confusion(&evaluation))?;
            writeln!(out, "\n{}", report::coverage(&evaluation))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
