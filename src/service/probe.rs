//! The client of a health check.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tonic::codegen::Service;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tower::service_fn;

use super::keys::SCHEME;
use super::tls::{self, TlsError};

const HTTPS_PORT: u16 = 443;

/// Why a server is not known to be serving.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The address is not one.
    #[error(
        "{address:?} is no address; give a host and a port, such as 127.0.0.1:50051, or https://copydesk.example:50051 if connections are encrypted"
    )]
    Address {
        /// What was given.
        address: String,
    },
    /// An encrypted server that nobody can vouch for.
    #[error(
        "who may vouch for the server's certificate is not known; name the file of its authority, or of the certificate itself, with --authorities"
    )]
    NoAuthorities,
    /// Those who may vouch for the server cannot be read.
    #[error(transparent)]
    Authorities(#[from] TlsError),
    /// A name that no certificate can have.
    #[error("{name:?} is no name of a server; give the one in its certificate with --server-name")]
    Name {
        /// What was given.
        name: String,
    },
    /// An API key that no header can have.
    #[error(
        "an API key is one line of letters, digits and signs without blanks, as `copydesk key` makes it"
    )]
    Key,
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
    /// The server tells its health only to those who have a key.
    #[error(
        "the server at {address} wants an API key: {message}; name a file with one of the role classify by --api-key-file"
    )]
    NoKey {
        /// Where it was asked.
        address: String,
        /// What it answered.
        message: String,
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

/// An API key to send. Its `Debug` does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeKey(AsciiMetadataValue);

impl ProbeKey {
    /// A key as its owner writes it.
    ///
    /// # Errors
    /// [`ProbeError::Key`] if it is empty or has a blank or a character that no header can have.
    pub fn new(key: &str) -> Result<Self, ProbeError> {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ProbeError::Key);
        }
        let header = format!("{SCHEME} {key}");
        let mut header: AsciiMetadataValue = header.parse().map_err(|_| ProbeError::Key)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

/// Whom to ask, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeConfig {
    /// Host and port, with `http://` or `https://` in front or neither, which is plain text.
    pub address: String,
    /// The gRPC service to ask for; empty: the server as a whole.
    pub service: String,
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// Those who may vouch for an encrypted server, in PEM.
    pub authorities: Option<PathBuf>,
    /// The name in the server's certificate, if it is not the host of the address.
    pub server_name: Option<String>,
    /// The key to send to a server whose health checks need one.
    pub api_key: Option<ProbeKey>,
}

/// Asks a server whether it serves.
///
/// # Errors
/// [`ProbeError`] says why the answer is not a plain yes.
pub async fn probe(config: &ProbeConfig) -> Result<(), ProbeError> {
    let status = tokio::time::timeout(config.timeout, check(config))
        .await
        .map_err(|_| ProbeError::Timeout {
            address: config.address.clone(),
            timeout: config.timeout,
        })??;
    match status {
        ServingStatus::Serving => Ok(()),
        other => Err(ProbeError::NotServing {
            address: config.address.clone(),
            status: other.as_str_name(),
        }),
    }
}

async fn check(config: &ProbeConfig) -> Result<ServingStatus, ProbeError> {
    let channel = connect(config).await?;
    let mut request = Request::new(HealthCheckRequest {
        service: config.service.clone(),
    });
    if let Some(ProbeKey(key)) = &config.api_key {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", key.clone());
    }
    match HealthClient::new(channel).check(request).await {
        Ok(response) => Ok(response.into_inner().status()),
        Err(status) => Err(refusal(&config.address, &config.service, &status)),
    }
}

async fn connect(config: &ProbeConfig) -> Result<Channel, ProbeError> {
    let address = || config.address.clone();
    let uri = uri(&config.address).ok_or_else(|| ProbeError::Address { address: address() })?;
    let endpoint = Endpoint::from(uri.clone());
    let connected = match uri.scheme_str() {
        Some("https") => {
            let tls = encrypted(config, &uri)?;
            endpoint.connect_with_connector(tls).await
        }
        _ => endpoint.connect().await,
    };
    connected.map_err(|source| ProbeError::Unreachable {
        address: address(),
        source,
    })
}

/// An address with its scheme and a host; `None` if it is none.
fn uri(address: &str) -> Option<Uri> {
    let whole = match address.contains("://") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    let uri: Uri = whole.parse().ok()?;
    let is_ours = matches!(uri.scheme_str(), Some("http" | "https"));
    (is_ours && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// What makes encrypted connections. tonic has its own behind a feature that would build all of its
/// TLS a second time; the server's is here anyway.
fn encrypted(
    config: &ProbeConfig,
    uri: &Uri,
) -> Result<
    impl Service<Uri, Response = TokioIo<TlsStream<TcpStream>>, Error = io::Error, Future: Send>
    + Send
    + use<>,
    ProbeError,
> {
    let file = config.authorities.as_deref();
    let connector = tls::connector(file.ok_or(ProbeError::NoAuthorities)?)?;
    let host = uri.host().unwrap_or_default();
    let place = (
        host.trim_matches(['[', ']']).to_owned(),
        uri.port_u16().unwrap_or(HTTPS_PORT),
    );
    let name = config.server_name.as_deref().unwrap_or(&place.0);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| ProbeError::Name {
        name: name.to_owned(),
    })?;
    Ok(service_fn(move |_: Uri| {
        let (connector, place, name) = (connector.clone(), place.clone(), name.clone());
        async move {
            let socket = TcpStream::connect(place).await?;
            connector.connect(name, socket).await.map(TokioIo::new)
        }
    }))
}

fn refusal(address: &str, service: &str, status: &tonic::Status) -> ProbeError {
    let address = address.to_owned();
    match status.code() {
        Code::NotFound => ProbeError::UnknownService {
            address,
            service: service.to_owned(),
        },
        Code::Unauthenticated => ProbeError::NoKey {
            address,
            message: status.message().to_owned(),
        },
        _ => ProbeError::Refused {
            address,
            message: status.message().to_owned(),
        },
    }
}
