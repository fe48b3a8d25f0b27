//! One connection, from its first byte to its last.

use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::activity::Activity;
use super::config::{ConnectionConfig, ServerConfig};
use super::front::Front;
use super::heads::Heads;
use super::lifecycle::{Lifecycle, Phase};
use super::lingering::Lingering;
use super::methods;
use super::metrics::Shed;
use super::preface;
use super::route::Door;
use super::tls::Acceptor;
use super::untaken::{Tasks, Untaken};

/// How long a client may take to hear that its connection ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// For the headers that are not metadata, and for a refusal in the words of the contract of what is
/// not far over the limit; what is further is refused by HTTP/2 itself.
const HEADER_SLACK_BYTES: u32 = 16 << 10;

/// Where connections come in, and what each of them gets.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) front: Arc<Front>,
    pub(super) lifecycle: Lifecycle,
    /// Without one, connections are in plain text.
    pub(super) acceptor: Option<Acceptor>,
    pub(super) door: Door,
}

/// Why a connection takes no further calls.
enum Ending {
    /// The server stops; its own deadline is the connection's.
    Draining,
    /// The connection is old or was idle; open calls have so long.
    Grace(Duration),
    /// The client does not behave.
    Cut,
}

/// Serves a socket until one of the two sides has had enough.
pub(super) async fn run(socket: TcpStream, entrance: Entrance) {
    // Small answers must not wait for the next packet: without it a call takes 40 ms. Fails only
    // on a socket that is closed already.
    let _ = socket.set_nodelay(true);
    let opened = tokio::select! {
        biased;
        opened = opened(socket, &entrance) => opened,
        // A client that says nothing does not hold up the stop.
        () = entrance.lifecycle.clone().reached(Phase::Draining) => None,
    };
    match opened {
        Some(Opened::Plain(socket)) => serve(socket, entrance).await,
        Some(Opened::Encrypted(socket)) => serve(*socket, entrance).await,
        None => {}
    }
}

/// A socket whose client has begun.
enum Opened {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

/// The socket once its first byte is there, or once its handshake is done, if its client does so in time.
async fn opened(socket: TcpStream, entrance: &Entrance) -> Option<Opened> {
    let shared = &entrance.front.shared;
    let patience = shared.config.connections.header_timeout;
    // A client that says nothing is no connection yet.
    let mut byte = [0];
    let first_byte = tokio::time::timeout(patience, socket.peek(&mut byte)).await;
    if !matches!(first_byte, Ok(Ok(1..))) {
        return None;
    }
    let Some(acceptor) = &entrance.acceptor else {
        return Some(Opened::Plain(socket));
    };
    // Plain text, a wrong certificate or none: the handshake fails and has told the client why.
    let handshake = tokio::time::timeout(patience, acceptor.current().accept(socket)).await;
    let error = match handshake {
        Ok(Ok(socket)) => return Some(Opened::Encrypted(Box::new(socket))),
        Ok(Err(error)) => error,
        Err(late) => late.into(),
    };
    shared.metrics.failed_handshakes.inc();
    tracing::debug!(%error, "a TLS handshake failed");
    None
}

async fn serve<S>(socket: S, entrance: Entrance)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Entrance {
        front,
        lifecycle,
        door,
        ..
    } = entrance;
    let shared = Arc::clone(&front.shared);
    let config = &shared.config.connections;
    let activity = Arc::new(Activity::new(config.max_resets_per_second));
    let service = {
        let activity = Arc::clone(&activity);
        service_fn(move |request| methods::answer(&front, request, &activity, door))
    };
    let heads = Heads::new(config.header_timeout);
    let builder = protocols(&shared.config, heads.clone());
    let (socket, known) = preface::watch(Lingering::new(socket));
    let socket = TokioIo::new(heads.watch(socket));
    let mut connection = Untaken::new(builder.serve_connection(socket, service));
    let ending = tokio::select! {
        // A connection that fails is its client's affair.
        _ = &mut connection => return,
        // Nor is one that does not say which protocol it speaks.
        () = known.overdue(config.header_timeout) => return,
        ending = ending(config, &activity, lifecycle) => ending,
    };
    let grace = match ending {
        Ending::Draining => Duration::MAX,
        Ending::Grace(grace) => {
            activity.end();
            grace
        }
        Ending::Cut => {
            shared.metrics.shed(Shed::Resets);
            tracing::warn!("a connection was cut: its client cancels too many calls");
            return;
        }
    };
    connection.asking().graceful_shutdown();
    // Cut at the end of its time at the latest.
    let cut = async {
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            () = abandoned(&activity) => {}
        }
    };
    tokio::select! {
        _ = connection => {}
        () = cut => {}
    }
}

/// Completes when a connection that was told its end has no open call for a while. HTTP/2 pings the
/// client to learn that it has heard, and one that does not answer would hold the connection for as
/// long as the open calls of others may take.
async fn abandoned(activity: &Activity) {
    tokio::time::sleep(FAREWELL).await;
    activity.idle_for(FAREWELL).await;
}

async fn ending(config: &ConnectionConfig, activity: &Activity, lifecycle: Lifecycle) -> Ending {
    tokio::select! {
        () = lifecycle.reached(Phase::Draining) => Ending::Draining,
        () = tokio::time::sleep(spread(config.max_age)) => Ending::Grace(config.max_age_grace),
        () = activity.idle_for(config.idle_timeout) => Ending::Grace(config.header_timeout),
        () = activity.too_many_resets() => Ending::Cut,
    }
}

/// A tenth more or less, so that connections made together do not end together.
fn spread(age: Duration) -> Duration {
    age.mul_f64(0.9 + 0.2 * rand::random::<f64>())
}

/// What HTTP/2 lets through: more than `front` does, which says what the limit is.
fn header_list_bytes(max_metadata_bytes: usize) -> u32 {
    let metadata = u32::try_from(max_metadata_bytes).unwrap_or(u32::MAX);
    metadata
        .saturating_mul(2)
        .saturating_add(HEADER_SLACK_BYTES)
}

fn protocols(config: &ServerConfig, heads: Heads) -> auto::Builder<Tasks> {
    let header_list_bytes = header_list_bytes(config.max_metadata_bytes);
    let config = &config.connections;
    let mut builder = auto::Builder::new(Tasks);
    builder
        .http1()
        .timer(heads)
        .header_read_timeout(config.header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(config.stream_window_bytes)
        .initial_connection_window_size(config.connection_window_bytes)
        .max_concurrent_streams(config.max_concurrent_streams)
        .max_header_list_size(header_list_bytes)
        .keep_alive_interval(config.keepalive.interval)
        .keep_alive_timeout(config.keepalive.timeout);
    builder
}
