//! Fields that somebody named, and that no row has.

use serde_json::{Map, Value};

use super::{CorpusError, Fields};

/// At most so many of a row's own fields are named beside the one that it lacks.
pub(super) const SHOWN_FIELDS: usize = 12;

/// Which of the named fields no row of JSON lines had so far.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AbsentFields {
    /// Each with its flag.
    absent: Vec<(&'static str, String)>,
    /// Those of the first row.
    found: Vec<String>,
}

impl AbsentFields {
    /// Before the first row, which is `row`.
    pub(super) fn of_first(row: &Map<String, Value>, fields: &Fields) -> Self {
        let named = fields.named().into_iter();
        Self {
            absent: named.map(|(flag, name)| (flag, name.to_owned())).collect(),
            found: row.keys().take(SHOWN_FIELDS).cloned().collect(),
        }
    }

    /// Takes out those that the row has.
    pub(super) fn meet(&mut self, row: &Map<String, Value>) {
        self.absent.retain(|(_, name)| !row.contains_key(name));
    }

    /// What is wrong if no further row comes.
    pub(super) fn error(&self) -> Option<CorpusError> {
        let (flag, name) = self.absent.first()?;
        Some(CorpusError::Field {
            flag,
            name: name.clone(),
            found: self.found.join(", "),
        })
    }
}

impl Fields {
    /// The fields that are not named as they are by default, each with its flag; but for the text's, which every
    /// file must have.
    pub(super) fn named(&self) -> Vec<(&'static str, &str)> {
        let usual = Self::default();
        let label = self.label.as_ref().filter(|_| !self.is_text_enough);
        let tags = self.tags.as_ref().filter(|_| !self.is_text_enough);
        let mut named = Vec::new();
        let (title, usual_title) = (&self.article.title, &usual.article.title);
        for (flag, name, usual) in [
            ("--title-field", title.as_ref(), usual_title.as_ref()),
            ("--label-field", label, usual.label.as_ref()),
            ("--tags-field", tags, usual.tags.as_ref()),
        ] {
            named.extend(
                name.filter(|_| name != usual)
                    .map(|name| (flag, name.as_str())),
            );
        }
        for (flag, name) in [
            ("--group-field", &self.group),
            ("--date-field", &self.date),
            ("--source-field", &self.source),
        ] {
            named.extend(name.as_deref().map(|name| (flag, name)));
        }
        named
    }
}
