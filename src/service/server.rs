//! The service on a socket, from start to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::admission::Admission;
use super::call::Shared;
use super::config::ServerConfig;
use super::connection::{self, Entrance};
use super::front::Front;
use super::handlers::Handlers;
use super::keys::Keys;
use super::lifecycle::{Lifecycle, Phase};
use super::metrics::{Metrics, Shed};
use super::route::Door;
use super::tls::{self, Certificates, TlsError};
use super::traces::Traces;
use crate::pipeline::Pipeline;

/// Out of file descriptors, a listener fails again at once.
const PAUSE_AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);
/// For the last status of each stream to get out, after the drain timeout.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Where a server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For calls, and for metrics and probes unless those have a listener of their own.
    pub calls: TcpListener,
    /// For metrics and probes, in plain text and without keys.
    pub admin: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(calls: TcpListener) -> Self {
        Self { calls, admin: None }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The contract's descriptors cannot be served.
    #[error("server reflection cannot start")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The contract's descriptors cannot be read.
    #[error("the contract cannot be read as JSON")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// Pages cannot come from there.
    #[error(
        "cors_origins has {given:?}, which no browser sends: an origin is a scheme, a name in lower case and a port unless it is the scheme's own, such as https://cms.example or http://localhost:3000; \"*\", alone, is for anywhere"
    )]
    Origin {
        /// What is in the list.
        given: String,
    },
    /// Spans cannot be sent to the address given.
    #[error(
        "otlp_endpoint is {given:?}, to which no spans can be sent: give the collector's address as http://HOST:PORT, such as http://127.0.0.1:4317. Spans go out unencrypted; if the collector takes https alone, run another beside this server that hands them on"
    )]
    Endpoint {
        /// The address, without its password.
        given: String,
    },
    /// Spans cannot be sent as the environment says.
    #[error("spans cannot be sent to the collector: {0}")]
    Collector(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server with all that it needs: it has read its certificates, and nothing that could keep it from
/// serving is left to do.
pub struct Server {
    listeners: Listeners,
    front: Front,
    phase: watch::Sender<Phase>,
    lifecycle: Lifecycle,
    certificates: Option<Certificates>,
}

/// Serves until `shutdown` completes and then ends in order. Health checks say NOT_SERVING at once;
/// after [`ServerConfig::drain_delay`] no connection is accepted, single calls and batches that are
/// open finish, and streams end with UNAVAILABLE behind the answers to what they have sent. What is
/// still open after [`ServerConfig::drain_timeout`] is cut. To drop the future stops at once.
///
/// # Errors
/// [`ServeError`]; a connection or call that fails is no error of the server.
pub async fn serve(
    listeners: impl Into<Listeners>,
    pipeline: Arc<Pipeline>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let server = Server::new(listeners, pipeline, config)?;
    server.run(shutdown).await;
    Ok(())
}

impl Server {
    /// Gets everything ready. Within a runtime.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn new(
        listeners: impl Into<Listeners>,
        pipeline: Arc<Pipeline>,
        config: ServerConfig,
    ) -> Result<Self, ServeError> {
        let (phase, lifecycle) = Lifecycle::start();
        let certificates = config.tls.clone().map(Certificates::load).transpose()?;
        Ok(Self {
            listeners: listeners.into(),
            front: front(pipeline, config, &lifecycle)?,
            phase,
            lifecycle,
            certificates,
        })
    }

    /// Serves until it is told to stop, as [`serve`] does.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) {
        let (certificates, phase) = (self.certificates.as_ref(), &self.phase);
        let shared = Arc::clone(&self.front.shared);
        let (delay, timeout) = (shared.config.drain_delay, shared.config.drain_timeout);
        let Listeners { calls, admin } = self.listeners;
        let entrance = Entrance {
            front: Arc::new(self.front),
            lifecycle: self.lifecycle,
            acceptor: certificates.map(Certificates::acceptor),
            door: admin.as_ref().map_or(Door::All, |_| Door::Calls),
        };
        let (mut connections, mut probes) = (JoinSet::new(), JoinSet::new());
        let left = async {
            shutdown.await;
            phase.send_replace(Phase::Leaving);
            tokio::time::sleep(delay).await;
        };
        tokio::select! {
            () = left => {}
            () = accept(calls, &entrance, &mut connections) => {}
            () = accept_probes(admin, &entrance, &mut probes) => {}
            () = tls::renew(certificates) => {}
        }
        phase.send_replace(Phase::Draining);
        drain(phase, timeout, &mut connections).await;
        connections.shutdown().await;
        ended(&shared.metrics).await;
        shared.traces.finish().await;
    }
}

fn front(
    pipeline: Arc<Pipeline>,
    config: ServerConfig,
    lifecycle: &Lifecycle,
) -> Result<Front, ServeError> {
    let handlers = Handlers::new(&config, lifecycle)?;
    let metrics = Metrics::new(pipeline.manifest());
    let shared = Shared {
        admission: Admission::new(config.max_in_flight.get(), ServerConfig::n_cores().get()),
        keys: Keys::new(&config.keys),
        traces: Traces::to(config.otlp_endpoint.as_deref(), &metrics.lost_spans)?,
        metrics,
        config,
    };
    Ok(Front {
        pipeline,
        shared: Arc::new(shared),
        handlers,
    })
}

/// Accepts connections, without end.
async fn accept(listener: TcpListener, entrance: &Entrance, connections: &mut JoinSet<()>) {
    let mut n_failed = 0u32;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                match accepted {
                    Ok((socket, _)) => {
                        n_failed = 0;
                        admit(socket, entrance, connections);
                    }
                    Err(error) => {
                        n_failed = n_failed.saturating_add(1);
                        // The first may be a client that left while it waited.
                        if n_failed == 2 {
                            tracing::warn!(%error, "connections cannot be accepted; they wait until they can");
                        }
                        tokio::time::sleep(PAUSE_AFTER_FAILED_ACCEPT).await;
                    }
                }
            }
            Some(_) = connections.join_next() => {}
        }
        count(entrance, connections);
    }
}

/// Accepts connections to the port for metrics and probes, if there is one, without end.
async fn accept_probes(
    listener: Option<TcpListener>,
    entrance: &Entrance,
    connections: &mut JoinSet<()>,
) {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    let entrance = Entrance {
        acceptor: None,
        door: Door::Admin,
        ..entrance.clone()
    };
    accept(listener, &entrance, connections).await;
}

fn admit(socket: TcpStream, entrance: &Entrance, connections: &mut JoinSet<()>) {
    let shared = &entrance.front.shared;
    if connections.len() >= shared.config.connections.max_connections {
        shared.metrics.shed(Shed::Connections);
        return;
    }
    connections.spawn(connection::run(socket, entrance.clone()));
}

fn count(entrance: &Entrance, connections: &JoinSet<()>) {
    if entrance.door != Door::Admin {
        let open = connections.len().try_into().unwrap_or(i64::MAX);
        entrance.front.shared.metrics.connections.set(open);
    }
}

/// Waits for the connections to end, and cuts them at the end of the time.
async fn drain(phase: &watch::Sender<Phase>, timeout: Duration, connections: &mut JoinSet<()>) {
    let all_ended = async { while connections.join_next().await.is_some() {} };
    let give_up = async {
        tokio::time::sleep(timeout).await;
        tracing::warn!(drain_timeout = ?timeout, "calls are still open; cutting them");
        phase.send_replace(Phase::Stopping);
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        biased;
        () = all_ended => {}
        () = give_up => {}
    }
}

/// Waits for the calls whose connections were cut to see it, so that each has its line in the log and its span.
async fn ended(metrics: &Metrics) {
    let all_ended = async {
        while metrics.open_calls.get() > 0 {
            tokio::time::sleep(LAST_WORDS / 20).await;
        }
    };
    // What hangs has had its time.
    let _ = tokio::time::timeout(LAST_WORDS, all_ended).await;
}
