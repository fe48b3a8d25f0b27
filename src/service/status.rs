//! The one place where an error becomes a gRPC status.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Version};
use http_body::Frame;
use prost::DecodeError;
use tonic::body::Body;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::classify::ClassifyError;
use super::deadline::BadTimeout;
use super::json::JsonError;
use super::keys::NoAccess;
use super::lifecycle::Stop;

/// How prost begins its account of bytes that are no message.
const MALFORMED: &str = "failed to decode Protobuf message: ";

/// How tonic begins its account of a compressed message that is damaged.
const NOT_UNPACKED: &str = "Error decompressing: ";
/// How it begins that of this, a frame or a browser's body that is damaged: an INTERNAL that is the caller's
/// doing.
const DAMAGED: [&str; 5] = [
    "protocol error: received message with ",
    NOT_UNPACKED,
    "Invalid header bit ",
    "h2 protocol error: ",
    "tonic-web: ",
];
/// How tonic ends it.
const DAMAGED_END: &str = "while sending request";

/// What tonic says of a call whose message did not come, or not all of it: an INTERNAL that is the
/// caller's doing, often by a reset.
const BROKEN_OFF: [&str; 2] = [
    "Unexpected EOF decoding stream.",
    "Missing request message.",
];

/// What the caller of a refused call is told to wait. Long enough to make a difference, short enough
/// to be worth waiting.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// Says the same to gRPC clients that retry by themselves.
const RETRY_PUSHBACK: &str = "grpc-retry-pushback-ms";
/// The reason of a message over the limit.
pub(super) const MESSAGE_TOO_LARGE: &str = "MESSAGE_TOO_LARGE";
/// The reason of headers over the limit.
pub(super) const METADATA_TOO_LARGE: &str = "METADATA_TOO_LARGE";
/// The reason of a path that is asked for by a wrong method.
pub(super) const WRONG_METHOD: &str = "WRONG_METHOD";
/// The reason of a gRPC call in a body that is not gRPC's.
pub(super) const WRONG_TYPE: &str = "WRONG_TYPE";
/// The reason of a body in an encoding that is not taken.
pub(super) const WRONG_ENCODING: &str = "WRONG_ENCODING";
/// The reason of an answer that would come too late.
pub(super) const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
const INVALID_REQUEST: &str = "INVALID_REQUEST";
const OVERLOADED: &str = "OVERLOADED";
const SERVER_FAULT: &str = "SERVER_FAULT";
/// Whose reasons [`ErrorInfo`](tonic_types::ErrorInfo) gives.
const DOMAIN: &str = "copydesk.v1";

/// The code of an error, for a status and for an `ArticleError` alike.
pub(super) fn code(error: &ClassifyError) -> Code {
    match error {
        ClassifyError::NoArticle
        | ClassifyError::UnknownNumber { .. }
        | ClassifyError::Article(_)
        | ClassifyError::Options(_)
        | ClassifyError::Tags(_)
        | ClassifyError::Json(_)
        | ClassifyError::Unreadable { .. }
        | ClassifyError::BatchTooLarge { .. } => Code::InvalidArgument,
        ClassifyError::Overloaded => Code::ResourceExhausted,
        ClassifyError::DeadlineExceeded => Code::DeadlineExceeded,
        ClassifyError::Fault => Code::Internal,
    }
}

/// Why an article has an error, in the word that the details of a status would have.
pub(super) fn reason(error: &ClassifyError) -> &'static str {
    match error {
        ClassifyError::Overloaded => OVERLOADED,
        ClassifyError::DeadlineExceeded => DEADLINE_EXCEEDED,
        ClassifyError::Fault => SERVER_FAULT,
        _ => INVALID_REQUEST,
    }
}

/// The word for programs in a status's details.
pub(super) fn reason_of(status: &Status) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .map_or_else(String::new, |info| info.reason.clone())
}

/// The status of a call that failed because of one article. The details name the field.
pub(super) fn of_error(error: &ClassifyError) -> Status {
    let message = error.to_string();
    match (error, error.field()) {
        (ClassifyError::Overloaded, _) => retry_later(OVERLOADED, message, RETRY_AFTER),
        (ClassifyError::DeadlineExceeded, _) => deadline_exceeded(),
        (_, Some(field)) => bad_request(field, message),
        (_, None) => with_reason(code(error), reason(error), message, ErrorDetails::new()),
    }
}

/// A status whose details say why in a word that programs can read.
fn with_reason(code: Code, reason: &str, message: String, mut details: ErrorDetails) -> Status {
    if details.error_info().is_none() {
        details.set_error_info(reason, DOMAIN, HashMap::new());
    }
    Status::with_error_details(code, message, details)
}

fn bad_request(field: &str, message: String) -> Status {
    let details = ErrorDetails::with_bad_request_violation(field, message.as_str());
    with_reason(Code::InvalidArgument, INVALID_REQUEST, message, details)
}

/// RESOURCE_EXHAUSTED for now; the same call may succeed after the time given.
pub(super) fn retry_later(reason: &str, message: String, after: Duration) -> Status {
    let details = ErrorDetails::with_retry_info(Some(after));
    let mut status = with_reason(Code::ResourceExhausted, reason, message, details);
    let pushback = MetadataValue::from(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    status.metadata_mut().insert(RETRY_PUSHBACK, pushback);
    status
}

/// The end of a call that took longer than its caller waits.
pub(super) fn deadline_exceeded() -> Status {
    let message = "the deadline passed before the call was answered".to_owned();
    let details = ErrorDetails::new();
    with_reason(Code::DeadlineExceeded, DEADLINE_EXCEEDED, message, details)
}

/// A `grpc-timeout` that is none.
pub(super) fn bad_timeout(error: &BadTimeout) -> Status {
    bad_request("grpc-timeout", error.to_string())
}

/// More metadata than a call may have.
pub(super) fn metadata_too_large(size_bytes: usize, limit_bytes: usize) -> Status {
    let message =
        format!("the metadata has {size_bytes} bytes; the limit is {limit_bytes} bytes: send less");
    let details = ErrorDetails::new();
    with_reason(
        Code::ResourceExhausted,
        METADATA_TOO_LARGE,
        message,
        details,
    )
}

/// A caller that is turned away.
pub(super) fn no_access(error: NoAccess) -> Status {
    let (code, reason) = match error {
        NoAccess::NoKey => (Code::Unauthenticated, "NO_KEY"),
        NoAccess::WrongKey => (Code::Unauthenticated, "WRONG_KEY"),
        NoAccess::WrongRole => (Code::PermissionDenied, "WRONG_ROLE"),
    };
    with_reason(code, reason, error.to_string(), ErrorDetails::new())
}

/// A caller that has used up its rate.
pub(super) fn rate_limited(wait: Duration) -> Status {
    let message = "the API key has used up its articles for this second".to_owned();
    retry_later("RATE_LIMITED", message, wait.max(Duration::from_millis(1)))
}

/// A service that the settings switch off.
pub(super) fn switched_off() -> Status {
    let message = "this server does not offer the service".to_owned();
    let details = ErrorDetails::new();
    with_reason(Code::Unimplemented, "SWITCHED_OFF", message, details)
}

/// JSON that is not the message asked for.
pub(super) fn bad_json(error: &JsonError) -> Status {
    bad_request(&error.field, error.to_string())
}

/// The request field at fault, if it is the request's fault; empty if no field is.
pub(super) fn field(details: &ErrorDetails) -> Option<&str> {
    let violations = &details.bad_request()?.field_violations;
    violations.first().map(|first| first.field.as_str())
}

/// An answer that cannot be written as JSON: a fault of the server.
pub(super) fn unwritten(error: &JsonError) -> Status {
    let details = ErrorDetails::new();
    with_reason(Code::Internal, SERVER_FAULT, error.to_string(), details)
}

/// A body of plain HTTP, or a line of one, over the limit.
pub(super) fn body_too_large(limit_bytes: usize) -> Status {
    let message = format!(
        "the text has more than {limit_bytes} bytes, the limit: send fewer or shorter articles in one message"
    );
    let details = ErrorDetails::new();
    with_reason(Code::ResourceExhausted, MESSAGE_TOO_LARGE, message, details)
}

/// A compressed message that is over the limit as soon as it is unpacked.
fn unpacked_too_large(said: &str) -> Status {
    let limit = numbers(said).next().unwrap_or_default();
    let message = format!(
        "the message has more than {limit} bytes when it is unpacked, which is the limit: send fewer or shorter articles in one message"
    );
    let details = ErrorDetails::new();
    with_reason(Code::ResourceExhausted, MESSAGE_TOO_LARGE, message, details)
}

/// A second message of a call that has one.
pub(super) fn several_messages() -> Status {
    let message = "the call has several messages and takes one: send the others in calls of their own, or articles in a stream";
    bad_request("", message.to_owned())
}

/// A body that breaks off.
pub(super) fn cut_off() -> Status {
    bad_request("", "the request breaks off".to_owned())
}

/// A connection that ends within a request, whichever side ended it: nobody is left to read this, and it is no fault.
fn connection_lost() -> Status {
    let message = "the connection ended before the request did".to_owned();
    let details = ErrorDetails::new();
    with_reason(Code::Cancelled, "CONNECTION_LOST", message, details)
}

/// A handler that was called past the front: a fault of the server.
pub(super) fn no_call() -> Status {
    let message = "the call could not be handled: a fault of the server".to_owned();
    with_reason(Code::Internal, SERVER_FAULT, message, ErrorDetails::new())
}

/// No such call.
pub(super) fn unknown_call(path: &str) -> Status {
    let path: String = path.chars().take(100).collect();
    let message = format!("this server has no call {path:?}");
    with_reason(
        Code::Unimplemented,
        "UNKNOWN_CALL",
        message,
        ErrorDetails::new(),
    )
}

/// The answer of a service, which says without a reason that it has no such call.
pub(super) fn or_unknown_call(response: http::Response<Body>, path: &str) -> http::Response<Body> {
    let code = response.headers().get(Status::GRPC_STATUS);
    match code.map(|code| Code::from_bytes(code.as_bytes())) {
        Some(Code::Unimplemented) => unknown_call(path).into_http(),
        _ => response,
    }
}

/// Nothing, over plain HTTP.
pub(super) fn nothing_here() -> Status {
    let message = "there is nothing at this path".to_owned();
    with_reason(Code::NotFound, "NO_SUCH_PATH", message, ErrorDetails::new())
}

/// A GET where a POST is meant, or the other way round.
pub(super) fn wrong_method() -> Status {
    let message =
        "this path is asked for by another method; the header Allow says which".to_owned();
    let details = ErrorDetails::new();
    with_reason(Code::Unimplemented, WRONG_METHOD, message, details)
}

/// A gRPC call in a body that is not gRPC's, or over an HTTP that cannot carry it.
pub(super) fn wrong_type(sent: &str, version: Version) -> Status {
    let sent: String = sent.chars().take(40).collect();
    let message = format!(
        "the content-type is {sent:?}, over {version:?}; this path takes application/grpc over HTTP/2, and application/grpc-web over both"
    );
    let details = ErrorDetails::new();
    with_reason(Code::InvalidArgument, WRONG_TYPE, message, details)
}

/// A body in an encoding, named by a header, that is not one of those taken.
pub(super) fn wrong_encoding(header: &str, sent: &HeaderValue, taken: &'static str) -> Status {
    let sent: String = String::from_utf8_lossy(sent.as_bytes())
        .chars()
        .take(40)
        .collect();
    let message = format!(
        "the {header} is {sent:?}; this path takes {taken}: send one of these, or the body as it is and no such header"
    );
    let details = ErrorDetails::new();
    let mut status = with_reason(Code::Unimplemented, WRONG_ENCODING, message, details);
    let metadata = status.metadata_mut();
    metadata.insert("grpc-accept-encoding", MetadataValue::from_static(taken));
    status
}

/// The end of a stream that outlives the server or its connection, or is idle. All articles up to the last index are
/// answered.
pub(super) fn stopping(why: Stop, n_answered: u64) -> Status {
    let (reason, what) = match why {
        Stop::Server => ("SERVER_STOPPING", "the server is stopping".to_owned()),
        Stop::Connection => (
            "CONNECTION_ENDING",
            "the connection has reached its age".to_owned(),
        ),
        Stop::Idle(time) => (
            "STREAM_IDLE",
            format!("the stream was sent nothing for {} s", time.as_secs()),
        ),
    };
    // What an idle stream was sent is all answered.
    let further = match why {
        Stop::Idle(_) => "send further ones in a new stream",
        Stop::Server | Stop::Connection => "send what has no answer again, on a new connection",
    };
    let last = n_answered.checked_sub(1).map(|last| last.to_string());
    let answered = match &last {
        Some(last) => format!("the last article answered is number {last}, counted from 0"),
        None => "no article was answered".to_owned(),
    };
    let message = format!("{what}; {answered}: {further}");
    let last = last.unwrap_or_default();
    let mut details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    let metadata = HashMap::from([("last_index".to_owned(), last)]);
    details.set_error_info(reason, DOMAIN, metadata);
    with_reason(Code::Unavailable, reason, message, details)
}

/// A health check of a service that is not here.
pub(super) fn unknown_service(service: &str) -> Status {
    let name: String = service.chars().take(100).collect();
    let message = format!("this server has no service {name:?}");
    with_reason(
        Code::NotFound,
        "UNKNOWN_SERVICE",
        message,
        ErrorDetails::new(),
    )
}

/// What tonic says of a message it did not hand on, in the contract's codes: a message over the
/// limit is OUT_OF_RANGE to tonic and RESOURCE_EXHAUSTED to us; bytes that are no message, such as
/// a string that is not UTF-8 or a broken gzip, are INTERNAL to tonic and the caller's mistake to us.
pub(super) fn of_refusal(status: Status) -> Status {
    let malformed = status.message().strip_prefix(MALFORMED);
    match (status.code(), malformed) {
        (Code::OutOfRange, _) => {
            let message = oversize(status.message());
            let details = ErrorDetails::new();
            with_reason(Code::ResourceExhausted, MESSAGE_TOO_LARGE, message, details)
        }
        (Code::Internal, Some(reason)) => {
            let message = format!("the message cannot be read: {reason}");
            bad_request(&field_path(reason), message)
        }
        (Code::Internal, None) if BROKEN_OFF.contains(&status.message()) => cut_off(),
        (Code::Internal, None) if is_damaged(status.message()) => {
            let reason = status.message().trim_end_matches(DAMAGED_END);
            let reason = reason.trim_end_matches([',', ' ']);
            let message = match reason.strip_prefix(NOT_UNPACKED) {
                Some(reason) => format!(
                    "the message cannot be unpacked: {reason}; send it whole, and packed as grpc-encoding says"
                ),
                None => format!("the message cannot be read: {reason}"),
            };
            bad_request("", message)
        }
        (Code::Unknown, _) if is_damaged(status.message()) => connection_lost(),
        (Code::ResourceExhausted, _) if is_damaged(status.message()) => {
            unpacked_too_large(status.message())
        }
        _ if status.details().is_empty() => unexplained(&status),
        _ => status,
    }
}

fn is_damaged(message: &str) -> bool {
    DAMAGED.iter().any(|start| message.starts_with(start))
}

/// A status of tonic's own, with the reason that all have; its metadata says what tonic takes instead.
fn unexplained(status: &Status) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("PROTOCOL", DOMAIN, HashMap::new());
    Status::with_error_details_and_metadata(
        status.code(),
        status.message(),
        details,
        status.metadata().clone(),
    )
}

/// An answer, or the status that it is made of, in the words of [`of_refusal`].
pub(super) fn answer(mut response: http::Response<Body>) -> Result<http::Response<Body>, Status> {
    match response.extensions_mut().remove::<Status>() {
        Some(status) => Err(of_refusal(status)),
        None => Ok(response),
    }
}

/// A piece of an answer; the status at its end has the details that all have.
pub(super) fn explained(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        let status = Status::from_header_map(trailers).filter(|s| s.code() != Code::Ok);
        // Fails only for a message that cannot be a header, and then the status stays as it is.
        let _ = status.map(|status| of_refusal(status).add_header(trailers));
    }
    frame
}

/// tonic names the message's size and then the limit.
fn oversize(message: &str) -> String {
    let mut numbers = numbers(message);
    match (numbers.next(), numbers.next()) {
        (Some(size), Some(limit)) => format!(
            "the message has {size} bytes; the limit is {limit} bytes: send fewer or shorter articles in one message"
        ),
        _ => message.to_owned(),
    }
}

fn numbers(message: &str) -> impl Iterator<Item = &str> {
    message
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
}

/// Bytes within a field of a request that are no message; the field is empty for the request itself.
pub(super) fn unreadable(within: &str, error: &DecodeError) -> ClassifyError {
    let said = error.to_string();
    let reason = said.strip_prefix(MALFORMED).unwrap_or(&said);
    let field = format!("{within}.{}", field_path(reason));
    ClassifyError::Unreadable {
        field: field.trim_matches('.').to_owned(),
        reason: reason.to_owned(),
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
    fn a_damaged_message_is_its_senders_doing() {
        for said in [
            "Error decompressing: corrupt deflate stream, while sending request",
            "protocol error: received message with invalid compression flag: 2 (valid flags are 0 and 1), while sending request",
            "tonic-web: malformed base64 request",
        ] {
            let status = of_refusal(Status::internal(said));
            assert_eq!(status.code(), Code::InvalidArgument, "{said}");
            assert!(!status.message().contains("while"), "{status}");
            let details = status.get_error_details();
            let reason = &details.error_info().unwrap().reason;
            assert_eq!(reason, "INVALID_REQUEST");
        }
    }

    #[test]
    fn what_tonic_takes_instead_is_kept() {
        let mut said = Status::unimplemented("Content is compressed with `br`");
        let metadata = said.metadata_mut();
        metadata.insert("grpc-accept-encoding", "gzip".parse().unwrap());
        let status = of_refusal(said);
        assert_eq!(
            status.metadata().get("grpc-accept-encoding").unwrap(),
            "gzip"
        );
        let details = status.get_error_details();
        assert_eq!(details.error_info().unwrap().reason, "PROTOCOL");
    }

    #[test]
    fn a_connection_that_is_lost_is_no_fault() {
        let said = Status::unknown("h2 protocol error: error reading a body from connection");
        let status = of_refusal(said);
        assert_eq!(status.code(), Code::Cancelled);
        assert_eq!(reason_of(&status), "CONNECTION_LOST");
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
