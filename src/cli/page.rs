//! A page as JSON, for `classify` and `extract`.

use serde::Serialize;

use crate::pipeline::PageReport;
use crate::text::{Field, Span};

/// A page and the article that was found in it, for machines. Names are the contract's.
#[derive(Serialize)]
pub(super) struct PageAnswer<'a> {
    title: &'a str,
    published: &'a str,
    author: &'a str,
    source: &'a str,
    section: &'a str,
    page_tags: &'a [String],
    article_ranges: Vec<SpanAnswer>,
    article_text: &'a str,
}

/// In UTF-8 bytes.
#[derive(Serialize)]
pub(super) struct SpanAnswer {
    field: &'static str,
    start: usize,
    end: usize,
}

impl<'a> PageAnswer<'a> {
    pub(super) fn new(found: &'a PageReport) -> Self {
        Self {
            title: &found.page.title,
            published: &found.page.published,
            author: &found.page.author,
            source: &found.page.source,
            section: &found.page.section,
            page_tags: &found.page.page_tags,
            article_ranges: found.article_ranges.iter().map(SpanAnswer::new).collect(),
            article_text: &found.article_text,
        }
    }
}

impl SpanAnswer {
    pub(super) fn new(span: &Span) -> Self {
        Self {
            field: match span.field {
                Field::Title => "SPAN_FIELD_TITLE",
                Field::Body => "SPAN_FIELD_BODY",
            },
            start: span.start,
            end: span.end,
        }
    }
}
