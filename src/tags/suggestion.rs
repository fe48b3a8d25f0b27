//! What the sources of tags suggest; suggestions that mean the same become one.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use super::tag::TagKind;
use super::wording::{ByWording, Wording};
use crate::text::Field;

/// A tag that one of the sources suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// As the source writes it.
    pub label: Arc<str>,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
    /// Whether that is enough to offer it.
    pub is_sure: bool,
    /// Where it comes from.
    pub kind: TagKind,
    /// Where the article speaks of it, in order, in bytes of the text that was read.
    pub mentions: Vec<(Field, Range<usize>)>,
    /// The vocabulary's code.
    pub code: Option<Arc<str>>,
    /// The vocabulary's broader tag.
    pub broader: Option<Arc<str>>,
    /// See [`super::Tag::is_new`].
    pub is_new: bool,
}

/// Suggestions that mean the same become one: under the vocabulary's name if one of them is of a
/// vocabulary, with the greater confidence and the mentions of both.
pub(super) fn joined(
    suggestions: impl Iterator<Item = (Wording, Suggestion)>,
) -> Vec<(Wording, Suggestion)> {
    let mut list = ByWording::<Suggestion>::default();
    for (wording, suggestion) in suggestions {
        match list.get_mut(&wording) {
            Some(same) => same.join(suggestion),
            None => list.insert(wording, suggestion),
        }
    }
    list.into_entries()
}

impl Suggestion {
    fn join(&mut self, other: Self) {
        self.confidence = self.confidence.max(other.confidence);
        self.is_sure |= other.is_sure;
        self.is_new &= other.is_new;
        if self.kind == TagKind::Keyphrase && other.kind == TagKind::Vocabulary {
            self.kind = other.kind;
            self.label = other.label;
        }
        self.code = self.code.take().or(other.code);
        self.broader = self.broader.take().or(other.broader);
        if !other.mentions.is_empty() {
            self.mentions.extend(other.mentions);
            self.mentions.sort_by_key(|(field, bytes)| {
                (*field == Field::Body, bytes.start, Reverse(bytes.end))
            });
            let mut end = (Field::Title, 0);
            self.mentions.retain(|(field, bytes)| {
                let is_free = *field != end.0 || bytes.start >= end.1;
                if is_free {
                    end = (*field, bytes.end);
                }
                is_free
            });
        }
    }
}
