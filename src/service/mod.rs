//! Step 8: the pipeline on the network.
//!
//! - [`pb`]: the public contract, as generated from `proto/`.
//! - `grpc`: the four calls; read this first.
//! - `counted`: requests, whose articles and lists are counted before they are read.
//! - `classify`: one article, the same way for a single call, a batch and a stream.
//! - `convert`: the contract's messages to the pipeline's values and back.
//! - `status`: the one place where an error becomes a gRPC status.
//! - `rest`: the calls over plain HTTP; `json`: the contract's messages as JSON; `once`: that none has a field twice;
//!   `openapi`: what describes both; `web`: the calls for browsers.
//! - `plain`: probes and metrics.
//! - `health`: `grpc.health.v1` for load balancers and probes; [`probe()`] is its client.
//! - [`serve`]: all of it on a socket.
//!
//! What surrounds a call, from the outside in:
//!
//! - `server`: accepts connections, and stops in order; `lifecycle` is what open calls know of it.
//! - `connection`: one connection and its bounds; `activity`: how busy it is; `preface`: its beginning;
//!   `heads`: the time for those of HTTP/1; `untaken`: answers that nobody takes; `lingering`: its end.
//! - `methods`: what HTTP asks of the methods of requests.
//! - `front`: where every request comes in; `route`: which call it is for; `asked`: in which protocol,
//!   and whether it is answered; `handlers`: who answers.
//! - `admission`, `deadline`: whether a call may start, and until when it may go on.
//! - `window`: how much of a stream is in work; `stopping`: why it takes no further message.
//! - `keys`: who may call; `tls`: encrypted connections.
//! - `call`: what a call carries; `record`: its line in the log; `metrics`: what is counted;
//!   `traces`: its span.

mod activity;
mod admission;
mod asked;
mod call;
mod classify;
mod config;
mod connection;
mod convert;
mod counted;
mod deadline;
mod front;
mod grpc;
mod handlers;
mod heads;
mod health;
mod json;
mod keys;
mod lifecycle;
mod lingering;
mod methods;
mod metrics;
mod once;
mod openapi;
pub mod pb;
mod plain;
mod preface;
mod probe;
mod record;
mod rest;
mod route;
mod server;
mod status;
mod stopping;
mod tls;
mod traces;
mod untaken;
mod web;
mod window;

pub use config::{ConnectionConfig, Exposure, Keepalive, ServerConfig};
pub use keys::{ApiKey, Role, hash, new_key};
pub use probe::{ProbeConfig, ProbeError, ProbeKey, probe};
pub use server::{Listeners, ServeError, Server, serve};
pub use tls::{TlsConfig, TlsError};
pub(crate) use traces::{REDACTED, without_secrets};
