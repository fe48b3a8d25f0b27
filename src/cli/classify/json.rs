//! An answer for machines: one JSON object, whose names are the contract's.

use serde::Serialize;

use crate::cli::page::{PageAnswer, SpanAnswer};
use crate::pipeline::{
    Classification, Evidence, Manifest, RejectedTag, Rejection, Tag, TagKind, Warning,
};

/// One answer for machines.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(flatten)]
    classification: Option<AnswerBody<'a>>,
}

#[derive(Serialize)]
struct AnswerBody<'a> {
    topic: &'a str,
    confidence: f32,
    topics: Vec<TopicAnswer<'a>>,
    tags: Vec<TagAnswer<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected_tags: Vec<RejectedAnswer<'a>>,
    language: &'a str,
    needs_review: bool,
    warnings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<PageAnswer<'a>>,
    model: ModelAnswer<'a>,
}

#[derive(Serialize)]
struct TopicAnswer<'a> {
    topic: &'a str,
    probability: f32,
    iptc_code: &'a str,
}

#[derive(Serialize)]
struct TagAnswer<'a> {
    label: &'a str,
    kind: &'static str,
    confidence: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broader: Option<&'a str>,
    is_new: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<SpanAnswer>,
}

#[derive(Serialize)]
struct RejectedAnswer<'a> {
    tag: TagAnswer<'a>,
    reason: &'static str,
}

#[derive(Serialize)]
struct EvidenceAnswer<'a> {
    term: &'a str,
    weight: f32,
    mentions: Vec<SpanAnswer>,
}

#[derive(Serialize)]
struct ModelAnswer<'a> {
    name: &'a str,
    version: String,
}

/// An article's answer, or what is wrong with it.
pub(super) fn answer<'a>(
    id: &'a str,
    answer: &'a Result<Classification, String>,
    manifest: &'a Manifest,
) -> Answer<'a> {
    Answer {
        id,
        error: answer.as_ref().err().map(String::as_str),
        classification: answer.as_ref().ok().map(|answer| body(answer, manifest)),
    }
}

fn body<'a>(answer: &'a Classification, manifest: &'a Manifest) -> AnswerBody<'a> {
    let best = answer.topics.first();
    AnswerBody {
        topic: best.map_or("", |best| &best.topic),
        confidence: best.map_or(0.0, |best| best.probability),
        topics: answer
            .topics
            .iter()
            .map(|score| TopicAnswer {
                topic: &score.topic,
                probability: score.probability,
                iptc_code: &manifest.topics[score.index].iptc_code,
            })
            .collect(),
        tags: answer.tags.iter().map(tag_answer).collect(),
        rejected_tags: answer.rejected_tags.iter().map(rejected_answer).collect(),
        language: answer
            .language
            .as_ref()
            .map_or("", |language| language.as_str()),
        warnings: answer.warnings.iter().map(|w| warning(*w)).collect(),
        needs_review: answer.needs_review,
        evidence: answer.evidence.iter().map(evidence).collect(),
        page: answer.page.as_ref().map(PageAnswer::new),
        model: ModelAnswer {
            name: &manifest.name,
            version: manifest.version(),
        },
    }
}

fn tag_answer(tag: &Tag) -> TagAnswer<'_> {
    TagAnswer {
        label: &tag.label,
        kind: match tag.kind {
            TagKind::Vocabulary => "TAG_KIND_VOCABULARY",
            TagKind::Keyphrase => "TAG_KIND_KEYPHRASE",
        },
        confidence: tag.confidence,
        code: tag.code.as_deref(),
        broader: tag.broader.as_deref(),
        is_new: tag.is_new,
        mentions: tag.mentions.iter().map(SpanAnswer::new).collect(),
    }
}

fn rejected_answer(rejected: &RejectedTag) -> RejectedAnswer<'_> {
    RejectedAnswer {
        tag: tag_answer(&rejected.tag),
        reason: rejection(rejected.reason),
    }
}

fn evidence(found: &Evidence) -> EvidenceAnswer<'_> {
    EvidenceAnswer {
        term: &found.term,
        weight: found.weight,
        mentions: found.mentions.iter().map(SpanAnswer::new).collect(),
    }
}

fn rejection(reason: Rejection) -> &'static str {
    match reason {
        Rejection::Existing => "TAG_REJECTION_REASON_EXISTING",
        Rejection::Denied => "TAG_REJECTION_REASON_DENIED",
        Rejection::NotAllowed => "TAG_REJECTION_REASON_NOT_ALLOWED",
        Rejection::LowConfidence => "TAG_REJECTION_REASON_LOW_CONFIDENCE",
        Rejection::PartOfAnother => "TAG_REJECTION_REASON_PART_OF_ANOTHER",
        Rejection::OverLimit => "TAG_REJECTION_REASON_OVER_LIMIT",
    }
}

fn warning(warning: Warning) -> &'static str {
    match warning {
        Warning::UnsupportedLanguage => "WARNING_UNSUPPORTED_LANGUAGE",
        Warning::NoKnownTerms => "WARNING_NO_KNOWN_TERMS",
        Warning::LowExtractionQuality => "WARNING_LOW_EXTRACTION_QUALITY",
        Warning::ShortText => "WARNING_SHORT_TEXT",
    }
}
