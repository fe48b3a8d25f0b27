//! HTML as a flat run of tags and text with their places in the source.
//!
//! A scanner and no parser: it builds no tree, takes any bytes, and its time and memory grow with the
//! length of the page alone. It finds what of a page the tree builders are to see, the places of words in the
//! source, and reads pages that no tree builder should be given.

use std::ops::Range;

/// Elements whose content is nothing that a reader sees in place.
const UNSEEN: [&str; 11] = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "title", "textarea",
    "math", "noframes",
];

/// Of these, those that may be closed in their own tag.
const FOREIGN: [&str; 2] = ["svg", "math"];

/// Elements that begin and end a line.
const BLOCKS: [&str; 42] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "button",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "label",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "select",
    "table",
    "td",
    "th",
    "title",
    "tr",
    "ul",
];

/// What stands next in a page. Names are as the source writes them; ranges are bytes of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A start tag.
    Open(&'a str),
    /// An end tag.
    Close(&'a str),
    /// Text, its character references not decoded.
    Text(Range<usize>),
    /// The content of an element that is not shown in place, with the element's name.
    Unseen(&'a str, Range<usize>),
}

/// The pieces of a page in their order.
#[derive(Debug)]
pub struct Scanner<'a> {
    html: &'a str,
    /// Elements whose content is one piece.
    unseen_names: &'static [&'static str],
    at: usize,
    /// Where the piece that was returned last begins.
    start: usize,
    /// An unseen element that was just opened.
    unseen: Option<&'a str>,
    /// Elements that the page does not end any more: looking for the end of each would take the square of its length.
    left_open: Vec<&'a str>,
}

impl<'a> Scanner<'a> {
    /// Begins at the start of a page as a reader sees it.
    pub fn new(html: &'a str) -> Self {
        Self::of_markup(html, &UNSEEN)
    }

    /// Begins at the start of a page in which the content of the elements `unseen` is one piece: no tags are read in it.
    pub(super) fn of_markup(html: &'a str, unseen: &'static [&'static str]) -> Self {
        Self {
            html,
            unseen_names: unseen,
            at: 0,
            start: 0,
            unseen: None,
            left_open: Vec::new(),
        }
    }

    /// Goes back to the start of the content of this element, which the page does not end, and reads the tags in it.
    pub(super) fn read_into(&mut self, name: &'a str) {
        self.at = self.start;
        self.left_open.push(name);
    }

    /// The place of the piece that was returned last.
    pub fn place(&self) -> Range<usize> {
        self.start..self.at
    }

    fn rest(&self) -> &'a [u8] {
        &self.html.as_bytes()[self.at..]
    }

    /// The place after the next `pattern`, or the end of the page.
    fn after(&self, pattern: &str) -> usize {
        self.html[self.at..]
            .find(pattern)
            .map_or(self.html.len(), |i| self.at + i + pattern.len())
    }

    /// The place after the `>` of a tag whose name ends here, which quoted attributes may contain.
    fn after_tag(&self, name_end: usize) -> usize {
        let mut rest = &self.html[name_end..];
        while let Some((_, after)) = next_attribute(rest) {
            rest = after;
        }
        let end = self.html.len() - rest.len();
        end + rest.find('>').map_or(rest.len(), |i| i + 1)
    }

    /// The place of the end tag of this element, or the end of the page.
    fn end_of(&self, name: &str) -> usize {
        self.html[self.at..]
            .match_indices("</")
            .map(|(i, _)| self.at + i)
            .find(|&i| {
                let found = self.html.as_bytes().get(i + 2..i + 2 + name.len());
                let next = self.html.as_bytes().get(i + 2 + name.len());
                found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
                    && next.is_none_or(|next| {
                        next.is_ascii_whitespace() || matches!(next, b'/' | b'>')
                    })
            })
            .unwrap_or(self.html.len())
    }

    fn name(&self, from: usize) -> &'a str {
        let rest = &self.html[from..];
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>')
            .unwrap_or(rest.len());
        &rest[..end]
    }

    fn tag(&mut self) -> Option<Piece<'a>> {
        let rest = self.rest();
        if rest.starts_with(b"<!--") {
            self.at = self.after("-->");
            return None;
        }
        match rest.get(1) {
            Some(b'!' | b'?') => {
                self.at = self.after(">");
                None
            }
            Some(b'/') => {
                let name = self.name(self.at + 2);
                self.at = self.after_tag(self.at + 2 + name.len());
                Some(Piece::Close(name))
            }
            _ => {
                let name = self.name(self.at + 1);
                self.at = self.after_tag(self.at + 1 + name.len());
                let is_empty = is_one_of(name, &FOREIGN) && self.html[..self.at].ends_with("/>");
                let is_read = is_empty || is_one_of(name, &self.left_open);
                self.unseen = Some(name).filter(|_| !is_read && is_one_of(name, self.unseen_names));
                Some(Piece::Open(name))
            }
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        self.start = self.at;
        if let Some(name) = self.unseen.take() {
            let content = self.at..self.end_of(name);
            self.at = content.end;
            return Some(Piece::Unseen(name, content));
        }
        while self.at < self.html.len() {
            self.start = self.at;
            if is_markup(self.rest()) {
                if let Some(piece) = self.tag() {
                    return Some(piece);
                }
                continue;
            }
            let start = self.at;
            let from = start + 1;
            self.at = self.html.as_bytes()[from..]
                .iter()
                .enumerate()
                .find(|&(i, &byte)| byte == b'<' && is_markup(&self.html.as_bytes()[from + i..]))
                .map_or(self.html.len(), |(i, _)| from + i);
            return Some(Piece::Text(start..self.at));
        }
        None
    }
}

/// The first attribute of the rest of a tag behind its name, and what follows it; none at the tag's `>`. Read as
/// in section 13.2.5.32 and following of the HTML standard: quotes count only where a value begins.
pub fn next_attribute(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
    let bytes = rest.as_bytes();
    if matches!(bytes, [] | [b'>', ..]) {
        return None;
    }
    // A name may begin with "=".
    let is_name = |&(i, byte): &(usize, u8)| {
        i == 0 || !(byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'='))
    };
    let mut at = bytes
        .iter()
        .copied()
        .enumerate()
        .take_while(is_name)
        .count();
    let spaces = |at: usize| {
        bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count()
    };
    let equals = at + spaces(at);
    if bytes.get(equals) == Some(&b'=') {
        at = equals + 1;
        at += spaces(at);
        at = match bytes.get(at) {
            Some(&quote @ (b'"' | b'\'')) => {
                let value = &bytes[at + 1..];
                at + 1
                    + value
                        .iter()
                        .position(|&byte| byte == quote)
                        .map_or(value.len(), |end| end + 1)
            }
            _ => {
                let value = bytes[at..]
                    .iter()
                    .take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'>');
                at + value.count()
            }
        };
    }
    Some(rest.split_at(at))
}

/// Whether these bytes begin a tag, a comment or a declaration.
fn is_markup(bytes: &[u8]) -> bool {
    match bytes {
        [b'<', b'!' | b'?', ..] => true,
        [b'<', b'/', c, ..] | [b'<', c, ..] => c.is_ascii_alphabetic(),
        _ => false,
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether an element of this name begins and ends a line.
pub fn is_block(name: &str) -> bool {
    is_one_of(name, &BLOCKS)
}

/// The text that a reader sees, a line for each block; marks of lists and headings are the caller's.
pub fn visible_lines(html: &str, mut on_line: impl FnMut(&str, &[&str])) {
    let mut line = String::new();
    // Blocks opened since the last line: what the line is.
    let mut opened: Vec<&str> = Vec::new();
    let mut flush = |line: &mut String, opened: &mut Vec<&str>| {
        let decoded = html_escape::decode_html_entities(line.as_str()).into_owned();
        let words: Vec<&str> = decoded.split_whitespace().collect();
        if !words.is_empty() {
            on_line(&words.join(" "), opened);
            opened.clear();
        }
        line.clear();
    };
    for piece in Scanner::new(html) {
        match piece {
            Piece::Open(name) if is_block(name) => {
                flush(&mut line, &mut opened);
                if opened.len() < 64 {
                    opened.push(name);
                }
            }
            Piece::Close(name) if is_block(name) => flush(&mut line, &mut opened),
            Piece::Text(range) => line.push_str(&html[range]),
            Piece::Unseen(name, range) if name.eq_ignore_ascii_case("title") => {
                line.push_str(&html[range]);
                flush(&mut line, &mut opened);
            }
            Piece::Open(_) | Piece::Close(_) | Piece::Unseen(..) => {}
        }
    }
    flush(&mut line, &mut opened);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(html: &str) -> Vec<String> {
        let mut lines = Vec::new();
        visible_lines(html, |line, _| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn a_page_reads_as_its_lines() {
        let html = "<!DOCTYPE html><html><head><title>Rain &amp; wind</title><style>p{}</style></head>\
            <body><p class='a>b'>The <b>river</b>\n rose.<!-- <p>no --><ul><li>One<li>Two</ul>\
            <script>document.write('<p>never</p>')</script>5 < 6";
        assert_eq!(
            lines(html),
            ["Rain & wind", "The river rose.", "One", "Two", "5 < 6"]
        );
    }

    #[test]
    fn a_tag_ends_outside_the_quotes_of_a_value() {
        for tag in [
            "<p='>",
            "<p ='>",
            "<p x'y='>",
            "<p x=y'>",
            "<p x=y='>",
            "<p x = '>' y=\">\">",
            "<p x='>'y='>'>",
            "</p x='>'>",
            "<p x=/>",
            "<p x=>",
        ] {
            let mut scanner = Scanner::new(tag);
            assert!(scanner.next().is_some());
            assert_eq!(scanner.place(), 0..tag.len(), "{tag}");
        }
    }

    #[test]
    fn an_element_ends_with_its_own_name() {
        assert_eq!(
            lines("<script>'</scripts></script-x>a'</SCRIPT >b<style></style>c"),
            ["bc"]
        );
    }

    #[test]
    fn what_is_never_closed_ends_with_the_page() {
        for html in ["<!-- x", "<p title=\"x", "<script>x", "<", "</", "<!", "<a"] {
            assert!(lines(&format!("before{html}")).len() <= 1, "{html}");
            assert_eq!(lines(&format!("<p>before</p>{html}"))[0], "before");
        }
    }

    proptest! {
        #[test]
        fn ranges_are_in_order_and_whole_characters(html in "[<>/!a-c \"'=&;é-]{0,60}") {
            let mut last = 0;
            for piece in Scanner::new(&html) {
                if let Piece::Text(range) | Piece::Unseen(_, range) = piece {
                    prop_assert!(range.start >= last && html.get(range.clone()).is_some());
                    last = range.end;
                }
            }
            visible_lines(&html, |_, _| {});
        }
    }
}
