//! The contract's messages to the pipeline's values and back. Strings are moved, not copied.

use std::sync::Arc;
use std::time::Duration;

use tonic::Status;
use tonic_types::StatusExt;

use super::classify::{CheckedOptions, ClassifyError};
use super::counted::Sent;
use super::pb;
use super::pb::article_result::Outcome;
use super::status;
use crate::pipeline::manifest::TopicEntry;
use crate::pipeline::options::{OptionsDraft, check_tag_list};
use crate::pipeline::{
    Classification, Evidence, Manifest, Options, PageReport, Pipeline, RejectedTag, Rejection, Tag,
    TagKind, TagSource, TopicScore, Warning,
};
use crate::text::{Article, ArticleDraft, ContentFormat, Field, OffsetUnit, Span};

/// The article of a request, checked.
pub(super) fn article(sent: Sent) -> Result<Article, ClassifyError> {
    if let Some(fault) = sent.fault {
        return Err(fault);
    }
    let sent = sent.article.ok_or(ClassifyError::NoArticle)?;
    let format = match enum_value("article.format", sent.format)? {
        pb::ContentFormat::Unspecified => ContentFormat::Unspecified,
        pb::ContentFormat::Text => ContentFormat::Text,
        pb::ContentFormat::Html => ContentFormat::Html,
        pb::ContentFormat::PageText => ContentFormat::PageText,
    };
    check_tag_list("article.existing_tags", &sent.existing_tags)?;
    Ok(Article::new(ArticleDraft {
        title: sent.title,
        body: sent.body,
        format,
        language: sent.language,
        existing_tags: sent.existing_tags,
    })?)
}

/// The options of a request, checked; absent, the model's own choice.
pub(super) fn options(sent: Option<pb::ClassifyOptions>) -> CheckedOptions {
    let sent = sent.unwrap_or_default();
    let tag_source = match enum_value("options.tag_source", sent.tag_source)? {
        pb::TagSource::Unspecified => TagSource::Any,
        pb::TagSource::Vocabulary => TagSource::Vocabulary,
        pb::TagSource::Keyphrases => TagSource::Keyphrases,
    };
    let offset_unit = match enum_value("options.offset_unit", sent.offset_unit)? {
        pb::OffsetUnit::Unspecified => OffsetUnit::Bytes,
        pb::OffsetUnit::CodePoints => OffsetUnit::CodePoints,
        pb::OffsetUnit::Utf16 => OffsetUnit::Utf16,
    };
    let options = Options::new(OptionsDraft {
        max_topics: sent.max_topics as usize,
        max_tags: sent.max_tags.map(|n| n as usize),
        min_tag_confidence: sent.min_tag_confidence,
        tag_source,
        deny_tags: sent.deny_tags,
        allow_tags: sent.allow_tags,
        include_rejected_tags: sent.include_rejected_tags,
        explain: sent.explain,
        offset_unit,
    })?;
    Ok(Arc::new(options))
}

fn enum_value<E: TryFrom<i32>>(field: &'static str, given: i32) -> Result<E, ClassifyError> {
    E::try_from(given).map_err(|_| ClassifyError::UnknownNumber { field, given })
}

/// What was found, as the contract says it.
pub(super) fn classification(
    found: Classification,
    manifest: &Manifest,
    elapsed: Duration,
) -> pb::Classification {
    // A model may have tags and no topics.
    let (topic, confidence) = match found.topics.first() {
        Some(best) => (best.topic.to_string(), best.probability),
        None => (String::new(), 0.0),
    };
    pb::Classification {
        topic,
        confidence,
        topics: found
            .topics
            .iter()
            .map(|score| topic_score(score, manifest))
            .collect(),
        tags: found.tags.into_iter().map(tag).collect(),
        rejected_tags: found.rejected_tags.into_iter().map(rejected_tag).collect(),
        language: found
            .language
            .map_or_else(String::new, |tag| tag.as_str().to_owned()),
        needs_review: found.needs_review,
        model: Some(version(manifest)),
        evidence: found.evidence.into_iter().map(evidence).collect(),
        warnings: found
            .warnings
            .into_iter()
            .map(|w| warning(w).into())
            .collect(),
        elapsed_us: elapsed.as_micros().try_into().unwrap_or(u64::MAX),
        page: found.page.map(page),
    }
}

fn page(found: PageReport) -> pb::Page {
    pb::Page {
        title: found.page.title,
        published: found.page.published,
        author: found.page.author,
        source: found.page.source,
        section: found.page.section,
        page_tags: found.page.page_tags,
        article_ranges: found.article_ranges.into_iter().map(span).collect(),
        article_text: found.article_text,
    }
}

fn tag(found: Tag) -> pb::Tag {
    let kind = match found.kind {
        TagKind::Vocabulary => pb::TagKind::Vocabulary,
        TagKind::Keyphrase => pb::TagKind::Keyphrase,
    };
    pb::Tag {
        label: found.label.to_string(),
        kind: kind.into(),
        confidence: found.confidence,
        mentions: found.mentions.into_iter().map(span).collect(),
        code: text(found.code),
        is_new: found.is_new,
        broader: text(found.broader),
    }
}

fn text(text: Option<Arc<str>>) -> String {
    text.map_or_else(String::new, |text| text.to_string())
}

fn rejected_tag(found: RejectedTag) -> pb::RejectedTag {
    let reason = match found.reason {
        Rejection::Existing => pb::TagRejectionReason::Existing,
        Rejection::Denied => pb::TagRejectionReason::Denied,
        Rejection::NotAllowed => pb::TagRejectionReason::NotAllowed,
        Rejection::LowConfidence => pb::TagRejectionReason::LowConfidence,
        Rejection::PartOfAnother => pb::TagRejectionReason::PartOfAnother,
        Rejection::OverLimit => pb::TagRejectionReason::OverLimit,
    };
    pb::RejectedTag {
        tag: Some(tag(found.tag)),
        reason: reason.into(),
    }
}

fn topic_score(score: &TopicScore, manifest: &Manifest) -> pb::TopicScore {
    pb::TopicScore {
        topic: score.topic.to_string(),
        probability: score.probability,
        iptc_code: manifest
            .topics
            .get(score.index)
            .map_or_else(String::new, |topic| topic.iptc_code.clone()),
    }
}

fn evidence(found: Evidence) -> pb::Evidence {
    pb::Evidence {
        term: found.term,
        weight: found.weight,
        mentions: found.mentions.into_iter().map(span).collect(),
    }
}

fn span(span: Span) -> pb::Span {
    let field = match span.field {
        Field::Title => pb::SpanField::Title,
        Field::Body => pb::SpanField::Body,
    };
    // An article is far shorter than 4 GiB.
    let offset = |place: usize| place.try_into().unwrap_or(u32::MAX);
    pb::Span {
        field: field.into(),
        start: offset(span.start),
        end: offset(span.end),
    }
}

fn warning(warning: Warning) -> pb::Warning {
    match warning {
        Warning::UnsupportedLanguage => pb::Warning::UnsupportedLanguage,
        Warning::NoKnownTerms => pb::Warning::NoKnownTerms,
        Warning::LowExtractionQuality => pb::Warning::LowExtractionQuality,
        Warning::ShortText => pb::Warning::ShortText,
    }
}

/// The outcome of one article of a batch or a stream.
pub(super) fn outcome(outcome: Result<pb::Classification, ClassifyError>) -> Outcome {
    match outcome {
        Ok(classification) => Outcome::Classification(classification),
        Err(error) => Outcome::Error(pb::ArticleError {
            code: status::code(&error).into(),
            message: error.to_string(),
            field: error.field().unwrap_or_default().to_owned(),
        }),
    }
}

/// A status in the place of an article that never arrived whole.
pub(super) fn refusal(status: &Status) -> Outcome {
    let details = status.get_error_details();
    Outcome::Error(pb::ArticleError {
        code: status.code().into(),
        message: status.message().to_owned(),
        field: status::field(&details).unwrap_or_default().to_owned(),
    })
}

fn version(manifest: &Manifest) -> pb::ModelVersion {
    pb::ModelVersion {
        name: manifest.name.clone(),
        version: manifest.version(),
    }
}

/// The model's card.
pub(super) fn model_card(pipeline: &Pipeline) -> pb::ModelCard {
    let manifest = pipeline.manifest();
    let training = &manifest.training;
    pb::ModelCard {
        version: Some(version(manifest)),
        trained_at: training
            .trained_at_unix_seconds
            .map(|seconds| prost_types::Timestamp { seconds, nanos: 0 }),
        topics: manifest.topics.iter().map(topic_card).collect(),
        vocabulary_tags: pipeline.n_vocabulary_tags().try_into().unwrap_or(u32::MAX),
        languages: manifest.languages.clone(),
        accuracy: manifest.metrics.accuracy,
        macro_f1: manifest.metrics.macro_f1,
        calibration_error: manifest.metrics.calibration_error,
        review_threshold: manifest.review_threshold,
        training_data: match training.licence.as_str() {
            "" => training.data.clone(),
            licence => format!("{} (model licence: {licence})", training.data),
        },
    }
}

fn topic_card(topic: &TopicEntry) -> pb::TopicCard {
    pb::TopicCard {
        topic: topic.name.clone(),
        iptc_code: topic.iptc_code.clone(),
        training_articles: topic.training_articles,
        f1: topic.f1,
    }
}
