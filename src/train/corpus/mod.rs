//! Labelled articles out of files.
//!
//! - [`Corpus::read`], [`Corpus::finish`]: read these first.
//! - `file`: how a file's rows are written, by its name, and what is before them in its bytes.
//! - `rows`: one row of a file becomes an article.
//! - `article_fields`: where rows have their headlines and texts, and whether a file has any there.
//! - `written_list`: a list of tags as Python and Postgres write it.
//! - `line_bound`: lines that are longer than any row.
//! - `quotes`: quotation marks of a table that swallow rows, and the lines of its rows.
//! - `separators`: what parts the tags of one string.
//! - `alike`: topics and tags that one editor would take for the same.
//! - `no_rows`: files that are written otherwise than in rows of UTF-8.
//! - `named`: fields that were asked for and are in no row.
//! - `article`: a labelled article, and the place it was read at.
//! - [`mod@pages`]: of pages, their articles.
//! - `error`: what is wrong with a row, and why files are no corpus.

mod alike;
mod article;
mod article_fields;
mod error;
mod file;
mod line_bound;
mod named;
mod no_rows;
pub mod pages;
mod quotes;
mod rows;
mod separators;
mod written_list;

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use crate::text::{ArticleError, MAX_ARTICLE_BYTES};

pub use crate::text::without_mark;
pub use alike::written_otherwise;
pub use article::{LabelledArticle, RowPlace};
pub use article_fields::{ArticleFields, MetFields};
pub use error::{BadRow, CorpusError, NoArticles};
pub use file::{RowFormat, unzipped};
pub use no_rows::NoRows;
pub use rows::{Fields, json_object, json_string};

use alike::alike_topics;
use named::{AbsentFields, SHOWN_FIELDS};
use quotes::QuoteWatch;
use rows::{Columns, Row, column_name, json_row};
use separators::JoinedTags;

/// How many bad rows an error or a report spells out.
const SHOWN_BAD_ROWS: usize = 5;

/// Labelled articles, and what was left out on the way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corpus {
    /// In the order of the files.
    pub articles: Vec<LabelledArticle>,
    /// The first bad rows that were skipped.
    pub bad_rows: Vec<BadRow>,
    /// How many bad rows were skipped.
    pub n_bad_rows: usize,
    /// What the owner of the files should know of how they were read.
    pub remarks: Vec<String>,
    /// Rows whose label is missing; judged when the whole corpus is known.
    unlabelled_rows: Vec<(usize, BadRow)>,
    /// The field that they lack.
    label_field: String,
    /// The fields of the first row, or a table's columns.
    first_fields: Vec<String>,
    /// Named fields that no row of JSON lines had; `None` before the first.
    absent_fields: Option<AbsentFields>,
}

impl Corpus {
    /// Reads rows, plain or gzip, and appends their articles; bad rows are kept for
    /// [`Corpus::finish`]. `file` names the rows in messages.
    ///
    /// # Errors
    /// [`CorpusError::Io`] if the file cannot be read, [`CorpusError::NoRows`] if it is written
    /// otherwise, [`CorpusError::NoArticles`] if no row has the text's field, [`CorpusError::Columns`] if a table has no
    /// label's and no tags' column, or not one that was named; [`CorpusError::DoubledColumn`] if it has one of
    /// them twice, [`CorpusError::OpenQuote`] if rows of it are swallowed by a quotation mark.
    pub fn read(
        &mut self,
        rows: impl Read,
        file: &str,
        format: RowFormat,
        fields: &Fields,
    ) -> Result<(), CorpusError> {
        let file: &Arc<str> = &file.into();
        let mut plain = unzipped(rows).map_err(|source| io_error(file, source))?;
        let start = plain.fill_buf().map_err(|source| io_error(file, source))?;
        if let Some(reason) = NoRows::of_encoding(start) {
            return Err(no_rows(file, reason));
        }
        let mut joined = JoinedTags::default();
        match format {
            RowFormat::JsonLines => self.read_json_lines(plain, file, fields, &mut joined),
            RowFormat::Table { delimiter } => {
                self.read_table(plain, file, delimiter, fields, &mut joined)
            }
        }?;
        let remark = joined.part(&mut self.articles, fields.tag_separator);
        let remark = remark.map(|remark| format!("{file}: {remark}"));
        self.remarks.extend(remark);
        Ok(())
    }

    /// Judges the corpus as a whole: with `skips_bad_rows` bad rows are left out and counted, else
    /// they are an error. A corpus in which no row has a label is one of tags alone; its rows
    /// without tags teach nothing and are left out.
    ///
    /// # Errors
    /// [`CorpusError::Field`], [`CorpusError::BadRows`] or [`CorpusError::Empty`].
    pub fn finish(mut self, skips_bad_rows: bool) -> Result<Self, CorpusError> {
        if let Some(error) = self.absent_fields.as_ref().and_then(AbsentFields::error) {
            return Err(error);
        }
        let unlabelled = std::mem::take(&mut self.unlabelled_rows);
        if unlabelled.len() == self.articles.len() {
            self.articles.retain(|article| !article.tags.is_empty());
            let n_untagged = unlabelled.len() - self.articles.len();
            match unlabelled.into_iter().next() {
                Some((_, row)) if self.articles.is_empty() => self.note(row),
                Some(_) => self.remarks.push(self.tags_alone(n_untagged)),
                None => {}
            }
        } else {
            let mut dropped = unlabelled.iter().map(|(index, _)| *index).peekable();
            let mut index = 0;
            self.articles.retain(|_| {
                let keeps = dropped.next_if_eq(&index).is_none();
                index += 1;
                keeps
            });
            unlabelled.into_iter().for_each(|(_, row)| self.note(row));
        }
        let mut corpus = self.finish_texts(skips_bad_rows)?;
        corpus.remarks.extend(alike_topics(&corpus.articles));
        if corpus.articles.is_empty() {
            return Err(CorpusError::Empty {
                shown: corpus.bad_rows,
                n_rows: corpus.n_bad_rows,
            });
        }
        Ok(corpus)
    }

    /// Judges texts, which need no topic: with `skips_bad_rows` bad rows are left out and counted, else they
    /// are an error.
    ///
    /// # Errors
    /// [`CorpusError::BadRows`].
    pub fn finish_texts(self, skips_bad_rows: bool) -> Result<Self, CorpusError> {
        if self.n_bad_rows == 0 || skips_bad_rows {
            return Ok(self);
        }
        let (shown, n_rows) = (self.bad_rows, self.n_bad_rows);
        Err(match self.articles.is_empty() {
            true => CorpusError::Empty { shown, n_rows },
            false => CorpusError::BadRows { shown, n_rows },
        })
    }

    fn read_json_lines(
        &mut self,
        mut reader: impl BufRead,
        file: &Arc<str>,
        fields: &Fields,
        joined: &mut JoinedTags,
    ) -> Result<(), CorpusError> {
        let mut line = Vec::new();
        let mut is_first = true;
        // What the rows may be instead, until one of them is an object.
        let mut table = None;
        let mut met = MetFields::new(&fields.article);
        for number in 1.. {
            line.clear();
            let n_bytes = reader
                .read_until(b'\n', &mut line)
                .map_err(|source| io_error(file, source))?;
            if n_bytes == 0 {
                break;
            }
            let bytes = match number {
                1 => without_mark(&line),
                _ => &line,
            };
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            if let (true, Some(reason)) = (is_first, NoRows::of_json(bytes)) {
                return Err(no_rows(file, reason));
            }
            if is_first {
                table = NoRows::of_table(bytes);
            }
            is_first = false;
            let row = json_object(bytes);
            if let Ok(row) = &row {
                table = None;
                self.meet_fields(row.keys().map(String::as_str));
                met.meet_row(row);
                let absent = &mut self.absent_fields;
                let absent = absent.get_or_insert_with(|| AbsentFields::of_first(row, fields));
                absent.meet(row);
            }
            let article = row.and_then(|row| json_row(&row, fields));
            self.push(article, file, number, fields, joined);
        }
        match table {
            Some(reason) => Err(no_rows(file, reason)),
            None => self.judge_fields(&met, file),
        }
    }

    /// Whether a file's articles stand where they were looked for.
    fn judge_fields(&mut self, met: &MetFields<'_>, file: &str) -> Result<(), CorpusError> {
        let remark = met.remark().map(|remark| format!("{file}: {remark}"));
        self.remarks.extend(remark);
        match met.error() {
            None => Ok(()),
            Some(reason) => Err(CorpusError::NoArticles {
                file: file.to_owned(),
                reason,
            }),
        }
    }

    fn read_table(
        &mut self,
        reader: impl BufRead,
        file: &Arc<str>,
        delimiter: u8,
        fields: &Fields,
        joined: &mut JoinedTags,
    ) -> Result<(), CorpusError> {
        let mut table = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(QuoteWatch::new(reader, delimiter));
        let header = match table.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(io_error(file, io::Error::other(error))),
        };
        if header.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = header.iter().map(column_name).collect();
        self.meet_fields(names.iter().copied());
        let columns = Columns::find(&header, fields, file)?;
        let mut met = MetFields::new(&fields.article);
        met.meet_columns(&names);
        self.judge_fields(&met, file)?;
        if let Some(missing) = columns.missing(fields) {
            return Err(CorpusError::Columns {
                file: file.to_string(),
                missing,
                columns: names.into_iter().map(str::to_owned).collect(),
            });
        }
        let mut record = csv::ByteRecord::new();
        loop {
            let line = table.position().line();
            let read = table.read_byte_record(&mut record);
            let quotes = table.get_ref();
            let open_quote = match read {
                Ok(false) => quotes.fault_at_end(),
                _ => quotes.fault(),
            };
            if let Some(line) = open_quote {
                let file = file.to_string();
                return Err(CorpusError::OpenQuote { file, line });
            }
            match read {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let line = line_of(table.get_mut(), record.position(), line);
                    self.push(columns.row(&record, fields), file, line, fields, joined);
                }
                Err(error) => match error.kind() {
                    csv::ErrorKind::Io(_) => return Err(io_error(file, io::Error::other(error))),
                    _ => {
                        let line = line_of(table.get_mut(), error.position(), line);
                        self.push(Err(no_record(&error)), file, line, fields, joined);
                    }
                },
            }
        }
    }

    fn meet_fields<'a>(&mut self, fields: impl Iterator<Item = &'a str>) {
        if self.first_fields.is_empty() {
            self.first_fields = fields.take(SHOWN_FIELDS).map(str::to_owned).collect();
        }
    }

    fn push(
        &mut self,
        row: Result<Row, String>,
        file: &Arc<str>,
        line: u64,
        fields: &Fields,
        joined: &mut JoinedTags,
    ) {
        let bad = |reason| BadRow {
            file: file.to_string(),
            line,
            reason,
        };
        match row.and_then(with_text(fields)) {
            Ok(Row {
                mut article,
                joined_tags,
            }) => {
                joined.add(self.articles.len(), joined_tags);
                article.place = RowPlace {
                    file: Arc::clone(file),
                    line,
                };
                if let Some(field) = fields.label.as_ref().filter(|_| article.label.is_empty()) {
                    self.label_field.clone_from(field);
                    let reason = format!("field {field:?} is missing or empty");
                    self.unlabelled_rows
                        .push((self.articles.len(), bad(reason)));
                }
                self.articles.push(article);
            }
            Err(reason) => self.note(bad(reason)),
        }
    }

    /// That no row has a topic, as where it is in another field, and what comes of it.
    fn tags_alone(&self, n_untagged: usize) -> String {
        let left_out = match n_untagged {
            0 => String::new(),
            n => format!("; rows without tags, which are left out: {n}"),
        };
        format!(
            "no row has a topic in the field {:?}, and tags alone count{left_out}; fields found: {}. Say --label-field with the topics' field, or with \"\" if there is none",
            self.label_field,
            self.first_fields.join(", ")
        )
    }

    fn note(&mut self, row: BadRow) {
        self.n_bad_rows += 1;
        if self.bad_rows.len() < SHOWN_BAD_ROWS {
            self.bad_rows.push(row);
        }
    }
}

/// The line of a row that a table's reader says begins here; `or` if that is not known.
fn line_of<R: Read>(table: &mut QuoteWatch<R>, position: Option<&csv::Position>, or: u64) -> u64 {
    let line = position.and_then(|position| table.line_of_row(position.byte()));
    line.unwrap_or(or)
}

/// What is wrong with a row of a table; which row it is, is said beside it.
fn no_record(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(
            "columns: {len}, and those of the first row: {expected_len}; put a field that has commas or tabs within in quotation marks"
        ),
        _ => error.to_string(),
    }
}

fn io_error(file: &str, source: io::Error) -> CorpusError {
    CorpusError::Io {
        file: file.to_owned(),
        source,
    }
}

fn no_rows(file: &str, reason: NoRows) -> CorpusError {
    CorpusError::NoRows {
        file: file.to_owned(),
        reason,
    }
}

fn with_text(fields: &Fields) -> impl Fn(Row) -> Result<Row, String> + '_ {
    |row| {
        let article = &row.article;
        let size_bytes = article.title.len() + article.text.len();
        if size_bytes > MAX_ARTICLE_BYTES {
            let limit_bytes = MAX_ARTICLE_BYTES;
            let too_large = ArticleError::TooLarge {
                size_bytes,
                limit_bytes,
            };
            Err(too_large.to_string())
        } else if article.title.trim().is_empty() && article.text.trim().is_empty() {
            Err(fields.article.nothing_there())
        } else {
            Ok(row)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;
    use std::io::Write;

    const TABLE: RowFormat = RowFormat::Table { delimiter: b',' };

    fn read(rows: &[u8], format: RowFormat, skips: bool) -> Result<Corpus, CorpusError> {
        read_with(rows, format, skips, &Fields::default())
    }

    fn read_with(
        rows: &[u8],
        format: RowFormat,
        skips: bool,
        fields: &Fields,
    ) -> Result<Corpus, CorpusError> {
        let mut corpus = Corpus::default();
        corpus.read(rows, "data", format, fields)?;
        corpus.finish(skips)
    }

    #[test]
    fn json_lines_and_tables_say_the_same() {
        let json = "\u{feff}{\"title\":\"T\",\"text\":\"x\",\"label\":\"A\",\"tags\":[\"b\",\"a\",\"b\"]}\r\n\r\n\
                    {\"text\":\"y\",\"label\":3,\"tags\":\"c; d\"}";
        let table = "\u{feff}label,text,tags,title\nA,x,a;b,T\n3,y,\"c; d\",\n";
        let json = read(json.as_bytes(), RowFormat::JsonLines, false).unwrap();
        let mut table = read(table.as_bytes(), TABLE, false).unwrap();
        let places = |corpus: &Corpus| -> Vec<String> {
            let places = corpus.articles.iter().map(|a| a.place.to_string());
            places.collect()
        };
        // The table has a header and no blank line.
        assert_eq!(places(&json), ["data:1", "data:3"]);
        assert_eq!(places(&table), ["data:2", "data:3"]);
        table.articles[0].place.line = 1;
        assert_eq!(json.articles, table.articles);
        assert_eq!(json.articles[0].tags, ["a", "b"]);
        assert_eq!(json.articles[1].label, "3");
    }

    #[test]
    fn gzip_is_seen_by_its_bytes() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"{\"text\":\"x\",\"label\":\"A\"}\n")
            .unwrap();
        let corpus = read(&gzip.finish().unwrap(), RowFormat::JsonLines, false).unwrap();
        assert_eq!(corpus.articles[0].label, "A");
    }

    #[test]
    fn bad_rows_are_named_by_file_and_line() {
        let rows =
            b"{\"text\":\"x\",\"label\":\"A\"}\nnot json\n{\"text\":\"\xff\",\"label\":\"A\"}\n\
                     {\"label\":\"A\"}\n{\"text\":\"x\"}\n[1]\n{\"text\":[],\"label\":\"A\"}\n";
        let error = read(rows, RowFormat::JsonLines, false)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("6 bad rows; use --skip-bad-rows"),
            "{error}"
        );
        assert!(error.contains("data:2: no JSON"), "{error}");
        assert!(error.contains("data:3: not UTF-8 from byte 10"), "{error}");
        assert!(
            error.contains("data:4: fields \"title\" and \"text\""),
            "{error}"
        );
        assert!(error.ends_with("and 1 more"), "{error}");
        let corpus = read(rows, RowFormat::JsonLines, true).unwrap();
        assert_eq!((corpus.articles.len(), corpus.n_bad_rows), (1, 6));
    }

    #[test]
    fn a_bad_table_row_is_named_and_the_rest_is_read() {
        let rows = b"label,text\nA,x\nA,\xff\nA,y,extra\nB,z\n";
        let error = read(rows, TABLE, false).unwrap_err().to_string();
        assert!(error.contains("data:3: column 2 is not UTF-8"), "{error}");
        assert!(
            error.contains("data:4: columns: 3, and those of the first row: 2;"),
            "{error}"
        );
        assert_eq!(read(rows, TABLE, true).unwrap().articles.len(), 2);
    }

    #[test]
    fn rows_of_a_table_are_on_the_lines_that_an_editor_shows() {
        let lines = [
            "label,text,tags",
            "A,\"x",
            "y\",a",
            "",
            "A,y,b,extra",
            "B,z,c",
        ];
        for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}"), ("\r", "")] {
            let rows = mark.to_owned() + &lines.join(end);
            let corpus = read(rows.as_bytes(), TABLE, true).unwrap();
            let read: Vec<u64> = corpus.articles.iter().map(|a| a.place.line).collect();
            let bad: Vec<u64> = corpus.bad_rows.iter().map(|row| row.line).collect();
            assert_eq!((read, bad), (vec![2, 6], vec![5]), "{end:?}");
        }
        // Beyond what is read at once, too.
        let row = format!("A,{},a\r\n", "x".repeat(999));
        let rows = "label,text,tags\r\n".to_owned() + &row.repeat(100);
        let corpus = read(rows.as_bytes(), TABLE, false).unwrap();
        let read: Vec<u64> = corpus.articles.iter().map(|a| a.place.line).collect();
        assert_eq!(read, (2..102).collect::<Vec<u64>>());
    }

    #[test]
    fn a_missing_column_is_named_with_those_there_are() {
        let error = read(b"category,text\nA,x\n", TABLE, false)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no column \"label\"; its columns are: category, text"),
            "{error}"
        );
    }

    #[test]
    fn texts_may_stand_in_the_field_that_the_service_calls_body() {
        let table = b"title,body,label\nT,x,A\n";
        let lines = b"{\"title\":\"T\",\"body\":\"x\",\"label\":\"A\"}\n";
        for (rows, format) in [(&table[..], TABLE), (&lines[..], RowFormat::JsonLines)] {
            assert_eq!(read(rows, format, false).unwrap().articles[0].text, "x");
            let other = fields_of_article(Some("title"), Some("story"));
            assert!(read_with(rows, format, false, &other).is_err());
        }
        // Where a row has both, the field that is asked for counts.
        let both = b"{\"body\":\"x\",\"text\":\"y\",\"label\":\"A\"}\n";
        let corpus = read(both, RowFormat::JsonLines, false).unwrap();
        assert_eq!(corpus.articles[0].text, "y");
        for nothing in ["null", "\"\""] {
            let row =
                format!("{{\"title\":\"T\",\"body\":\"x\",\"text\":{nothing},\"label\":\"A\"}}\n");
            let corpus = read(row.as_bytes(), RowFormat::JsonLines, false).unwrap();
            assert_eq!(corpus.articles[0].text, "x", "{nothing}");
        }
    }

    #[test]
    fn headlines_are_read_alone_only_if_that_is_asked_for() {
        let table = b"title,full content,label\nT,x,A\n";
        let lines = b"not json\n{\"title\":\"T\",\"label\":\"A\",\"full content\":\"x\"}\n";
        for (rows, format) in [(&table[..], TABLE), (&lines[..], RowFormat::JsonLines)] {
            let error = read(rows, format, true).unwrap_err().to_string();
            let told = [
                "data has no field \"text\" or \"body\"; the first row's are: ",
                "say --text-field \"full content\"",
                "or --text-field \"\" to read headlines alone",
            ];
            assert!(told.iter().all(|part| error.contains(part)), "{error}");
            let headlines = fields_of_article(Some("title"), None);
            let corpus = read_with(rows, format, true, &headlines).unwrap();
            assert_eq!(corpus.articles[0].title, "T");
            assert_eq!(corpus.articles[0].text, "");
            let neither = fields_of_article(Some("name"), None);
            let error = read_with(rows, format, true, &neither).unwrap_err();
            assert!(error.to_string().contains("no field \"name\""), "{error}");
        }
    }

    #[test]
    fn headlines_that_are_not_read_are_missed_aloud() {
        let table = b"Headline,text,label\nT,x,A\nT,y,B\n";
        let lines = b"{\"Headline\":\"T\",\"text\":\"x\",\"label\":\"A\"}\n{\"text\":\"y\",\"label\":\"B\"}\n";
        for (rows, format) in [(&table[..], TABLE), (&lines[..], RowFormat::JsonLines)] {
            let corpus = read(rows, format, false).unwrap();
            let [said] = &corpus.remarks[..] else {
                panic!("{:?}", corpus.remarks);
            };
            let told = [
                "data: no row has the field \"title\"",
                "Headline",
                "--title-field \"Headline\"",
            ];
            assert!(told.iter().all(|part| said.contains(part)), "{said}");
            for wanted in [None, Some("Headline")] {
                let fields = fields_of_article(wanted, Some("text"));
                let corpus = read_with(rows, format, false, &fields).unwrap();
                assert!(corpus.remarks.is_empty(), "{:?}", corpus.remarks);
            }
        }
    }

    fn fields_of_article(title: Option<&str>, text: Option<&str>) -> Fields {
        Fields {
            article: ArticleFields {
                title: title.map(str::to_owned),
                text: text.map(str::to_owned),
            },
            ..Fields::default()
        }
    }

    #[test]
    fn columns_of_one_name_are_an_error_where_they_are_read() {
        let rows = b"text,label,\"text \",tags,tags\nx,A,y,a,b\n";
        let error = read(rows, TABLE, true).unwrap_err().to_string();
        assert!(
            error.starts_with("data has several columns \"text\", numbers 1 and 3;"),
            "{error}"
        );
        let topics = Fields {
            tags: None,
            ..Fields::default()
        };
        let rows = b"text,label,tags,tags\nx,A,a,b\n";
        assert!(read_with(rows, TABLE, false, &topics).is_ok());
        assert!(read(rows, TABLE, false).is_err());
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_named_and_nothing_is_read() {
        let rows = b"label,text\nA,x\nA,\"y\nB,z\n";
        for skips in [false, true] {
            let error = read(rows, TABLE, skips).unwrap_err().to_string();
            assert!(error.starts_with("data:3: a quotation mark"), "{error}");
        }
        let tabs = RowFormat::Table { delimiter: b'\t' };
        let rows = b"title\ttext\tlabel\nT\tx\tA\n\"T\tx\tA\nT\tx\tB\n\"T\tx\tB\n";
        let error = read(rows, tabs, true).unwrap_err().to_string();
        assert!(error.starts_with("data:3: a quotation mark"), "{error}");
    }

    #[test]
    fn a_named_field_that_no_row_has_is_an_error() {
        let rows =
            b"{\"text\":\"x\",\"label\":\"A\"}\n{\"text\":\"y\",\"label\":\"B\",\"story\":null}\n";
        let group = |name: &str| Fields {
            group: Some(name.into()),
            ..Fields::default()
        };
        assert!(read_with(rows, RowFormat::JsonLines, false, &group("story")).is_ok());
        let error = read_with(rows, RowFormat::JsonLines, true, &group("stroy")).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("\"stroy\", which --group-field names"),
            "{error}"
        );
        assert!(error.contains("label, text"), "{error}");
        let tags = Fields {
            tags: Some("tgas".into()),
            ..Fields::default()
        };
        assert!(read_with(rows, RowFormat::JsonLines, false, &tags).is_err());
        let table = read_with(b"label,text,tags\nA,x,a\n", TABLE, false, &tags).unwrap_err();
        assert!(table.to_string().contains("no column \"tgas\""), "{table}");
    }

    #[test]
    fn topics_that_are_in_no_row_are_missed_aloud() {
        let table = b"category,text,tags\nA,x,a\nB,y,\n";
        let lines = b"{\"category\":\"A\",\"tags\":[\"a\"],\"text\":\"x\"}\n{\"text\":\"y\"}\n";
        for (rows, format, found) in [
            (&table[..], TABLE, "category, text, tags"),
            (&lines[..], RowFormat::JsonLines, "category, tags, text"),
        ] {
            let corpus = read(rows, format, false).unwrap();
            assert_eq!((corpus.articles.len(), corpus.remarks.len()), (1, 1));
            let said = &corpus.remarks[0];
            let told = [
                "no row has a topic in the field \"label\"",
                "which are left out: 1;",
                found,
            ];
            assert!(told.iter().all(|part| said.contains(part)), "{said}");
            // Whoever wants none need not be told.
            let tags = Fields {
                label: None,
                ..Fields::default()
            };
            let corpus = read_with(rows, format, false, &tags).unwrap();
            assert!(corpus.remarks.is_empty(), "{:?}", corpus.remarks);
        }
    }

    #[test]
    fn fields_that_nobody_wants_are_not_read() {
        let topics = Fields {
            tags: None,
            ..Fields::default()
        };
        let tags = Fields {
            label: None,
            ..Fields::default()
        };
        // A table's column without a name is not meant either.
        let table = b",text,label,tags\n0,x,A,a;b\n1,y,B,c;d\n";
        let lines = b"{\"text\":\"x\",\"label\":\"A\",\"tags\":[\"a\",\"b\"]}\n";
        for (rows, format) in [(&table[..], TABLE), (&lines[..], RowFormat::JsonLines)] {
            let article = |fields| {
                read_with(rows, format, false, fields)
                    .unwrap()
                    .articles
                    .remove(0)
            };
            assert_eq!(
                (article(&topics).label.as_str(), article(&topics).tags.len()),
                ("A", 0)
            );
            assert_eq!(
                (article(&tags).label.as_str(), article(&tags).tags.len()),
                ("", 2)
            );
        }
        let error = read_with(b"text,label\nx,A\n", TABLE, false, &tags).unwrap_err();
        assert!(error.to_string().contains("no column \"tags\""), "{error}");
    }

    #[test]
    fn an_array_is_said_to_be_no_rows() {
        let rows = b"\xef\xbb\xbf[\n {\"text\":\"x\",\"label\":\"A\"}\n]\n";
        let error = read(rows, RowFormat::JsonLines, true).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("data begins as a JSON array"), "{error}");
    }

    #[test]
    fn a_table_is_said_to_be_no_json_lines() {
        for (rows, told) in [
            ("\nlabel,text\nA,x\n1,y\n", "--data-format csv"),
            ("label\ttext, or so\nA\tx\n", "--data-format tsv"),
        ] {
            for skips in [false, true] {
                let error = read(rows.as_bytes(), RowFormat::JsonLines, skips).unwrap_err();
                let error = error.to_string();
                assert!(
                    error.starts_with("data has no row that is a JSON object"),
                    "{error}"
                );
                assert!(error.contains(told), "{error}");
            }
        }
        // A row that is broken is a bad row.
        let rows = b"A, broken\n{\"text\":\"x\",\"label\":\"A\"}\n";
        let corpus = read(rows, RowFormat::JsonLines, true).unwrap();
        assert_eq!((corpus.articles.len(), corpus.n_bad_rows), (1, 1));
    }

    #[test]
    fn no_row_is_told_to_be_left_out_where_all_are_bad() {
        let rows = "not json\n".repeat(7);
        let error = read(rows.as_bytes(), RowFormat::JsonLines, false).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("every row is bad:\n  data:1: no JSON"),
            "{error}"
        );
        assert!(error.ends_with("and 2 more"), "{error}");
        assert!(!error.contains("--skip-bad-rows"), "{error}");
    }

    #[test]
    fn an_object_over_several_lines_is_said_to_be_no_rows() {
        for rows in [
            "\n{\n  \"text\": \"x\",\n  \"label\": \"A\"\n}\n",
            "{ \"text\": \"x\",\r\n  \"label\": \"A\" }\r\n",
            "{ \"tags\": [\n \"a\"], \"label\": \"A\" }",
        ] {
            let error = read(rows.as_bytes(), RowFormat::JsonLines, true).unwrap_err();
            let error = error.to_string();
            assert!(
                error.starts_with("data begins with a JSON object over several lines"),
                "{error}"
            );
        }
        // A row that is broken, or has a comma behind it, is a bad row.
        for row in ["{\"text\": \"x", "{\"text\": \"x\"},"] {
            let rows = format!("{row}\n{{\"text\":\"x\",\"label\":\"A\"}}\n");
            let corpus = read(rows.as_bytes(), RowFormat::JsonLines, true).unwrap();
            assert_eq!((corpus.articles.len(), corpus.n_bad_rows), (1, 1), "{row}");
        }
    }

    #[test]
    fn an_article_that_no_model_takes_is_a_bad_row() {
        let text = "x".repeat(MAX_ARTICLE_BYTES + 1);
        for (rows, format) in [
            (
                format!("{{\"text\":\"{text}\",\"label\":\"A\"}}"),
                RowFormat::JsonLines,
            ),
            (format!("text,label\n{text},A\n"), TABLE),
        ] {
            let error = read(rows.as_bytes(), format, false).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains(": the article has 16777217 bytes; the limit is 16777216 bytes: "),
                "{error}"
            );
        }
    }

    #[test]
    fn text_of_another_encoding_is_said_to_be_one() {
        for format in [RowFormat::JsonLines, TABLE] {
            for rows in [b"\xff\xfel\0a\0", b"\xfe\xff\0l\0a"] {
                let error = read(rows, format, true).unwrap_err().to_string();
                assert!(error.starts_with("data is UTF-16"), "{error}");
            }
        }
    }

    #[test]
    fn a_table_parted_by_semicolons_is_said_to_be_no_table_of_commas() {
        let error = read(b"label;text\nA;x\n", TABLE, false).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("the first row's are: label;text."),
            "{error}"
        );
        assert!(error.contains("columns are parted by commas"), "{error}");
    }

    #[test]
    fn json_lines_are_no_table_and_are_not_told_whole() {
        for text in ["a long text", "a text, "] {
            let row = format!("{{\"label\": \"A\", \"text\": \"{}\"}}\n", text.repeat(500));
            let error = read(row.as_bytes(), TABLE, false).unwrap_err().to_string();
            assert!(error.contains("say --data-format jsonl"), "{error}");
            assert!(error.len() < 1_000, "{error}");
        }
    }

    #[test]
    fn empty_data_says_so() {
        let table = read(b"", TABLE, false).unwrap_err().to_string();
        assert!(table.ends_with("it is empty"), "{table}");
        assert!(
            read(b"", RowFormat::JsonLines, false)
                .unwrap_err()
                .to_string()
                .ends_with("it is empty")
        );
        assert!(matches!(
            read(b"{}", RowFormat::JsonLines, true),
            Err(CorpusError::Empty { .. })
        ));
        let neither = read(b"{\"text\":\"x\"}", RowFormat::JsonLines, true)
            .unwrap_err()
            .to_string();
        assert!(neither.contains("\"label\" is missing"), "{neither}");
    }

    #[test]
    fn a_corpus_without_labels_is_one_of_tags() {
        let rows = b"{\"text\":\"x\",\"tags\":[\"a\"]}\n{\"text\":\"y\"}\n";
        let corpus = read(rows, RowFormat::JsonLines, false).unwrap();
        assert_eq!((corpus.articles.len(), corpus.n_bad_rows), (1, 0));
    }

    #[test]
    fn lists_in_one_field_are_lists() {
        // As json.dumps, and as str of a list, write them.
        let json = r#"["b, c","a;d","Caf\u00e9"]"#;
        let python = r#"['b, c', "a;d", 'Café']"#;
        for list in [json, python] {
            let doubled = list.replace('"', "\"\"");
            let table = format!("label,text,tags\nA,x,\"{doubled}\"\nB,y,[]\nC,z,[sic]\n");
            let read = read(table.as_bytes(), TABLE, false).unwrap();
            assert_eq!(read.articles[0].tags, ["Café", "a;d", "b, c"]);
            assert!(read.articles[1].tags.is_empty());
            assert_eq!(read.articles[2].tags, ["[sic]"]);
        }
        let odd = b"label,text,tags\nA,x,['a' 'b']\n";
        let error = read(odd, TABLE, false).unwrap_err().to_string();
        assert!(
            error.contains("data:2: field \"tags\" begins as a list"),
            "{error}"
        );
    }

    #[test]
    fn arrays_of_a_database_and_lines_of_a_cell_are_lists() {
        let table = "label,text,tags\nA,x,\"{\"\"b c\"\",a}\"\nB,y,\"{'b c', 'a'}\"\nC,z,\"('b c', 'a')\"\n";
        let lines = "label,text,tags\nA,x,\"b c\na\"\nB,y,\"a\r\nb c\r\n\"\nC,z,\"b c\na\"\n";
        for rows in [table, lines] {
            let read = read(rows.as_bytes(), TABLE, false).unwrap();
            let tags: Vec<_> = read.articles.iter().map(|a| &a.tags[..]).collect();
            assert_eq!(tags, [["a", "b c"]; 3], "{rows}");
        }
        let odd = b"label,text,tags\nA,x,{'a': 1}\n";
        let error = read(odd, TABLE, false).unwrap_err().to_string();
        assert!(error.contains("field \"tags\" begins as a list"), "{error}");
    }

    #[test]
    fn a_topic_of_two_lines_is_refused_by_its_row() {
        let table = b"label,text\nA,x\n\"B\nC\",y\n";
        let json = b"{\"label\":\"A\",\"text\":\"x\"}\n{\"label\":\"B\\u0000C\",\"text\":\"y\"}\n";
        for (rows, format, place) in [
            (&table[..], TABLE, "data:3"),
            (json, RowFormat::JsonLines, "data:2"),
        ] {
            let error = read(rows, format, false).unwrap_err().to_string();
            let said = format!("{place}: field \"label\" has a line break");
            assert!(error.contains(&said), "{error}");
            assert_eq!(read(rows, format, true).unwrap().articles.len(), 1);
        }
    }

    #[test]
    fn a_group_is_what_the_pattern_matches() {
        let fields = Fields {
            group: Some("id".into()),
            group_pattern: Some(Regex::new(r"^\d+").unwrap()),
            ..Fields::default()
        };
        let rows = b"{\"id\":\"12/a\",\"text\":\"x\",\"label\":\"A\"}\n{\"id\":\"b\",\"text\":\"x\",\"label\":\"A\"}\n";
        let corpus = read_with(rows, RowFormat::JsonLines, false, &fields).unwrap();
        assert_eq!(corpus.articles[0].group, "12");
        assert_eq!(corpus.articles[1].group, "");
    }

    #[test]
    fn names_tell_formats() {
        assert_eq!(
            RowFormat::of_name("a/b.JSONL.gz"),
            Some(RowFormat::JsonLines)
        );
        assert_eq!(
            RowFormat::of_name("b.tsv"),
            Some(RowFormat::Table { delimiter: b'\t' })
        );
        assert_eq!(RowFormat::of_name("notes.docx"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes, RowFormat::JsonLines, true);
            let _ = read(&bytes, TABLE, true);
        }
    }
}
