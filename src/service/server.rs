//! The service on a socket, from start to stop.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tonic::transport::Server;
use tonic_health::pb::health_server::HealthServer;
use tonic_reflection::server::Builder as Reflection;
use tower::util::MapResponseLayer;

use super::grpc::Classifier;
use super::health::HealthService;
use super::lifecycle::{Lifecycle, Phase};
use super::pb;
use super::pb::classifier_service_server::ClassifierServiceServer;
use super::status;
use crate::pipeline::Pipeline;

/// Unread bytes of one stream that the server holds.
const STREAM_WINDOW_BYTES: u32 = 512 << 10;
/// Unread bytes of one connection that the server holds: a stalled stream leaves room for others.
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
/// Out of file descriptors, a listener fails again at once.
const PAUSE_AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);
/// For the last status of each stream to get out, after the drain timeout.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The bounds within which a server works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// A longer message is refused with RESOURCE_EXHAUSTED. In bytes, encoded.
    pub max_message_bytes: usize,
    /// At most so many articles of one stream or batch are in flight.
    pub stream_window: NonZeroUsize,
    /// At most so many calls of one connection are open; further ones wait at the client.
    pub max_concurrent_streams: u32,
    /// How long open calls may go on after the stop signal.
    pub drain_timeout: Duration,
    /// When a silent connection is given up.
    pub keepalive: Keepalive,
}

/// When a silent connection is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keepalive {
    /// A connection silent for so long is pinged.
    pub interval: Duration,
    /// A ping without an answer for so long ends the connection.
    pub timeout: Duration,
}

impl ServerConfig {
    /// 4 MiB, as gRPC servers have it everywhere.
    pub const DEFAULT_MAX_MESSAGE_BYTES: usize = 4 << 20;
    /// Enough to hide the way over the network; more only adds memory.
    pub const DEFAULT_STREAM_WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
    /// Within the 30 seconds that orchestrators wait before they kill.
    pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: Self::DEFAULT_MAX_MESSAGE_BYTES,
            stream_window: Self::DEFAULT_STREAM_WINDOW,
            max_concurrent_streams: 256,
            drain_timeout: Self::DEFAULT_DRAIN_TIMEOUT,
            keepalive: Keepalive {
                interval: Duration::from_secs(30),
                timeout: Duration::from_secs(10),
            },
        }
    }
}

/// Why a server ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The contract's descriptors cannot be served.
    #[error("server reflection cannot start")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `shutdown` completes, then lets open calls finish for at most
/// [`ServerConfig::drain_timeout`]. From that signal on health checks say NOT_SERVING and no
/// connection is accepted; streams that are open at the end of the time get UNAVAILABLE. To drop
/// the future stops at once.
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
    let drained = async {
        shutdown.await;
        phase.send_replace(Phase::Draining);
    };
    let serving = router(pipeline, &config, &lifecycle)?
        .serve_with_incoming_shutdown(connections(listener), drained);
    tokio::select! {
        served = serving => Ok(served?),
        () = give_up(&phase, lifecycle, config.drain_timeout) => Ok(()),
    }
}

/// Completes when the time for open calls is over.
async fn give_up(phase: &watch::Sender<Phase>, lifecycle: Lifecycle, drain_timeout: Duration) {
    lifecycle.reached(Phase::Draining).await;
    tokio::time::sleep(drain_timeout).await;
    tracing::warn!(?drain_timeout, "calls are still open; ending them");
    phase.send_replace(Phase::Stopping);
    tokio::time::sleep(LAST_WORDS).await;
}

type Answer = fn(http::Response<tonic::body::Body>) -> http::Response<tonic::body::Body>;
type Refusals = tower::layer::util::Stack<MapResponseLayer<Answer>, tower::layer::util::Identity>;

fn router(
    pipeline: Arc<Pipeline>,
    config: &ServerConfig,
    lifecycle: &Lifecycle,
) -> Result<tonic::transport::server::Router<Refusals>, ServeError> {
    let classifier = Classifier {
        pipeline,
        stream_window: config.stream_window,
        lifecycle: lifecycle.clone(),
    };
    let classifier = ClassifierServiceServer::new(classifier)
        .max_decoding_message_size(config.max_message_bytes);
    let health = HealthService {
        lifecycle: lifecycle.clone(),
    };
    Ok(transport(config)
        .layer(MapResponseLayer::new(status::answer_refusal as Answer))
        .add_service(classifier)
        .add_service(HealthServer::new(health))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}

fn transport(config: &ServerConfig) -> Server {
    Server::builder()
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(config.max_concurrent_streams)
        .http2_keepalive_interval(Some(config.keepalive.interval))
        .http2_keepalive_timeout(Some(config.keepalive.timeout))
}

fn reflection() -> Reflection<'static> {
    Reflection::configure()
        .register_encoded_file_descriptor_set(pb::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// The listener's connections, without end. Small answers must not wait for the next packet, and
/// tonic sets TCP_NODELAY only on sockets it binds itself: without it a call takes 40 ms.
fn connections(listener: TcpListener) -> impl Stream<Item = io::Result<TcpStream>> {
    stream::unfold(listener, |listener| async move {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => {
                    // Fails only on a socket that is closed already.
                    let _ = socket.set_nodelay(true);
                    return Some((Ok(socket), listener));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE_AFTER_FAILED_ACCEPT).await;
                }
            }
        }
    })
}
