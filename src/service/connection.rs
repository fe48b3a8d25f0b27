//! One connection, from its first byte to its last.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::activity::Activity;
use super::config::ConnectionConfig;
use super::front::Front;
use super::lifecycle::{Lifecycle, Phase};
use super::lingering::Lingering;
use super::metrics::Shed;
use super::route::Door;

/// Where connections come in, and what each of them gets.
#[derive(Clone)]
pub(super) struct Entrance {
    pub(super) front: Arc<Front>,
    pub(super) lifecycle: Lifecycle,
    /// Without one, connections are in plain text.
    pub(super) acceptor: Option<TlsAcceptor>,
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
    let patience = entrance.front.shared.config.connections.header_timeout;
    // A client that says nothing is no connection yet.
    let mut byte = [0];
    let first_byte = tokio::time::timeout(patience, socket.peek(&mut byte)).await;
    if !matches!(first_byte, Ok(Ok(1..))) {
        return;
    }
    let Some(acceptor) = entrance.acceptor.clone() else {
        return serve(socket, entrance).await;
    };
    // Plain text, a wrong certificate or none: the handshake fails and has told the client why.
    if let Ok(Ok(socket)) = tokio::time::timeout(patience, acceptor.accept(socket)).await {
        serve(socket, entrance).await;
    }
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
        service_fn(move |request| front.answer(request, &activity, door))
    };
    let builder = protocols(config);
    let socket = TokioIo::new(Lingering::new(socket));
    let mut connection = pin!(builder.serve_connection(socket, service));
    let ending = tokio::select! {
        // A connection that fails is its client's affair.
        _ = connection.as_mut() => return,
        ending = ending(config, &activity, lifecycle) => ending,
    };
    let grace = match ending {
        Ending::Draining => Duration::MAX,
        Ending::Grace(grace) => grace,
        Ending::Cut => {
            shared.metrics.shed(Shed::Resets);
            tracing::warn!("a connection was cut: its client cancels too many calls");
            return;
        }
    };
    connection.as_mut().graceful_shutdown();
    // Cut at the end of its time at the latest.
    let _ = tokio::time::timeout(grace, connection).await;
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

fn protocols(config: &ConnectionConfig) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(config.stream_window_bytes)
        .initial_connection_window_size(config.connection_window_bytes)
        .max_concurrent_streams(config.max_concurrent_streams)
        .keep_alive_interval(config.keepalive.interval)
        .keep_alive_timeout(config.keepalive.timeout);
    builder
}
