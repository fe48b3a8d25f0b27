//! Step 2: a page becomes an article.
//!
//! - [`extract()`]: read this first.
//! - [`html`]: pages as HTML.
//! - [`page_text`]: pages copied as text.
//! - [`mod@kind`]: which of them a body is, if nobody said.
//! - [`places`]: where the article stands in the page.
//! - `shingles`: whether a line is in a text.

pub mod html;
pub mod kind;
mod page;
pub mod page_text;
pub mod places;
mod shingles;

use std::borrow::Cow;
use std::ops::Range;

pub use page::Page;
pub use page_text::{LineModel, LineModelError, LineModelParts};
pub use places::Places;
pub use shingles::Shingles;

use crate::text::{Article, ContentFormat, Field};
use html::HtmlArticle;
use html::align::SourceWords;
use places::Piece;

/// Found text of fewer characters is distrusted if the page shows this many times as much.
const MIN_SURE_CHARS: usize = 200;
const MUCH_MORE: usize = 4;

/// An article as it is read: title and text alone, and where they stand in what was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted<'a> {
    /// The caller's title, or else the page's.
    pub title: Cow<'a, str>,
    /// The article's own text.
    pub text: Cow<'a, str>,
    /// What the page says of it; `None` if the body is no page.
    pub page: Option<Page>,
    /// The article could not be told from the rest of the page, and `text` is all of it.
    pub is_whole_page: bool,
    title_places: TitlePlaces,
    text_places: Places,
}

/// Where the title stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TitlePlaces {
    /// It is the title that was submitted.
    Submitted,
    /// It was found in the body.
    InBody(Places),
}

impl Extracted<'_> {
    /// Where some bytes of [`Self::title`] or [`Self::text`] stand in the article as it was submitted,
    /// in bytes; `None` if they have no one place there.
    pub fn locate(&self, field: Field, bytes: &Range<usize>) -> Option<(Field, Range<usize>)> {
        match (field, &self.title_places) {
            (Field::Title, TitlePlaces::Submitted) => Some((Field::Title, bytes.clone())),
            (Field::Title, TitlePlaces::InBody(places)) => {
                Some((Field::Body, places.locate(bytes)?))
            }
            (Field::Body, _) => Some((Field::Body, self.text_places.locate(bytes)?)),
        }
    }

    /// The ranges of the submitted body that are the article's text, in order, as far as known.
    pub fn article_ranges(&self) -> Vec<Range<usize>> {
        self.text_places.ranges(self.text.len())
    }
}

/// Finds the article in what was submitted. `lines` tells the article's lines from the others of a page
/// copied as text; without it, such a page is read whole.
pub fn extract<'a>(article: &'a Article, lines: Option<&LineModel>) -> Extracted<'a> {
    let format = match article.format() {
        ContentFormat::Unspecified => kind::detect(article.body()),
        format => format,
    };
    match format {
        ContentFormat::Html => of_html(article, lines),
        ContentFormat::PageText => of_page_text(article, lines),
        ContentFormat::Text | ContentFormat::Unspecified => whole(article),
    }
}

fn whole(article: &Article) -> Extracted<'_> {
    Extracted {
        title: Cow::Borrowed(article.title()),
        text: Cow::Borrowed(article.body()),
        page: None,
        is_whole_page: false,
        title_places: TitlePlaces::Submitted,
        text_places: Places::Same,
    }
}

fn of_page_text<'a>(article: &'a Article, lines: Option<&LineModel>) -> Extracted<'a> {
    let body = article.body();
    let Some(found) = lines.and_then(|lines| page_text::extract(body, lines)) else {
        return Extracted {
            page: Some(Page::default()),
            is_whole_page: true,
            ..whole(article)
        };
    };
    let (text, text_places) = joined(body, &found.runs);
    let (title, title_places) = match (article.title(), found.headline) {
        ("", Some(headline)) => {
            let (title, places) = joined(body, &[headline]);
            (Cow::Owned(title), TitlePlaces::InBody(places))
        }
        (title, _) => (Cow::Borrowed(title), TitlePlaces::Submitted),
    };
    Extracted {
        title,
        text: Cow::Owned(text),
        page: Some(found.page),
        is_whole_page: false,
        title_places,
        text_places,
    }
}

/// Runs of a source as one text with blank lines between them, and its places.
fn joined(source: &str, runs: &[Range<usize>]) -> (String, Places) {
    let mut text = String::new();
    let mut pieces = Vec::with_capacity(runs.len());
    for (run, range) in (0..).zip(runs) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let start = text.len();
        text.push_str(&source[range.clone()]);
        pieces.push(Piece {
            text: start..text.len(),
            source: range.clone(),
            run,
        });
    }
    (text, Places::Pieces(pieces))
}

fn of_html<'a>(article: &'a Article, lines: Option<&LineModel>) -> Extracted<'a> {
    let body = article.body();
    let found = html::extract(body);
    let (text, mut page, is_whole_page) = if found.text.len() >= MIN_SURE_CHARS {
        (found.text, found.page, false)
    } else {
        of_short(found, html::shown_lines(body), lines)
    };
    if let Some(source) = page_text::source(text.lines()) {
        page.source = source;
    }
    let words = SourceWords::new(body);
    let text_places = words.align(&text);
    let (title, title_places) = match article.title() {
        "" => {
            let places = words.align(&page.title);
            (Cow::Owned(page.title.clone()), TitlePlaces::InBody(places))
        }
        title => (Cow::Borrowed(title), TitlePlaces::Submitted),
    };
    Extracted {
        title,
        text: Cow::Owned(text),
        page: Some(page),
        is_whole_page,
        title_places,
        text_places,
    }
}

/// What little was found if the page shows little more; else the article out of the lines that it shows,
/// or all of them.
fn of_short(found: HtmlArticle, shown: String, lines: Option<&LineModel>) -> (String, Page, bool) {
    let HtmlArticle { text, page } = found;
    if !text.is_empty() && text.len() * MUCH_MORE > shown.len() {
        return (text, page, false);
    }
    match lines.and_then(|lines| page_text::extract(&shown, lines)) {
        Some(found) => {
            let title = if page.title.is_empty() {
                found.page.title.clone()
            } else {
                page.title
            };
            (
                joined(&shown, &found.runs).0,
                Page {
                    title,
                    ..found.page
                },
                false,
            )
        }
        None => (shown, page, true),
    }
}
