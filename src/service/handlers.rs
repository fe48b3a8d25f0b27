//! Which handler answers which route.

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::codegen::Service;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::Builder as Reflection;

use super::config::ServerConfig;
use super::front::Arriving;
use super::grpc::Classifier;
use super::health::HealthService;
use super::json::Json;
use super::lifecycle::Lifecycle;
use super::openapi;
use super::pb;
use super::pb::classifier_service_server::ClassifierServiceServer;
use super::plain;
use super::rest;
use super::route::Route;
use super::server::ServeError;
use super::status;
use super::web::Web;

/// All that answers.
#[derive(Debug)]
pub(super) struct Handlers {
    /// Called past the router, which costs as much as the rest of a call's way.
    classifier: ClassifierServiceServer<Classifier>,
    /// The gRPC services that are called seldom.
    others: axum::Router,
    web: Web,
    json: Json,
    openapi: String,
    lifecycle: Lifecycle,
}

impl Handlers {
    pub(super) fn new(config: &ServerConfig, lifecycle: &Lifecycle) -> Result<Self, ServeError> {
        let classifier = Classifier {
            lifecycle: lifecycle.clone(),
        };
        let classifier = ClassifierServiceServer::new(classifier)
            .max_decoding_message_size(config.max_message_bytes)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd);
        let health = HealthService {
            lifecycle: lifecycle.clone(),
        };
        let health = HealthServer::new(health);
        let others = Routes::new(health.clone())
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let for_browsers = Routes::new(classifier.clone())
            .add_service(health)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let json = Json::new()?;
        Ok(Self {
            classifier,
            others: others.prepare().into_axum_router(),
            web: Web::new(
                for_browsers.prepare().into_axum_router(),
                &config.cors_origins,
            ),
            openapi: openapi::document(json.pool()).to_string(),
            json,
            lifecycle: lifecycle.clone(),
        })
    }

    /// A request's answer, which is the refusal if there is one.
    pub(super) async fn answer(
        &self,
        route: Route,
        request: Request<Arriving>,
        refusal: Option<Status>,
    ) -> Response<Body> {
        match refusal {
            _ if self.web.is_asked(&request) => self.web.answer(request, refusal).await,
            Some(refusal) => {
                if !route.is_stream() {
                    request.into_body().skim();
                }
                self.refuse(route, refusal)
            }
            None if route.is_plain_http() => self.plain(route, request).await,
            None => self.grpc(route, request).await,
        }
    }

    async fn plain(&self, route: Route, request: Request<Arriving>) -> Response<Body> {
        let method = route.method();
        let answer = match route {
            _ if method.is_some_and(|method| method != request.method()) => {
                Ok(plain::wrong_method())
            }
            Route::JsonClassify => rest::classify(request, &self.json).await,
            Route::JsonBatch => Ok(rest::lines(request, &self.json, &self.lifecycle)),
            Route::JsonModel => rest::model(&request.body().call(), &self.json),
            Route::OpenApi => Ok(plain::json(self.openapi.clone())),
            _ => Ok(plain::answer(
                route,
                &request.body().call(),
                &self.lifecycle,
            )),
        };
        answer.unwrap_or_else(|status| plain::refusal(&status))
    }

    /// A refusal in the route's protocol.
    pub(super) fn refuse(&self, route: Route, status: Status) -> Response<Body> {
        if route.is_plain_http() {
            return plain::refusal(&status);
        }
        status.into_http()
    }

    async fn grpc(&self, route: Route, request: Request<Arriving>) -> Response<Body> {
        let call = request.body().call();
        let mut request = request;
        request.extensions_mut().insert(call);
        let response = match route {
            Route::Classify | Route::BatchClassify | Route::StreamClassify | Route::GetModel => {
                self.classifier.clone().call(request).await
            }
            Route::Unknown => Ok(status::unknown_call(request.uri().path()).into_http()),
            _ => {
                let answer = self.others.clone().call(request).await;
                answer.map(|response| response.map(Body::new))
            }
        };
        let Ok(response) = response;
        status::answer_refusal(response)
    }
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
