//! Articles out of text files and JSON lines, one after another.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use crate::cli::data_args::{ArticleArgs, article_bytes, is_stdin};
use crate::cli::say;
use crate::text::ArticleDraft;
use crate::train::corpus::{
    ArticleFields, MetFields, NoRows, RowFormat, json_object, json_string, unzipped, without_mark,
};

/// How articles are read.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// What the files hold; without it .jsonl, .ndjson and .json, plain or gzip, are JSON
    /// lines, and so is standard input that begins with {
    #[arg(long, env = "COPYDESK_INPUT", value_enum)]
    input: Option<InputFormat>,
    #[command(flatten)]
    fields: ArticleArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InputFormat {
    /// A file is one article
    Text,
    /// A line is one article
    Jsonl,
}

/// An article as it was found, or why it could not be read.
pub(super) struct Input {
    pub(super) id: String,
    pub(super) draft: Result<ArticleDraft, String>,
}

/// What to do with each article.
pub(super) type OnInput<'a> = dyn FnMut(Input) -> anyhow::Result<()> + 'a;

impl InputArgs {
    /// Reads the articles of a file, or of standard input, one after another.
    pub(super) fn read(&self, path: &Path, on_input: &mut OnInput<'_>) -> anyhow::Result<()> {
        let id = path.display().to_string();
        let opened: io::Result<Box<dyn Read>> = if is_stdin(path) {
            Ok(Box::new(io::stdin().lock()))
        } else {
            File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
        };
        let read = opened.and_then(|file| {
            let mut reader = unzipped(file)?;
            let is_lines = self.is_lines(path, reader.fill_buf()?);
            Ok((reader, is_lines))
        });
        match read {
            Err(error) => on_input(Input {
                id,
                draft: Err(error.to_string()),
            }),
            Ok(_) if self.input.is_none() && is_table(path) => on_input(Input {
                id,
                draft: Err("a table is not read here; write its rows as JSON lines, or say --input text if it is one article".to_owned()),
            }),
            Ok((reader, true)) => self.read_lines(reader, &id, on_input),
            Ok((reader, false)) => {
                let draft = article_bytes(reader)
                    .map_err(|error| error.to_string())
                    .and_then(text_draft);
                on_input(Input { id, draft })
            }
        }
    }

    fn is_lines(&self, path: &Path, start: &[u8]) -> bool {
        match self.input {
            Some(format) => format == InputFormat::Jsonl,
            None if is_stdin(path) => {
                let start = without_mark(start).trim_ascii_start();
                // An array of objects is refused as lines are, not read as a text.
                let start = start.strip_prefix(b"[").unwrap_or(start);
                start.trim_ascii_start().starts_with(b"{")
            }
            None => RowFormat::of_name(&path.to_string_lossy()) == Some(RowFormat::JsonLines),
        }
    }

    fn read_lines(
        &self,
        mut reader: impl BufRead,
        file: &str,
        on_input: &mut OnInput<'_>,
    ) -> anyhow::Result<()> {
        let fields = self.fields.fields()?;
        let mut met = MetFields::new(&fields);
        let mut line = Vec::new();
        let mut is_first = true;
        for number in 1.. {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    return on_input(Input {
                        id: file.to_owned(),
                        draft: Err(error.to_string()),
                    });
                }
            }
            let row = match number {
                1 => without_mark(&line),
                _ => &line,
            };
            if row.trim_ascii().is_empty() {
                continue;
            }
            if let (true, Some(reason)) = (is_first, NoRows::of_json(row)) {
                return on_input(Input {
                    id: file.to_owned(),
                    draft: Err(reason.to_string()),
                });
            }
            is_first = false;
            let place = format!("{file}:{number}");
            on_input(match json_object(row) {
                Err(error) => Input {
                    id: place,
                    draft: Err(error),
                },
                Ok(row) => {
                    met.meet_row(&row);
                    row_input(&row, &fields, place)
                }
            })?;
        }
        if let Some(remark) = met.remark() {
            say(format_args!("{file}: {remark}"));
        }
        match met.error() {
            None => Ok(()),
            Some(error) => on_input(Input {
                id: file.to_owned(),
                draft: Err(error.to_string()),
            }),
        }
    }
}

fn row_input(row: &Map<String, Value>, fields: &ArticleFields, place: String) -> Input {
    let id = json_string(row, "id").unwrap_or_default();
    Input {
        id: if id.is_empty() { place } else { id },
        draft: row_draft(row, fields),
    }
}

fn row_draft(row: &Map<String, Value>, fields: &ArticleFields) -> Result<ArticleDraft, String> {
    let draft = ArticleDraft {
        title: fields.title_of(row)?,
        body: fields.text_of(row)?,
        ..ArticleDraft::default()
    };
    if draft.title.trim().is_empty() && draft.body.trim().is_empty() {
        let found: Vec<&str> = row.keys().map(String::as_str).collect();
        return Err(format!(
            "{}; the row's are: {}. Name yours with --title-field and --text-field",
            fields.nothing_there(),
            found.join(", ")
        ));
    }
    Ok(draft)
}

fn is_table(path: &Path) -> bool {
    let format = RowFormat::of_name(&path.to_string_lossy());
    matches!(format, Some(RowFormat::Table { .. }))
}

fn text_draft(bytes: Vec<u8>) -> Result<ArticleDraft, String> {
    let body = String::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 from byte {}", e.utf8_error().valid_up_to() + 1))?;
    Ok(ArticleDraft {
        body,
        ..ArticleDraft::default()
    })
}
