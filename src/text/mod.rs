//! Step 1: a string becomes tokens.
//!
//! - [`Article`]: what a caller submits, checked once.
//! - [`tokenize()`]: the words of a text, normalised, without an allocation per word.
//! - [`Span`]: a piece of an article, in the unit that its reader counts in.
//! - [`detect`]: which language a text is written in.
//! - [`is_utf16`] and [`without_mark`]: how a text file begins.

mod article;
mod encoding;
mod language;
mod span;
mod tokenize;

pub use article::{Article, ArticleDraft, ArticleError, ContentFormat, MAX_ARTICLE_BYTES};
pub use encoding::{IS_UTF_16, is_utf16, without_mark};
pub use language::{LanguageTag, SAMPLE_CHARS, detect};
pub use span::{Field, OffsetCounter, OffsetUnit, Span};
pub use tokenize::{TokenSink, is_ascii_word, tokenize};
