//! Files that are written otherwise than in rows of UTF-8.

use serde::de::IgnoredAny;

use crate::text::{IS_UTF_16, is_utf16};

/// What a file is instead, and how to make rows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRows {
    /// Text of another encoding.
    #[error("{}", IS_UTF_16)]
    Utf16,
    /// All rows are elements of one array.
    #[error(
        "begins as a JSON array, and a row is one JSON object on a line of its own; `jq -c '.[]'` makes such lines of it"
    )]
    Array,
    /// Objects are laid out for people.
    #[error(
        "begins with a JSON object over several lines, and a row is one JSON object on a line of its own; `jq -c .` makes such lines of it"
    )]
    SpreadObject,
    /// A table, whose columns commas part.
    #[error(
        "has no row that is a JSON object, and begins as a table does; say --data-format csv if it is one"
    )]
    Commas,
    /// A table, whose columns tabs part.
    #[error(
        "has no row that is a JSON object, and begins as a table does; say --data-format tsv if it is one"
    )]
    Tabs,
}

impl NoRows {
    /// By the first bytes of a file.
    pub(super) fn of_encoding(start: &[u8]) -> Option<Self> {
        is_utf16(start).then_some(Self::Utf16)
    }

    /// By the first line of JSON lines that is not blank.
    pub fn of_json(line: &[u8]) -> Option<Self> {
        let line = line.trim_ascii();
        let goes_on = matches!(line.last(), Some(b'{' | b'[' | b','));
        match line.first()? {
            b'[' => Some(Self::Array),
            b'{' if goes_on && is_cut_short(line) => Some(Self::SpreadObject),
            _ => Self::of_encoding(line),
        }
    }

    /// By the first line of what has no JSON object in it.
    pub(super) fn of_table(line: &[u8]) -> Option<Self> {
        match line {
            line if line.contains(&b'\t') => Some(Self::Tabs),
            line if line.contains(&b',') => Some(Self::Commas),
            _ => None,
        }
    }
}

fn is_cut_short(json: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(json).is_err_and(|error| error.is_eof())
}
