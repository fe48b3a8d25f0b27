//! A list of strings as Python writes it, into a table above all.

use std::iter::Peekable;
use std::str::Chars;

/// The strings of a list such as `['New York', "O'Hara"]`, with the escapes of Python's `repr`; `None` if it is no list,
/// or not of strings alone.
pub(super) fn python_list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.chars().peekable();
    let mut strings = Vec::new();
    skip_blanks(&mut rest);
    rest.next_if_eq(&'[')?;
    skip_blanks(&mut rest);
    while rest.next_if_eq(&']').is_none() {
        strings.push(string(&mut rest)?);
        skip_blanks(&mut rest);
        let has_comma = rest.next_if_eq(&',').is_some();
        skip_blanks(&mut rest);
        if !has_comma && rest.peek() != Some(&']') {
            return None;
        }
    }
    skip_blanks(&mut rest);
    rest.next().is_none().then_some(strings)
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

fn string(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = rest.next_if(|c| matches!(c, '\'' | '"'))?;
    let mut string = String::new();
    loop {
        match rest.next()? {
            '\\' => escaped(rest, &mut string)?,
            c if c == quote => return Some(string),
            c => string.push(c),
        }
    }
}

/// What a backslash and what follows it stand for. What `repr` never writes keeps its backslash.
fn escaped(rest: &mut Peekable<Chars<'_>>, string: &mut String) -> Option<()> {
    let n_digits = match rest.next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c => {
            match c {
                'n' => string.push('\n'),
                'r' => string.push('\r'),
                't' => string.push('\t'),
                '\\' | '\'' | '"' => string.push(c),
                _ => string.extend(['\\', c]),
            }
            return Some(());
        }
    };
    let digits: Option<String> = (0..n_digits)
        .map(|_| rest.next_if(char::is_ascii_hexdigit))
        .collect();
    let code = u32::from_str_radix(&digits?, 16).ok()?;
    // Half a surrogate pair, which Python may hold, is no character.
    string.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_python() {
        // What repr of Python 3.12 gives of ["New\u00a0York", "a\tb\r\n", "it's", "\"it's\"", "C:\\x", "\u200b", "\U000e0001", "\x1b"].
        let text = r#"['New\xa0York', 'a\tb\r\n', "it's", '"it\'s"', 'C:\\x', '\u200b', '\U000e0001', '\x1b']"#;
        let found = [
            "New\u{a0}York",
            "a\tb\r\n",
            "it's",
            "\"it's\"",
            "C:\\x",
            "\u{200b}",
            "\u{e0001}",
            "\u{1b}",
        ];
        assert_eq!(python_list(text).unwrap(), found);
        let by_hand = r#"[ 'R\&D', "\"",
            '\ud800',]"#;
        assert_eq!(python_list(by_hand).unwrap(), ["R\\&D", "\"", "\u{fffd}"]);
    }

    #[test]
    fn what_is_no_list_of_strings_is_none() {
        let others = [
            "",
            "[",
            "['a'",
            "['a' 'b']",
            "['a']]",
            "['a\\",
            "['\\x4']",
            "['\\xé']",
            "[a]",
            "[,]",
            "[1, 'a']",
        ];
        for text in others {
            assert_eq!(python_list(text), None, "{text}");
        }
        assert_eq!(python_list("[]"), Some(Vec::new()));
    }
}
