//! One row of a file becomes an article.

use regex::Regex;
use serde_json::{Map, Value};

use super::separators::distinct;
use super::written_list::written_list;
use super::{ArticleFields, CorpusError, LabelledArticle};

/// Which fields of a row hold what.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The headline and the text.
    pub article: ArticleFields,
    /// The topic. `None`: none is read.
    pub label: Option<String>,
    /// The tags: an array, or one string with `tag_separator`. `None`: none are read.
    pub tags: Option<String>,
    /// What articles of one split have in common, such as a story or a date.
    pub group: Option<String>,
    /// The part of the group field that names the group: the pattern's match. Without a match an
    /// article is a group of its own.
    pub group_pattern: Option<Regex>,
    /// When the article was published: the first date such as 2024-05-31 in this field.
    pub date: Option<String>,
    /// The publisher or archive.
    pub source: Option<String>,
    /// Parts the tags of one string; without it `;`, if a file has none of these `|`, if none of both the end of a line
    /// or a comma.
    pub tag_separator: Option<char>,
    /// Whether rows without the fields of topics and tags, or a table without their columns, will do.
    pub is_text_enough: bool,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            article: ArticleFields::default(),
            label: Some("label".into()),
            tags: Some("tags".into()),
            group: None,
            group_pattern: None,
            date: None,
            source: None,
            tag_separator: None,
            is_text_enough: false,
        }
    }
}

/// A line's JSON object.
///
/// # Errors
/// What the line is instead.
pub fn json_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        format!(
            "not UTF-8 from byte {} of the line; convert the file first",
            e.valid_up_to() + 1
        )
    })?;
    match serde_json::from_str(text).map_err(|e| format!("no JSON: {e}"))? {
        Value::Object(row) => Ok(row),
        other => Err(format!("no JSON object but {}", kind(&other))),
    }
}

/// A field's text, or its number as it is written; empty if it is not there.
///
/// # Errors
/// What the field is instead.
pub fn json_string(row: &Map<String, Value>, field: &str) -> Result<String, String> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(other) => Err(format!("field {field:?} is no string but {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A row whose tags may still stand in one string.
pub(super) struct Row {
    pub(super) article: LabelledArticle,
    /// The tags that are not yet parted.
    pub(super) joined_tags: String,
}

/// A row's tags.
enum Tags {
    List(Vec<String>),
    Joined(String),
}

impl Row {
    fn new(mut article: LabelledArticle, tags: Tags) -> Self {
        let joined_tags = match tags {
            Tags::List(tags) => {
                article.tags = tags;
                String::new()
            }
            Tags::Joined(joined) => joined,
        };
        Self {
            article,
            joined_tags,
        }
    }
}

/// The article of a JSON object, or what is wrong with it.
pub(super) fn json_row(row: &Map<String, Value>, fields: &Fields) -> Result<Row, String> {
    let string = |field: &str| json_string(row, field);
    let tags = match &fields.tags {
        Some(field) => json_tags(row, field)?,
        None => Tags::List(Vec::new()),
    };
    let article = LabelledArticle {
        title: fields.article.title_of(row)?,
        text: fields.article.text_of(row)?,
        label: match &fields.label {
            Some(field) => topic(&string(field)?, field)?,
            None => String::new(),
        },
        group: match &fields.group {
            Some(field) => group_of(string(field)?, fields),
            None => String::new(),
        },
        date: match &fields.date {
            Some(field) => date_in(&string(field)?),
            None => String::new(),
        },
        source: match &fields.source {
            Some(field) => string(field)?,
            None => String::new(),
        },
        ..LabelledArticle::default()
    };
    Ok(Row::new(article, tags))
}

fn json_tags(row: &Map<String, Value>, field: &str) -> Result<Tags, String> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(Tags::List(Vec::new())),
        Some(Value::String(text)) => tags_of_text(text, field),
        Some(Value::Array(tags)) => Ok(Tags::List(tags_of_array(tags, field)?)),
        Some(_) => Err(format!("field {field:?} is neither an array nor a string")),
    }
}

/// A topic, which is one line.
fn topic(text: &str, field: &str) -> Result<String, String> {
    let topic = text.trim();
    match topic.contains(char::is_control) {
        true => Err(format!(
            "field {field:?} has a line break or another control character within: {topic:?}; a topic is one line"
        )),
        false => Ok(topic.to_owned()),
    }
}

/// The first date in a text, as in 2024-05-31; empty if there is none.
fn date_in(text: &str) -> String {
    let is_date = |part: &&[u8]| {
        part.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    let mut dates = text.as_bytes().windows(10).filter(is_date);
    let found = dates.find(|date| is_day(&date[5..7], &date[8..]));
    found.map_or_else(String::new, |date| {
        String::from_utf8_lossy(date).into_owned()
    })
}

/// Whether a year may have such a month and day.
fn is_day(month: &[u8], day: &[u8]) -> bool {
    let last = match month {
        b"02" => b"29",
        b"04" | b"06" | b"09" | b"11" => b"30",
        _ => b"31",
    };
    (&b"01"[..]..=b"12").contains(&month) && (&b"01"[..]..=last).contains(&day)
}

/// The tags of a text: a list as programs write it into one field, or several in one string.
fn tags_of_text(text: &str, field: &str) -> Result<Tags, String> {
    let text = text.trim();
    if let Ok(tags) = serde_json::from_str::<Vec<Value>>(text) {
        return tags_of_array(&tags, field).map(Tags::List);
    }
    match written_list(text) {
        Some(tags) => Ok(Tags::List(distinct(tags.iter().map(String::as_str)))),
        None if begins_as_list(text) => Err(format!(
            "field {field:?} begins as a list and is none: {text:?}; write it as a JSON array, or part the tags by ;"
        )),
        None => Ok(Tags::Joined(text.to_owned())),
    }
}

/// Whether quoted strings stand in brackets of a list. Round ones are those of a remark, too.
fn begins_as_list(text: &str) -> bool {
    let brackets = [('[', ']'), ('{', '}')].into_iter();
    let mut within =
        brackets.filter_map(|(start, end)| text.strip_prefix(start)?.strip_suffix(end));
    within.any(|within| within.trim_start().starts_with(['\'', '"']))
}

fn tags_of_array(tags: &[Value], field: &str) -> Result<Vec<String>, String> {
    let strings: Option<Vec<&str>> = tags.iter().map(Value::as_str).collect();
    let strings =
        strings.ok_or_else(|| format!("field {field:?} has an element that is no string"))?;
    Ok(distinct(strings.into_iter()))
}

fn group_of(value: String, fields: &Fields) -> String {
    match &fields.group_pattern {
        None => value,
        Some(pattern) => pattern
            .find(&value)
            .map_or_else(String::new, |m| m.as_str().to_owned()),
    }
}

/// A column's name, as the first row has it.
pub(super) fn column_name(column: &str) -> &str {
    column.trim_start_matches('\u{feff}').trim()
}

/// Where a table has its fields.
pub(super) struct Columns {
    title: Option<usize>,
    text: Option<usize>,
    label: Option<usize>,
    tags: Option<usize>,
    group: Option<usize>,
    date: Option<usize>,
    source: Option<usize>,
}

impl Columns {
    /// By the names in the first row.
    ///
    /// # Errors
    /// [`CorpusError::DoubledColumn`] of `file`.
    pub(super) fn find(
        header: &csv::StringRecord,
        fields: &Fields,
        file: &str,
    ) -> Result<Self, CorpusError> {
        let place = |name: &str| {
            let columns = header.iter().enumerate();
            let places: Vec<usize> = columns
                .filter(|(_, column)| column_name(column) == name)
                .map(|(place, _)| place)
                .collect();
            match places[..] {
                [] => Ok(None),
                [only] => Ok(Some(only)),
                _ => Err(CorpusError::DoubledColumn {
                    file: file.to_owned(),
                    name: name.to_owned(),
                    columns: places.iter().map(|place| place + 1).collect(),
                }),
            }
        };
        let wanted = |name: &Option<String>| name.as_deref().map_or(Ok(None), place);
        let texts: Result<Vec<_>, _> = fields.article.text_names().map(place).collect();
        Ok(Self {
            title: wanted(&fields.article.title)?,
            text: texts?.into_iter().flatten().next(),
            label: wanted(&fields.label)?,
            tags: wanted(&fields.tags)?,
            group: wanted(&fields.group)?,
            date: wanted(&fields.date)?,
            source: wanted(&fields.source)?,
        })
    }

    /// A column without which the table is of no use.
    pub(super) fn missing(&self, fields: &Fields) -> Option<String> {
        let wanted = fields.label.as_ref().or(fields.tags.as_ref());
        if self.label.is_none() && self.tags.is_none() && !fields.is_text_enough && wanted.is_some()
        {
            return wanted.cloned();
        }
        let named = fields.named();
        let missing = named
            .into_iter()
            .find(|(flag, _)| self.place(flag).is_none());
        missing.map(|(_, name)| name.to_owned())
    }

    /// Where the field is that a flag names.
    fn place(&self, flag: &str) -> Option<usize> {
        match flag {
            "--title-field" => self.title,
            "--label-field" => self.label,
            "--tags-field" => self.tags,
            "--group-field" => self.group,
            "--date-field" => self.date,
            _ => self.source,
        }
    }

    /// The article of a row, or what is wrong with it.
    pub(super) fn row(&self, record: &csv::ByteRecord, fields: &Fields) -> Result<Row, String> {
        let string = |column: Option<usize>| {
            let bytes = column.and_then(|c| record.get(c)).unwrap_or_default();
            String::from_utf8(bytes.to_vec()).map_err(|e| {
                let column = column.map_or(0, |c| c + 1);
                format!(
                    "column {column} is not UTF-8 from its byte {}; convert the file first",
                    e.utf8_error().valid_up_to() + 1
                )
            })
        };
        let name = |field: &Option<String>| field.clone().unwrap_or_default();
        let tags = tags_of_text(&string(self.tags)?, &name(&fields.tags))?;
        let article = LabelledArticle {
            title: string(self.title)?,
            text: string(self.text)?,
            label: topic(&string(self.label)?, &name(&fields.label))?,
            group: group_of(string(self.group)?, fields),
            date: date_in(&string(self.date)?),
            source: string(self.source)?,
            ..LabelledArticle::default()
        };
        Ok(Row::new(article, tags))
    }
}

#[cfg(test)]
mod tests {
    use super::{Tags, date_in, tags_of_text};

    #[test]
    fn escapes_in_a_list_of_python_are_what_they_stand_for() {
        let Ok(Tags::List(tags)) = tags_of_text(r"['New\xa0York', 'a\tb', 'it\'s']", "tags") else {
            panic!("it is a list");
        };
        assert_eq!(tags, ["New\u{a0}York", "a b", "it's"]);
    }

    #[test]
    fn the_first_date_in_a_text_is_taken() {
        assert_eq!(date_in("2024-05-31T10:00:00Z"), "2024-05-31");
        assert_eq!(
            date_in("blog/2016-10-24-the-essentials 2017-01-01"),
            "2016-10-24"
        );
        assert_eq!(date_in("31.05.2024"), "");
        assert_eq!(date_in("é2024-05-3"), "");
        assert_eq!(date_in("2024-99-99, 2024-02-30, 2024-02-29"), "2024-02-29");
        assert_eq!(date_in("2024-00-10 2024-10-00 2024-13-01"), "");
    }
}
