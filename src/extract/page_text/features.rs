//! The lines of a page as numbers.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::cues::{self, is_stop_word};

/// Numbers of one line.
pub const N_FEATURES: usize = N_OWN + 2 + 2 + 3 + 10 + 2 + 6 + 2 * PASSED_ON.len();
/// Numbers that the line has without its neighbours.
const N_OWN: usize = 29;
/// Of a line's own numbers, those that its neighbours see: length, function words, sentence end, cue, bullet.
const PASSED_ON: [usize; 5] = [CHARS, STOP_SHARE, ENDS_SENTENCE, HAS_CUE, BULLET];

const CHARS: usize = 0;
const STOP_SHARE: usize = 2;
const ENDS_SENTENCE: usize = 4;
const BULLET: usize = 6;
const HAS_CUE: usize = 9;
const FEW_WORDS: usize = 19;

/// Cues are looked for in so many bytes of a line: no menu is longer.
const CUE_BYTES: usize = 1_000;
/// A line of this many characters is long.
const LONG_CHARS: usize = 80;
/// A line of more words is a paragraph, whatever words of furniture it has.
pub(super) const MAX_CUE_WORDS: usize = 45;
/// Below so many good lines, a heading of other things ends the article.
const FEW_GOOD: f32 = 3.0;
/// A sentence has so many words, one that is an item of a list more.
const MIN_SENTENCE_WORDS: usize = 8;
const MIN_ITEM_WORDS: usize = 12;
/// A long line with this share of function words is a sentence.
const MIN_STOP_SHARE: f32 = 0.25;

/// A line of a text that has a letter or a digit.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Its place in the text, without white space around it.
    pub(super) bytes: Range<usize>,
    /// Share of function words in its words.
    pub(super) stop_share: f32,
    pub(super) n_words: usize,
    pub(super) n_chars: usize,
    pub(super) is_heading: bool,
    /// A heading of the first level, as Markdown has it.
    is_title: bool,
    /// A heading of a list of other things.
    pub(super) stops: bool,
    /// Its letters and digits in lower case, hashed.
    pub(super) sameness: u64,
    /// Its longer words, hashed.
    content_words: Vec<u64>,
    own: [f32; N_OWN],
}

impl Line {
    /// Whether it reads like a sentence of an article: long, and not only names.
    pub(super) fn is_good(&self) -> bool {
        self.n_chars > LONG_CHARS && self.stop_share > MIN_STOP_SHARE
    }

    /// Whether a cue stands in it.
    pub(super) fn has_cue(&self) -> bool {
        self.own[HAS_CUE] > 0.0
    }

    /// Whether it is a sentence of some length, and no teaser that is cut off. An item of a list must be longer.
    pub(super) fn is_sentence(&self, raw: &str) -> bool {
        let min_words = match is_bullet(raw) {
            true => MIN_ITEM_WORDS,
            false => MIN_SENTENCE_WORDS,
        };
        self.n_words >= min_words && self.ends_sentence() && !raw.ends_with("..")
    }

    /// Whether it ends as a sentence does.
    pub(super) fn ends_sentence(&self) -> bool {
        self.own[ENDS_SENTENCE] > 0.0
    }
}

/// The lines of a text that have a letter or a digit, at most `max_lines` of them and one.
pub(super) fn lines(text: &str, max_lines: usize) -> Vec<Line> {
    let mut start = 0;
    let mut found = Vec::new();
    for raw in text.split('\n') {
        let at = start;
        start += raw.len() + 1;
        if !raw.contains(char::is_alphanumeric) {
            continue;
        }
        let lead = raw.len() - raw.trim_start().len();
        let trimmed = raw.trim();
        found.push(line(trimmed, at + lead));
        if found.len() > max_lines {
            break;
        }
    }
    found
}

/// A line without the bullet or the hash signs that mark it.
pub(super) fn unmarked(line: &str) -> &str {
    let line = line.trim_start_matches(['•', '*', '·', '+', '>', '|', '#']);
    let line = line
        .strip_prefix("- ")
        .or(line.strip_prefix("– "))
        .unwrap_or(line);
    line.trim_start().trim_end_matches(['|', ' '])
}

/// Whether a line is marked as an item of a list.
pub(super) fn is_bullet(line: &str) -> bool {
    let mut chars = line.chars();
    match chars.next() {
        Some('•' | '*' | '·' | '–' | '-' | '+' | '>' | '|') => {
            chars.next().is_some_and(char::is_whitespace)
        }
        Some(c) if c.is_ascii_digit() => {
            let rest = chars
                .as_str()
                .trim_start_matches(|c: char| c.is_ascii_digit());
            rest.starts_with(". ")
        }
        _ => false,
    }
}

fn hash(text: impl Iterator<Item = char>) -> u64 {
    // FNV-1a, a character at a time.
    text.fold(0xcbf2_9ce4_8422_2325, |hash, c| {
        (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn lower_case(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_')
}

/// Letters and digits of a text in lower case, hashed.
pub(super) fn sameness(text: &str) -> u64 {
    hash(lower_case(text).filter(|c| c.is_alphanumeric()))
}

#[derive(Default)]
struct WordCounts {
    n: f32,
    stop: f32,
    lower: f32,
    short_lower: f32,
    content: Vec<u64>,
}

fn count_words(text: &str) -> WordCounts {
    let mut counts = WordCounts::default();
    let mut lower = String::new();
    for word in text
        .split(|c| !is_word_char(c))
        .filter(|word| !word.is_empty())
    {
        counts.n += 1.0;
        lower.clear();
        lower.extend(lower_case(word).map(|c| if c == '’' { '\'' } else { c }));
        let is_stop = is_stop_word(&lower);
        counts.stop += f32::from(is_stop);
        let n_chars = word.chars().count();
        if word.starts_with(char::is_lowercase) {
            counts.lower += 1.0;
            counts.short_lower += f32::from(n_chars <= 3);
        }
        if n_chars > 3 && !is_stop {
            counts.content.push(hash(lower.chars()));
        }
    }
    counts
}

fn line(raw: &str, start: usize) -> Line {
    let text = unmarked(raw);
    let words = count_words(text);
    let n = words.n.max(1.0);
    let n_chars = text.chars().count();
    let mut cue_end = text.len().min(CUE_BYTES);
    while !text.is_char_boundary(cue_end) {
        cue_end -= 1;
    }
    let head = &text[..cue_end];
    let last = text.trim_end_matches(['"', '”', '’', '\'', ')', ']']);
    // A paragraph holds such words by chance.
    let is_short = words.n as usize <= MAX_CUE_WORDS;
    let has_cue = is_short && cues::CUE.is_match(head);
    let leads_away = cues::LEADS_AWAY.is_match(head);
    let has_date = is_short && (cues::DATE.is_match(head) || cues::CLOCK.is_match(head));
    let flag = |holds: bool| f32::from(holds);
    let sentence_breaks = text
        .as_bytes()
        .windows(2)
        .filter(|pair| matches!(pair, [b'.' | b'!' | b'?', b' ']))
        .count();
    let own = [
        (n_chars as f32).ln_1p(),
        words.n.ln_1p(),
        words.stop / n,
        words.lower / n,
        flag(last.ends_with(['.', '!', '?', '…'])),
        flag(text.ends_with(':')),
        flag(is_bullet(raw)),
        flag(raw.starts_with('#')),
        flag(!text.contains(char::is_lowercase) && text.contains(char::is_uppercase)),
        flag(has_cue),
        flag(has_cue && words.n < 12.0),
        flag(leads_away),
        flag(has_date),
        flag(has_date && words.n < 10.0),
        text.matches(',').count() as f32 / n,
        text.bytes().filter(u8::is_ascii_digit).count() as f32 / n_chars.max(1) as f32,
        flag(
            is_short
                && ["|", " › ", " > ", " » "]
                    .iter()
                    .any(|bar| text.contains(bar)),
        ),
        flag(text.contains(['"', '“', '”'])),
        flag(cues::ADDRESS.is_match(head)),
        flag(words.n <= 3.0),
        flag(words.n <= 8.0),
        flag(n_chars >= LONG_CHARS),
        flag(n_chars >= 200),
        flag(n_chars >= 600),
        words.short_lower / words.lower.max(1.0),
        sentence_breaks as f32 / 10.0,
        flag(text.ends_with(['!', '?'])),
        flag(text.ends_with('…') || text.ends_with("...")),
        flag(cues::CREDIT.is_match(head) || cues::BYLINE.is_match(head)),
    ];
    Line {
        bytes: start..start + raw.len(),
        stop_share: own[STOP_SHARE],
        n_words: words.n as usize,
        n_chars,
        is_heading: raw.starts_with('#'),
        is_title: raw.starts_with("# "),
        stops: cues::STOP_SECTION.is_match(head),
        sameness: sameness(text),
        content_words: words.content,
        own,
    }
}

/// The numbers of each line among the others: (n_lines, [`N_FEATURES`]).
pub(super) fn features(lines: &[Line]) -> Vec<[f32; N_FEATURES]> {
    let n = lines.len();
    let good: Vec<f32> = lines.iter().map(|line| f32::from(line.is_good())).collect();
    let column = |i: usize| lines.iter().map(|line| line.own[i]).collect::<Vec<f32>>();
    let windows = [
        window_means(&good, 1),
        window_means(&good, 2),
        window_means(&good, 5),
        window_means(&good, 10),
        window_means(&column(CHARS), 2),
        window_means(&column(CHARS), 5),
        window_means(&column(STOP_SHARE), 3),
        window_means(&column(HAS_CUE), 3),
        window_means(&column(BULLET), 3),
        window_means(&column(FEW_WORDS), 5),
    ];
    let (before, after) = (distances(good.iter()), {
        let mut after = distances(good.iter().rev());
        after.reverse();
        after
    });
    let counts = sameness_counts(lines);
    let overlap = topic_overlap(lines);
    let progress = progress(&good);
    let is_past_a_third: Vec<bool> = progress.iter().map(|&progress| progress > 0.3).collect();
    let stopped_late = stopped(lines, &is_past_a_third);
    let is_past_a_few: Vec<bool> = running_sum(&good).map(|sum| sum >= FEW_GOOD).collect();
    let stopped_early = stopped(lines, &is_past_a_few);
    let titles = below_title(lines);
    let mut rows = Vec::with_capacity(n);
    for (i, line) in lines.iter().enumerate() {
        let mut row = [0.0; N_FEATURES];
        let mut values = line.own.iter().copied();
        let count = counts[&line.sameness];
        let place = i as f32 / n as f32;
        let among = [
            f32::from(count > 1),
            f32::from(count > 2),
            overlap[i],
            f32::from(!line.content_words.is_empty()),
            place,
            place * place,
            (i as f32 / 100.0).min(1.0),
        ];
        let near = windows.iter().map(|window| window[i]);
        let rest = [
            before[i],
            after[i],
            progress[i],
            stopped_late[i],
            good[i] * progress[i],
            good[i] * stopped_late[i],
            stopped_early[i],
            titles[i],
        ];
        let neighbours = [i.checked_sub(1), Some(i + 1)].map(|j| j.and_then(|j| lines.get(j)));
        let passed = neighbours
            .iter()
            .flat_map(|line| PASSED_ON.map(|k| line.map_or(0.0, |line| line.own[k])));
        let mut all = values
            .by_ref()
            .chain(among)
            .chain(near)
            .chain(rest)
            .chain(passed);
        row.fill_with(|| all.next().unwrap_or_default());
        rows.push(row);
    }
    rows
}

/// The mean of each value and those up to `reach` before and after it.
fn window_means(values: &[f32], reach: usize) -> Vec<f32> {
    let mut sums = vec![0.0f64];
    for value in values {
        sums.push(sums[sums.len() - 1] + f64::from(*value));
    }
    (0..values.len())
        .map(|i| {
            let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(values.len()));
            ((sums[to] - sums[from]) / (to - from) as f64) as f32
        })
        .collect()
}

/// How far the last good line lies back, as ln(1 + lines), 50 lines at most.
fn distances<'a>(good: impl Iterator<Item = &'a f32>) -> Vec<f32> {
    let mut distance = 50.0f32;
    good.map(|&good| {
        distance = if good > 0.0 {
            0.0
        } else {
            (distance + 1.0).min(50.0)
        };
        distance.ln_1p()
    })
    .collect()
}

fn running_sum(values: &[f32]) -> impl Iterator<Item = f32> + '_ {
    values.iter().scan(0.0, |sum, value| {
        *sum += value;
        Some(*sum)
    })
}

/// The share of good lines up to each line, itself counted.
fn progress(good: &[f32]) -> Vec<f32> {
    let total = good.iter().sum::<f32>().max(1.0);
    running_sum(good).map(|sum| sum / total).collect()
}

/// Whether a heading of other things has stood above, where such headings count.
fn stopped(lines: &[Line], counts: &[bool]) -> Vec<f32> {
    let stops = lines.iter().zip(counts);
    let stops: Vec<f32> = stops.map(|(l, &c)| f32::from(l.stops && c)).collect();
    running_sum(&stops).map(|sum| sum.min(1.0)).collect()
}

/// 1 below the first heading of the first level, -1 above it, 0 in a text without one.
fn below_title(lines: &[Line]) -> Vec<f32> {
    let title = lines.iter().position(|line| line.is_title);
    let side = |i: usize| title.map_or(0.0, |title| if i >= title { 1.0 } else { -1.0 });
    (0..lines.len()).map(side).collect()
}

pub(super) fn sameness_counts(lines: &[Line]) -> HashMap<u64, u32> {
    let mut counts = HashMap::new();
    for line in lines {
        *counts.entry(line.sameness).or_default() += 1;
    }
    counts
}

/// The share of each line's longer words that two good lines or more have.
pub(super) fn topic_overlap(lines: &[Line]) -> Vec<f32> {
    let mut n_lines_of: HashMap<u64, u32> = HashMap::new();
    for line in lines.iter().filter(|line| line.is_good()) {
        let distinct: HashSet<u64> = line.content_words.iter().copied().collect();
        for word in distinct {
            *n_lines_of.entry(word).or_default() += 1;
        }
    }
    let is_topic = |word: &&u64| n_lines_of.get(word).is_some_and(|&n| n >= 2);
    lines
        .iter()
        .map(|line| {
            let n = line.content_words.iter().filter(is_topic).count();
            n as f32 / line.content_words.len().max(1) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_places() {
        let text = "  • Home\r\n\n***\nThe tide was out, and so were we.";
        let found = lines(text, 10);
        let texts: Vec<&str> = found.iter().map(|line| &text[line.bytes.clone()]).collect();
        assert_eq!(texts, ["• Home", "The tide was out, and so were we."]);
        assert!(found[1].ends_sentence() && !found[0].ends_sentence());
        assert_eq!(
            lines("a\nb\nc\nd", 2).len(),
            3,
            "one more than asked for says there are more"
        );
    }

    #[test]
    fn windows_and_distances() {
        assert_eq!(
            window_means(&[1.0, 0.0, 0.0, 1.0], 1),
            [0.5, 1.0 / 3.0, 1.0 / 3.0, 0.5]
        );
        let far = 51f32.ln();
        let expected = [far, 0.0, 2f32.ln(), 3f32.ln()];
        assert_eq!(distances([0.0, 1.0, 0.0, 0.0].iter()), expected);
    }

    #[test]
    fn every_number_is_finite() {
        let found = lines("x\n…1\n# A\n- b\n\u{301}e\n100 %", 100);
        for row in features(&found) {
            assert!(row.iter().all(|value| value.is_finite()));
        }
    }
}
