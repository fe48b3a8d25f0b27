//! What a page copied as text says of its article.

use std::ops::Range;

use super::cues;
use super::features::{Line, sameness_counts, topic_overlap, unmarked};
use crate::extract::page::Page;

/// The headline is looked for in so many lines above the article, and among the first of the page.
const HEADLINE_REACH: usize = 60;
/// Dates and names stand at most so many lines above the headline or below the article's first line.
const NEAR: usize = 3;
/// At most so many tags are read from a page.
const MAX_PAGE_TAGS: usize = 30;

/// The lines of a page, and where its article begins.
pub(super) struct Surroundings<'a> {
    pub(super) text: &'a str,
    pub(super) lines: &'a [Line],
    /// The first line of the article.
    pub(super) first: usize,
    /// The headline, if it was found.
    pub(super) headline: Option<usize>,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(text: &'a str, lines: &'a [Line], first: usize) -> Self {
        let mut found = Self {
            text,
            lines,
            first,
            headline: None,
        };
        found.headline = found.find_headline();
        found
    }

    fn line(&self, i: usize) -> &'a str {
        unmarked(&self.text[self.lines[i].bytes.clone()])
    }

    /// The line above the article that is most like its headline: repeated, marked, close, and of the
    /// article's words.
    fn find_headline(&self) -> Option<usize> {
        let above =
            self.first.saturating_sub(HEADLINE_REACH)..(self.first + 2).min(self.lines.len());
        let counts = sameness_counts(&self.lines[..above.end]);
        let overlap = topic_overlap(self.lines);
        let mut best: Option<(f32, usize)> = None;
        for i in above.clone() {
            let line = &self.lines[i];
            if !(3..=30).contains(&line.n_words) || line.n_chars > 200 || !self.is_heading_like(i) {
                continue;
            }
            let is_repeated = counts.get(&line.sameness).is_some_and(|&n| n >= 2);
            if i >= self.first && !is_repeated {
                continue;
            }
            let is_quoted = self.is_quoted(i, above.clone());
            let distance = self.first.saturating_sub(i) as f32 / HEADLINE_REACH as f32;
            let score = [
                (is_repeated, 2.0),
                (is_quoted, 2.0),
                (line.is_heading, 2.0),
                (line.has_cue() && line.n_words < 6, -2.0),
                (line.ends_sentence(), -1.0),
            ];
            let score: f32 = score
                .iter()
                .map(|(holds, s)| if *holds { *s } else { 0.0 })
                .sum();
            let score = score + 3.0 * overlap[i] - 2.0 * distance;
            if score > 0.5 && best.is_none_or(|(best, _)| score >= best) {
                best = Some((score, i));
            }
        }
        best.map(|(_, i)| i)
    }

    fn is_heading_like(&self, i: usize) -> bool {
        let line = self.line(i);
        let is_crumb = crumbs(line).len() > 2;
        !is_crumb
            && !cues::LEADS_AWAY.is_match(line)
            && !cues::BYLINE.is_match(line)
            && !cues::CREDIT.is_match(line)
            && !cues::SYNDICATION.is_match(line)
            && cues::DATE
                .find(line)
                .is_none_or(|date| date.len() * 2 < line.len())
    }

    /// Whether another line, such as the page's own title or a breadcrumb, holds this one.
    fn is_quoted(&self, i: usize, near: Range<usize>) -> bool {
        let line = self.line(i);
        (0..near.start.min(3)).chain(near).any(|j| {
            let other = self.line(j);
            j != i && other.len() > line.len() && other.contains(line)
        })
    }

    /// The lines about the headline and the article's beginning.
    fn near(&self) -> Range<usize> {
        let top = match self.headline {
            Some(i) => self
                .lines
                .iter()
                .take(i)
                .enumerate()
                .skip(i.saturating_sub(HEADLINE_REACH))
                .find(|(_, line)| line.sameness == self.lines[i].sameness)
                .map_or(i, |(first, _)| first),
            None => self.first,
        };
        top.saturating_sub(NEAR)..(self.first + 2).min(self.lines.len())
    }

    /// Everything that the page says.
    pub(super) fn page(&self) -> Page {
        Page {
            title: self
                .headline
                .map_or_else(String::new, |i| self.line(i).to_owned()),
            published: self.published().unwrap_or_default(),
            author: self.author().unwrap_or_default(),
            source: self.source().unwrap_or_default(),
            section: self.section().unwrap_or_default(),
            page_tags: self.page_tags(),
        }
    }

    /// The first date near the headline; one that is called the date of publication comes first.
    fn published(&self) -> Option<String> {
        let dates = self.near().filter_map(|i| {
            let date = cues::DATE.find(self.line(i))?;
            let line = self.line(i).to_lowercase();
            let is_named = line.contains("published") || line.contains("posted");
            Some((!is_named, date.as_str().to_owned()))
        });
        dates
            .min_by_key(|(is_other, _)| *is_other)
            .map(|(_, date)| date)
    }

    fn author(&self) -> Option<String> {
        let found = |i| cues::BYLINE.captures(self.line(i));
        let author = self.near().find_map(found)?;
        Some(
            author["author"]
                .trim_end_matches([',', '.', ' '])
                .to_owned(),
        )
    }

    /// Of the first line that names who had the article first.
    fn source(&self) -> Option<String> {
        source(self.lines.iter().enumerate().map(|(i, _)| self.line(i)))
    }

    /// The last crumb above the headline that is not the headline.
    fn section(&self) -> Option<String> {
        let end = self.headline.unwrap_or(self.first);
        let headline = self.headline.map_or("", |i| self.line(i));
        let above = (end.saturating_sub(HEADLINE_REACH)..end).rev();
        above
            .map(|i| crumbs(self.line(i)))
            .find(|crumbs| crumbs.len() > 2)
            .and_then(|crumbs| {
                let is_headline = |crumb: &str| {
                    let start = crumb.trim_end_matches(['…', '.']);
                    !headline.is_empty() && headline.starts_with(start)
                };
                let section = crumbs.iter().rev().find(|crumb| !is_headline(crumb))?;
                Some((*section).to_owned())
            })
    }

    /// The tags of the first line that begins with such a word, or of the bullets below it.
    fn page_tags(&self) -> Vec<String> {
        let below = self.first..self.lines.len();
        let found = below
            .clone()
            .find_map(|i| Some((i, cues::TAG_LINE.captures(self.line(i))?)));
        let Some((i, captures)) = found else {
            return Vec::new();
        };
        let mut tags = split_tags(&captures["tags"]);
        if tags.is_empty() {
            let bullets = (i + 1..below.end).take_while(|&j| {
                let raw = &self.text[self.lines[j].bytes.clone()];
                raw.len() > self.line(j).len() && self.lines[j].n_words <= 5
            });
            tags = bullets.map(|j| self.line(j).to_owned()).collect();
        }
        tags.truncate(MAX_PAGE_TAGS);
        tags
    }
}

/// Who had the article first, of the first line that says so.
pub(crate) fn source<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut short = lines.filter(|line| line.len() <= 600);
    short.find_map(|line| {
        Some(
            cues::SYNDICATION.captures(line)?["source"]
                .trim()
                .to_owned(),
        )
    })
}

/// The parts of a breadcrumb.
fn crumbs(line: &str) -> Vec<&str> {
    let separator = [" > ", " › ", " » ", " / ", " ▸ "]
        .into_iter()
        .find(|s| line.contains(s));
    match separator {
        Some(separator) if line.len() <= 400 => line.split(separator).map(str::trim).collect(),
        _ => Vec::new(),
    }
}

/// Tags of one line: between commas and the like, or where a small letter meets a capital, as pages that
/// set them apart by style alone are copied.
fn split_tags(line: &str) -> Vec<String> {
    let separators = [',', '|', '•', '·', ';', '#', '/'];
    let parts: Vec<String> = if line.contains(separators) {
        line.split(separators).map(str::to_owned).collect()
    } else {
        let mut parts = vec![String::new()];
        let mut last = ' ';
        for c in line.chars() {
            if last.is_lowercase() && c.is_uppercase() {
                parts.push(String::new());
            }
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
            last = c;
        }
        parts
    };
    let trimmed = parts.iter().map(|tag| tag.trim().to_owned());
    trimmed
        .filter(|tag| !tag.is_empty() && tag.len() <= 80)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_split() {
        assert_eq!(
            split_tags("ChangedHarbourFerryÉtéWhats"),
            ["Changed", "Harbour", "Ferry", "Été", "Whats"]
        );
        assert_eq!(
            split_tags("Ann LeeCity council"),
            ["Ann Lee", "City council"]
        );
        assert_eq!(split_tags("one, two words,"), ["one", "two words"]);
        assert_eq!(split_tags(" "), Vec::<String>::new());
    }

    #[test]
    fn crumbs_are_told() {
        assert_eq!(
            crumbs("Home > News > Politics"),
            ["Home", "News", "Politics"]
        );
        assert!(crumbs("Five is less than six").is_empty());
    }
}
