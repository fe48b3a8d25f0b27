//! What a body holds, if nobody said.

use super::page_text::{is_age, is_furniture};
use crate::text::ContentFormat;

/// A page has a tag in so many first bytes.
const HEAD_BYTES: usize = 64 << 10;
/// A text of fewer lines is no page.
const MIN_PAGE_LINES: usize = 5;
/// So many lines are looked at.
const MAX_LINES: usize = 5_000;
/// Furniture has no longer lines, in bytes.
const MAX_FURNITURE_BYTES: usize = 120;
/// So many lines of furniture make a page.
const MIN_FURNITURE: usize = 2;
/// One will do if this many lines are labels, and this share of all.
const MIN_LABELS: usize = 8;
const MIN_LABEL_SHARE: f32 = 0.45;
/// Menus, dates and buttons have at most so many words.
const MAX_LABEL_WORDS: usize = 5;
/// End tags by which a text without `<html>` is taken for a piece of a page.
const MIN_END_TAGS: usize = 4;

/// HTML, a page as text, or an article's own text.
pub fn detect(body: &str) -> ContentFormat {
    if is_html(body) {
        ContentFormat::Html
    } else if is_page_text(body) {
        ContentFormat::PageText
    } else {
        ContentFormat::Text
    }
}

fn is_html(body: &str) -> bool {
    let body = body.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let Some(first) = body.find('<').filter(|&first| first < HEAD_BYTES) else {
        return false;
    };
    let mut end = body.len().min(HEAD_BYTES);
    while !body.is_char_boundary(end) {
        end -= 1;
    }
    let head = body[..end].to_ascii_lowercase();
    let begins = |names: &[&str]| names.iter().any(|name| head.starts_with(name));
    if first == 0
        && begins(&[
            "<!doctype",
            "<html",
            "<head",
            "<body",
            "<?xml",
            "<!--",
            "<p>",
            "<p ",
            "<div",
            "<article",
            "<section",
            "<main",
            "<h1",
            "<h2",
        ])
    {
        return true;
    }
    if ["<html", "<body", "<!doctype html"]
        .iter()
        .any(|tag| head.contains(tag))
    {
        return true;
    }
    let end_tags = [
        "</p>", "</div>", "</a>", "</li>", "</span>", "</h1>", "</h2>",
    ];
    let n: usize = end_tags.iter().map(|tag| head.matches(tag).count()).sum();
    n >= MIN_END_TAGS
}

/// A page has lines that no article has. In a language whose furniture is not known, one that is the same
/// everywhere, such as ©, and many labels will do.
fn is_page_text(body: &str) -> bool {
    let (mut n_lines, mut n_labels, mut n_furniture) = (0usize, 0usize, 0usize);
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.clone().nth(MIN_PAGE_LINES - 1).is_none() {
        return false;
    }
    for line in lines.take(MAX_LINES) {
        n_lines += 1;
        n_labels += usize::from(is_label(line));
        n_furniture += match line.len() <= MAX_FURNITURE_BYTES {
            true if is_age(line) => MIN_FURNITURE,
            true => usize::from(is_furniture(line)),
            false => 0,
        };
    }
    let is_mostly_labels =
        n_labels >= MIN_LABELS && n_labels as f32 >= MIN_LABEL_SHARE * n_lines as f32;
    n_furniture >= MIN_FURNITURE || n_furniture >= 1 && is_mostly_labels
}

fn is_label(line: &str) -> bool {
    line.len() <= 80
        && !line.ends_with(['.', '!', '?', '"', '”', '…', ',', ';'])
        && line.split_whitespace().nth(MAX_LABEL_WORDS).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_known_by_its_tags() {
        for html in [
            "<!DOCTYPE html><p>x",
            "\u{feff} <html>",
            "<p>One.</p>",
            "x <body>",
            "<!-- c --><div>",
        ] {
            assert_eq!(detect(html), ContentFormat::Html, "{html}");
        }
        for text in ["", "5 < 6 and 7 > 3", "The <em>tag</em> is old.", "<3 this"] {
            assert_eq!(detect(text), ContentFormat::Text, "{text}");
        }
    }

    #[test]
    fn pages_are_known_by_their_furniture() {
        let menu = "Home\nNews\nSport\nWeather\nTravel\nCulture\nLog in\nSearch\n";
        let story = "The ferry came in late that day, as it had all week long.\n".repeat(9);
        assert_eq!(detect(&format!("{menu}{story}")), ContentFormat::PageText);
        assert_eq!(detect(&story), ContentFormat::Text);
        let foreign = "Etusivu\nUutiset\nSää\nKulttuuri\nTalous\nMielipide\nHaku\nLehti\nTilaa\n© 2026 Satama\n";
        assert_eq!(
            detect(&format!("{foreign}{story}")),
            ContentFormat::PageText
        );
        let young = format!("Ferry late\nAnn Lee @annlee / 2 days\n{story}");
        assert_eq!(detect(&young), ContentFormat::PageText);
        let post = "— Ann Lee (@annlee) May 3, 2026\n".repeat(2);
        assert_eq!(
            detect(&format!("{story}{post}{story}")),
            ContentFormat::Text,
            "quoted posts are signed"
        );
        let results = "Ayton 2-1 Beeley\nCeeham 0-0 Deeford\nEyeby 3-2 Effton\n".repeat(9);
        assert_eq!(
            detect(&results),
            ContentFormat::Text,
            "labels alone are no page"
        );
    }
}
