//! What a caller submits, checked once.

use super::LanguageTag;

/// How many bytes title and body of one article may have together.
pub const MAX_ARTICLE_BYTES: usize = 16 << 20;

/// What [`Article`] is made from: the caller's fields, not yet checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArticleDraft {
    /// The headline; may be empty.
    pub title: String,
    /// The article's text.
    pub body: String,
    /// What `body` holds.
    pub format: ContentFormat,
    /// BCP 47 tag of the language; empty: detected.
    pub language: String,
    /// Tags the article already has; they are never suggested again.
    pub existing_tags: Vec<String>,
}

/// What the body of an article holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ContentFormat {
    /// Not said; told by the body.
    #[default]
    Unspecified,
    /// The article's own text and nothing else.
    Text,
    /// An HTML page.
    Html,
    /// A whole page as plain text, with menus, related stories and footers.
    PageText,
}

/// Why an [`ArticleDraft`] is no article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArticleError {
    /// Neither title nor body has a visible character.
    #[error(
        "the article has no text: article.title and article.body are empty; send at least one of them"
    )]
    Empty,
    /// Title and body are too long.
    #[error(
        "the article has {size_bytes} bytes; the limit is {limit_bytes} bytes: send the article alone, or the beginning of it"
    )]
    TooLarge {
        /// Bytes of title and body together.
        size_bytes: usize,
        /// The most that is read.
        limit_bytes: usize,
    },
    /// The language is not a BCP 47 tag.
    #[error(
        "article.language is {given:?}, which is no BCP 47 tag; send one such as \"en\", or nothing to have it detected"
    )]
    Language {
        /// What was sent, cut to 40 characters.
        given: String,
    },
}

impl ArticleError {
    /// The request field at fault, such as `article.body`.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Empty | Self::TooLarge { .. } => "article.body",
            Self::Language { .. } => "article.language",
        }
    }
}

/// An article that can be classified. A value that exists is valid: it has a visible character and
/// is within [`MAX_ARTICLE_BYTES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Article {
    title: String,
    body: String,
    format: ContentFormat,
    language: Option<LanguageTag>,
    existing_tags: Vec<String>,
}

impl Article {
    /// Checks a draft.
    ///
    /// # Errors
    /// [`ArticleError`] names the field, the limit and what was sent.
    pub fn new(draft: ArticleDraft) -> Result<Self, ArticleError> {
        let size_bytes = draft.title.len() + draft.body.len();
        if size_bytes > MAX_ARTICLE_BYTES {
            return Err(ArticleError::TooLarge {
                size_bytes,
                limit_bytes: MAX_ARTICLE_BYTES,
            });
        }
        if !has_visible_char(&draft.title) && !has_visible_char(&draft.body) {
            return Err(ArticleError::Empty);
        }
        let language = match draft.language.as_str() {
            "" => None,
            given => Some(
                LanguageTag::parse(given).ok_or_else(|| ArticleError::Language {
                    given: given.chars().take(40).collect(),
                })?,
            ),
        };
        Ok(Self {
            title: draft.title,
            body: draft.body,
            format: draft.format,
            language,
            existing_tags: draft.existing_tags,
        })
    }

    /// The headline; may be empty.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The article's text; may be empty if there is a title.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What the body holds.
    pub fn format(&self) -> ContentFormat {
        self.format
    }

    /// The language the caller gave.
    pub fn language(&self) -> Option<&LanguageTag> {
        self.language.as_ref()
    }

    /// Tags the article already has.
    pub fn existing_tags(&self) -> &[String] {
        &self.existing_tags
    }
}

fn has_visible_char(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(title: &str, body: &str) -> ArticleDraft {
        ArticleDraft {
            title: title.into(),
            body: body.into(),
            ..ArticleDraft::default()
        }
    }

    #[test]
    fn a_title_or_a_body_is_enough() {
        assert!(Article::new(draft("Storm", "")).is_ok());
        assert!(Article::new(draft("", "A storm.")).is_ok());
    }

    #[test]
    fn empty_blank_and_control_characters_are_no_article() {
        for body in ["", " \r\n\t", "\0\0\0", "\u{7f}\u{1b}\u{85}"] {
            assert_eq!(
                Article::new(draft("", body)),
                Err(ArticleError::Empty),
                "{body:?}"
            );
        }
    }

    #[test]
    fn the_size_limit_is_exact() {
        let full = "x".repeat(MAX_ARTICLE_BYTES - 1);
        assert!(Article::new(draft("", &full)).is_ok());
        assert!(Article::new(draft("t", &full)).is_ok());
        assert_eq!(
            Article::new(draft("tt", &full)),
            Err(ArticleError::TooLarge {
                size_bytes: MAX_ARTICLE_BYTES + 1,
                limit_bytes: MAX_ARTICLE_BYTES
            })
        );
    }

    #[test]
    fn bad_languages_are_named() {
        let language = ArticleDraft {
            language: "no such language".into(),
            ..draft("", "x")
        };
        assert_eq!(
            Article::new(language).unwrap_err().field(),
            "article.language"
        );
    }
}
