//! A labelled article, and the place it was read at.

use std::fmt;
use std::sync::Arc;

/// An article with what an editor said of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LabelledArticle {
    /// The headline; may be empty if there is a text.
    pub title: String,
    /// The text; may be empty if there is a title.
    pub text: String,
    /// The topic; empty in a corpus of tags alone.
    pub label: String,
    /// The tags; empty says nothing of tags.
    pub tags: Vec<String>,
    /// Articles of one group never straddle a split; empty: a group of its own.
    pub group: String,
    /// The day it was published, as in 2024-05-31; empty if that is not known.
    pub date: String,
    /// The publisher or archive it is from; empty: not known, which is a source of its own.
    pub source: String,
    /// Where it was read.
    pub place: RowPlace,
}

/// Where a row stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowPlace {
    /// As the caller named it.
    pub file: Arc<str>,
    /// From 1; of a row of several lines, the first.
    pub line: u64,
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
