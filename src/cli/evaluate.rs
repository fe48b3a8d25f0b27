use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::data_args::DataArgs;
use super::{model_file, report};
use crate::train::evaluate;

/// Measure a model on labelled articles.
///
/// Prints precision, recall and F1 of every topic, which topics are taken for which, how far
/// confidences can be trusted, and how well tags are found.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk evaluate --data test.jsonl
  copydesk evaluate --model desk.safetensors --data test.csv --label-field section --json")]
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
}

/// Evaluates and prints.
pub(super) fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    let pipeline = model_file::load(args.model.as_deref())?;
    let corpus = args.rows.read(&args.data)?;
    let evaluation = evaluate::evaluate(&pipeline, &corpus.articles, None);
    if args.json {
        println!("{}", serde_json::to_string(&evaluation)?);
    } else {
        let manifest = pipeline.manifest();
        println!(
            "{} {}\n\n{}",
            manifest.name,
            manifest.version(),
            report::evaluation(&evaluation)
        );
        if evaluation.n_articles > 0 {
            println!("\n{}", report::confusion(&evaluation));
            println!("\n{}", report::coverage(&evaluation));
        }
    }
    Ok(ExitCode::SUCCESS)
}
