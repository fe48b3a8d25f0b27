//! Plain HTTP: probes and metrics.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::call::Call;
use super::keys;
use super::lifecycle::{Lifecycle, Phase};
use super::record::code_name;
use super::route::Route;
use super::status;

/// The text format of OpenMetrics 1.0, which Prometheus asks for first.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";
const JSON_TYPE: &str = "application/json";
/// A message as it is: only those of the classifier over gRPC may be compressed.
pub(super) const IDENTITY: &str = "identity";

/// The answer to a route of plain HTTP.
pub(super) fn answer(route: Route, call: &Call, lifecycle: &Lifecycle) -> Response<Body> {
    match route {
        Route::Healthz => text(StatusCode::OK, "ok\n"),
        Route::Readyz if lifecycle.now() == Phase::Serving => text(StatusCode::OK, "ready\n"),
        Route::Readyz => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        Route::Metrics => {
            let shared = &call.shared;
            let rendered = shared.metrics.render(shared.admission.in_flight());
            with_type(StatusCode::OK, METRICS_TYPE, rendered)
        }
        _ => refusal(&status::nothing_here()),
    }
}

/// A document in JSON.
pub(super) fn json(document: String) -> Response<Body> {
    with_type(StatusCode::OK, JSON_TYPE, document)
}

/// An error in JSON, with the HTTP status of its code and the field at fault, if there is one.
pub(super) fn refusal(status: &Status) -> Response<Body> {
    let details = status.get_error_details();
    let retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
    let reason = details.error_info().map(|info| info.reason.as_str());
    let body = serde_json::json!({
        "code": i32::from(status.code()),
        "status": code_name(status.code()),
        "reason": reason,
        "message": status.message(),
        "field": status::field(&details),
    });
    let http_status = match reason {
        Some(status::MESSAGE_TOO_LARGE) => StatusCode::PAYLOAD_TOO_LARGE,
        Some(status::METADATA_TOO_LARGE) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Some(status::WRONG_METHOD) => StatusCode::METHOD_NOT_ALLOWED,
        Some(status::WRONG_TYPE | status::WRONG_ENCODING) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        _ => http_status(status.code()),
    };
    let mut response = with_type(http_status, JSON_TYPE, body.to_string());
    // What the call is counted under: several codes share an HTTP status.
    response.extensions_mut().insert(status.code());
    let headers = response.headers_mut();
    if let Some(delay) = retry_after {
        headers.insert(header::RETRY_AFTER, whole_seconds(delay));
    }
    if http_status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static(keys::SCHEME);
        headers.insert(header::WWW_AUTHENTICATE, scheme);
    }
    if reason == Some(status::WRONG_ENCODING) {
        let taken = HeaderValue::from_static(IDENTITY);
        headers.insert(header::ACCEPT_ENCODING, taken);
    }
    response
}

/// The header has none but whole seconds; who comes back sooner comes too soon.
fn whole_seconds(delay: Duration) -> HeaderValue {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

/// As `google.rpc.Code` maps them.
fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    with_type(status, TEXT_TYPE, text.to_owned())
}

/// A response of one piece.
pub(super) fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> Response<Body> {
    let mut response = Response::new(Body::new(http_body_util::Full::from(body)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_come_back_too_soon() {
        for (delay_ms, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2"), (2_900, "3")] {
            let delay = Duration::from_millis(delay_ms);
            let status = status::retry_later("RATE_LIMITED", String::new(), delay);
            let response = refusal(&status);
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds);
        }
    }
}
