//! Flags for labelled articles, and reading them from files and standard input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use super::model_file::is_same;
use super::say;
use crate::extract::LineModel;
use crate::pipeline::Manifest;
use crate::text::MAX_ARTICLE_BYTES;
use crate::train::corpus::{
    ArticleFields, Corpus, Fields, LabelledArticle, RowFormat, pages, without_mark,
    written_otherwise,
};

/// Where a row has its article.
#[derive(Debug, Clone, Args)]
pub(super) struct ArticleArgs {
    /// Field of a row with the headline; "" to leave headlines alone
    #[arg(
        long = "title-field",
        env = "COPYDESK_TITLE_FIELD",
        value_name = "NAME",
        default_value = "title"
    )]
    title: String,
    /// Field of a row with the text; of rows without `text` also `body`, as the service calls it. ""
    /// to read headlines alone
    #[arg(
        long = "text-field",
        env = "COPYDESK_TEXT_FIELD",
        value_name = "NAME",
        default_value = "text"
    )]
    text: String,
}

impl ArticleArgs {
    /// The fields that are to be read.
    ///
    /// # Errors
    /// If there are none.
    pub(super) fn fields(&self) -> anyhow::Result<ArticleFields> {
        let (title, text) = (wanted(&self.title), wanted(&self.text));
        if title.is_none() && text.is_none() {
            bail!(
                "--title-field and --text-field are both \"\", and no article can be read; name one of them"
            );
        }
        Ok(ArticleFields { title, text })
    }
}

/// How labelled data is written.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub(super) struct DataArgs {
    /// How rows are written; without it the file name tells, and standard input is JSON lines
    #[arg(long, env = "COPYDESK_DATA_FORMAT", value_enum)]
    data_format: Option<DataFormat>,
    #[command(flatten)]
    article: ArticleArgs,
    /// Field with the topic; "" to leave topics alone
    #[arg(
        long,
        env = "COPYDESK_LABEL_FIELD",
        value_name = "NAME",
        default_value = "label"
    )]
    label_field: String,
    /// Field with the tags: an array, in JSON or as Python or Postgres write one, or one string of
    /// several; "" to leave tags alone
    #[arg(
        long,
        env = "COPYDESK_TAGS_FIELD",
        value_name = "NAME",
        default_value = "tags"
    )]
    tags_field: String,
    /// What parts the tags of one string; without it ; or, if no row of the file has one, | or, if
    /// none has either, the end of a line or a comma
    #[arg(long, env = "COPYDESK_TAG_SEPARATOR", value_name = "CHAR")]
    tag_separator: Option<char>,
    /// Field of a story, a day or a series: where a share of the data is held out, its articles are
    /// all learnt from or all held out
    #[arg(long, env = "COPYDESK_GROUP_FIELD", value_name = "NAME")]
    group_field: Option<String>,
    /// The part of the group field that names the group, such as '^\d{4}-\d{2}-\d{2}'; an article
    /// without a match is a group of its own
    #[arg(
        long,
        env = "COPYDESK_GROUP_PATTERN",
        value_name = "REGEX",
        requires = "group_field"
    )]
    group_pattern: Option<Regex>,
    /// Field with the date of publication, anywhere in it, such as 2024-05-31
    #[arg(long, env = "COPYDESK_DATE_FIELD", value_name = "NAME")]
    date_field: Option<String>,
    /// Field with the publisher or archive: a topic is then learnt more evenly from all of its
    /// sources, not mostly from the largest, and fits articles of new sources better
    #[arg(long, env = "COPYDESK_SOURCE_FIELD", value_name = "NAME")]
    source_field: Option<String>,
    /// Leave bad rows out and count them, rather than stop
    #[arg(long, env = "COPYDESK_SKIP_BAD_ROWS")]
    skip_bad_rows: bool,
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DataFormat {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated, names in the first row
    Csv,
    /// Tab-separated, names in the first row
    Tsv,
}

impl From<DataFormat> for RowFormat {
    fn from(format: DataFormat) -> Self {
        match format {
            DataFormat::Jsonl => Self::JsonLines,
            DataFormat::Csv => Self::Table { delimiter: b',' },
            DataFormat::Tsv => Self::Table { delimiter: b'\t' },
        }
    }
}

impl DataArgs {
    /// Reads files, `-` for standard input, into one corpus; of pages their articles, whose lines `lines` tells.
    pub(super) fn read(
        &self,
        files: &[PathBuf],
        lines: Option<&LineModel>,
    ) -> anyhow::Result<Corpus> {
        self.finished(self.opened(files, &self.fields()?)?, lines)
    }

    /// Reads articles to measure on, of which neither the group nor the date nor the source counts.
    pub(super) fn read_test(
        &self,
        files: &[PathBuf],
        lines: Option<&LineModel>,
    ) -> anyhow::Result<Corpus> {
        self.finished(self.opened(files, &self.own_fields()?)?, lines)
    }

    /// Reads full articles with tags, of which nothing else counts; no files are no articles.
    pub(super) fn read_tagged(
        &self,
        files: &[PathBuf],
        lines: Option<&LineModel>,
    ) -> anyhow::Result<Vec<LabelledArticle>> {
        let fields = Fields {
            label: None,
            ..self.own_fields()?
        };
        self.finished_texts(self.opened(files, &fields)?, lines)
    }

    /// Reads files of which the texts count, and tags if there are any; no files are no articles.
    pub(super) fn read_texts(
        &self,
        files: &[PathBuf],
        lines: Option<&LineModel>,
    ) -> anyhow::Result<Vec<LabelledArticle>> {
        let fields = Fields {
            label: None,
            is_text_enough: true,
            ..self.own_fields()?
        };
        self.finished_texts(self.opened(files, &fields)?, lines)
    }

    fn opened(&self, files: &[PathBuf], fields: &Fields) -> anyhow::Result<Corpus> {
        let mut corpus = Corpus::default();
        for (i, file) in files.iter().enumerate() {
            let name = file.display().to_string();
            if files[..i].iter().any(|other| is_same(other, file)) {
                bail!("{name} is named twice; name it once, or its articles count twice");
            }
            // What is not there has no rows, whatever its name says of them.
            let rows = open(file)?;
            corpus.read(rows, &name, self.format_of(file)?, fields)?;
        }
        Ok(corpus)
    }

    fn finished(&self, corpus: Corpus, lines: Option<&LineModel>) -> anyhow::Result<Corpus> {
        let mut corpus = corpus.finish(self.skip_bad_rows)?;
        say_of(&corpus);
        leave_articles(&mut corpus.articles, lines)?;
        Ok(corpus)
    }

    fn finished_texts(
        &self,
        corpus: Corpus,
        lines: Option<&LineModel>,
    ) -> anyhow::Result<Vec<LabelledArticle>> {
        let mut corpus = corpus.finish_texts(self.skip_bad_rows)?;
        say_of(&corpus);
        leave_articles(&mut corpus.articles, lines)?;
        Ok(corpus.articles)
    }

    fn format_of(&self, file: &Path) -> anyhow::Result<RowFormat> {
        if let Some(format) = self.data_format {
            return Ok(format.into());
        }
        if is_stdin(file) {
            return Ok(RowFormat::JsonLines);
        }
        match RowFormat::of_name(&file.to_string_lossy()) {
            Some(format) => Ok(format),
            None => bail!(
                "{}: cannot tell how its rows are written from its name; say --data-format jsonl, csv or tsv",
                file.display()
            ),
        }
    }

    fn fields(&self) -> anyhow::Result<Fields> {
        Ok(Fields {
            article: self.article.fields()?,
            label: wanted(&self.label_field),
            tags: wanted(&self.tags_field),
            group: self.group_field.clone(),
            group_pattern: self.group_pattern.clone(),
            date: self.date_field.clone(),
            source: self.source_field.clone(),
            tag_separator: self.tag_separator,
            is_text_enough: false,
        })
    }

    /// Those of an article for itself, whatever it has in common with others.
    fn own_fields(&self) -> anyhow::Result<Fields> {
        Ok(Fields {
            group: None,
            date: None,
            source: None,
            ..self.fields()?
        })
    }
}

/// A field's name, unless none is to be read.
fn wanted(field: &str) -> Option<String> {
    (!field.is_empty()).then(|| field.to_owned())
}

/// Leaves of pages their articles, and says of how many.
fn leave_articles(
    articles: &mut [LabelledArticle],
    lines: Option<&LineModel>,
) -> anyhow::Result<()> {
    let bar = ProgressBar::new(articles.len() as u64)
        .with_style(ProgressStyle::with_template(
            "{msg} {wide_bar} {pos}/{len}, {eta} left",
        )?)
        .with_message("looking for pages");
    let n_pages = pages::leave_articles(articles, lines, &|| bar.inc(1));
    bar.finish_and_clear();
    if n_pages > 0 {
        say(format_args!(
            "{n_pages} of {} texts are pages: of each its article alone counts, as when it is classified",
            articles.len()
        ));
    }
    Ok(())
}

fn say_of(corpus: &Corpus) {
    corpus.remarks.iter().for_each(say);
    if corpus.n_bad_rows > 0 {
        let rows = corpus.bad_rows.iter().map(|row| format!("\n  {row}"));
        let rows: String = rows.collect();
        say(format_args!(
            "left out {} bad rows, such as:{rows}",
            corpus.n_bad_rows
        ));
    }
}

/// Says which topics and tags of articles to measure on are written otherwise than `whose`, which looks as if
/// the model did not find them.
pub(super) fn say_written_otherwise<'a>(
    whose: &str,
    known: impl Into<Names<'a>>,
    articles: &'a [LabelledArticle],
) {
    let (known, given) = (known.into(), Names::from(articles));
    for said in [
        written_otherwise("topics", whose, &known.topics, &given.topics),
        written_otherwise("tags", whose, &known.tags, &given.tags),
    ]
    .iter()
    .flatten()
    {
        say(said);
    }
}

/// The names of topics and tags, each as often as it occurs.
pub(super) struct Names<'a> {
    topics: Vec<&'a str>,
    tags: Vec<&'a str>,
}

impl<'a> From<&'a Manifest> for Names<'a> {
    fn from(manifest: &'a Manifest) -> Self {
        Self {
            topics: manifest.topics.iter().map(|topic| &*topic.name).collect(),
            tags: manifest.tags.iter().map(|tag| &*tag.label).collect(),
        }
    }
}

impl<'a> From<&'a [LabelledArticle]> for Names<'a> {
    fn from(articles: &'a [LabelledArticle]) -> Self {
        let tags = articles.iter().flat_map(|article| &article.tags);
        Self {
            topics: articles.iter().map(|article| &*article.label).collect(),
            tags: tags.map(String::as_str).collect(),
        }
    }
}

/// The text file that a flag names, without a byte order mark.
pub(super) fn read_text(flag: &str, file: &Path) -> anyhow::Result<String> {
    let cannot = || format!("cannot read {flag} {}", file.display());
    let bytes = fs::read(file).with_context(cannot)?;
    let text = std::str::from_utf8(without_mark(&bytes));
    let text = text.map_err(|e| {
        anyhow!(
            "not UTF-8 from byte {}; convert it first",
            e.valid_up_to() + 1
        )
    });
    Ok(text.with_context(cannot)?.to_owned())
}

/// The bytes of one article, of which no more are read than it may have.
pub(super) fn article_bytes(file: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_ARTICLE_BYTES as u64;
    let n_bytes = file.take(limit + 1).read_to_end(&mut bytes)? as u64;
    match n_bytes > limit {
        true => Err(io::Error::other(format!(
            "the article has more than {limit} bytes, which is the limit"
        ))),
        false => Ok(bytes),
    }
}

/// Whether a path means standard input.
pub(super) fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

/// Opens a file or standard input; reading it moves a progress bar on a terminal.
fn open(file: &Path) -> anyhow::Result<Box<dyn Read>> {
    if is_stdin(file) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let name = file.display().to_string();
    let opened = File::open(file).with_context(|| name.clone())?;
    let metadata = opened.metadata().with_context(|| name.clone())?;
    if metadata.is_dir() {
        bail!("{name} is a folder; name the files in it");
    }
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}")?;
    let bar = ProgressBar::new(metadata.len())
        .with_style(style)
        .with_message(name);
    Ok(Box::new(bar.wrap_read(opened)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        data: DataArgs,
    }

    #[test]
    fn of_further_texts_the_tags_count_if_there_are_any() {
        let folder = tempfile::tempdir().unwrap();
        let data = Flags::parse_from(["flags", "--tags-field", "keywords"]).data;
        let tags = |rows: &str| {
            let file = folder.path().join("rows.csv");
            std::fs::write(&file, rows).unwrap();
            data.read_texts(&[file], None).unwrap().remove(0).tags
        };
        assert_eq!(
            tags("text,keywords\nThe bank,bank;rates\n"),
            ["bank", "rates"]
        );
        assert!(tags("text\nThe bank\n").is_empty());
    }

    #[test]
    fn a_list_begins_behind_its_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tags.txt");
        std::fs::write(&file, "\u{feff}Elections\n").unwrap();
        assert_eq!(read_text("--known-tags", &file).unwrap(), "Elections\n");
    }
}
