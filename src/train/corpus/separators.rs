//! What parts the tags of one string.

use super::LabelledArticle;

/// In this order: a tag may have a comma, hardly a bar or a semicolon.
const SEPARATORS: [char; 3] = [';', '|', ','];

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
    /// any string has. The answer is what the owner of the file should know of that.
    pub(super) fn part(
        self,
        articles: &mut [LabelledArticle],
        asked: Option<char>,
    ) -> Option<String> {
        let n_with = |separator| {
            let strings = self.strings.iter();
            strings.filter(|(_, tags)| tags.contains(separator)).count()
        };
        let first = SEPARATORS.into_iter().find(|&c| n_with(c) > 0);
        let separator = asked.or(first).unwrap_or(SEPARATORS[0]);
        let remark = match (asked, first) {
            (None, Some(',')) => Some(format!(
                "rows with commas in their tags: {}; tags are parted there, as no row has ; or |. If commas are parts of tags, say --tag-separator ';'",
                n_with(',')
            )),
            (Some(asked), Some(found)) if n_with(asked) == 0 => Some(format!(
                "no row has {asked:?}, which --tag-separator asks for, in its tags; rows with {found:?} in them: {}",
                n_with(found)
            )),
            _ => None,
        };
        for (article, joined) in self.strings {
            if let Some(article) = articles.get_mut(article) {
                article.tags = distinct(joined.split(separator));
            }
        }
        remark
    }
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
