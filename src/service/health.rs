//! `grpc.health.v1`: whether the server takes calls.
//!
//! Its own implementation rather than tonic-health's, whose watches never end: each would hold a
//! stopping server until its deadline.

use futures_util::stream::{self, BoxStream, StreamExt};
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use super::lifecycle::{Lifecycle, Phase};
use super::pb::classifier_service_server::SERVICE_NAME;
use super::status;

/// Answers for the server as a whole, whose name is empty, and for the classifier.
#[derive(Debug)]
pub(super) struct HealthService {
    pub(super) lifecycle: Lifecycle,
}

fn is_known(service: &str) -> bool {
    ["", SERVICE_NAME].contains(&service)
}

fn answer(is_known: bool, phase: Phase) -> HealthCheckResponse {
    let status = match phase {
        _ if !is_known => ServingStatus::ServiceUnknown,
        Phase::Serving => ServingStatus::Serving,
        Phase::Leaving | Phase::Draining | Phase::Stopping => ServingStatus::NotServing,
    };
    HealthCheckResponse {
        status: status.into(),
    }
}

#[tonic::async_trait]
impl Health for HealthService {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = &request.get_ref().service;
        if is_known(service) {
            Ok(Response::new(answer(true, self.lifecycle.now())))
        } else {
            Err(status::unknown_service(service))
        }
    }

    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    /// The status now, the status once the server stops, and the end.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let is_known = is_known(&request.get_ref().service);
        let now = Ok(answer(is_known, self.lifecycle.now()));
        let lifecycle = self.lifecycle.clone();
        let last = stream::once(async move {
            lifecycle.reached(Phase::Leaving).await;
            Ok(answer(is_known, Phase::Leaving))
        });
        Ok(Response::new(stream::iter([now]).chain(last).boxed()))
    }
}
