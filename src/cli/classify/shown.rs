//! An answer for people: a row of a table and, if asked for, what is behind it.

use unicode_width::UnicodeWidthStr;

use crate::pipeline::{Classification, Rejection, Tag, Warning};
use crate::text::{Article, Field};

/// Tags that are not suggested, as many of one reason as a person wants to read.
const SHOWN_REJECTED: usize = 8;

/// The table's first row.
pub(super) fn head() -> String {
    row("TOPIC", "P", "TAGS", "ARTICLE")
}

/// Widths are fixed: rows are printed as they come.
fn row(topic: &str, probability: &str, tags: &str, article: &str) -> String {
    let (topic, tags) = (padded(topic, 24), padded(tags, 48));
    format!("{topic} {probability:>5}  {tags}  {article}")
}

/// A text with blanks to a width in columns of a terminal: a Chinese character takes two, a Thai vowel above its
/// letter none.
fn padded(text: &str, width: usize) -> String {
    let n_blanks = width.saturating_sub(text.width());
    format!("{text}{:n_blanks$}", "")
}

/// An article's row of the table.
pub(super) fn table_row(id: &str, answer: &Classification) -> String {
    let (topic, probability) = match answer.topics.first() {
        Some(best) => (&*best.topic, format!("{:.2}", best.probability)),
        None => ("-", String::new()),
    };
    let tags: Vec<&str> = answer.tags.iter().map(|tag| &*tag.label).collect();
    let tags = if tags.is_empty() {
        "-".to_owned()
    } else {
        tags.join(", ")
    };
    let review = if answer.needs_review {
        "  (needs review)"
    } else {
        ""
    };
    let warnings: String = answer
        .warnings
        .iter()
        .map(|w| format!("  ({})", warning(*w)))
        .collect();
    row(
        topic,
        &probability,
        &tags,
        &format!("{id}{review}{warnings}"),
    )
}

/// The tags that are not suggested, a line for each reason; `--json` has them all.
pub(super) fn rejected(answer: &Classification) -> String {
    const REASONS: [Rejection; 6] = [
        Rejection::Existing,
        Rejection::Denied,
        Rejection::NotAllowed,
        Rejection::LowConfidence,
        Rejection::PartOfAnother,
        Rejection::OverLimit,
    ];
    let line = |reason| {
        let rejected = answer.rejected_tags.iter();
        let mut tags: Vec<String> = rejected
            .filter(|rejected| rejected.reason == reason)
            .map(|rejected| format!("{} {:.2}", rejected.tag.label, rejected.tag.confidence))
            .collect();
        let n_more = tags.len().saturating_sub(SHOWN_REJECTED);
        if n_more > 0 {
            tags.truncate(SHOWN_REJECTED);
            tags.push(format!("and {n_more} more"));
        }
        (!tags.is_empty()).then(|| {
            format!(
                "  not suggested, {}: {}",
                rejection(reason),
                tags.join(", ")
            )
        })
    };
    let lines: Vec<String> = REASONS.into_iter().filter_map(line).collect();
    lines.join("\n")
}

fn rejection(reason: Rejection) -> &'static str {
    match reason {
        Rejection::Existing => "there already",
        Rejection::Denied => "denied",
        Rejection::NotAllowed => "not allowed",
        Rejection::LowConfidence => "not sure enough",
        Rejection::PartOfAnother => "part of another",
        Rejection::OverLimit => "enough better ones",
    }
}

fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::UnsupportedLanguage => "not in a language of the model",
        Warning::NoKnownTerms => "no known words",
        Warning::LowExtractionQuality => "the whole page was read",
        Warning::ShortText => "very short",
    }
}

/// A tag with what is known of it.
fn tag_line(tag: &Tag) -> String {
    let origin = match &tag.code {
        Some(code) => format!(" [{code}]"),
        None if tag.is_new => " [new]".to_owned(),
        None => String::new(),
    };
    let (label, n) = (&tag.label, tag.mentions.len());
    format!("{label}{origin} {:.2} ({n}×)", tag.confidence)
}

/// The tags, the terms that speak for and against the topic, and the article with those for it in brackets.
pub(super) fn explanation(article: &Article, answer: &Classification) -> String {
    let terms = |speaks_for: bool| {
        let chosen = answer
            .evidence
            .iter()
            .filter(|e| (e.weight > 0.0) == speaks_for);
        let named: Vec<String> = chosen
            .map(|e| format!("{} {:+.2} ({}×)", e.term, e.weight, e.mentions.len()))
            .collect();
        if named.is_empty() {
            "-".to_owned()
        } else {
            named.join(", ")
        }
    };
    let title = marked(article.title(), Field::Title, answer);
    let body = marked(article.body(), Field::Body, answer);
    let tags: Vec<String> = answer.tags.iter().map(tag_line).collect();
    let tags = match tags.is_empty() {
        true => String::new(),
        false => format!("\n  tags     {}", tags.join(", ")),
    };
    format!(
        "{tags}\n  for      {}\n  against  {}\n\n{}\n",
        terms(true),
        terms(false),
        format!("{title}\n{body}").trim()
    )
}

/// A text with brackets around the terms that speak for the topic; overlapping ones share theirs.
fn marked(text: &str, field: Field, answer: &Classification) -> String {
    let speak_for = answer.evidence.iter().filter(|e| e.weight > 0.0);
    let mut spans: Vec<(usize, usize)> = speak_for
        .flat_map(|e| &e.mentions)
        .filter(|span| span.field == field)
        .map(|span| (span.start, span.end))
        .collect();
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len() + 2 * spans.len());
    let (mut at, mut spans) = (0, spans.into_iter().peekable());
    while let Some((start, mut end)) = spans.next() {
        while let Some((_, further)) = spans.next_if(|(start, _)| *start <= end) {
            end = end.max(further);
        }
        out.push_str(&text[at..start]);
        out.push('[');
        out.push_str(&text[start..end]);
        out.push(']');
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_in_any_script() {
        for topic in ["Economy", "经济", "เศรษฐกิจ", "الاقتصاد"] {
            let shown = row(topic, "0.90", "-", "a.txt");
            let before = shown.split("0.90").next().unwrap_or_default();
            assert_eq!(before.width(), 26, "{shown}");
        }
    }
}
