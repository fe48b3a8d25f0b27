//! Text of articles, vocabularies and files as a terminal may have it.

use std::borrow::Cow;

/// A text without what a terminal obeys and does not show: control characters but for line ends and tabs, and those
/// that turn the direction of writing (Unicode Technical Report 36, "Bidirectional Text Spoofing"). U+FFFD stands for
/// each of them.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let is_obeyed = |(at, c): (usize, char)| match c {
        '\n' | '\t' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    if !text.char_indices().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = text.char_indices().map(|found| match is_obeyed(found) {
        true => char::REPLACEMENT_CHARACTER,
        false => found.1,
    });
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        for (text, shown) in [
            ("Ilse\tBrandt\r\nétait là 🏆", "Ilse\tBrandt\r\nétait là 🏆"),
            ("\u{1b}]0;owned\u{7}", "\u{fffd}]0;owned\u{fffd}"),
            ("paid\rfree", "paid\u{fffd}free"),
            ("\u{9b}2J\u{7f}\0", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("a\u{202e}b\u{2066}c\u{2069}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
