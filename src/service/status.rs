//! The one place where an error becomes a gRPC status.

use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::classify::ClassifyError;

/// How prost begins its account of bytes that are no message.
const MALFORMED: &str = "failed to decode Protobuf message: ";

/// The code of an error, for a status and for an `ArticleError` alike.
pub(super) fn code(error: &ClassifyError) -> Code {
    match error {
        ClassifyError::NoArticle
        | ClassifyError::UnknownNumber { .. }
        | ClassifyError::Article(_)
        | ClassifyError::Options(_) => Code::InvalidArgument,
        ClassifyError::Fault => Code::Internal,
    }
}

/// The status of a call that failed because of one article. The details name the field.
pub(super) fn of_error(error: &ClassifyError) -> Status {
    let message = error.to_string();
    match error.field() {
        Some(field) => bad_request(code(error), field, message),
        None => Status::new(code(error), message),
    }
}

fn bad_request(code: Code, field: &str, message: String) -> Status {
    let details = ErrorDetails::with_bad_request_violation(field, message.as_str());
    Status::with_error_details(code, message, details)
}

/// The end of a stream that outlives the server.
pub(super) fn stopping() -> Status {
    Status::unavailable(
        "the server is stopping; send the articles without an answer again, on a new connection",
    )
}

/// A health check of a service that is not here.
pub(super) fn unknown_service(service: &str) -> Status {
    let name: String = service.chars().take(100).collect();
    Status::not_found(format!("this server has no service {name:?}"))
}

/// What tonic says of a message it did not hand on, in the contract's codes: a message over the
/// limit is OUT_OF_RANGE to tonic and RESOURCE_EXHAUSTED to us; bytes that are no message, such as
/// a string that is not UTF-8, are INTERNAL to tonic and the caller's mistake to us.
pub(super) fn of_refusal(status: Status) -> Status {
    let malformed = status.message().strip_prefix(MALFORMED);
    match (status.code(), malformed) {
        (Code::OutOfRange, _) => Status::resource_exhausted(oversize(status.message())),
        (Code::Internal, Some(reason)) => {
            let message = format!("the message cannot be read: {reason}");
            bad_request(Code::InvalidArgument, &field_path(reason), message)
        }
        _ => status,
    }
}

/// [`of_refusal`] for a call that ended before it reached its handler.
pub(super) fn answer_refusal(mut response: http::Response<Body>) -> http::Response<Body> {
    match response.extensions_mut().remove::<Status>() {
        Some(status) => of_refusal(status).into_http(),
        None => response,
    }
}

/// tonic names the message's size and then the limit.
fn oversize(message: &str) -> String {
    let mut numbers = message
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    match (numbers.next(), numbers.next()) {
        (Some(size), Some(limit)) => format!(
            "the message has {size} bytes; the limit is {limit} bytes: send fewer or shorter articles in one message"
        ),
        _ => message.to_owned(),
    }
}

/// `Article.body: ClassifyRequest.article: invalid string value: …` is about `article.body`: prost
/// names the innermost field first.
fn field_path(reason: &str) -> String {
    let mut fields: Vec<&str> = reason
        .split(": ")
        .filter(|step| !step.contains(' '))
        .filter_map(|step| step.split_once('.'))
        .map(|(_, field)| field)
        .collect();
    fields.reverse();
    fields.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_of_bytes_that_are_no_message_is_named() {
        let reason = "Article.body: ClassifyRequest.article: invalid string value: data is not UTF-8 encoded";
        let status = of_refusal(Status::internal(format!("{MALFORMED}{reason}")));
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let violations = &details.bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, "article.body");
        assert!(status.message().contains("not UTF-8"));
    }

    #[test]
    fn other_statuses_pass() {
        let status = of_refusal(Status::internal("protocol error"));
        assert_eq!(
            (status.code(), status.message()),
            (Code::Internal, "protocol error")
        );
    }
}
