//! The service on a socket, from start to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::admission::Admission;
use super::call::Shared;
use super::config::ServerConfig;
use super::connection;
use super::front::Front;
use super::handlers::Handlers;
use super::lifecycle::{Lifecycle, Phase};
use super::metrics::{Metrics, Shed};
use crate::pipeline::Pipeline;

/// Out of file descriptors, a listener fails again at once.
const PAUSE_AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);
/// For the last status of each stream to get out, after the drain timeout.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The contract's descriptors cannot be served.
    #[error("server reflection cannot start")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The contract's descriptors cannot be read.
    #[error("the contract cannot be read as JSON")]
    Descriptors(#[from] prost_reflect::DescriptorError),
}

/// Serves until `shutdown` completes and then ends in order. Health checks say NOT_SERVING at once;
/// after [`ServerConfig::drain_delay`] no connection is accepted, single calls and batches that are
/// open finish, and streams end with UNAVAILABLE behind the answers to what they have sent. What is
/// still open after [`ServerConfig::drain_timeout`] is cut. To drop the future stops at once.
///
/// # Errors
/// [`ServeError`]; a connection or call that fails is no error of the server.
pub async fn serve(
    listener: TcpListener,
    pipeline: Arc<Pipeline>,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (phase, lifecycle) = Lifecycle::start();
    let (drain_delay, drain_timeout) = (config.drain_delay, config.drain_timeout);
    let front = Arc::new(front(pipeline, config, &lifecycle)?);
    let mut connections = JoinSet::new();
    let left = async {
        shutdown.await;
        phase.send_replace(Phase::Leaving);
        tokio::time::sleep(drain_delay).await;
    };
    tokio::select! {
        () = left => {}
        () = accept(listener, &front, &lifecycle, &mut connections) => {}
    }
    phase.send_replace(Phase::Draining);
    drain(&phase, drain_timeout, connections).await;
    Ok(())
}

fn front(
    pipeline: Arc<Pipeline>,
    config: ServerConfig,
    lifecycle: &Lifecycle,
) -> Result<Front, ServeError> {
    let handlers = Handlers::new(&config, lifecycle)?;
    let shared = Shared {
        admission: Admission::new(config.max_in_flight.get()),
        metrics: Metrics::new(pipeline.manifest()),
        config,
    };
    Ok(Front {
        pipeline,
        shared: Arc::new(shared),
        handlers,
    })
}

/// Accepts connections, without end.
async fn accept(
    listener: TcpListener,
    front: &Arc<Front>,
    lifecycle: &Lifecycle,
    connections: &mut JoinSet<()>,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => admit(socket, front, lifecycle, connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE_AFTER_FAILED_ACCEPT).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
        count(front, connections);
    }
}

fn admit(
    socket: TcpStream,
    front: &Arc<Front>,
    lifecycle: &Lifecycle,
    connections: &mut JoinSet<()>,
) {
    if connections.len() >= front.shared.config.connections.max_connections {
        front.shared.metrics.shed(Shed::Connections);
        return;
    }
    connections.spawn(connection::run(
        socket,
        Arc::clone(front),
        lifecycle.clone(),
    ));
}

fn count(front: &Front, connections: &JoinSet<()>) {
    let open = connections.len().try_into().unwrap_or(i64::MAX);
    front.shared.metrics.connections.set(open);
}

/// Waits for the connections to end, and cuts them at the end of the time.
async fn drain(phase: &watch::Sender<Phase>, timeout: Duration, mut connections: JoinSet<()>) {
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
