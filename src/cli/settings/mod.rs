//! The settings of `copydesk serve`: one list of them, out of which come the flags, the environment
//! variables, the keys of the settings file and the reference of all three.
//!
//! A flag counts more than the environment, that more than the file, and that more than the default.
//!
//! - `reference`: the names of settings, and a page that describes them.
//! - `server`: what settings tell the server and the model that it serves.

mod reference;
mod server;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use super::key::KeySetting;
use super::list::{self, List};
use crate::service::{REDACTED, ServerConfig, without_secrets};
use crate::text::MAX_ARTICLE_BYTES;
pub(super) use reference::{reference, with_environment};

/// How many bytes a gRPC message can have at all.
const MESSAGE_BYTES_CEILING: usize = u32::MAX as usize;
/// An HTTP/2 window has 31 bits.
const WINDOW_BYTES_CEILING: u32 = i32::MAX as u32;

/// Declares each setting once. `always` have a default, `maybe` are not set and `lists` are empty unless they are given.
macro_rules! settings {
    (
        always { $($(#[doc = $doc:literal])+ $name:ident: $type:ty = $default:expr;)+ }
        maybe { $($(#[doc = $m_doc:literal])+ $m_name:ident: $m_type:ty;)+ }
        lists { $($(#[doc = $l_doc:literal])+ $l_name:ident;)+ }
    ) => {
        /// The settings as flags and environment variables.
        #[derive(Debug, Args, Serialize)]
        pub(super) struct Flags {
            $(
                $(#[doc = $doc])+
                #[arg(long)]
                #[serde(skip_serializing_if = "Option::is_none")]
                $name: Option<$type>,
            )+
            $(
                $(#[doc = $m_doc])+
                #[arg(long)]
                #[serde(skip_serializing_if = "Option::is_none")]
                $m_name: Option<$m_type>,
            )+
            $(
                $(#[doc = $l_doc])+
                #[arg(long)]
                #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "list::as_one")]
                $l_name: Vec<List>,
            )+
        }

        /// What is set, from wherever.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Settings {
            $($(#[doc = $doc])+ pub(super) $name: $type,)+
            $(
                $(#[doc = $m_doc])+
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(super) $m_name: Option<$m_type>,
            )+
            $(
                $(#[doc = $l_doc])+
                #[serde(default, skip_serializing_if = "List::is_empty")]
                pub(super) $l_name: List,
            )+
            /// Who may call; empty: everyone who can connect.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub(super) api_keys: Vec<KeySetting>,
        }


        impl Settings {
            /// What holds if nothing is set.
            fn defaults(bounds: &ServerConfig) -> Self {
                Self {
                    $($name: ($default)(bounds),)+
                    $($m_name: None,)+
                    $($l_name: List::default(),)+
                    api_keys: Vec::new(),
                }
            }
        }
    };
}

type Bounds = ServerConfig;

/// Who may use a service that is not the classifier's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Access {
    Open,
    Keyed,
    Off,
}

settings! {
    always {
        /// Address and port to listen on; port 0 takes a free one.
        listen: SocketAddr = |_: &Bounds| SocketAddr::from(([127, 0, 0, 1], 50_051));
        /// A longer message is refused, with RESOURCE_EXHAUSTED. In bytes, decompressed.
        max_message_bytes: NonZeroUsize = |b: &Bounds| at_least_1(b.max_message_bytes);
        /// An article whose title and body are longer is refused, with INVALID_ARGUMENT.
        max_article_bytes: NonZeroUsize = |b: &Bounds| at_least_1(b.max_article_bytes);
        /// A batch of more articles is refused, with INVALID_ARGUMENT.
        max_batch_articles: NonZeroUsize = |b: &Bounds| at_least_1(b.max_batch_articles);
        /// A call with more metadata is refused, with RESOURCE_EXHAUSTED.
        max_metadata_bytes: NonZeroUsize = |b: &Bounds| at_least_1(b.max_metadata_bytes);
        /// At most so many articles of one stream are in flight.
        stream_window: NonZeroUsize = |b: &Bounds| b.stream_window;
        /// A stream that is sent no article for so long, and has none in work, ends with UNAVAILABLE; a call of whose answer nothing is read for so long is reset.
        stream_idle_timeout_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.stream_idle_timeout);
        /// A single call that gives no deadline of its own, or a later one, has this one.
        call_timeout_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.call_timeout);
        /// How long after SIGTERM or ctrl-c health checks say NOT_SERVING before the server stops accepting calls.
        drain_delay_seconds: u32 = |b: &Bounds| seconds(b.drain_delay);
        /// How long open calls may go on after that.
        drain_timeout_seconds: u32 = |b: &Bounds| seconds(b.drain_timeout);
        /// A further connection is closed as soon as it is accepted.
        max_connections: NonZeroUsize = |b: &Bounds| at_least_1(b.connections.max_connections);
        /// At most so many calls of one connection are open; further ones wait at the client.
        max_concurrent_streams: NonZeroU32 = |b: &Bounds| at_least_one(b.connections.max_concurrent_streams);
        /// A connection whose client cancels more calls within a second is cut.
        max_resets_per_second: NonZeroU32 = |b: &Bounds| at_least_one(b.connections.max_resets_per_second);
        /// Unread bytes of one stream that the server holds.
        stream_window_bytes: NonZeroU32 = |b: &Bounds| at_least_one(b.connections.stream_window_bytes);
        /// Unread bytes of one connection that the server holds.
        connection_window_bytes: NonZeroU32 = |b: &Bounds| at_least_one(b.connections.connection_window_bytes);
        /// How long a client may take for the TLS handshake, its first byte, the preface of HTTP/2 and the head of an HTTP/1 request.
        header_timeout_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.connections.header_timeout);
        /// A connection without an open call for so long is closed.
        idle_timeout_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.connections.idle_timeout);
        /// After so long, give or take a tenth, a connection takes no new calls.
        max_age_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.connections.max_age);
        /// How long open calls may go on after that.
        max_age_grace_seconds: u32 = |b: &Bounds| seconds(b.connections.max_age_grace);
        /// A connection silent for so long is pinged.
        keepalive_interval_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.connections.keepalive.interval);
        /// A ping without an answer for so long ends the connection.
        keepalive_timeout_seconds: NonZeroU32 = |b: &Bounds| positive_seconds(b.connections.keepalive.timeout);
        /// Who may use grpc.health.v1, /healthz and /readyz: open (everyone), keyed (whoever has an API key) or off.
        health: Access = |_: &Bounds| Access::Open;
        /// Who may use server reflection and read /v1/openapi.json: open, keyed or off.
        reflection: Access = |_: &Bounds| Access::Open;
    }
    maybe {
        /// The model file to serve; without it, the built-in English news model.
        model: PathBuf;
        /// Language of the labels to take from a vocabulary in several; without it, en.
        vocabulary_language: String;
        /// At most so many articles are in flight, of all calls together; without it, 32 for each core. Single calls beyond are refused, with RESOURCE_EXHAUSTED; batches and streams wait.
        max_in_flight: NonZeroUsize;
        /// Where a collector takes spans by OTLP over gRPC, such as http://127.0.0.1:4317. Not encrypted. OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG say which share of calls has one; without them, every call.
        otlp_endpoint: String;
        /// Address and port for /metrics, /healthz and /readyz, which are then on no other. Not encrypted, and without keys.
        admin_listen: SocketAddr;
        /// The server's certificate chain in PEM; with it, all connections but those to --admin-listen are encrypted. Read again when it changes.
        tls_certificate: PathBuf;
        /// The certificate's private key in PEM.
        tls_key: PathBuf;
        /// Authorities of clients in PEM; with them, only clients with a certificate of one may connect. Read again when they change.
        tls_client_authorities: PathBuf;
    }
    lists {
        /// A vocabulary whose tags need no training, besides the model's own: a CSV, TSV or SKOS Turtle file. For several, repeat the flag, or part them by commas in the environment.
        vocabulary;
        /// A tag that is never suggested. For several, repeat the flag, or part them by commas in the environment.
        deny_tags;
        /// Another name of a tag as name=tag, such as Kiev=Kyiv: where the name would be suggested, the tag is. For several, repeat the flag, or part them by commas in the environment.
        tag_aliases;
        /// Where pages may come from whose scripts call, over gRPC-Web or in JSON: an origin such as https://cms.example; * for anywhere. For several, repeat the flag, or part them by commas in the environment.
        cors_origins;
    }
}

fn at_least_1(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn seconds(time: Duration) -> u32 {
    time.as_secs().try_into().unwrap_or(u32::MAX)
}

/// Of a time of which none at all would let nothing pass.
fn positive_seconds(time: Duration) -> NonZeroU32 {
    at_least_one(seconds(time))
}

/// What is wrong in a settings file: its name, the key and the reason, a line each.
fn file_error(error: figment::Error) -> anyhow::Error {
    let one = |error: figment::Error| {
        let source = error.metadata.as_ref().and_then(|m| m.source.as_ref());
        let file = source.map(|file| format!("{file}: ")).unwrap_or_default();
        let key = match error.path.join(".") {
            key if key.is_empty() => key,
            key => format!("{key}: "),
        };
        format!("{file}{key}{}", error.kind)
    };
    let lines: Vec<String> = error.into_iter().map(one).collect();
    anyhow::anyhow!(lines.join("\n"))
}

impl Settings {
    /// What is set by flags and environment, then by a file, then by default.
    ///
    /// # Errors
    /// The file cannot be read, or has a key that is none or a value that is out of range.
    pub(super) fn gather(flags: &Flags, file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            anyhow::ensure!(
                file.is_file(),
                "there is no settings file {}",
                file.display()
            );
            figment = figment.merge(Toml::file_exact(file));
        }
        let figment = figment.merge(Serialized::defaults(flags));
        let settings: Self = figment.extract().map_err(file_error)?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.max_message_bytes.get() <= MESSAGE_BYTES_CEILING,
            "max_message_bytes is {}; a gRPC message has at most {MESSAGE_BYTES_CEILING} bytes",
            self.max_message_bytes
        );
        anyhow::ensure!(
            self.max_article_bytes.get() <= MAX_ARTICLE_BYTES,
            "max_article_bytes is {}; an article has at most {MAX_ARTICLE_BYTES} bytes",
            self.max_article_bytes
        );
        for (name, bytes) in [
            ("stream_window_bytes", self.stream_window_bytes),
            ("connection_window_bytes", self.connection_window_bytes),
        ] {
            anyhow::ensure!(
                bytes.get() <= WINDOW_BYTES_CEILING,
                "{name} is {bytes}; an HTTP/2 window has at most {WINDOW_BYTES_CEILING} bytes"
            );
        }
        anyhow::ensure!(
            self.tls_certificate.is_some() == self.tls_key.is_some(),
            "tls_certificate and tls_key are of use only together"
        );
        anyhow::ensure!(
            self.tls_certificate.is_some() || self.tls_client_authorities.is_none(),
            "tls_client_authorities is of no use without tls_certificate and tls_key"
        );
        self.tag_rules()?;
        self.keys().map(|_| ())
    }

    /// The settings as a file, with the secrets blacked out: it is of use again once they are put in.
    ///
    /// # Errors
    /// They cannot be written as TOML, which no setting causes.
    pub(super) fn to_toml(&self) -> anyhow::Result<String> {
        let mut shown = self.clone();
        for key in &mut shown.api_keys {
            key.sha256 = REDACTED.to_owned();
        }
        shown.otlp_endpoint = shown.otlp_endpoint.as_deref().map(without_secrets);
        toml::to_string(&shown).context("the settings cannot be written as TOML")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::defaults(&ServerConfig::default())
    }
}
