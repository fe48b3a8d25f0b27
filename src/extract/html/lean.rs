//! A page without what says nothing of its article, so that trees of it are small.

use super::scan::{Piece, Scanner, is_block, next_attribute};

/// Elements that go with all they hold; of scripts, structured data stay.
const DROPPED: [&str; 9] = [
    "script", "style", "noscript", "svg", "iframe", "math", "noembed", "noframes", "xmp",
];
/// Elements that hold text alone, whatever it looks like.
const TEXT_ONLY: [&str; 2] = ["title", "textarea"];
/// Both: no tags are read in them.
const UNREAD: [&str; 11] = [
    "script", "style", "noscript", "svg", "iframe", "math", "noembed", "noframes", "xmp", "title",
    "textarea",
];
/// Of the dropped, those that a tree builder closes before the page ends, where the page does not.
const FOREIGN: [&str; 2] = ["svg", "math"];
/// Elements beside [`is_block`] about which white space is not shown.
const SPACELESS: [&str; 5] = ["html", "head", "thead", "tbody", "tfoot"];
/// Elements that show nothing: white space about them is shown as if they were not there.
const UNSHOWN: [&str; 4] = ["meta", "link", "base", "script"];
/// Attributes that the readers look at.
const ATTRIBUTES: [&str; 34] = [
    "alt",
    "aria-hidden",
    "aria-modal",
    "class",
    "colspan",
    "content",
    "data-component",
    "data-preloaded",
    "data-testid",
    "data-utime",
    "datatable",
    "datetime",
    "dir",
    "hidden",
    "href",
    "hreflang",
    "http-equiv",
    "id",
    "itemprop",
    "lang",
    "name",
    "property",
    "pubdate",
    "rel",
    "role",
    "rowspan",
    "src",
    "style",
    "summary",
    "target",
    "title",
    "type",
    "value",
    "data-lp-replacement-content",
];

/// The page without scripts, styles, drawings, comments, and attributes that no reader asks for. Structured
/// data stay, and so does the order of everything else.
pub(super) fn lean(html: &str) -> String {
    let html = html.trim_start_matches('\u{feff}');
    let mut lean = Lean {
        out: String::with_capacity(html.len() / 2),
        is_spaceless: true,
        space: false,
    };
    lean.out.push_str(doctype(html));
    let mut scanner = Scanner::of_markup(html, &UNREAD);
    // The element that goes, from its start tag to its end tag.
    let mut dropped = None;
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Open(name) => {
                let tag = &html[scanner.place()];
                dropped = Some(name).filter(|name| is_dropped(name, tag));
                if dropped.is_none() {
                    lean.space_before(name);
                    lean.push_tag(name, tag);
                }
            }
            Piece::Unseen(name, content) => match dropped {
                Some(_) if content.end == html.len() && is_one_of(name, &FOREIGN) => {
                    dropped = None;
                    scanner.read_into(name);
                }
                Some(_) => {}
                // A tree builder that does not heed the tag here would read those within.
                None if is_one_of(name, &TEXT_ONLY) => {
                    lean.out.push_str(&html[content].replace('<', "&lt;"));
                }
                None => lean.out.push_str(&html[content]),
            },
            Piece::Close(name) => {
                let ends = dropped
                    .take()
                    .is_some_and(|open| open.eq_ignore_ascii_case(name));
                if !ends {
                    lean.space_before(name);
                    lean.out.extend(["</", name, ">"]);
                }
            }
            Piece::Text(range) => lean.push_text(&html[range]),
        }
    }
    lean.out
}

/// It decides how a tree builder nests tables.
fn doctype(html: &str) -> &str {
    let html = html.trim_start();
    let is_doctype = html
        .get(..9)
        .is_some_and(|head| head.eq_ignore_ascii_case("<!doctype"));
    match html.find('>') {
        Some(end) if is_doctype => &html[..=end],
        _ => "",
    }
}

fn is_dropped(name: &str, tag: &str) -> bool {
    is_one_of(name, &DROPPED) && !(name.eq_ignore_ascii_case("script") && tag.contains("json"))
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

struct Lean {
    out: String,
    /// White space that follows is not shown.
    is_spaceless: bool,
    /// White space was read and is not written yet.
    space: bool,
}

impl Lean {
    fn space_before(&mut self, name: &str) {
        if is_one_of(name, &UNSHOWN) {
            return;
        }
        let is_spaceless = is_block(name) || is_one_of(name, &SPACELESS);
        if self.space && !is_spaceless {
            self.out.push(' ');
        }
        self.space = false;
        self.is_spaceless = is_spaceless;
    }

    fn push_text(&mut self, text: &str) {
        if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
            self.space |= !self.is_spaceless;
            return;
        }
        if self.space {
            self.out.push(' ');
        }
        self.space = false;
        self.is_spaceless = false;
        // What follows may go, and what comes then must not make a tag of this.
        match text.strip_suffix('/').unwrap_or(text).strip_suffix('<') {
            Some(before) => {
                self.out.push_str(before);
                self.out.push_str("&lt;");
                self.out.push_str(&text[before.len() + 1..]);
            }
            None => self.out.push_str(text),
        }
    }

    fn push_tag(&mut self, name: &str, tag: &str) {
        self.out.push('<');
        self.out.push_str(name);
        let mut rest = &tag[1 + name.len()..];
        while let Some((attribute, after)) = next_attribute(rest) {
            let end = attribute.find('=').unwrap_or(attribute.len());
            if is_one_of(attribute[..end].trim_end(), &ATTRIBUTES) {
                self.out.push(' ');
                self.out.push_str(attribute);
            }
            rest = after;
        }
        self.out.push('>');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::html::shown_lines;
    use proptest::prelude::*;

    #[test]
    fn what_says_nothing_of_the_article_goes() {
        let html = "\u{feff}<!DOCTYPE html>\n<html lang=en><head>\n <style>p{}</style>\n \
            <script type='application/ld+json'>{\"@type\": 1}</script><script src=x>var a = '<p>';</script>\n\
            <meta property=\"og:title\" data-x='1' content='a > b'></head><body onload='f()'>\n <p style='' \
            data-reactid = 3 class=\"lead\" hidden/>The <b>old</b> <i>quay</i> <svg><path d=x /></svg>was <!-- not -->\
            sold.</p>\n <noscript><img></noscript>\n</body></html>";
        let expected = "<!DOCTYPE html><html lang=en><head>\
            <script type='application/ld+json'>{\"@type\": 1}</script>\
            <meta property=\"og:title\" content='a > b'></head><body><p style='' class=\"lead\" hidden>The \
            <b>old</b> <i>quay</i> was sold.</p></body></html>";
        assert_eq!(lean(html), expected);
    }

    #[test]
    fn what_follows_a_drawing_stays() {
        assert_eq!(lean("<p>a<svg/>b</svg>c"), "<p>abc");
        // Left open, it is no drawing.
        assert_eq!(lean("<p>a<svg><path d=x>b"), "<p>a<path>b");
        assert_eq!(lean("<p>a<math><p>b"), "<p>a<p>b");
        assert_eq!(lean("<svg>a<SVG>b<math>c<svg>d"), "abcd");
        assert_eq!(lean("a<<!-- -->p>b"), "a&lt;p>b");
        assert_eq!(lean("<p>a<script>b"), "<p>a");
    }

    #[test]
    fn what_elements_hold_is_lean_too() {
        let html = "<object><!-- x --><p onload=f() class=a>a</p onload=f()><noscript><!--</noscript>b</object>";
        assert_eq!(lean(html), "<object><p class=a>a</p>b</object>");
        assert_eq!(
            lean("<title>a<noscript><!--</title>b"),
            "<title>a&lt;noscript>&lt;!--</title>b"
        );
    }

    #[test]
    fn quotes_in_a_tags_name_begin_no_value() {
        assert_eq!(lean("<p='-->'>a"), "<p='-->'>a");
        assert_eq!(shown_lines(&lean("<p='-->'><")), "'><\n");
    }

    #[test]
    fn words_about_an_element_that_shows_nothing_stay_apart() {
        assert_eq!(lean("<i>a</i> <meta><b>b</b>"), "<i>a</i><meta> <b>b</b>");
        assert_eq!(lean("a</script> <i>b</i>"), "a</script> <i>b</i>");
    }

    proptest! {
        #[test]
        fn a_reader_sees_the_same(html in "(<|</|>|p|b|li|meta|script|json|<svg>x</svg>|<svg/>| |\n|=|\"|'|class|x|&|é|!--|-->|/){0,40}") {
            prop_assert_eq!(shown_lines(&lean(&html)), shown_lines(&html));
        }
    }
}
