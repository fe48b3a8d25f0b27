//! What HTTP asks of methods, whatever the route: HEAD is GET without a body, and whoever asks by a wrong
//! method is told the right ones.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{Either, Empty};
use hyper::body::Incoming;

use super::activity::Activity;
use super::front::Front;
use super::record::Recorded;
use super::route::{Door, Route};

/// An answer, or its head alone.
pub(super) type Answer = Either<Recorded, Empty<Bytes>>;

/// The answer of [`Front::answer`] to a request of any method.
pub(super) fn answer(
    front: &Arc<Front>,
    mut request: Request<Incoming>,
    activity: &Arc<Activity>,
    door: Door,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + Send + use<> {
    let is_head = request.method() == Method::HEAD;
    if is_head {
        *request.method_mut() = Method::GET;
    }
    let uri = request.uri().clone();
    let answer = front.answer(request, activity, door);
    async move {
        let mut response = answer.await?;
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            let route = Route::through(door, &Method::GET, uri.path(), &HeaderMap::new());
            let allowed = HeaderValue::from_static(allowed(route));
            response.headers_mut().insert(header::ALLOW, allowed);
        }
        Ok(if is_head {
            head_of(response)
        } else {
            response.map(Either::Left)
        })
    }
}

fn allowed(route: Route) -> &'static str {
    match route.method() {
        Some(Method::GET) => "GET, HEAD",
        _ => "POST",
    }
}

/// The head, with the length of the body that a GET would have.
fn head_of(response: Response<Recorded>) -> Response<Answer> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact() {
        let length = HeaderValue::from(length);
        parts
            .headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(length);
    }
    body.end_at_head();
    Response::from_parts(parts, Either::Right(Empty::new()))
}
