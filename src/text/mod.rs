//! Step 1: a string becomes tokens.
//!
//! - [`Article`]: what a caller submits, checked once.
//! - [`tokenize()`]: the words of a text, normalised, without an allocation per word.
//! - [`detect`]: which language a text is written in.

mod article;
mod language;
mod tokenize;

pub use article::{Article, ArticleDraft, ArticleError, ContentFormat, MAX_ARTICLE_BYTES};
pub use language::{LanguageTag, detect};
pub use tokenize::{TokenSink, tokenize};
