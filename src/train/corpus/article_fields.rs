//! Where rows have their headlines and texts, and whether a file has any there.

use serde_json::{Map, Value};

use super::named::SHOWN_FIELDS;
use super::{NoArticles, json_string};

/// The usual field of the text, and what the service calls it, which a row may have instead.
const USUAL_TEXT: &str = "text";
const BODY: &str = "body";

/// So end the names of fields that are likely to hold texts and headlines, the likeliest first.
const TEXT_ENDS: [&str; 8] = [
    "text",
    "body",
    "content",
    "article",
    "story",
    "description",
    "summary",
    "abstract",
];
const TITLE_ENDS: [&str; 4] = ["title", "headline", "heading", "subject"];

/// Which fields of a row hold its article. `None`: none is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFields {
    /// The headline.
    pub title: Option<String>,
    /// The text.
    pub text: Option<String>,
}

impl Default for ArticleFields {
    fn default() -> Self {
        Self {
            title: Some("title".into()),
            text: Some(USUAL_TEXT.into()),
        }
    }
}

impl ArticleFields {
    /// The headline of a row; empty if it is not there.
    ///
    /// # Errors
    /// What the field is instead.
    pub fn title_of(&self, row: &Map<String, Value>) -> Result<String, String> {
        string_of(row, self.title.as_deref())
    }

    /// The text of a row; empty if it is not there.
    ///
    /// # Errors
    /// What the field is instead.
    pub fn text_of(&self, row: &Map<String, Value>) -> Result<String, String> {
        let is_full =
            |name: &&str| !matches!(row.get(*name), None | Some(Value::Null)) && row[*name] != "";
        let full = self.text_names().find(is_full);
        string_of(row, full.or_else(|| self.text_names().next()))
    }

    /// The names of the text's field, of which the first counts in which a row has something.
    pub(super) fn text_names(&self) -> impl Iterator<Item = &str> {
        let text = self.text.as_deref();
        let other = text.filter(|name| *name == USUAL_TEXT).map(|_| BODY);
        text.into_iter().chain(other)
    }

    /// That a row has nothing in the fields that are read.
    pub fn nothing_there(&self) -> String {
        match (&self.title, &self.text) {
            (Some(title), Some(text)) => {
                format!("fields {title:?} and {text:?} are missing or empty")
            }
            (one, other) => {
                let only = one.as_ref().or(other.as_ref());
                format!("field {:?} is missing or empty", only.map_or("", |s| s))
            }
        }
    }
}

fn string_of(row: &Map<String, Value>, field: Option<&str>) -> Result<String, String> {
    field.map_or_else(|| Ok(String::new()), |field| json_string(row, field))
}

/// Which of the article's fields a file was seen to have.
#[derive(Debug)]
pub struct MetFields<'a> {
    wanted: &'a ArticleFields,
    has_title: bool,
    has_text: bool,
    /// Those of the first row, or a table's columns.
    of_first: Vec<String>,
}

impl<'a> MetFields<'a> {
    /// Before the first row.
    pub fn new(wanted: &'a ArticleFields) -> Self {
        Self {
            wanted,
            has_title: false,
            has_text: false,
            of_first: Vec::new(),
        }
    }

    /// Looks at the fields of a row.
    pub fn meet_row(&mut self, row: &Map<String, Value>) {
        self.meet(row.keys().map(String::as_str), |name| {
            row.contains_key(name)
        });
    }

    /// Looks at the names of a table's columns.
    pub(super) fn meet_columns(&mut self, names: &[&str]) {
        self.meet(names.iter().copied(), |name| names.contains(&name));
    }

    fn meet<'n>(&mut self, names: impl Iterator<Item = &'n str>, has: impl Fn(&str) -> bool) {
        if self.of_first.is_empty() {
            self.of_first = names.map(str::to_owned).collect();
        }
        self.has_title |= self.wanted.title.as_deref().is_some_and(&has);
        self.has_text |= self.wanted.text_names().any(has);
    }

    /// What is wrong if the file has no further row: of articles whose texts are in another field the headlines
    /// alone would be read, and nobody would know.
    pub fn error(&self) -> Option<NoArticles> {
        let (is_there, wanted) = match self.wanted.text {
            Some(_) => (self.has_text, self.wanted.text_names().collect()),
            None => (self.has_title, Vec::from_iter(self.wanted.title.as_deref())),
        };
        if is_there || wanted.is_empty() || self.of_first.is_empty() {
            return None;
        }
        Some(NoArticles {
            wanted: wanted.into_iter().map(str::to_owned).collect(),
            found: self.of_first.clone(),
            advice: self.advice(),
        })
    }

    fn advice(&self) -> String {
        if self.wanted.text.is_none() {
            return "name yours with --title-field".to_owned();
        }
        let text = match self.likely(&TEXT_ENDS) {
            Some(name) => format!("say --text-field {name:?} if that has the texts"),
            None => "name yours with --text-field".to_owned(),
        };
        match self.has_title {
            true => format!("{text}, or --text-field \"\" to read headlines alone"),
            false => text,
        }
    }

    /// That headlines may be in another field, and are not read.
    pub fn remark(&self) -> Option<String> {
        let wanted = self.wanted.title.as_ref().filter(|_| !self.has_title)?;
        let likely = self.likely(&TITLE_ENDS)?;
        let found = self.of_first.iter().take(SHOWN_FIELDS).cloned();
        Some(format!(
            "no row has the field {wanted:?}, and articles are read without headlines; the first row's are: {}. Say --title-field {likely:?} if that has them, or --title-field \"\" to leave headlines alone",
            found.collect::<Vec<_>>().join(", ")
        ))
    }

    /// The field that is not read, and whose name ends as the first of `ends` that any does.
    fn likely(&self, ends: &[&str]) -> Option<&String> {
        let is_read = |field: &String| {
            let mut read = self.wanted.text_names().chain(self.wanted.title.as_deref());
            read.any(|name| name == field)
        };
        let ends_so = |end: &&str| {
            let mut others = self.of_first.iter().filter(|field| !is_read(field));
            others.find(|field| field.to_lowercase().ends_with(*end))
        };
        ends.iter().find_map(ends_so)
    }
}
