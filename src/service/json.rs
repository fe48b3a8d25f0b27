//! The contract's messages as JSON, by the proto3 JSON mapping.

use std::fmt::Write;

use prost::Message;
use prost_reflect::{
    DescriptorError, DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind,
    MessageDescriptor, SerializeOptions,
};
use serde::de::DeserializeSeed;
use serde_path_to_error::{Path, Segment, Track};

use super::once::{Once, TOO_MANY, TWICE};
use super::pb;
use crate::pipeline::options::MAX_LISTED_TAGS;

/// JSON that is not the message asked for. It quotes names, and no text of the request.
#[derive(Debug, thiserror::Error)]
#[error("the JSON is no {message}: {fault}")]
pub(super) struct JsonError {
    message: String,
    /// In the contract's names, such as `article.format`; empty if no field is at fault.
    pub(super) field: String,
    fault: String,
}

impl JsonError {
    /// A fault that is not a field's.
    fn of(message: &str, fault: impl Into<String>) -> Self {
        Self {
            message: message.to_owned(),
            field: String::new(),
            fault: fault.into(),
        }
    }
}

/// Reads and writes messages as JSON, by what the descriptors say of them.
#[derive(Debug, Clone)]
pub(super) struct Json {
    pool: DescriptorPool,
}

impl Json {
    pub(super) fn new() -> Result<Self, DescriptorError> {
        let pool = DescriptorPool::decode(pb::DESCRIPTORS)?;
        Ok(Self { pool })
    }

    /// The descriptors, for what describes them.
    pub(super) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    fn descriptor(&self, name: &str) -> Result<MessageDescriptor, JsonError> {
        let full_name = format!("copydesk.v1.{name}");
        self.pool
            .get_message_by_name(&full_name)
            .ok_or_else(|| JsonError::of(name, "the contract has none"))
    }

    /// Reads a message. Fields may be named as in the contract or in camel case; an unknown one is
    /// an error, as a misspelt option would otherwise be ignored.
    pub(super) fn read<M: Message + Default>(
        &self,
        name: &str,
        json: &[u8],
    ) -> Result<M, JsonError> {
        let descriptor = self.descriptor(name)?;
        parse(json, &descriptor, Once(descriptor.clone()))?;
        // Refuses unknown fields.
        let message: DynamicMessage = parse(json, &descriptor, descriptor.clone())?;
        message
            .transcode_to()
            .map_err(|error| JsonError::of(name, error.to_string()))
    }

    /// Writes a message. What has its default value is left out, as the mapping does.
    pub(super) fn write<M: Message>(&self, name: &str, message: &M) -> Result<String, JsonError> {
        let mut dynamic = DynamicMessage::new(self.descriptor(name)?);
        dynamic
            .transcode_from(message)
            .map_err(|error| JsonError::of(name, error.to_string()))?;
        let mut text = Vec::new();
        let mut writer = serde_json::Serializer::new(&mut text);
        dynamic
            .serialize_with_options(&mut writer, &SerializeOptions::new())
            .map_err(|error| JsonError::of(name, error.to_string()))?;
        String::from_utf8(text).map_err(|error| JsonError::of(name, error.to_string()))
    }
}

/// Reads JSON, all of it, in the way of a seed.
fn parse<'de, S: DeserializeSeed<'de>>(
    json: &'de [u8],
    descriptor: &MessageDescriptor,
    seed: S,
) -> Result<S::Value, JsonError> {
    // Behind the end of the last line there is no place to name.
    let mut reader = serde_json::Deserializer::from_slice(json.trim_ascii_end());
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
    let value = seed
        .deserialize(tracked)
        .map_err(|error| at_fault(descriptor, &track.path(), &error))?;
    reader
        .end()
        .map_err(|error| JsonError::of(descriptor.name(), no_json(&error)))?;
    Ok(value)
}

/// The field of a name as the contract or as JSON writes it.
pub(super) fn field_of(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    let by_json_name = message.get_field_by_json_name(name);
    by_json_name.or_else(|| message.get_field_by_name(name))
}

/// What is wrong at a path within the JSON of a message. Names that do not exist are told, as a misspelt
/// one is the likeliest fault; other words of the parser may quote an article.
fn at_fault(message: &MessageDescriptor, path: &Path, error: &serde_json::Error) -> JsonError {
    let place = Place::of(message, path);
    let text = error.to_string();
    let unknown = quoted(&text, "unrecognized field name '");
    let twice = quoted(&text, TWICE);
    let too_long = quoted(&text, TOO_MANY);
    let fault = match (unknown, twice, too_long) {
        (Some(name), ..) => place.has_no_field(name),
        (_, Some(name), _) => format!("{} has {name} twice; send it once", place.subject()),
        (.., Some(name)) => format!(
            "{} has {} values; the limit is {MAX_LISTED_TAGS}: send those that matter to the article",
            place.name_of(name),
            text.split(' ').nth(3).unwrap_or("too many")
        ),
        _ if text.starts_with("control character") => format!(
            "{} has a line break or another control character as it is; write it as \\n, or as JSON writes it",
            place.subject()
        ),
        _ if error.is_syntax() || error.is_eof() => no_json(error),
        _ => place.is_of_another_kind(&text),
    };
    let field = match unknown.or(twice).or(too_long) {
        Some(name) => place.name_of(name),
        None => place.name,
    };
    JsonError {
        message: message.name().to_owned(),
        field,
        fault,
    }
}

fn no_json(error: &serde_json::Error) -> String {
    match (error.line(), error.column()) {
        (1, 0) => "it is empty; send an object".to_owned(),
        (line, column) => format!("it is not JSON at line {line} column {column}"),
    }
}

/// The name that stands in the parser's text if it begins with these words.
fn quoted<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    const MAX_CHARS: usize = 40;
    let name = text.strip_prefix(words)?.split('\'').next()?;
    let end = name.char_indices().nth(MAX_CHARS).map(|(end, _)| end);
    name.get(..end.unwrap_or(name.len()))
}

/// Where a path of JSON leads.
struct Place {
    /// Such as `article.existing_tags[2]`.
    name: String,
    /// `None`: the message itself.
    field: Option<FieldDescriptor>,
    /// One of a field's values rather than their list.
    is_element: bool,
    /// What it is, or within, if that is a message.
    message: Option<MessageDescriptor>,
}

impl Place {
    fn of(message: &MessageDescriptor, path: &Path) -> Self {
        let mut place = Self {
            name: String::new(),
            field: None,
            is_element: false,
            message: Some(message.clone()),
        };
        for step in path {
            match step {
                Segment::Map { key } => place.enter(key),
                Segment::Seq { index } => {
                    // Writing to a string does not fail.
                    let _ = write!(place.name, "[{index}]");
                    place.is_element = true;
                }
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        place
    }

    fn enter(&mut self, key: &str) {
        let message = self.message.take();
        let field = message.and_then(|message| field_of(&message, key));
        if let Some(field) = field {
            self.name = self.name_of(field.name());
            self.message = field.kind().as_message().cloned();
            self.field = Some(field);
            self.is_element = false;
        }
    }

    fn name_of(&self, field: &str) -> String {
        let dot = if self.name.is_empty() { "" } else { "." };
        format!("{}{dot}{field}", self.name)
    }

    fn subject(&self) -> &str {
        if self.name.is_empty() {
            "it"
        } else {
            &self.name
        }
    }

    fn has_no_field(&self, name: &str) -> String {
        let fields = self.message.iter().flat_map(MessageDescriptor::fields);
        let names: Vec<_> = fields.map(|field| field.json_name().to_owned()).collect();
        format!(
            "{} has no field {name:?}; its fields are {}",
            self.subject(),
            names.join(", ")
        )
    }

    fn is_of_another_kind(&self, said: &str) -> String {
        let kind = match &self.field {
            Some(field) if !field.is_list() || self.is_element => wanted(&field.kind()),
            Some(_) => "a list".to_owned(),
            None => "an object".to_owned(),
        };
        // What the parser found, without its value; or a name.
        let sent = said
            .strip_prefix("invalid type: ")
            .and_then(|found| found.split(['`', '"', ',']).next())
            .or_else(|| quoted(said, "unrecognized enum value '").filter(|name| is_name(name)));
        let sent = sent.map_or_else(String::new, |sent| format!(" (sent: {})", sent.trim_end()));
        format!("{} has to be {kind}{sent}", self.subject())
    }
}

fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What JSON has for a kind.
fn wanted(kind: &Kind) -> String {
    match kind {
        Kind::String => "a string".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Uint32 | Kind::Fixed32 => format!("a whole number from 0 to {}", u32::MAX),
        Kind::Float | Kind::Double => "a number".to_owned(),
        Kind::Message(_) => "an object".to_owned(),
        Kind::Enum(listed) => format!("one of {}", choices(listed)),
        _ => "what /v1/openapi.json says".to_owned(),
    }
}

fn choices(listed: &EnumDescriptor) -> String {
    let names: Vec<_> = listed.values().map(|v| v.name().to_owned()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected text after the mapping's own rules: camel case, 64-bit numbers as strings, enums by
    /// name, defaults left out.
    #[test]
    fn the_mapping_is_that_of_proto3() {
        let json = Json::new().unwrap();
        let result = pb::ArticleResult {
            article_id: "7".into(),
            index: 1,
            outcome: Some(pb::article_result::Outcome::Classification(
                pb::Classification {
                    needs_review: true,
                    warnings: vec![pb::Warning::ShortText.into()],
                    elapsed_us: 12,
                    ..pb::Classification::default()
                },
            )),
        };
        let text = json.write("ArticleResult", &result).unwrap();
        assert_eq!(
            text,
            r#"{"articleId":"7","index":"1","classification":{"needsReview":true,"warnings":["WARNING_SHORT_TEXT"],"elapsedUs":"12"}}"#
        );
        assert_eq!(
            json.read::<pb::ArticleResult>("ArticleResult", text.as_bytes())
                .unwrap(),
            result
        );
    }

    #[test]
    fn faults_are_placed_and_quote_no_article() {
        let json = Json::new().unwrap();
        let fault = |text: &str| {
            let read = json.read::<pb::ClassifyRequest>("ClassifyRequest", text.as_bytes());
            read.unwrap_err().to_string()
        };
        assert!(fault(r#"{"artikel": {}}"#).contains("artikel"));
        let text = fault(r#"{"article": {"format": "confidential text, expected to stay"}}"#);
        assert!(!text.contains("confidential"), "{text}");
        assert!(fault("{").contains("not JSON at line 1"));
        let text = fault(r#"{"article": "a confidential text"}"#);
        assert!(!text.contains("confidential"), "{text}");
        let text = fault(r#"{"article": {"format": "a confidential text"}}"#);
        assert!(!text.contains("confidential"), "{text}");
    }

    #[test]
    fn faults_name_their_field_and_what_it_takes() {
        let json = Json::new().unwrap();
        for (text, field, said) in [
            (
                r#"{"artikel": {}}"#,
                "artikel",
                "it has no field \"artikel\"; its fields are article, options",
            ),
            (
                r#"{"options": {"maxTpics": 1}}"#,
                "options.maxTpics",
                "options has no field \"maxTpics\"; its fields are maxTopics, ",
            ),
            (
                r#"{"article": {"format": "HTML"}}"#,
                "article.format",
                "article.format has to be one of CONTENT_FORMAT_UNSPECIFIED, CONTENT_FORMAT_TEXT, CONTENT_FORMAT_HTML, CONTENT_FORMAT_PAGE_TEXT (sent: HTML)",
            ),
            (
                r#"{"article": {"body": 7}}"#,
                "article.body",
                "article.body has to be a string (sent: integer)",
            ),
            (
                r#"{"article": {"existingTags": ["a", ["b"]]}}"#,
                "article.existing_tags[1]",
                "article.existing_tags[1] has to be a string (sent: sequence)",
            ),
            (
                r#"{"article": {"existing_tags": "a"}}"#,
                "article.existing_tags",
                "article.existing_tags has to be a list (sent: string)",
            ),
            (
                r#"{"options": {"maxTopics": -1}}"#,
                "options.max_topics",
                "options.max_topics has to be a whole number from 0 to 4294967295",
            ),
            (
                r#"{"options": {"maxTags": 1, "maxTags": 2}}"#,
                "options.max_tags",
                "options has max_tags twice; send it once",
            ),
            (
                r#"{"article": {"body": "a", "title": "t", "body": null}}"#,
                "article.body",
                "article has body twice; send it once",
            ),
            (
                r#"{"article": {"existingTags": [], "existing_tags": []}}"#,
                "article.existing_tags",
                "article has existing_tags twice; send it once",
            ),
            (
                &format!(
                    r#"{{"article": {{"existingTags": [{}""]}}}}"#,
                    r#""","#.repeat(1_000)
                ),
                "article.existing_tags",
                "article.existing_tags has 1001 values; the limit is 1000: send those that matter",
            ),
            (
                r#"{"article": {}, "article": {}}"#,
                "article",
                "it has article twice; send it once",
            ),
            ("", "", "it is empty; send an object"),
            ("[]", "", "it has to be an object (sent: sequence)"),
            (
                "{\"article\": {\"body\": \"one line\nand another\"}}",
                "article.body",
                "article.body has a line break",
            ),
        ] {
            let read = json.read::<pb::ClassifyRequest>("ClassifyRequest", text.as_bytes());
            let error = read.unwrap_err();
            assert_eq!(error.field, field, "{error}");
            let said = format!("the JSON is no ClassifyRequest: {said}");
            assert!(error.to_string().starts_with(&said), "{error}");
        }
    }

    #[test]
    fn a_line_that_breaks_off_has_no_place_behind_its_end() {
        let json = Json::new().unwrap();
        let read = json.read::<pb::ClassifyRequest>("ClassifyRequest", b"{\r\n");
        let text = read.unwrap_err().to_string();
        assert!(text.ends_with("not JSON at line 1 column 1"), "{text}");
    }
}
