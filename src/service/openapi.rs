//! The OpenAPI document of the calls over plain HTTP, made of the contract's descriptors.

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

const PACKAGE: &str = "copydesk.v1";

/// The document.
pub(super) fn document(pool: &DescriptorPool) -> Value {
    let messages = pool
        .all_messages()
        .filter(|message| message.package_name() == PACKAGE)
        .map(|message| (message.name().to_owned(), message_schema(&message)));
    let enums = pool
        .all_enums()
        .filter(|listed| listed.package_name() == PACKAGE)
        .map(|listed| (listed.name().to_owned(), enum_schema(&listed)));
    let mut schemas: Map<String, Value> = messages.chain(enums).collect();
    schemas.insert("Error".to_owned(), error_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Copydesk",
            "summary": "Topic and tags of news articles",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths(),
        "components": { "schemas": schemas },
    })
}

fn paths() -> Value {
    let single = operation(
        "Classifies one article",
        Some(("application/json", "ClassifyRequest")),
        ("application/json", "ClassifyResponse"),
    );
    let lines = operation(
        "Classifies the article of each line; answers in the same order, as the lines come",
        Some(("application/x-ndjson", "StreamClassifyRequest")),
        ("application/x-ndjson", "StreamClassifyResponse"),
    );
    let model = operation(
        "Describes the model that answers now",
        None,
        ("application/json", "GetModelResponse"),
    );
    json!({
        "/v1/classify": { "post": single },
        "/v1/classify:batch": { "post": lines },
        "/v1/model": { "get": model },
    })
}

fn operation(summary: &str, body: Option<(&str, &str)>, answer: (&str, &str)) -> Value {
    let mut operation = json!({
        "summary": summary,
        "responses": {
            "200": { "description": "The answer", "content": content(answer) },
            "default": {
                "description": "Why there is none",
                "content": content(("application/json", "Error")),
            },
        },
    });
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": content(body) });
    }
    operation
}

fn content((media_type, schema): (&str, &str)) -> Value {
    json!({ media_type: { "schema": reference(schema) } })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn error_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "code": { "type": "integer", "description": "A number of google.rpc.Code" },
            "status": { "type": "string", "description": "Its name" },
            "reason": { "type": ["string", "null"] },
            "message": { "type": "string" },
            "field": { "type": ["string", "null"], "description": "The field at fault" },
        },
    })
}

fn message_schema(message: &MessageDescriptor) -> Value {
    let properties: Map<String, Value> = message
        .fields()
        .map(|field| (field.json_name().to_owned(), field_schema(&field)))
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn field_schema(field: &FieldDescriptor) -> Value {
    let one = kind_schema(&field.kind());
    match field.cardinality() {
        Cardinality::Repeated => json!({ "type": "array", "items": one }),
        Cardinality::Optional | Cardinality::Required => one,
    }
}

/// As the proto3 JSON mapping writes the kinds: 64-bit numbers are strings.
fn kind_schema(kind: &Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => json!({ "type": "number" }),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer" }),
        Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0 }),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            json!({ "type": "string", "format": "int64" })
        }
        Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "format": "uint64" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::String => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Message(message) if message.package_name() == PACKAGE => reference(message.name()),
        // The only message of another package is Timestamp.
        Kind::Message(_) => json!({ "type": "string", "format": "date-time" }),
        Kind::Enum(listed) => reference(listed.name()),
    }
}

fn enum_schema(listed: &EnumDescriptor) -> Value {
    let names: Vec<String> = listed.values().map(|v| v.name().to_owned()).collect();
    json!({ "type": "string", "enum": names })
}
