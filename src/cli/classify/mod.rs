//! `copydesk classify`: articles in, topics and tags out.
//!
//! - `input`: articles out of files and JSON lines.
//! - `shown`: an answer for people.
//! - `json`: an answer for machines.

mod input;
mod json;
mod shown;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::model_file;
use super::say;
use super::tag_args::{RuleArgs, VocabularyArgs};
use super::visible::visible;
use crate::pipeline::options::{DEFAULT_MAX_TAGS, OptionsDraft};
use crate::pipeline::{Options, Pipeline, TagSource};
use crate::text::Article;
use input::{Input, InputArgs};

/// Classify articles and print their topics and tags.
///
/// A text file is one article; of a .jsonl or .json file each line is one; tables are not read. Answers come as
/// the articles are read, in their order. An article that cannot be read is named, the others are answered, and the
/// exit status is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk classify article.txt other.txt
  copydesk classify --json articles.jsonl > answers.jsonl
  copydesk classify --explain article.txt
  echo 'The striker scored twice in the final.' | copydesk classify")]
pub(super) struct ClassifyArgs {
    /// Text files, HTML pages, pages copied as text, or JSON lines; - or nothing for standard input
    #[arg(value_name = "PATH", default_value = "-")]
    paths: Vec<PathBuf>,
    /// Model file; without it, the built-in model
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    /// At most so many tags
    #[arg(long, env = "COPYDESK_MAX_TAGS", value_name = "N", default_value_t = DEFAULT_MAX_TAGS)]
    max_tags: usize,
    /// The least confidence of a tag, from 0 to 1; without it, the model's own threshold
    #[arg(long, env = "COPYDESK_MIN_TAG_CONFIDENCE", value_name = "P")]
    min_tag_confidence: Option<f32>,
    /// Where tags may come from
    #[arg(long, env = "COPYDESK_TAG_SOURCE", value_enum, default_value_t = Source::Any)]
    tag_source: Source,
    #[command(flatten)]
    vocabulary: VocabularyArgs,
    #[command(flatten)]
    rules: RuleArgs,
    /// Say which tags were considered and are not suggested, and why not
    #[arg(long, env = "COPYDESK_REJECTED")]
    rejected: bool,
    /// Say why: the terms that speak most for and against the topic, and where they stand
    #[arg(long, env = "COPYDESK_EXPLAIN")]
    explain: bool,
    /// Write one JSON object an article
    #[arg(long, env = "COPYDESK_JSON")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// From anywhere
    Any,
    /// Only from the model's tags and vocabularies
    Vocabulary,
    /// Only from the article's own names and phrases
    Keyphrases,
}

impl From<Source> for TagSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Any => Self::Any,
            Source::Vocabulary => Self::Vocabulary,
            Source::Keyphrases => Self::Keyphrases,
        }
    }
}

/// Classifies article after article.
pub(super) fn run(args: &ClassifyArgs) -> anyhow::Result<ExitCode> {
    let options = Options::new(OptionsDraft {
        max_tags: Some(args.max_tags),
        min_tag_confidence: args.min_tag_confidence,
        tag_source: args.tag_source.into(),
        allow_tags: args.rules.allow_tags(),
        include_rejected_tags: args.rejected,
        explain: args.explain,
        ..OptionsDraft::default()
    })
    .map_err(|error| {
        anyhow::anyhow!(
            error
                .to_string()
                .replace("options.", "--")
                .replace('_', "-")
        )
    })?;
    let pipeline = model_file::load(args.model.as_deref())?;
    let pipeline = args.vocabulary.add_to(pipeline)?;
    let pipeline = pipeline.with_tag_rules(args.rules.rules()?);
    let mut printer = Printer {
        pipeline: &pipeline,
        options,
        as_json: args.json,
        out: io::stdout().lock(),
        n_failed: 0,
        has_head: false,
    };
    for path in &args.paths {
        args.input.read(path, &mut |input| printer.print(input))?;
    }
    Ok(if printer.n_failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Prints answer after answer.
struct Printer<'a, W> {
    pipeline: &'a Pipeline,
    options: Options,
    as_json: bool,
    out: W,
    n_failed: usize,
    /// Whether the table's first row is printed.
    has_head: bool,
}

impl<W: Write> Printer<'_, W> {
    fn print(&mut self, input: Input) -> anyhow::Result<()> {
        let article = input
            .draft
            .and_then(|draft| Article::new(draft).map_err(|error| error.to_string()));
        let answer = article.as_ref().map_err(Clone::clone);
        let answer = answer.map(|article| self.pipeline.classify(article, &self.options));
        if let Err(error) = &answer {
            self.n_failed += 1;
            say(format_args!("{}: {error}", input.id));
        }
        let manifest = self.pipeline.manifest();
        if self.as_json {
            serde_json::to_writer(&mut self.out, &json::answer(&input.id, &answer, manifest))?;
            writeln!(self.out)?;
        } else if let Ok(answer) = &answer {
            if !self.has_head {
                self.show(&shown::head())?;
                self.has_head = true;
            }
            self.show(&shown::table_row(&input.id, answer))?;
            if self.options.include_rejected_tags() {
                self.show(&shown::rejected(answer))?;
            }
            if let (true, Ok(article)) = (self.options.explain(), &article) {
                self.show(&shown::explanation(article, answer))?;
            }
        }
        Ok(())
    }

    /// Writes for people.
    fn show(&mut self, lines: &str) -> io::Result<()> {
        writeln!(self.out, "{}", visible(lines))
    }
}
