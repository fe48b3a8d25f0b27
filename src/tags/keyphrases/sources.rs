//! Who tells the news is no tag of it.

use std::sync::LazyLock;

use super::choose::holds;
use super::words::{hash_of, tag_key, tag_stems};

/// Agencies, as articles credit them.
const AGENCIES: [&str; 21] = [
    "AAP",
    "AFP",
    "ANSA",
    "AP",
    "Agence France-Presse",
    "Associated Press",
    "Bloomberg News",
    "DPA",
    "EFE",
    "EPA",
    "Getty",
    "Getty Images",
    "Interfax",
    "PA Media",
    "Press Association",
    "Press Trust of India",
    "Reuters",
    "Shutterstock",
    "TASS",
    "United Press International",
    "Xinhua",
];

/// A headline before the name of a site has at least so many words, and the name at most so many.
const MIN_HEADLINE_WORDS: usize = 4;
const MAX_SITE_WORDS: usize = 5;

/// What is longer is nobody's name.
const MAX_SOURCE_BYTES: usize = 200;

/// Whether a phrase is a news agency. The agency is a tag only of an article about it: the headline
/// has it then.
pub(super) fn is_agency(key: u64) -> bool {
    static KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| {
        let mut keys: Vec<u64> = AGENCIES.iter().map(|agency| tag_key(agency)).collect();
        keys.sort_unstable();
        keys
    });
    KEYS.binary_search(&key).is_ok()
}

/// Whether a tag names the source or the author of its article: the same words, or two and more of
/// them. "Russia" is a tag of what Russia Today writes.
pub fn is_source(tag: &str, source: &str) -> bool {
    if source.len() > MAX_SOURCE_BYTES {
        return false;
    }
    let (tag, mut source) = (tag_stems(tag), tag_stems(source));
    if source.first() == Some(&hash_of("the")) {
        source.remove(0);
    }
    tag == source && !tag.is_empty() || (tag.len() > 1 && holds(&source, &tag))
}

/// The site that a page's title names at its end, as in "Goats rule an island | The Weekly Goat". What stands before must be
/// a headline: "Opinion | Goats should rule" names none.
pub fn site_of_title(title: &str) -> Option<&str> {
    let (headline, site) = title.rsplit_once(" | ")?;
    let n_words = |text: &str| text.split_whitespace().count();
    let is_site = n_words(headline) >= MIN_HEADLINE_WORDS && n_words(site) <= MAX_SITE_WORDS;
    is_site.then(|| site.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_are_known_as_they_are_credited() {
        assert!(is_agency(tag_key("Reuters")));
        assert!(is_agency(tag_key("Associated Press")));
        assert!(!is_agency(tag_key("Press freedom")));
    }

    #[test]
    fn titles_of_pages_end_in_their_sites() {
        let site = site_of_title("Goats rule an island | Nature | The Weekly Goat");
        assert_eq!(site, Some("The Weekly Goat"));
        for title in [
            "Either|or: a choice of two",
            "Opinion | Donald Trump rules",
            "Live updates | Goat Marathon",
            "Goats rule an island | Why they did, and what the farmers say now",
        ] {
            assert_eq!(site_of_title(title), None, "{title}");
        }
    }

    #[test]
    fn sources_and_authors_are_no_tags() {
        assert!(is_source("Epoch Times", "The Epoch Times"));
        assert!(is_source("Jane Doe", "By Jane Doe and John Roe"));
        assert!(!is_source("Russia", "Russia Today"));
        assert!(!is_source("Russia", ""));
        let long = format!("Jane Doe{}", " and others".repeat(20));
        assert!(!is_source("Jane Doe", &long));
    }
}
