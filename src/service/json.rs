//! The contract's messages as JSON, by the proto3 JSON mapping.

use prost::Message;
use prost_reflect::{
    DescriptorError, DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor,
    SerializeOptions,
};

use super::pb;

/// JSON that is not the message asked for. The message quotes no text of the request.
#[derive(Debug, thiserror::Error)]
#[error("the JSON is no {message}: {place}")]
pub(super) struct JsonError {
    message: String,
    place: String,
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
            .ok_or_else(|| JsonError {
                message: name.to_owned(),
                place: "the contract has none".to_owned(),
            })
    }

    /// Reads a message. Fields may be named as in the contract or in camel case; an unknown one is
    /// an error, as a misspelt option would otherwise be ignored.
    pub(super) fn read<M: Message + Default>(
        &self,
        name: &str,
        json: &[u8],
    ) -> Result<M, JsonError> {
        let wrong = |place: String| JsonError {
            message: name.to_owned(),
            place,
        };
        let mut reader = serde_json::Deserializer::from_slice(json);
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let descriptor = self.descriptor(name)?;
        let message = DynamicMessage::deserialize_with_options(descriptor, &mut reader, &options)
            .map_err(|error| wrong(fault(&error)))?;
        reader.end().map_err(|error| wrong(fault(&error)))?;
        message
            .transcode_to()
            .map_err(|error| wrong(error.to_string()))
    }

    /// Writes a message. What has its default value is left out, as the mapping does.
    pub(super) fn write<M: Message>(&self, name: &str, message: &M) -> Result<String, JsonError> {
        let wrong = |place: String| JsonError {
            message: name.to_owned(),
            place,
        };
        let mut dynamic = DynamicMessage::new(self.descriptor(name)?);
        dynamic
            .transcode_from(message)
            .map_err(|error| wrong(error.to_string()))?;
        let mut text = Vec::new();
        let mut writer = serde_json::Serializer::new(&mut text);
        dynamic
            .serialize_with_options(&mut writer, &SerializeOptions::new())
            .map_err(|error| wrong(fault(&error)))?;
        String::from_utf8(text).map_err(|error| wrong(error.to_string()))
    }
}

/// Where JSON goes wrong. Names of fields are told, as a misspelt one is the likeliest fault; other
/// words of the parser may quote an article.
fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    match text.split_once("unrecognized field name '") {
        Some((_, rest)) => {
            let name: String = rest.chars().take_while(|c| *c != '\'').take(40).collect();
            format!("it has no field {name:?} at {place}")
        }
        None if error.is_syntax() || error.is_eof() => format!("it is not JSON at {place}"),
        None => format!("a value is of another kind than its field at {place}"),
    }
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
        assert!(fault("{").contains("not JSON at line 1"));
        let text = fault(r#"{"article": "a confidential text"}"#);
        assert!(!text.contains("confidential"), "{text}");
        let text = fault(r#"{"article": {"format": "a confidential text"}}"#);
        assert!(!text.contains("confidential"), "{text}");
    }
}
