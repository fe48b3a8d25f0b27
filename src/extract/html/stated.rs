//! What a page states of its article, without what its publisher's program has put there for others.

use crate::extract::page::Page;

/// What follows a name in a byline, and is none.
const DATE_WORDS: [&str; 14] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "saturday",
    "february",
    "july",
    "september",
    "october",
    "november",
    "december",
    "published",
    "updated",
    "posted",
];
/// The same, but surnames too: they go where the byline certainly has a date.
const DATE_WORDS_OR_NAMES: [&str; 8] = [
    "sunday", "friday", "january", "march", "april", "may", "june", "august",
];
/// Degrees and offices that stand behind a name, parted from it by a comma.
const DEGREES: [&str; 20] = [
    "ba", "bs", "bsc", "ma", "ms", "msc", "mba", "mph", "md", "do", "phd", "jd", "rd", "rdn", "rn",
    "np", "dvm", "pharmd", "esq", "jr",
];

/// The page without what is no author, source or tag.
pub(super) fn cleaned(page: Page) -> Page {
    Page {
        author: authors(&page.author),
        source: Some(page.source)
            .filter(|source| !is_address(source))
            .unwrap_or_default(),
        page_tags: page
            .page_tags
            .into_iter()
            // Marks of the publisher's program, and paths.
            .filter(|tag| !tag.starts_with(['@', '/']))
            .collect(),
        ..page
    }
}

/// The names of a byline, parted as before.
fn authors(byline: &str) -> String {
    let parts: Vec<&str> = byline.split(';').map(str::trim).collect();
    let is_date = |part: &str| is_date_word(part) || is_one_of(part, &DATE_WORDS_OR_NAMES);
    let is_dated = parts.len() > 1 && parts.iter().any(|part| is_date(part));
    let mut names: Vec<&str> = Vec::new();
    for part in parts {
        let is_degree = !names.is_empty() && is_one_of(part, &DEGREES);
        if is_degree || is_address(part) || (is_dated && is_date(part)) {
            continue;
        }
        let mut name = part;
        while let Some((before, last)) = name.rsplit_once(char::is_whitespace) {
            let is_full_without = before.trim_end().contains(char::is_whitespace);
            let may_be_date = is_dated && is_full_without && is_date(last);
            if !is_date_word(last) && !may_be_date {
                break;
            }
            name = before.trim_end();
        }
        names.extend((!name.is_empty()).then_some(name));
    }
    names.join("; ")
}

fn is_date_word(word: &str) -> bool {
    is_one_of(word, &DATE_WORDS)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn is_address(text: &str) -> bool {
    text.contains("://") || text.trim_start().starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_date_behind_them_and_their_degrees() {
        for (byline, names) in [
            (
                "Mike Wuerthele; Malcolm Owen Monday; November",
                "Mike Wuerthele; Malcolm Owen",
            ),
            ("Malcolm Owen Friday; May", "Malcolm Owen"),
            ("Theresa May; November", "Theresa May"),
            ("JERUSALEM POST STAFF NOVEMBER", "JERUSALEM POST STAFF"),
            (
                "Detroit News wire services Published",
                "Detroit News wire services",
            ),
            ("Ilana Muhlstein; MS; RDN", "Ilana Muhlstein"),
            ("https://www.facebook.com/desk; Jo Bloggs", "Jo Bloggs"),
        ] {
            assert_eq!(authors(byline), names);
        }
        for names in [
            "",
            "Theresa May",
            "Jo March; Ann Friday",
            "REUTERS",
            "Jo Bloggs; CNN",
        ] {
            assert_eq!(authors(names), names);
        }
    }

    #[test]
    fn addresses_are_no_sources_and_marks_no_tags() {
        let page = cleaned(Page {
            source: "https://www.facebook.com/CBSPolitics".into(),
            page_tags: ["@post-id:1913719", "tc", "/article", "C/O Berlin"]
                .map(str::to_owned)
                .into(),
            ..Page::default()
        });
        assert_eq!(page.source, "");
        assert_eq!(page.page_tags, ["tc", "C/O Berlin"]);
        let page = cleaned(Page {
            source: "livescience.com".into(),
            ..Page::default()
        });
        assert_eq!(page.source, "livescience.com");
    }
}
