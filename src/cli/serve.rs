//! `copydesk serve`: the service on a socket.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::model_file;
use crate::pipeline::Pipeline;
use crate::service::{ServerConfig, serve};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  copydesk serve                               the built-in model, for programs on this machine
  copydesk serve --listen 0.0.0.0:50051        for other machines too
  copydesk serve --model mine.safetensors      a model of your own, made by `copydesk train`
  copydesk serve --listen 127.0.0.1:0          any free port; the first line on standard error says which

SIGTERM and ctrl-c stop it: health checks say NOT_SERVING, open calls get --drain-timeout-seconds to finish.";

/// How many bytes a gRPC message can have at all.
const MESSAGE_BYTES_CEILING: u64 = u32::MAX as u64;

/// Serve a model over gRPC.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "COPYDESK_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:50051"
    )]
    listen: SocketAddr,
    /// The model file to serve; without it, the built-in English news model.
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    /// At most so many articles of one stream are in flight.
    #[arg(
        long,
        env = "COPYDESK_STREAM_WINDOW",
        value_name = "N",
        default_value_t = ServerConfig::DEFAULT_STREAM_WINDOW
    )]
    stream_window: NonZeroUsize,
    /// A longer message is refused, with RESOURCE_EXHAUSTED.
    #[arg(
        long,
        env = "COPYDESK_MAX_MESSAGE_BYTES",
        value_name = "N",
        default_value_t = ServerConfig::DEFAULT_MAX_MESSAGE_BYTES,
        value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=MESSAGE_BYTES_CEILING)
    )]
    max_message_bytes: usize,
    /// How long open calls may go on after SIGTERM or ctrl-c.
    #[arg(
        long,
        env = "COPYDESK_DRAIN_TIMEOUT_SECONDS",
        value_name = "N",
        default_value_t = ServerConfig::DEFAULT_DRAIN_TIMEOUT.as_secs() as u32
    )]
    drain_timeout_seconds: u32,
}

impl ServeArgs {
    fn config(&self) -> ServerConfig {
        ServerConfig {
            max_message_bytes: self.max_message_bytes,
            stream_window: self.stream_window,
            drain_timeout: Duration::from_secs(self.drain_timeout_seconds.into()),
            ..ServerConfig::default()
        }
    }
}

/// Runs `copydesk serve` until it is told to stop.
///
/// # Errors
/// The model cannot be loaded, or the address cannot be listened on.
pub(super) fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    telemetry::keep_text_out_of_panic_reports();
    let pipeline = Arc::new(model_file::load(args.model.as_deref())?);
    let runtime = runtime()?;
    let served = runtime.block_on(listen_and_serve(pipeline, args));
    // Whatever still runs after the drain has had its time.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

/// As many workers as cores. Long articles go to further threads, which are few: each keeps buffers
/// as long as the longest article it has read.
fn runtime() -> io::Result<Runtime> {
    let n_cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(n_cores)
        .max_blocking_threads(2 * n_cores)
        .enable_all()
        .build()
}

async fn listen_and_serve(pipeline: Arc<Pipeline>, args: &ServeArgs) -> anyhow::Result<()> {
    // Before anyone can know that the server runs, so that a signal always stops it gracefully.
    let stop = stop_signal().context("cannot listen for signals")?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| bind_error(args.listen, error))?;
    announce(&pipeline, listener.local_addr()?);
    serve(listener, pipeline, args.config(), stop).await?;
    Ok(())
}

fn bind_error(address: SocketAddr, error: io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there, perhaps another copydesk; stop it or give another port with --listen"
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not use that port; give one from 1024 on with --listen"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; give one of its own, or 0.0.0.0 for all, with --listen"
        }
        _ => "give another address with --listen",
    };
    anyhow::anyhow!("cannot listen on {address}: {error}: {advice}")
}

fn announce(pipeline: &Pipeline, address: SocketAddr) {
    let manifest = pipeline.manifest();
    let line = format!(
        "copydesk: serving {} {} ({} topics, {} tags) on {address}",
        manifest.name,
        manifest.version(),
        manifest.topics.len(),
        manifest.tags.len(),
    );
    // A server whose standard error is closed still serves.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Completes on SIGTERM or ctrl-c. The signals are caught from the call on, not from the first poll.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open calls may finish");
    })
}

/// Completes on ctrl-c.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        let _ = interrupt.recv().await;
        tracing::info!("stopping: open calls may finish");
    })
}
