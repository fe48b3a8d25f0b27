//! Which handler answers which route.

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{CompressionEncoding, EnabledCompressionEncodings};
use tonic::codegen::{Service, StdError};
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::Builder as Reflection;

use super::asked::{Asked, Protocol};
use super::config::ServerConfig;
use super::front::Arriving;
use super::grpc::Classifier;
use super::health::HealthService;
use super::json::Json;
use super::lifecycle::{Lifecycle, Phase};
use super::openapi;
use super::pb;
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
    classifier: Classifier,
    /// The gRPC services that are called seldom.
    others: axum::Router,
    web: Web,
    json: Json,
    openapi: String,
    lifecycle: Lifecycle,
}

impl Handlers {
    pub(super) fn new(config: &ServerConfig, lifecycle: &Lifecycle) -> Result<Self, ServeError> {
        let mut encodings = EnabledCompressionEncodings::default();
        for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
            encodings.enable(encoding);
        }
        let health = HealthService {
            lifecycle: lifecycle.clone(),
        };
        let others = Routes::new(HealthServer::new(health))
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?);
        let json = Json::new()?;
        Ok(Self {
            classifier: Classifier {
                encodings,
                lifecycle: lifecycle.clone(),
            },
            others: others.prepare().into_axum_router(),
            web: Web::new(&config.cors_origins)?,
            openapi: openapi::document(json.pool(), !config.keys.is_empty()).to_string(),
            json,
            lifecycle: lifecycle.clone(),
        })
    }

    /// A request's answer, which is the refusal if there is one. Each protocol's part is outermost.
    pub(super) async fn answer(&self, asked: &Asked, request: Request<Arriving>) -> Response<Body> {
        let web = &self.web;
        match asked.protocol {
            Protocol::Grpc => self.grpc(asked, request).await,
            Protocol::GrpcWeb => web.answer(request, |r| self.grpc(asked, r)).await,
            Protocol::Http if asked.route.is_for_pages() => {
                web.cors(request, |r| self.plain(asked, r)).await
            }
            Protocol::Http => self.plain(asked, request).await,
        }
    }

    async fn plain(&self, asked: &Asked, request: Request<Arriving>) -> Response<Body> {
        let answer = asked.by(request, |r| self.http(asked.route, r)).await;
        let answer = answer.and_then(|answer| answer);
        answer.unwrap_or_else(|status| {
            asked.count(&status);
            plain::refusal(&status)
        })
    }

    async fn http(
        &self,
        route: Route,
        request: Request<Arriving>,
    ) -> Result<Response<Body>, Status> {
        let call = request.body().call();
        match route {
            Route::JsonClassify => rest::classify(request, &self.json).await,
            Route::JsonBatch => Ok(rest::lines(request, &self.json, &self.lifecycle)),
            Route::JsonModel => rest::model(&call, &self.json),
            Route::OpenApi => Ok(plain::json(self.openapi.clone())),
            _ => Ok(plain::answer(route, &call, &self.lifecycle)),
        }
    }

    async fn grpc<B: Message>(&self, asked: &Asked, request: Request<B>) -> Response<Body> {
        let answer = asked.by(request, |r| self.call(asked.route, r)).await;
        answer.and_then(status::answer).unwrap_or_else(|status| {
            asked.count(&status);
            status.into_http()
        })
    }

    async fn call<B: Message>(&self, route: Route, request: Request<B>) -> Response<Body> {
        match route {
            Route::Health => self.other(request).await,
            Route::Reflection | Route::ReflectionAlpha => {
                // Nobody waits for the end of a question to a stopping server.
                let drains = Box::pin(self.lifecycle.clone().reached(Phase::Draining));
                let until = |body| StreamBody::new(BodyStream::new(body).take_until(drains));
                self.other(request.map(until)).await
            }
            _ => self.classifier.answer(route, request).await,
        }
    }

    async fn other<B: Message>(&self, request: Request<B>) -> Response<Body> {
        let uri = request.uri().clone();
        let Ok(response) = self.others.clone().call(request).await;
        let explained = |body: axum::body::Body| Body::new(body.map_frame(status::explained));
        status::or_unknown_call(response.map(explained), uri.path())
    }
}

/// The body of a gRPC request, as it came or out of gRPC-Web.
pub(super) trait Message:
    http_body::Body<Data = Bytes, Error: Into<StdError> + Send> + Send + Unpin + 'static
{
}

impl<B> Message for B where
    B: http_body::Body<Data = Bytes, Error: Into<StdError> + Send> + Send + Unpin + 'static
{
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
