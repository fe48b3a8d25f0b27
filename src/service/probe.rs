//! The client of a health check.

use std::time::Duration;

use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Why a server is not known to be serving.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The address is not one.
    #[error("{address:?} is no address; give a host and a port, such as 127.0.0.1:50051")]
    Address {
        /// What was given.
        address: String,
        /// Why it is not one.
        source: tonic::transport::Error,
    },
    /// Nobody answers there.
    #[error("no server answers at {address}")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// Why not.
        source: tonic::transport::Error,
    },
    /// No answer in time.
    #[error("the server at {address} did not answer within {timeout:?}")]
    Timeout {
        /// Where it was asked.
        address: String,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// The server has no such service.
    #[error("the server at {address} has no service {service:?}")]
    UnknownService {
        /// Where it was asked.
        address: String,
        /// What was asked for.
        service: String,
    },
    /// The server answers with an error, such as one that has no health checks.
    #[error("the server at {address} answers the health check with an error: {message}")]
    Refused {
        /// Where it was asked.
        address: String,
        /// What it answered.
        message: String,
    },
    /// The server answers and is not serving.
    #[error("the server at {address} is {status}")]
    NotServing {
        /// Where it was asked.
        address: String,
        /// Such as `NOT_SERVING`.
        status: &'static str,
    },
}

/// Asks a server whether it serves; the empty service name stands for the server as a whole.
///
/// # Errors
/// [`ProbeError`] says why the answer is not a plain yes.
pub async fn probe(address: &str, service: &str, timeout: Duration) -> Result<(), ProbeError> {
    let status = tokio::time::timeout(timeout, check(address, service))
        .await
        .map_err(|_| ProbeError::Timeout {
            address: address.to_owned(),
            timeout,
        })??;
    match status {
        ServingStatus::Serving => Ok(()),
        other => Err(ProbeError::NotServing {
            address: address.to_owned(),
            status: other.as_str_name(),
        }),
    }
}

async fn check(address: &str, service: &str) -> Result<ServingStatus, ProbeError> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).map_err(|source| {
        let address = address.to_owned();
        ProbeError::Address { address, source }
    })?;
    let channel = endpoint.connect().await.map_err(|source| {
        let address = address.to_owned();
        ProbeError::Unreachable { address, source }
    })?;
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    match HealthClient::new(channel).check(request).await {
        Ok(response) => Ok(response.into_inner().status()),
        Err(status) => Err(refusal(address, service, &status)),
    }
}

fn refusal(address: &str, service: &str, status: &tonic::Status) -> ProbeError {
    let address = address.to_owned();
    match status.code() {
        Code::NotFound => ProbeError::UnknownService {
            address,
            service: service.to_owned(),
        },
        _ => ProbeError::Refused {
            address,
            message: status.message().to_owned(),
        },
    }
}
