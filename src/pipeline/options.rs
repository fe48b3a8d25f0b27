//! What a caller may ask for.

use crate::text::OffsetUnit;

/// How many tags are offered unless the caller says otherwise.
pub const DEFAULT_MAX_TAGS: usize = 10;

/// At most so many tags are in a caller's list: each is looked up anew for every article.
pub const MAX_LISTED_TAGS: usize = 1_000;
/// At most so many bytes they have together.
pub const MAX_LISTED_BYTES: usize = 64 << 10;

/// Where suggested tags may come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TagSource {
    /// From anywhere.
    #[default]
    Any,
    /// Only tags the model was trained on and those of a controlled vocabulary.
    Vocabulary,
    /// Only names and phrases found in the article.
    Keyphrases,
}

/// What a caller wants, not yet checked. The default is the model's own choice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OptionsDraft {
    /// At most so many topics; 0: all.
    pub max_topics: usize,
    /// At most so many tags; `None`: [`DEFAULT_MAX_TAGS`].
    pub max_tags: Option<usize>,
    /// The least confidence of a tag, in [0, 1]; `None`: the model's own threshold.
    pub min_tag_confidence: Option<f32>,
    /// Where tags may come from.
    pub tag_source: TagSource,
    /// Tags that must not be suggested, compared without case.
    pub deny_tags: Vec<String>,
    /// The only tags that may be suggested; empty: any.
    pub allow_tags: Vec<String>,
    /// Whether the answer names the tags that are not suggested, and why not.
    pub include_rejected_tags: bool,
    /// Whether the answer says why.
    pub explain: bool,
    /// What the offsets of spans count.
    pub offset_unit: OffsetUnit,
}

/// A caller's list of tags that is too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagListError {
    /// More than [`MAX_LISTED_TAGS`].
    #[error(
        "{field} has {n_tags} tags; the limit is {MAX_LISTED_TAGS}: send those that matter to the article"
    )]
    TooMany {
        /// The request field at fault.
        field: &'static str,
        /// How many were sent.
        n_tags: usize,
    },
    /// More than [`MAX_LISTED_BYTES`].
    #[error(
        "{field} has {n_bytes} bytes in all; the limit is {MAX_LISTED_BYTES}: send fewer or shorter tags"
    )]
    TooLong {
        /// The request field at fault.
        field: &'static str,
        /// How many were sent.
        n_bytes: usize,
    },
}

impl TagListError {
    /// The request field at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::TooMany { field, .. } | Self::TooLong { field, .. } => field,
        }
    }
}

/// Refuses a list that is too long to be looked through for an article.
///
/// # Errors
/// [`TagListError`] names the field and what was sent.
pub fn check_tag_list(field: &'static str, tags: &[String]) -> Result<(), TagListError> {
    let n_tags = tags.len();
    if n_tags > MAX_LISTED_TAGS {
        return Err(TagListError::TooMany { field, n_tags });
    }
    let n_bytes = tags.iter().map(String::len).sum();
    if n_bytes > MAX_LISTED_BYTES {
        return Err(TagListError::TooLong { field, n_bytes });
    }
    Ok(())
}

/// Why an [`OptionsDraft`] is no [`Options`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// A confidence that is no probability.
    #[error("options.min_tag_confidence is {given}; send a number from 0 to 1")]
    MinTagConfidence {
        /// What was sent.
        given: f32,
    },
    /// Too many tags.
    #[error(transparent)]
    TagList(#[from] TagListError),
}

impl OptionsError {
    /// The request field at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::MinTagConfidence { .. } => "options.min_tag_confidence",
            Self::TagList(error) => error.field(),
        }
    }
}

/// What a caller wants. A value that exists is valid.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options(OptionsDraft);

impl Options {
    /// Checks a draft.
    ///
    /// # Errors
    /// [`OptionsError`] names the field and what was sent.
    pub fn new(draft: OptionsDraft) -> Result<Self, OptionsError> {
        check_tag_list("options.deny_tags", &draft.deny_tags)?;
        check_tag_list("options.allow_tags", &draft.allow_tags)?;
        match draft.min_tag_confidence {
            Some(given) if !(0.0..=1.0).contains(&given) => {
                Err(OptionsError::MinTagConfidence { given })
            }
            _ => Ok(Self(draft)),
        }
    }

    /// At most so many topics; 0: all.
    pub fn max_topics(&self) -> usize {
        self.0.max_topics
    }

    /// At most so many tags.
    pub fn max_tags(&self) -> usize {
        self.0.max_tags.unwrap_or(DEFAULT_MAX_TAGS)
    }

    /// The least confidence of a tag, in [0, 1]; `None`: the model's own threshold.
    pub fn min_tag_confidence(&self) -> Option<f32> {
        self.0.min_tag_confidence
    }

    /// Tags that must not be suggested.
    pub fn deny_tags(&self) -> &[String] {
        &self.0.deny_tags
    }

    /// The only tags that may be suggested; empty: any.
    pub fn allow_tags(&self) -> &[String] {
        &self.0.allow_tags
    }

    /// Whether the answer names the tags that are not suggested, and why not.
    pub fn include_rejected_tags(&self) -> bool {
        self.0.include_rejected_tags
    }

    /// Whether the answer says why.
    pub fn explain(&self) -> bool {
        self.0.explain
    }

    /// What the offsets of spans count.
    pub fn offset_unit(&self) -> OffsetUnit {
        self.0.offset_unit
    }

    /// Whether learnt tags and those of a vocabulary are wanted at all.
    pub fn wants_vocabulary_tags(&self) -> bool {
        self.max_tags() > 0 && self.0.tag_source != TagSource::Keyphrases
    }

    /// Whether the article's own names and phrases are wanted at all.
    pub fn wants_keyphrases(&self) -> bool {
        self.max_tags() > 0 && self.0.tag_source != TagSource::Vocabulary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_probability() {
        let with = |c| {
            Options::new(OptionsDraft {
                min_tag_confidence: Some(c),
                ..OptionsDraft::default()
            })
        };
        assert!(with(0.0).is_ok() && with(1.0).is_ok());
        for bad in [-0.01, 1.01, f32::NAN, f32::INFINITY] {
            assert_eq!(with(bad).unwrap_err().field(), "options.min_tag_confidence");
        }
    }

    #[test]
    fn the_limits_of_lists_are_exact() {
        let check = |tags: &[String]| check_tag_list("options.deny_tags", tags);
        let many = |n_tags| vec![String::new(); n_tags];
        assert_eq!(check(&many(MAX_LISTED_TAGS)), Ok(()));
        let error = check(&many(MAX_LISTED_TAGS + 1)).unwrap_err();
        assert_eq!(error.field(), "options.deny_tags");
        assert!(error.to_string().contains("1001 tags; the limit is 1000"));
        let long = |n_bytes| ["x".repeat(n_bytes)];
        assert_eq!(check(&long(MAX_LISTED_BYTES)), Ok(()));
        let error = check(&long(MAX_LISTED_BYTES + 1)).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("65537 bytes in all; the limit is 65536")
        );
    }
}
