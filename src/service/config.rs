//! The bounds within which a server works. Every one has a default; none is "without limit".

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use super::keys::ApiKey;
use super::tls::TlsConfig;

/// The bounds within which a server works.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerConfig {
    /// A longer message is refused with RESOURCE_EXHAUSTED. In bytes, decompressed.
    pub max_message_bytes: usize,
    /// An article whose title and body are longer is refused with INVALID_ARGUMENT. In bytes.
    pub max_article_bytes: usize,
    /// A batch of more articles is refused with INVALID_ARGUMENT.
    pub max_batch_articles: usize,
    /// A call with more metadata is refused with RESOURCE_EXHAUSTED. In bytes, names and values.
    pub max_metadata_bytes: usize,
    /// At most so many articles are in work or about to be, of all calls together. Single calls
    /// beyond are refused with RESOURCE_EXHAUSTED, batches and streams wait.
    pub max_in_flight: NonZeroUsize,
    /// At most so many articles of one stream or batch are in flight.
    pub stream_window: NonZeroUsize,
    /// A stream ends that is sent no article for so long and has none in work, and a call of whose answer nothing is
    /// read for so long.
    pub stream_idle_timeout: Duration,
    /// A single call that gives no deadline of its own, or a later one, has this one.
    pub call_timeout: Duration,
    /// How long health checks say NOT_SERVING before the server stops accepting.
    pub drain_delay: Duration,
    /// How long open calls may go on after that.
    pub drain_timeout: Duration,
    /// Where pages may come from whose scripts call, over gRPC-Web or in JSON, such as `https://cms.example`;
    /// `*` for anywhere.
    pub cors_origins: Vec<String>,
    /// Who may call; empty: everyone who can connect.
    pub keys: Vec<ApiKey>,
    /// Who may use `grpc.health.v1`, `/healthz` and `/readyz`.
    pub health: Exposure,
    /// Who may use server reflection and read `/v1/openapi.json`.
    pub reflection: Exposure,
    /// Where a collector takes spans by OTLP over gRPC, such as `http://127.0.0.1:4317`.
    pub otlp_endpoint: Option<String>,
    /// Certificates; without them connections are not encrypted.
    pub tls: Option<TlsConfig>,
    /// The bounds of connections.
    pub connections: ConnectionConfig,
}

/// Who may use what is not the classifier's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Everyone who can connect.
    Open,
    /// Whoever has a key, if there are keys.
    Keyed,
    /// Nobody.
    Off,
}

/// The bounds of connections.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionConfig {
    /// A further connection is closed as soon as it is accepted.
    pub max_connections: usize,
    /// At most so many calls of one connection are open; further ones wait at the client.
    pub max_concurrent_streams: u32,
    /// A connection with more calls cancelled by the client within a second is cut.
    pub max_resets_per_second: u32,
    /// Unread bytes of one stream that the server holds.
    pub stream_window_bytes: u32,
    /// Unread bytes of one connection that the server holds.
    pub connection_window_bytes: u32,
    /// How long a client may take for the TLS handshake, for its first byte, for the preface of HTTP/2
    /// and for the headers of an HTTP/1 request.
    pub header_timeout: Duration,
    /// A connection without an open call for so long is closed.
    pub idle_timeout: Duration,
    /// After so long, give or take a tenth, a connection takes no new calls, so that clients spread
    /// over new servers.
    pub max_age: Duration,
    /// How long open calls may then go on.
    pub max_age_grace: Duration,
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
    /// So many for each core: a call that gets in waits for so many articles at the most, some
    /// milliseconds.
    pub const DEFAULT_IN_FLIGHT_PER_CORE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);
    /// Within the 30 seconds that orchestrators wait before they kill.
    pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

    /// [`Self::DEFAULT_IN_FLIGHT_PER_CORE`] on this machine.
    #[must_use]
    pub fn default_max_in_flight() -> NonZeroUsize {
        Self::n_cores().saturating_mul(Self::DEFAULT_IN_FLIGHT_PER_CORE)
    }

    /// Cores that this process may use. The server expects a runtime of as many workers.
    #[must_use]
    pub fn n_cores() -> NonZeroUsize {
        thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: Self::DEFAULT_MAX_MESSAGE_BYTES,
            max_article_bytes: 2 << 20,
            max_batch_articles: 1_000,
            max_metadata_bytes: 8 << 10,
            max_in_flight: Self::default_max_in_flight(),
            stream_window: Self::DEFAULT_STREAM_WINDOW,
            stream_idle_timeout: Duration::from_secs(300),
            call_timeout: Duration::from_secs(30),
            drain_delay: Duration::ZERO,
            drain_timeout: Self::DEFAULT_DRAIN_TIMEOUT,
            cors_origins: Vec::new(),
            keys: Vec::new(),
            health: Exposure::Open,
            reflection: Exposure::Open,
            otlp_endpoint: None,
            tls: None,
            connections: ConnectionConfig::default(),
        }
    }
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self {
            max_connections: 20_000,
            max_concurrent_streams: 256,
            max_resets_per_second: 200,
            // 25 MB a second at 10 ms from here to the client and back.
            stream_window_bytes: 256 << 10,
            // 63 streams whose clients do not read leave room for another.
            connection_window_bytes: 16 << 20,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
            max_age: Duration::from_secs(3_600),
            max_age_grace: Duration::from_secs(30),
            keepalive: Keepalive {
                interval: Duration::from_secs(30),
                timeout: Duration::from_secs(10),
            },
        }
    }
}
