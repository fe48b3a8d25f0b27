//! What parts the tags of one string.

use super::LabelledArticle;

/// In this order: a tag may have a comma, hardly a bar or a semicolon. A long cell may be wrapped after a comma.
const SEPARATORS: [char; 4] = [';', '|', LINE_BREAK, ','];
const LINE_BREAK: char = '\n';

/// Names of HTML entities that stand in texts.
const ENTITY: [&str; 18] = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "ndash", "mdash", "lsquo", "rsquo", "ldquo",
    "rdquo", "hellip", "middot", "euro", "pound", "szlig", "shy",
];
/// What follows the letter in the name of an accented one.
const ACCENTS: [&str; 8] = [
    "acute", "grave", "circ", "uml", "tilde", "cedil", "ring", "slash",
];

/// Bytes of the longest name or number of an entity, its sign and leading zeros among them.
const MAX_ENTITY_BYTES: usize = 10;

/// The strings of one file that hold several tags each, until it is read whole and shows what parts them.
#[derive(Debug, Default)]
pub(super) struct JoinedTags {
    /// Each with the place of its article.
    strings: Vec<(usize, String)>,
}

impl JoinedTags {
    pub(super) fn add(&mut self, article: usize, joined: String) {
        if !joined.trim().is_empty() {
            self.strings.push((article, joined));
        }
    }

    /// Gives the articles their tags, parted by what was asked for or else by the first of [`SEPARATORS`] that
    /// any string has; the end of an HTML entity is none, nor are line breaks where more strings have commas. The
    /// answer is what the owner of the file should know of that.
    pub(super) fn part(
        self,
        articles: &mut [LabelledArticle],
        asked: Option<char>,
    ) -> Option<String> {
        let n_with = |separator| {
            let strings = self.strings.iter();
            strings.filter(|(_, tags)| has(tags, separator)).count()
        };
        // Of a later separator where the first is not: those strings become one tag each.
        let n_without = |first, later| {
            let strings = self.strings.iter();
            let strings = strings.filter(|(_, tags)| has(tags, later) && !has(tags, first));
            strings.count()
        };
        let parts_fewer = |first: char| {
            let later = SEPARATORS
                .into_iter()
                .skip_while(move |&c| c != first)
                .skip(1);
            let later = later.map(move |later| (later, n_without(first, later)));
            let most = later.max_by_key(|&(_, n)| n);
            most.filter(|&(_, n)| n > n_with(first))
        };
        let is_likely = |&c: &char| match c {
            LINE_BREAK => n_with(c) > 0 && n_with(c) >= n_with(','),
            _ => n_with(c) > 0,
        };
        let first = SEPARATORS.into_iter().find(is_likely);
        let separator = asked.or(first).unwrap_or(SEPARATORS[0]);
        let remark = match (asked, first) {
            (None, Some(first @ (',' | LINE_BREAK))) => {
                let what = if first == ',' { "commas" } else { "line breaks" };
                Some(format!(
                    "rows with {what} in their tags: {}; tags are parted there, as no row has ; or |. If {what} are parts of tags, say --tag-separator ';'",
                    n_with(first)
                ))
            }
            (None, Some(first)) => parts_fewer(first).map(|(later, n_later)| {
                format!(
                    "rows with {first:?} in their tags, by which all tags of the file are parted: {}; rows with {later:?} and no {first:?}, which are one tag each: {n_later}. If {later:?} parts tags, say --tag-separator {}",
                    n_with(first),
                    if later == LINE_BREAK { r"$'\n'".to_owned() } else { format!("'{later}'") }
                )
            }),
            (Some(asked), Some(found)) if n_with(asked) == 0 => Some(format!(
                "no row has {asked:?}, which --tag-separator asks for, in its tags; rows with {found:?} in them: {}",
                n_with(found)
            )),
            _ => None,
        };
        for (article, joined) in self.strings {
            if let Some(article) = articles.get_mut(article) {
                article.tags = distinct(parts(&joined, separator).into_iter());
            }
        }
        remark
    }
}

fn has(tags: &str, separator: char) -> bool {
    parts(tags, separator).len() > 1
}

/// The parts of a string between separators.
fn parts(tags: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, found) in tags.match_indices(separator) {
        let before = &tags[..at];
        let parts_none = match separator {
            ';' => ends_in_entity(before),
            LINE_BREAK => before.trim_end_matches([' ', '\r']).ends_with(','),
            _ => false,
        };
        if !parts_none {
            parts.push(&tags[start..at]);
            start = at + found.len();
        }
    }
    parts.push(&tags[start..]);
    parts
}

/// Whether an HTML entity ends here that lacks but its semicolon, such as the "&amp" of "AT&amp;T". Of names, only
/// those that stand in texts: of "R&B; Jazz" the semicolon parts tags.
fn ends_in_entity(text: &str) -> bool {
    // Looking further back at each of many semicolons would take hours of a long string.
    let bytes = text.as_bytes().iter().rev().take(MAX_ENTITY_BYTES + 1);
    let Some(n_bytes) = bytes.clone().position(|byte| *byte == b'&') else {
        return false;
    };
    let name = &text[text.len() - n_bytes..];
    match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
        },
        None => ENTITY.contains(&name) || is_accented(name),
    }
}

/// Whether it is the name of an accented letter, such as "eacute".
fn is_accented(name: &str) -> bool {
    let mut letters = name.chars();
    let is_letter = letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic());
    is_letter && ACCENTS.contains(&letters.as_str())
}

/// Tags in alphabetical order, each once and in one line.
pub(super) fn distinct<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut tags: Vec<String> = tags.map(in_one_line).collect();
    tags.sort();
    tags.dedup();
    tags.retain(|tag| !tag.is_empty());
    tags
}

/// A tag without line breaks, as a wrapped cell of a table has them, and control characters.
fn in_one_line(tag: &str) -> String {
    let lines = tag.split(char::is_control).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(strings: &[&str], asked: Option<char>) -> (Vec<Vec<String>>, Option<String>) {
        let mut articles = vec![LabelledArticle::default(); strings.len()];
        let mut joined = JoinedTags::default();
        for (article, tags) in strings.iter().enumerate() {
            joined.add(article, (*tags).to_owned());
        }
        let remark = joined.part(&mut articles, asked);
        (articles.into_iter().map(|a| a.tags).collect(), remark)
    }

    #[test]
    fn the_semicolon_of_an_entity_parts_nothing() {
        let (tags, remark) = parted(&["AT&amp;T, b", "Caf&eacute;, it&#39;s, it&#x27;s"], None);
        assert_eq!(
            tags,
            [
                &["AT&amp;T", "b"][..],
                &["Caf&eacute;", "it&#39;s", "it&#x27;s"]
            ]
        );
        assert!(remark.is_some_and(|said| said.contains("commas")));
        let (tags, _) = parted(&["AT&amp;T; R&B; Jazz", "Q&A;&;&#;"], None);
        assert_eq!(
            tags,
            [&["AT&amp;T", "Jazz", "R&B"][..], &["&", "&#", "Q&A"]]
        );
    }

    #[test]
    fn an_entity_is_looked_for_no_further_back_than_it_is_long() {
        let zeros = |n| format!("&#{}39; b", "0".repeat(n));
        assert_eq!(parted(&[&zeros(7)], None).0, [["&#000000039; b"]]);
        assert_eq!(parted(&[&zeros(8)], None).0, [["&#0000000039", "b"]]);
        // Its bytes are no characters of their own.
        assert_eq!(parted(&["Zoë & ééééé; b"], None).0, [["Zoë & ééééé", "b"]]);
    }

    #[test]
    fn rows_that_become_one_tag_for_a_few_others_are_told() {
        let (tags, remark) = parted(&["b, a", "c, d", "e; f"], None);
        assert_eq!(tags[0], ["b, a"]);
        let remark = remark.unwrap();
        let told = [
            "rows with ';' in their tags",
            ": 1; rows with ',' and no ';'",
            ": 2. If",
        ];
        assert!(told.iter().all(|part| remark.contains(part)), "{remark}");
        // A tag may have a comma.
        assert_eq!(parted(&["b; a", "c; d", "Paris, France"], None).1, None);
        let (_, remark) = parted(&["b | a", "c, d", "e, f"], None);
        assert!(remark.is_some_and(|said| said.contains("rows with ',' and no '|'")));
        assert_eq!(parted(&["b, a", "c, d", "e; f"], Some(',')).1, None);
    }

    #[test]
    fn commas_part_tags_only_where_nothing_else_does() {
        let (tags, remark) = parted(&["b, a", "c", ""], None);
        assert_eq!(tags, [vec!["a", "b"], vec!["c"], vec![]]);
        let remark = remark.unwrap();
        assert!(remark.contains("in their tags: 1;"), "{remark}");
        assert!(remark.contains("--tag-separator"), "{remark}");
        for separator in [';', '|'] {
            let two = format!("Washington, D.C.{separator} c");
            let (tags, remark) = parted(&["a, b", &two], None);
            assert_eq!(tags, [vec!["a, b"], vec!["Washington, D.C.", "c"]]);
            assert_eq!(remark, None);
        }
    }

    #[test]
    fn tags_stand_on_lines_of_their_own_where_no_cell_is_wrapped() {
        let (tags, remark) = parted(&["b\r\nParis, France\r\n", "c\na", "d"], None);
        assert_eq!(tags, [&["Paris, France", "b"][..], &["a", "c"], &["d"]]);
        let remark = remark.unwrap();
        assert!(remark.contains("line breaks in their tags: 2;"), "{remark}");
        let (tags, _) = parted(&["a, b,\nc", "d, New\nYork", "e, f"], None);
        assert_eq!(
            tags,
            [&["a", "b", "c"][..], &["New York", "d"], &["e", "f"]]
        );
        let (tags, remark) = parted(&["a; New\nYork", "c\nd", "e\nf"], None);
        assert_eq!(tags, [&["New York", "a"][..], &["c d"], &["e f"]]);
        assert!(remark.unwrap().ends_with(r"say --tag-separator $'\n'"));
        assert_eq!(parted(&["a;b\nc"], Some('\n')).0, [["a;b", "c"]]);
    }

    #[test]
    fn what_was_asked_for_parts_tags_and_is_missed_if_no_row_has_it() {
        let (tags, remark) = parted(&["a, b;c"], Some(','));
        assert_eq!(
            (tags, remark),
            (vec![vec!["a".to_owned(), "b;c".into()]], None)
        );
        let (tags, remark) = parted(&["a, b"], Some(';'));
        assert_eq!(tags, [["a, b"]]);
        assert!(remark.unwrap().contains("rows with ',' in them: 1"));
        assert_eq!(parted(&["a"], Some(';')).1, None);
    }

    #[test]
    fn a_tag_is_one_line() {
        assert_eq!(
            parted(&["New\r\n York;\tb\u{0}"], None).0,
            [["New York", "b"]]
        );
    }
}
