//! Step 8: the pipeline on the network.
//!
//! - [`pb`]: the public contract, as generated from `proto/`.
//! - `grpc`: the four calls; read this first.
//! - `classify`: one article, the same way for a single call, a batch and a stream.
//! - `convert`: the contract's messages to the pipeline's values and back.
//! - `status`: the one place where an error becomes a gRPC status.
//! - `health`: `grpc.health.v1` for load balancers and probes; [`probe()`] is its client.
//! - `lifecycle`: from start to stop, as every open stream needs to know it.
//! - [`serve`]: all of it on a socket.

mod classify;
mod convert;
mod grpc;
mod health;
mod lifecycle;
pub mod pb;
mod probe;
mod server;
mod status;

pub use probe::{ProbeError, probe};
pub use server::{Keepalive, ServeError, ServerConfig, serve};
