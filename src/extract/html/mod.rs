//! An HTML page becomes an article.
//!
//! Two libraries read the page: `trafilatura`, a port of the Python library of that name (Barbaresi 2021),
//! and `dom_smoothie`, a port of Mozilla's Readability. They err in different places, so the lines that
//! both found are the article (`agreement`). Trafilatura's own second opinion is off: it would double the
//! time of a page. They get the page without its scripts, styles and whatever else says nothing of the article
//! (`lean`), which is half the work.
//!
//! Both build trees and walk them recursively, so what they would get is measured first (`mod@extent`): a page that is
//! too large or too deep is read as lines of text instead. So the time for a page is bounded by its size, not by a clock.
//!
//! What the page states of its article, such as its author, loses what is none (`stated`).

mod agreement;
pub mod align;
mod extent;
mod lean;
pub mod scan;
mod stated;

use dom_smoothie::Readability;
use trafilatura::{ExtractionFocus, Metadata, Options};

use super::page::Page;
use super::page_text::article_lines;
use agreement::{MUCH_LESS, agreed};
use extent::{Extent, extent};
use stated::cleaned;

/// A page of which more is left without scripts and the like is read as lines. Pages of news sites have 20 KB to
/// 2 MB with them, and less than half without.
const MAX_TREE_BYTES: usize = 1 << 20;
/// A page of more elements, or with more of them in each other, is read as lines. Browsers nest no more than 512.
const MAX_EXTENT: Extent = Extent {
    n_elements: 20_000,
    depth: 256,
};
/// An article of fewer bytes is almost nothing.
const MIN_ARTICLE_BYTES: usize = 200;

/// What was found in a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HtmlArticle {
    /// The article, a line for each paragraph; empty if none was found.
    pub text: String,
    /// What the page says of it.
    pub page: Page,
}

/// Finds the article of a page.
pub fn extract(html: &str) -> HtmlArticle {
    let html = &lean::lean(html);
    if html.len() > MAX_TREE_BYTES || extent(html, MAX_EXTENT).is_none() {
        return HtmlArticle::default();
    }
    let precise = by_trafilatura(html, ExtractionFocus::FavorPrecision);
    let is_little = precise.text.len() < MIN_ARTICLE_BYTES;
    let found = match is_little {
        true => by_trafilatura(html, ExtractionFocus::Balanced),
        false => precise,
    };
    let other = by_dom_smoothie(html).unwrap_or_default();
    let agreed = agreed(&found.text, &other.text);
    // What is found with less precision is a witness only, unless there is no other.
    let text = match agreed.len() * MUCH_LESS < found.text.len() {
        true if !is_little || agreed.len() < MIN_ARTICLE_BYTES => found.text,
        _ => agreed,
    };
    let page = completed(cleaned(found.page), cleaned(other.page));
    let text = article_lines(&text, &page.title);
    HtmlArticle { text, page }
}

fn by_trafilatura(html: &str, focus: ExtractionFocus) -> HtmlArticle {
    let options = Options::default()
        .with_focus(focus)
        .with_exclude_comments(true);
    trafilatura::extract(html, &options).map_or_else(
        |_| HtmlArticle::default(),
        |found| HtmlArticle {
            text: shown_lines(&found.content_html),
            page: page(found.metadata),
        },
    )
}

fn page(found: Metadata) -> Page {
    Page {
        title: found.title,
        published: found.date.map_or_else(String::new, |date| date.to_string()),
        author: found.author,
        source: found.sitename,
        section: found.categories.into_iter().next().unwrap_or_default(),
        page_tags: found.tags,
    }
}

fn by_dom_smoothie(html: &str) -> Option<HtmlArticle> {
    let article = Readability::new(html, None, None).ok()?.parse().ok()?;
    Some(HtmlArticle {
        text: shown_lines(&article.content),
        page: Page {
            title: article.title,
            published: article.published_time.unwrap_or_default(),
            author: article.byline.unwrap_or_default(),
            source: article.site_name.unwrap_or_default(),
            ..Page::default()
        },
    })
}

/// The text that a page shows, a line for each block.
pub fn shown_lines(html: &str) -> String {
    let mut shown = String::new();
    scan::visible_lines(html, |line, _| {
        shown.push_str(line);
        shown.push('\n');
    });
    shown
}

/// `page` with what it lacks from `other`.
fn completed(page: Page, other: Page) -> Page {
    let or = |own: String, other: String| if own.is_empty() { other } else { own };
    Page {
        title: or(page.title, other.title),
        published: or(page.published, other.published),
        author: or(page.author, other.author),
        source: or(page.source, other.source),
        ..page
    }
}
