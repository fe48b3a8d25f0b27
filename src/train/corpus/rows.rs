//! One row of a file becomes an article.

use regex::Regex;
use serde_json::{Map, Value};

use super::LabelledArticle;

/// Which fields of a row hold what.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The headline.
    pub title: String,
    /// The text.
    pub text: String,
    /// The topic.
    pub label: String,
    /// The tags: a JSON array, or one string with `tag_separator`.
    pub tags: String,
    /// What articles of one split have in common, such as a story or a date.
    pub group: Option<String>,
    /// The part of the group field that names the group: the pattern's match. Without a match an
    /// article is a group of its own.
    pub group_pattern: Option<Regex>,
    /// When the article was published: the first date such as 2024-05-31 in this field.
    pub date: Option<String>,
    /// The publisher or archive.
    pub source: Option<String>,
    /// Parts the tags of one string.
    pub tag_separator: char,
    /// Whether a table needs no other column than the title's or the text's.
    pub is_text_alone: bool,
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            title: "title".into(),
            text: "text".into(),
            label: "label".into(),
            tags: "tags".into(),
            group: None,
            group_pattern: None,
            date: None,
            source: None,
            tag_separator: ';',
            is_text_alone: false,
        }
    }
}

/// A line's JSON object.
///
/// # Errors
/// What the line is instead.
pub fn json_object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 from byte {} of the line", e.valid_up_to() + 1))?;
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

/// The article of a JSON object, or what is wrong with it.
pub(super) fn json_row(
    row: &Map<String, Value>,
    fields: &Fields,
) -> Result<LabelledArticle, String> {
    let string = |field: &str| json_string(row, field);
    Ok(LabelledArticle {
        title: string(&fields.title)?,
        text: string(&fields.text)?,
        label: string(&fields.label)?.trim().to_owned(),
        tags: json_tags(row.get(&fields.tags), fields)?,
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
    })
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

fn json_tags(value: Option<&Value>, fields: &Fields) -> Result<Vec<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(joined)) => Ok(split_tags(joined, fields.tag_separator)),
        Some(Value::Array(tags)) => tags
            .iter()
            .map(|tag| tag.as_str().map(|t| t.trim().to_owned()))
            .collect::<Option<Vec<_>>>()
            .map(distinct)
            .ok_or_else(|| format!("field {:?} has an element that is no string", fields.tags)),
        Some(_) => Err(format!(
            "field {:?} is neither an array nor a string",
            fields.tags
        )),
    }
}

fn split_tags(joined: &str, separator: char) -> Vec<String> {
    distinct(
        joined
            .split(separator)
            .map(|tag| tag.trim().to_owned())
            .collect(),
    )
}

fn distinct(mut tags: Vec<String>) -> Vec<String> {
    tags.sort();
    tags.dedup();
    tags.retain(|tag| !tag.is_empty());
    tags
}

fn group_of(value: String, fields: &Fields) -> String {
    match &fields.group_pattern {
        None => value,
        Some(pattern) => pattern
            .find(&value)
            .map_or_else(String::new, |m| m.as_str().to_owned()),
    }
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
    pub(super) fn find(header: &csv::StringRecord, fields: &Fields) -> Self {
        let place = |name: &str| {
            header
                .iter()
                .position(|column| column.trim_start_matches('\u{feff}').trim() == name)
        };
        Self {
            title: place(&fields.title),
            text: place(&fields.text),
            label: place(&fields.label),
            tags: place(&fields.tags),
            group: fields.group.as_deref().and_then(place),
            date: fields.date.as_deref().and_then(place),
            source: fields.source.as_deref().and_then(place),
        }
    }

    /// A column without which the table is of no use.
    pub(super) fn missing(&self, fields: &Fields) -> Option<String> {
        if self.title.is_none() && self.text.is_none() {
            Some(fields.text.clone())
        } else if fields.is_text_alone {
            None
        } else if self.label.is_none() && self.tags.is_none() {
            Some(fields.label.clone())
        } else {
            let named = fields.named();
            let missing = named
                .into_iter()
                .find(|(flag, _)| self.place(flag).is_none());
            missing.map(|(_, name)| name.to_owned())
        }
    }

    /// Where the field is that a flag names.
    fn place(&self, flag: &str) -> Option<usize> {
        match flag {
            "--title-field" => self.title,
            "--text-field" => self.text,
            "--label-field" => self.label,
            "--tags-field" => self.tags,
            "--group-field" => self.group,
            "--date-field" => self.date,
            _ => self.source,
        }
    }

    /// The article of a row, or what is wrong with it.
    pub(super) fn row(
        &self,
        record: &csv::ByteRecord,
        fields: &Fields,
    ) -> Result<LabelledArticle, String> {
        let string = |column: Option<usize>| {
            let bytes = column.and_then(|c| record.get(c)).unwrap_or_default();
            String::from_utf8(bytes.to_vec()).map_err(|e| {
                let column = column.map_or(0, |c| c + 1);
                format!(
                    "column {column} is not UTF-8 from its byte {}",
                    e.utf8_error().valid_up_to() + 1
                )
            })
        };
        Ok(LabelledArticle {
            title: string(self.title)?,
            text: string(self.text)?,
            label: string(self.label)?.trim().to_owned(),
            tags: split_tags(&string(self.tags)?, fields.tag_separator),
            group: group_of(string(self.group)?, fields),
            date: date_in(&string(self.date)?),
            source: string(self.source)?,
            ..LabelledArticle::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::date_in;

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
