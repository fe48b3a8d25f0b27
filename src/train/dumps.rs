//! HTML pages as programs and people copy them to text.

use crate::extract::html::scan::visible_lines;

/// How a page is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DumpStyle {
    /// The page's own title, a line for each block, `•` before list items: what a browser shows, nearly.
    InnerText,
    /// List items indented, with `*`, and blank lines between blocks: text browsers.
    Indented,
    /// Markdown: `#` before headings, `*` before list items, blank lines between blocks.
    Markdown,
}

impl DumpStyle {
    /// All styles.
    pub const ALL: [Self; 3] = [Self::InnerText, Self::Indented, Self::Markdown];

    /// The page as text.
    pub fn dump(self, html: &str) -> String {
        let mut text = String::new();
        visible_lines(html, |line, opened| {
            let is_page_title = opened.iter().any(|name| name.eq_ignore_ascii_case("title"));
            if self == Self::InnerText || !is_page_title {
                self.push_line(&mut text, line, opened);
            }
        });
        text
    }

    fn push_line(self, text: &mut String, line: &str, opened: &[&str]) {
        let is_item = opened.iter().any(|name| name.eq_ignore_ascii_case("li"));
        let level = opened.iter().rev().find_map(|name| heading_level(name));
        match (self, level) {
            (Self::InnerText, _) if is_item => text.push_str("• "),
            (Self::Indented | Self::Markdown, _) if is_item => text.push_str("  * "),
            (Self::Markdown, Some(level)) => {
                text.push_str(&"#".repeat(level));
                text.push(' ');
            }
            _ => {}
        }
        text.push_str(line);
        text.push('\n');
        if self != Self::InnerText && !is_item {
            text.push('\n');
        }
    }
}

fn heading_level(name: &str) -> Option<usize> {
    let level = name.strip_prefix(['h', 'H'])?.parse().ok()?;
    (1..=6).contains(&level).then_some(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_ways_to_write_a_page() {
        let html = "<title>T</title><ul><li>Home<li>News</ul><h2>Rain</h2><p>It rained.";
        let dump = |style: DumpStyle| style.dump(html);
        assert_eq!(
            dump(DumpStyle::InnerText),
            "T\n• Home\n• News\nRain\nIt rained.\n"
        );
        assert_eq!(
            dump(DumpStyle::Indented),
            "  * Home\n  * News\nRain\n\nIt rained.\n\n"
        );
        assert_eq!(
            dump(DumpStyle::Markdown),
            "  * Home\n  * News\n## Rain\n\nIt rained.\n\n"
        );
    }
}
