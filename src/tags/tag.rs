//! A tag of an answer, or why it is none.

use std::sync::Arc;

use crate::text::Span;

/// A tag of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// As the vocabulary writes it, or as the article does.
    pub label: Arc<str>,
    /// Calibrated probability in [0, 1].
    pub confidence: f32,
    /// Where it comes from.
    pub kind: TagKind,
    /// Where the article speaks of it, in order; only if asked for.
    pub mentions: Vec<Span>,
    /// The vocabulary's code, if it has one.
    pub code: Option<Arc<str>>,
    /// Label of the vocabulary's broader tag, if there is one.
    pub broader: Option<Arc<str>>,
    /// It is of no vocabulary and not among the allowed tags: somebody would have to create it.
    pub is_new: bool,
}

/// Where a tag comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    /// The model learnt it, or it is of a controlled vocabulary.
    Vocabulary,
    /// The article has it.
    Keyphrase,
}

/// A tag that was considered and is not offered.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectedTag {
    /// The tag.
    pub tag: Tag,
    /// Why.
    pub reason: Rejection,
}

/// Why a tag is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// Its confidence is below the threshold.
    LowConfidence,
    /// It is denied.
    Denied,
    /// The article has it already.
    Existing,
    /// There is a list of allowed tags, and it is not in it.
    NotAllowed,
    /// There are enough better ones.
    OverLimit,
    /// The article has it only as a part of a tag that is offered.
    PartOfAnother,
}
