//! A list of strings as Python and Postgres write it, into a table above all.

use std::iter::Peekable;
use std::str::Chars;

/// As Python writes a set of nothing.
const EMPTY_SET: &str = "set()";

/// The strings of a list such as `['New York', "O'Hara"]`, of a tuple or of a set, with the escapes of Python's `repr`,
/// or of an array such as `{"New York",Boston}`, as Postgres writes it; `None` if it is none of these, or not of
/// strings alone.
pub(super) fn written_list(text: &str) -> Option<Vec<String>> {
    if text == EMPTY_SET {
        return Some(Vec::new());
    }
    let mut rest = text.chars().peekable();
    let mut strings = Vec::new();
    let end = match rest.next()? {
        '[' => ']',
        '(' => ')',
        '{' => '}',
        _ => return None,
    };
    skip_blanks(&mut rest);
    while rest.next_if_eq(&end).is_none() {
        match rest.peek()? {
            '\'' | '"' => strings.push(string(&mut rest)?),
            // In other brackets, words are no list: "(a, b)" may be a remark.
            _ if end == '}' => strings.extend(bare(&mut rest)?),
            _ => return None,
        }
        skip_blanks(&mut rest);
        let has_comma = rest.next_if_eq(&',').is_some();
        skip_blanks(&mut rest);
        if !has_comma && rest.peek() != Some(&end) {
            return None;
        }
    }
    rest.next().is_none().then_some(strings)
}

/// An element of an array that stands there without quotes; nothing of what stands for no element.
fn bare(rest: &mut Peekable<Chars<'_>>) -> Option<Option<String>> {
    let mut bare = String::new();
    while let Some(c) = rest.next_if(|c| !matches!(c, ',' | '}')) {
        if matches!(c, '"' | '{' | '\\') {
            return None;
        }
        bare.push(c);
    }
    let bare = bare.trim();
    Some((bare != "NULL").then(|| bare.to_owned()))
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
        assert_eq!(written_list(text).unwrap(), found);
        let by_hand = r#"[ 'R\&D', "\"",
            '\ud800',]"#;
        assert_eq!(written_list(by_hand).unwrap(), ["R\\&D", "\"", "\u{fffd}"]);
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
            "(a, b)",
            "('a'}",
            "{'a': 1}",
            "{\"a\": \"b\"}",
            "{{a,b},{c,d}}",
            "{a}; {b}",
            "{a",
        ];
        for text in others {
            assert_eq!(written_list(text), None, "{text}");
        }
        for text in ["[]", "()", "{}", "set()", "{NULL}"] {
            assert_eq!(written_list(text), Some(Vec::new()), "{text}");
        }
    }

    #[test]
    fn sets_tuples_and_arrays_are_lists() {
        // What str of Python 3.12 gives of a set and two tuples.
        for text in ["{'b c', \"it's\"}", "('b c', \"it's\")"] {
            assert_eq!(written_list(text).unwrap(), ["b c", "it's"], "{text}");
        }
        assert_eq!(written_list("('a',)").unwrap(), ["a"]);
        // What Postgres 16 gives of array['b c', 'd', 'say \"e\"', 'f,g', null, 'null', 'h\\i'].
        let array = r#"{"b c",d,"say \"e\"","f,g",NULL,"null","h\\i"}"#;
        assert_eq!(
            written_list(array).unwrap(),
            ["b c", "d", "say \"e\"", "f,g", "null", "h\\i"]
        );
        assert_eq!(written_list("{a,b c}").unwrap(), ["a", "b c"]);
    }
}
