//! What is wrong with a row, and why files are no corpus.

use std::fmt;
use std::io;

use super::NoRows;
use super::named::SHOWN_FIELDS;

/// A longer name of a column is cut.
const MAX_NAME_CHARS: usize = 40;

/// A row that is no labelled article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// As the caller named it.
    pub file: String,
    /// From 1.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.reason)
    }
}

/// Why files are no corpus.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The file cannot be read.
    #[error("{file}: {source}")]
    Io {
        /// As the caller named it.
        file: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is written otherwise than in rows.
    #[error("{file} {reason}")]
    NoRows {
        /// As the caller named it.
        file: String,
        /// What it is instead.
        reason: NoRows,
    },
    /// Rows are no labelled articles.
    #[error("{n_rows} bad {}; use --skip-bad-rows to leave {} out:{}",
        plural(*n_rows, "row", "rows"), plural(*n_rows, "it", "them"), listed(shown, *n_rows))]
    BadRows {
        /// The first of them.
        shown: Vec<BadRow>,
        /// How many there are.
        n_rows: usize,
    },
    /// No row has the field that articles are read from.
    #[error("{file} {reason}")]
    NoArticles {
        /// As the caller named it.
        file: String,
        /// What it lacks.
        reason: NoArticles,
    },
    /// A table lacks a column.
    #[error(
        "{file} has no column {missing:?}; its columns are: {}. Name yours with --title-field, --text-field, --label-field and --tags-field{}",
        shortened(columns),
        other_format_hint(columns)
    )]
    Columns {
        /// As the caller named it.
        file: String,
        /// The wanted column.
        missing: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// Columns of a table have one name, and of one of them all would be read.
    #[error(
        "{file} has several columns {name:?}, numbers {}; give a name of their own to those that are not meant",
        numbered(columns)
    )]
    DoubledColumn {
        /// As the caller named it.
        file: String,
        /// Of the columns.
        name: String,
        /// Their numbers, from 1.
        columns: Vec<usize>,
    },
    /// A quoted field has rows in it.
    #[error(
        "{file}:{line}: a quotation mark is not closed, and the rows behind it would be lost; close it, or write it doubled within a quoted field"
    )]
    OpenQuote {
        /// As the caller named it.
        file: String,
        /// Where the field begins, from 1.
        line: u64,
    },
    /// A field that was named is in no row.
    #[error("no row has the field {name:?}, which {flag} names; the first row's are: {found}")]
    Field {
        /// The flag that names it.
        flag: &'static str,
        /// The wanted field.
        name: String,
        /// Those of the first row.
        found: String,
    },
    /// Nothing to learn from.
    #[error("there are no articles in the data{}", hint(shown, *n_rows))]
    Empty {
        /// The first bad rows, if any.
        shown: Vec<BadRow>,
        /// How many there are.
        n_rows: usize,
    },
}

/// No row of a file has the field that articles are read from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "has no field {}; the first row's are: {}. If these are articles, {advice}{}",
    either(wanted),
    shortened(found),
    other_format_hint(found)
)]
pub struct NoArticles {
    /// The wanted field, by all its names.
    pub wanted: Vec<String>,
    /// Those of the first row.
    pub found: Vec<String>,
    /// What to say of them.
    pub advice: String,
}

/// The first columns, and of each no more than a name has: the first row may be no row of names.
fn shortened(columns: &[String]) -> String {
    let shown = columns.iter().take(SHOWN_FIELDS);
    let shown = shown.map(|name| match name.char_indices().nth(MAX_NAME_CHARS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.clone(),
    });
    let mut shown: Vec<String> = shown.collect();
    shown.extend((columns.len() > SHOWN_FIELDS).then(|| "…".to_owned()));
    shown.join(", ")
}

/// Where a table's first row is none of names, but an object, or one column, as others part them.
fn other_format_hint(columns: &[String]) -> &'static str {
    match columns {
        [first, ..] if first.starts_with('{') => {
            "; a row that begins with { is JSON: say --data-format jsonl"
        }
        [one] if one.contains([';', '\t', '|']) => {
            "; columns are parted by commas, or by tabs with --data-format tsv: write the table so if these are several"
        }
        _ => "",
    }
}

fn either(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    names.join(" or ")
}

fn numbered(columns: &[usize]) -> String {
    let columns: Vec<String> = columns.iter().map(usize::to_string).collect();
    columns.join(" and ")
}

fn plural<'a>(n: usize, one: &'a str, many: &'a str) -> &'a str {
    if n == 1 { one } else { many }
}

fn listed(shown: &[BadRow], n_rows: usize) -> String {
    let mut lines: String = shown.iter().map(|row| format!("\n  {row}")).collect();
    if n_rows > shown.len() {
        lines.push_str(&format!("\n  and {} more", n_rows - shown.len()));
    }
    lines
}

fn hint(shown: &[BadRow], n_rows: usize) -> String {
    match shown {
        [] => ": it is empty".to_owned(),
        rows => format!("; every row is bad:{}", listed(rows, n_rows)),
    }
}
