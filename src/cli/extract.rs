//! `copydesk extract`: pages in, their articles out.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::data_args::{article_bytes, is_stdin};
use super::model_file;
use super::page::PageAnswer;
use super::say;
use super::told;
use super::visible::visible;
use crate::extract::kind;
use crate::pipeline::Pipeline;
use crate::text::{Article, ArticleDraft, ContentFormat, OffsetUnit};
use crate::train::corpus::unzipped;

/// Print the article of a page and what the page says of it.
///
/// A page may be HTML or copied as text; which it is, is detected. Of a text that is no page, all is the
/// article. An article that could not be told from its page is printed with all of the page, and a line
/// on standard error says so. A page that cannot be read is named, the others are answered, and the exit
/// status is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk extract page.html
  curl -s https://news.example/story | copydesk extract
  copydesk extract --json pages/*.html | jq -r .title")]
pub(super) struct ExtractArgs {
    /// HTML pages or pages copied as text, plain or gzip; - or nothing for standard input
    #[arg(value_name = "PATH", default_value = "-")]
    paths: Vec<PathBuf>,
    /// Model file, whose line model reads pages copied as text; without it, the built-in model
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    /// What the files hold; without it, detected
    #[arg(long, env = "COPYDESK_FORMAT", value_enum)]
    format: Option<PageFormat>,
    /// Write one JSON object a page
    #[arg(long, env = "COPYDESK_JSON")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    /// An article's own text
    Text,
    /// An HTML page
    Html,
    /// A page copied as text
    PageText,
}

/// One answer for machines.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    format: &'static str,
    /// The article was told from the page around it.
    is_sure: bool,
    #[serde(flatten)]
    page: PageAnswer<'a>,
}

/// Reads page after page.
pub(super) fn run(args: &ExtractArgs) -> anyhow::Result<ExitCode> {
    let pipeline = model_file::load(args.model.as_deref())?;
    let mut out = io::stdout().lock();
    let mut exit = ExitCode::SUCCESS;
    for (n, path) in args.paths.iter().enumerate() {
        let id = path.display().to_string();
        match args.article(path) {
            Ok(article) if args.json => write_json(&pipeline, &id, &article, &mut out)?,
            Ok(article) => {
                if args.paths.len() > 1 {
                    let gap = if n > 0 { "\n" } else { "" };
                    writeln!(out, "{gap}==> {} <==", visible(&id))?;
                }
                write_text(&pipeline, &id, &article, &mut out)?;
            }
            Err(error) => {
                say(format_args!("{id}: {}", told(&error)));
                exit = ExitCode::FAILURE;
            }
        }
    }
    Ok(exit)
}

impl ExtractArgs {
    fn article(&self, path: &Path) -> anyhow::Result<Article> {
        let bytes = if is_stdin(path) {
            article_bytes(unzipped(io::stdin().lock())?)
        } else {
            article_bytes(unzipped(File::open(path)?)?)
        }?;
        let body = String::from_utf8(bytes).context("not UTF-8: convert it first")?;
        let format = match self.format {
            None => kind::detect(&body),
            Some(PageFormat::Text) => ContentFormat::Text,
            Some(PageFormat::Html) => ContentFormat::Html,
            Some(PageFormat::PageText) => ContentFormat::PageText,
        };
        Ok(Article::new(ArticleDraft {
            body,
            format,
            ..ArticleDraft::default()
        })?)
    }
}

fn write_json(
    pipeline: &Pipeline,
    id: &str,
    article: &Article,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (report, is_sure) = pipeline.extract(article, OffsetUnit::Bytes);
    let answer = Answer {
        id,
        format: match article.format() {
            ContentFormat::Unspecified => "CONTENT_FORMAT_UNSPECIFIED",
            ContentFormat::Text => "CONTENT_FORMAT_TEXT",
            ContentFormat::Html => "CONTENT_FORMAT_HTML",
            ContentFormat::PageText => "CONTENT_FORMAT_PAGE_TEXT",
        },
        is_sure,
        page: PageAnswer::new(&report),
    };
    serde_json::to_writer(&mut *out, &answer)?;
    writeln!(out)?;
    Ok(())
}

fn write_text(
    pipeline: &Pipeline,
    id: &str,
    article: &Article,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (report, is_sure) = pipeline.extract(article, OffsetUnit::Bytes);
    if !is_sure {
        say(format_args!(
            "{id}: the article could not be told from the page; this is all of it"
        ));
    }
    let page = &report.page;
    let tags = page.page_tags.join(", ");
    let fields = [
        ("Title", &page.title),
        ("Published", &page.published),
        ("Author", &page.author),
        ("Source", &page.source),
        ("Section", &page.section),
        ("Tags", &tags),
    ];
    let found: Vec<_> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    for (name, value) in &found {
        writeln!(out, "{name}: {}", visible(value))?;
    }
    if !found.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", visible(report.article_text.trim_end()))?;
    Ok(())
}
