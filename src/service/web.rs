//! gRPC-Web: the calls for browsers, from the pages that may call.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use http::header::{HeaderName, HeaderValue};
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, ServiceExt, service_fn};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer, ExposeHeaders};

use super::front::Arriving;
use super::route;
use super::status;

/// How long a browser remembers what it may do.
const MAX_AGE: Duration = Duration::from_secs(3_600);
/// What scripts may read of an answer.
const EXPOSED: [HeaderName; 4] = [
    HeaderName::from_static("grpc-status"),
    HeaderName::from_static("grpc-message"),
    HeaderName::from_static("grpc-status-details-bin"),
    HeaderName::from_static("grpc-retry-pushback-ms"),
];

/// The gRPC services as browsers reach them.
#[derive(Debug)]
pub(super) struct Web {
    services: GrpcWebService<Router>,
    cors: CorsLayer,
}

impl Web {
    pub(super) fn new(services: Router, origins: &[String]) -> Self {
        let is_any = origins.iter().any(|origin| origin == "*");
        let listed = origins.iter().filter_map(|o| HeaderValue::from_str(o).ok());
        let origin = match is_any {
            true => AllowOrigin::any(),
            false => AllowOrigin::list(listed),
        };
        let cors = CorsLayer::new()
            .allow_origin(origin)
            .allow_methods(AllowMethods::list([http::Method::POST]))
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(ExposeHeaders::list(EXPOSED))
            .max_age(MAX_AGE);
        Self {
            services: GrpcWebLayer::new().layer(services),
            cors,
        }
    }

    /// Whether a request is a browser's.
    pub(super) fn is_asked(&self, request: &Request<Arriving>) -> bool {
        route::is_web(request.method(), request.headers())
    }

    /// A browser's answer. Refusals pass through CORS too: otherwise the script could not read why.
    pub(super) async fn answer(
        &self,
        mut request: Request<Arriving>,
        refusal: Option<Status>,
    ) -> Response<Body> {
        let call = request.body().call();
        request.extensions_mut().insert(call);
        let services = self.services.clone();
        let inner = service_fn(move |request: Request<Arriving>| {
            let (services, refusal) = (services.clone(), refusal.clone());
            async move {
                match refusal {
                    Some(refusal) => Ok(refusal.into_http()),
                    None => services.oneshot(request).await,
                }
            }
        });
        let answer: Result<_, Infallible> = self.cors.layer(inner).oneshot(request).await;
        let Ok(response) = answer;
        status::answer_refusal(response)
    }
}
