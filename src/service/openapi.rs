//! The OpenAPI document of the calls over plain HTTP, made of the contract's descriptors.

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
};
use serde_json::{Map, Value, json};

use super::keys;

const PACKAGE: &str = "copydesk.v1";

/// The document of a server that asks for keys, or of one that does not.
pub(super) fn document(pool: &DescriptorPool, asks_for_keys: bool) -> Value {
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
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": keys::SCHEME },
                "apiKey": { "type": "apiKey", "in": "header", "name": keys::KEY_HEADER },
            },
        },
        // One of them, or none.
        "security": match asks_for_keys {
            true => json!([{ "bearer": [] }, { "apiKey": [] }]),
            false => json!([]),
        },
    })
}

/// The errors of HTTP that an operation may answer with.
const OF_ANY: [(&str, &str); 3] = [
    ("401", "No API key, or one that is not known"),
    ("403", "The API key does not have the role"),
    ("431", "More metadata than a call may have"),
];
const OF_A_BODY: [(&str, &str); 1] = [("415", "A content encoding that is not taken")];
const OF_ONE_ARTICLE: [(&str, &str); 3] = [
    ("400", "The request is not in order; `field` says where"),
    ("413", "More bytes than a message may have"),
    (
        "429",
        "The key's rate is used up, or the server is busy; Retry-After says when to come back",
    ),
];

fn paths() -> Value {
    let single = operation(
        "Classifies one article",
        Some(("application/json", "ClassifyRequest")),
        ("application/json", "ClassifyResponse"),
        &[&OF_ANY[..], &OF_A_BODY, &OF_ONE_ARTICLE],
    );
    let lines = operation(
        "Classifies the article of each line; answers in the same order, as the lines come: read while you send, or send no more than some hundred lines at once",
        Some(("application/x-ndjson", "StreamClassifyRequest")),
        ("application/x-ndjson", "StreamClassifyResponse"),
        &[&OF_ANY[..], &OF_A_BODY],
    );
    let model = operation(
        "Describes the model that answers now",
        None,
        ("application/json", "GetModelResponse"),
        &[&OF_ANY[..]],
    );
    json!({
        "/v1/classify": { "post": single },
        "/v1/classify:batch": { "post": lines },
        "/v1/model": { "get": model },
    })
}

fn operation(
    summary: &str,
    body: Option<(&str, &str)>,
    answer: (&str, &str),
    errors: &[&[(&str, &str)]],
) -> Value {
    let error = |description: &str| json!({ "description": description, "content": content(("application/json", "Error")) });
    let mut operation = json!({
        "summary": summary,
        "responses": {
            "200": { "description": "The answer", "content": content(answer) },
            "default": error("Why there is none"),
        },
    });
    for (http_status, description) in errors.iter().copied().flatten() {
        operation["responses"][http_status] = error(description);
    }
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
