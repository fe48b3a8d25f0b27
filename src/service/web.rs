//! The calls for browsers: gRPC-Web, and from which pages they may come.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response, Uri};
use http_body::Frame;
use http_body_util::BodyExt;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use super::front::Arriving;
use super::record::code_of;
use super::server::ServeError;

/// How long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_secs(3_600);
/// What scripts may read of an answer.
const EXPOSED: [HeaderName; 5] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("grpc-retry-pushback-ms"),
    HeaderName::from_static("retry-after"),
];

fn allowed(origins: &[String]) -> Result<AllowOrigin, ServeError> {
    if origins == ["*"] {
        return Ok(AllowOrigin::any());
    }
    let listed = origins.iter().map(|given| {
        origin(given).ok_or_else(|| ServeError::Origin {
            given: given.clone(),
        })
    });
    let listed: Vec<HeaderValue> = listed.collect::<Result<_, _>>()?;
    Ok(AllowOrigin::list(listed))
}

/// An origin as browsers write it: a scheme, a name in lower case, and a port that is not the scheme's own.
fn origin(given: &str) -> Option<HeaderValue> {
    let address: Uri = given.parse().ok()?;
    let (scheme, host) = (address.scheme_str()?, address.host()?);
    let written = match (scheme, address.port_u16()) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    };
    let is_origin = given == written.to_ascii_lowercase() && !host.contains('*');
    HeaderValue::from_str(given).ok().filter(|_| is_origin)
}

/// What browsers ask for beside the calls themselves.
#[derive(Debug)]
pub(super) struct Web {
    cors: CorsLayer,
}

impl Web {
    pub(super) fn new(origins: &[String]) -> Result<Self, ServeError> {
        let cors = CorsLayer::new()
            .allow_origin(allowed(origins)?)
            .allow_methods(AllowMethods::list([Method::GET, Method::POST]))
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(ExposeHeaders::list(EXPOSED))
            .max_age(MAX_AGE);
        Ok(Self { cors })
    }

    /// A gRPC-Web call's answer, by the handler of the gRPC call.
    pub(super) async fn answer<F>(
        &self,
        request: Request<Arriving>,
        handler: impl Fn(Request<Body>) -> F,
    ) -> Response<Body>
    where
        F: Future<Output = Response<Body>>,
    {
        let call = request.body().call();
        let inner = service_fn(|request| {
            let call = Arc::clone(&call);
            // gRPC-Web makes bytes of the status that the answer ends with.
            let tell = move |frame: Frame<Bytes>| {
                if let Some(code) = frame.trailers_ref().and_then(code_of) {
                    call.code.get_or_init(|| code);
                }
                frame
            };
            let told = |body: Body| Body::new(body.map_frame(tell));
            handler(request).map(|answer| Ok::<_, Infallible>(answer.map(told)))
        });
        let service = GrpcWebLayer::new().layer(inner);
        let answer = |request| service.clone().oneshot(request).map(|Ok(answer)| answer);
        self.cors(request, answer).await
    }

    /// An answer of whatever kind, with the word which pages may read it. A preflight has no other.
    pub(super) async fn cors<F>(
        &self,
        request: Request<Arriving>,
        handler: impl Fn(Request<Arriving>) -> F,
    ) -> Response<Body>
    where
        F: Future<Output = Response<Body>>,
    {
        let inner = service_fn(|request| handler(request).map(Ok));
        let answer: Result<_, Infallible> = self.cors.layer(inner).oneshot(request).await;
        let Ok(response) = answer;
        response
    }
}
