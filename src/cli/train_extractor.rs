//! `copydesk train-extractor`: labelled pages in, a model file with a new line model out.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use clap::Args;

use super::model_file;
use super::say;
use crate::train::lines::{LabelledPage, fit_line_model};
use crate::train::pages::read_pages;

/// Learn which lines of a page copied as text are its article.
///
/// Writes a model file again with the new line model in it; topics and tags stay as they are. The pages
/// are in a folder as the article-extraction-benchmark has them: html/ID.html.gz, and ground-truth.json
/// with {"ID": {"articleBody": "…"}}.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk train-extractor --pages pages --out desk.safetensors --model desk.safetensors")]
pub(super) struct TrainExtractorArgs {
    /// Folder of labelled pages
    #[arg(long, env = "COPYDESK_PAGES", value_name = "FOLDER")]
    pages: PathBuf,
    /// Model file to put the line model into; without it, the built-in model
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    /// Where to write the model file; may be that of --model
    #[arg(long, env = "COPYDESK_OUT", value_name = "FILE")]
    out: PathBuf,
}

/// Fits and writes.
pub(super) fn run(args: &TrainExtractorArgs) -> anyhow::Result<ExitCode> {
    model_file::check_writable("--out", &args.out, [])?;
    let pipeline = model_file::load(args.model.as_deref())?;
    let started = Instant::now();
    let pages: Vec<LabelledPage> = read_pages(&args.pages)?.into_values().collect();
    if pages.is_empty() {
        bail!("{} has no pages", args.pages.display());
    }
    let pipeline = pipeline.with_lines(Some(fit_line_model(&pages)?));
    model_file::save(&args.out, &pipeline.to_bytes()?)?;
    say(format_args!(
        "{}: a line model of {} pages in {:.1} s",
        args.out.display(),
        pages.len(),
        started.elapsed().as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}
