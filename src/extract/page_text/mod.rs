//! A page copied as text becomes an article.
//!
//! Each line is judged by a linear model of its own words, its neighbours and its place
//! (`features`, `model`); the most probable run of lines is kept; then lines go that give
//! themselves away whatever the model thinks (`cues`).

mod comments;
mod cues;
mod features;
mod metadata;
mod model;

use std::ops::Range;

pub(super) use cues::{is_age, is_furniture};
pub use features::N_FEATURES;
pub(super) use metadata::source;
pub use model::{LineModel, LineModelError, LineModelParts};

use super::page::Page;
use comments::lines_above;
use features::{Line, MAX_CUE_WORDS, features, is_bullet, lines, sameness, unmarked};
use metadata::Surroundings;

/// A text of more lines is no page that a person copied; it is read whole.
pub const MAX_LINES: usize = 20_000;
/// Fewer words than this are no article.
const MIN_ARTICLE_WORDS: usize = 25;
/// Paragraphs that follow an appeal to the reader and belong to it.
const MAX_APPEAL_LINES: usize = 6;
/// So many lines tell of an author.
const MAX_NOTE_LINES: usize = 4;
/// So many lines that are no sentences are no end of an article.
const MIN_TAIL_LINES: usize = 2;

/// The article that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// Runs of whole lines of the text, in order.
    pub runs: Vec<Range<usize>>,
    /// Where the headline stands.
    pub headline: Option<Range<usize>>,
    /// What the page says of the article.
    pub page: Page,
}

/// Finds the article of a page; `None` if it cannot be told from the rest.
pub fn extract(text: &str, model: &LineModel) -> Option<PageText> {
    let lines = lines(text, MAX_LINES);
    if lines.len() > MAX_LINES {
        return None;
    }
    let mut kept = model.kept_lines(&features(&lines[..lines_above(text, &lines)]));
    kept.resize(lines.len(), false);
    let first = kept.iter().position(|kept| *kept)?;
    let surroundings = Surroundings::new(text, &lines, first);
    drop_cues(text, &lines, &mut kept);
    if let Some(headline) = surroundings.headline {
        let is_headline = |line: &Line| line.sameness == lines[headline].sameness;
        for (kept, line) in kept.iter_mut().zip(&lines) {
            *kept &= !is_headline(line);
        }
    }
    drop_tail(text, &lines, &mut kept);
    let words = lines.iter().zip(&kept).filter(|(_, kept)| **kept);
    if words.map(|(line, _)| line.n_words).sum::<usize>() < MIN_ARTICLE_WORDS {
        return None;
    }
    Some(PageText {
        runs: runs(&lines, &kept),
        headline: surroundings.headline.map(|i| {
            let bytes = lines[i].bytes.clone();
            bytes.end - unmarked(&text[bytes.clone()]).len()..bytes.end
        }),
        page: surroundings.page(),
    })
}

/// The lines of an article that do not lead away, credit or appeal, and are not its title.
pub(super) fn article_lines(text: &str, title: &str) -> String {
    let lines = lines(text, MAX_LINES);
    let title = sameness(title);
    let mut kept: Vec<bool> = lines.iter().map(|line| line.sameness != title).collect();
    drop_cues(text, &lines, &mut kept);
    let kept = lines.iter().zip(&kept).filter(|(_, kept)| **kept);
    let kept: Vec<&str> = kept.map(|(line, _)| &text[line.bytes.clone()]).collect();
    kept.join("\n")
}

/// Log-odds are learnt from these: the features of each line with a letter or a digit above the readers'
/// comments, and the line.
pub fn line_features(text: &str) -> Vec<(&str, [f32; N_FEATURES])> {
    let mut lines = lines(text, MAX_LINES);
    lines.truncate(lines_above(text, &lines));
    let rows = features(&lines);
    lines
        .iter()
        .map(|line| &text[line.bytes.clone()])
        .zip(rows)
        .collect()
}

/// Drops lines that lead away, credit or appeal, wherever they stand, and what is said of the author at the end.
fn drop_cues(text: &str, lines: &[Line], kept: &mut [bool]) {
    drop_note_on_author(text, lines, kept);
    let n_kept: usize = kept.iter().filter(|kept| **kept).count();
    let mut n_seen = 0;
    let mut appeal_lines_left = 0;
    for (line, kept) in lines.iter().zip(kept) {
        if !*kept {
            continue;
        }
        n_seen += 1;
        let raw = &text[line.bytes.clone()];
        let words = unmarked(raw);
        let is_short = line.n_words <= MAX_CUE_WORDS;
        let goes_on = appeal_lines_left > 0 && cues::WE_AND_YOU.is_match(words) && !is_quote(words);
        let appeals = is_short && cues::PLEA.is_match(words) && !is_quote(words);
        appeal_lines_left = match (appeals, goes_on) {
            (true, _) if n_seen * 2 > n_kept => MAX_APPEAL_LINES,
            (_, true) => appeal_lines_left - 1,
            _ => 0,
        };
        let gives_itself_away = is_short
            && (cues::LEADS_AWAY.is_match(words)
                || cues::STOP_SECTION.is_match(words)
                || cues::CREDIT.is_match(words)
                || cues::BYLINE.is_match(words)
                || cues::SYNDICATION.is_match(words)
                || cues::NOTICE.is_match(words)
                || is_cut_short(raw));
        *kept = !(appeals || goes_on || gives_itself_away);
    }
}

/// Drops a note on who wrote the article, with its heading: the last lines of a page.
fn drop_note_on_author(text: &str, lines: &[Line], kept: &mut [bool]) {
    let last = (0..lines.len()).rev().filter(|i| kept[*i]);
    let heading = last
        .take(MAX_NOTE_LINES + 1)
        .find(|i| cues::NOTE_ON_AUTHOR.is_match(&text[lines[*i].bytes.clone()]));
    if let Some(heading) = heading {
        kept[heading..].fill(false);
    }
}

/// Drops what follows the last sentence, if it is a list: headlines of other stories, mostly.
fn drop_tail(text: &str, lines: &[Line], kept: &mut [bool]) {
    let is_last = |i: &usize| kept[*i] && lines[*i].is_sentence(&text[lines[*i].bytes.clone()]);
    let Some(last) = (0..lines.len()).rev().find(is_last) else {
        return;
    };
    let tail = &mut kept[last + 1..];
    if tail.iter().filter(|kept| **kept).count() >= MIN_TAIL_LINES {
        tail.fill(false);
    }
}

/// Whether a line is an item of a list whose end is missing: the teaser of another story.
fn is_cut_short(raw: &str) -> bool {
    is_bullet(raw) && (raw.ends_with('…') || raw.ends_with(".."))
}

fn is_quote(line: &str) -> bool {
    line.contains(['"', '“', '”'])
}

/// Kept lines with nothing but blank lines between them, as one range.
fn runs(lines: &[Line], kept: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut was_kept = false;
    for (line, &kept) in lines.iter().zip(kept) {
        match runs.last_mut() {
            Some(run) if kept && was_kept => run.end = line.bytes.end,
            _ if kept => runs.push(line.bytes.clone()),
            _ => {}
        }
        was_kept = kept;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_tail(text: &str) -> String {
        let lines = lines(text, MAX_LINES);
        let mut kept = vec![true; lines.len()];
        drop_tail(text, &lines, &mut kept);
        let runs = runs(&lines, &kept);
        runs.iter().map(|run| &text[run.clone()]).collect()
    }

    #[test]
    fn a_note_on_the_author_goes_with_its_heading() {
        let without_note = |text: &str| {
            let lines = lines(text, MAX_LINES);
            let mut kept = vec![true; lines.len()];
            drop_note_on_author(text, &lines, &mut kept);
            kept.iter().filter(|kept| **kept).count()
        };
        let note = "About Ilse Brandt\nIlse Brandt writes about ships.\nShe lives by the harbour.";
        let story = "The ferry came in late that day, as it had all week.";
        assert_eq!(without_note(&format!("{story}\n{note}")), 1);
        let section = [note, story, story, story].join("\n");
        assert_eq!(
            without_note(&section),
            6,
            "what goes on is a section of the article"
        );
    }

    #[test]
    fn items_that_are_cut_short_are_teasers() {
        let text =
            "• The harbour that nobody wan..\n• A mayor and his ship…\n• Bring a coat.\nAnd then…";
        assert_eq!(article_lines(text, ""), "• Bring a coat.\nAnd then…");
    }

    #[test]
    fn headlines_after_the_last_sentence_go() {
        let story = "The ferry came in late that day, as it had all week.";
        let headlines = "Harbour to close\n• Mayor speaks of a way out..";
        assert_eq!(without_tail(&format!("{story}\n{headlines}")), story);
        let signed = format!("{story}\nAnn Lee");
        assert_eq!(without_tail(&signed), signed);
        let item = "- The second ferry is to come before the summer, if the quay is ready.";
        let list = format!("{story}\nWhat comes next\n{item}");
        assert_eq!(without_tail(&list), list);
        assert_eq!(
            without_tail(headlines),
            headlines,
            "a list without a sentence is left as it is"
        );
    }
}
