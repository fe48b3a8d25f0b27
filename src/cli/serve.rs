//! `copydesk serve`: the service on a socket.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::model_file;
use super::say;
use super::settings::{self, Flags, Settings};
use super::told;
use crate::pipeline::Pipeline;
use crate::service::{Listeners, Server, ServerConfig};
use crate::telemetry;

const EXAMPLES: &str = "\
Examples:
  copydesk serve                               the built-in model, for programs on this machine
  copydesk serve --listen 0.0.0.0:50051        for other machines too
  copydesk serve --vocabulary desk.csv         the built-in model with tags of your own
  copydesk serve --model mine.safetensors      a model of your own, made by `copydesk train`
  copydesk serve --listen 127.0.0.1:0          any free port; the first line on standard error says which

SIGTERM and ctrl-c stop it: health checks say NOT_SERVING; after --drain-delay-seconds no call is accepted
and open calls get --drain-timeout-seconds to finish. docs/settings.md describes all settings.";

/// The exit status for settings that cannot be read; clap's own.
const BAD_SETTINGS: u8 = 2;

/// Serve a model over gRPC.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
    /// A settings file in TOML, with the flags' names in snake case as keys.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print what is set, without secrets, and exit.
    #[arg(long)]
    print_config: bool,
    /// Print a page that describes all settings, and exit.
    #[arg(long, hide = true)]
    print_reference: bool,
}

/// Runs `copydesk serve` until it is told to stop. Remarks go to the log behind the first line, which says where it
/// serves.
///
/// # Errors
/// The model cannot be loaded, or the address cannot be listened on.
pub(super) fn run(args: &ServeArgs, mut remarks: Vec<String>) -> anyhow::Result<ExitCode> {
    if args.print_reference {
        return print(&settings::reference());
    }
    let settings = match Settings::gather(&args.flags, args.config.as_deref()) {
        Ok(settings) => settings,
        Err(error) => {
            say(told(&error));
            return Ok(ExitCode::from(BAD_SETTINGS));
        }
    };
    if args.print_config {
        return print(&settings.to_toml()?);
    }
    telemetry::keep_text_out_of_panic_reports();
    remarks.extend(raise_file_limit(settings.max_connections.get()));
    let pipeline = settings.steer(model_file::load(settings.model.as_deref())?)?;
    let pipeline = Arc::new(pipeline);
    let runtime = runtime()?;
    let served = runtime.block_on(listen_and_serve(pipeline, &settings, &remarks));
    // Whatever still runs after the drain has had its time.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> anyhow::Result<ExitCode> {
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A connection is a file, and many systems start programs with few. What is to be said if they stay fewer.
fn raise_file_limit(max_connections: usize) -> Option<String> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if limit < max_connections as u64 => Some(format!(
            "max_connections is {max_connections}, and this process may have {limit} files open: further connections will wait; raise the limit (ulimit -n), or lower max_connections"
        )),
        Ok(_) => None,
        Err(error) => Some(format!("the limit of open files stays as it is: {error}")),
    }
}

/// As many workers as cores. Long articles go to further threads, which are few: each keeps buffers
/// as long as the longest article it has read.
fn runtime() -> io::Result<Runtime> {
    let n_cores = ServerConfig::n_cores().get();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(n_cores)
        .max_blocking_threads(2 * n_cores)
        .enable_all()
        .build()
}

async fn listen_and_serve(
    pipeline: Arc<Pipeline>,
    settings: &Settings,
    remarks: &[String],
) -> anyhow::Result<()> {
    // Before anyone can know that the server runs, so that a signal always stops it gracefully.
    let stop = stop_signal().context("cannot listen for signals")?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|error| bind_error("--listen", settings.listen, &error))?;
    let admin = match settings.admin_listen {
        Some(address) => Some(
            TcpListener::bind(address)
                .await
                .map_err(|error| bind_error("--admin-listen", address, &error))?,
        ),
        None => None,
    };
    let address = listener.local_addr()?;
    let listeners = Listeners {
        calls: listener,
        admin,
    };
    let server = Server::new(listeners, Arc::clone(&pipeline), settings.server_config()?)?;
    announce(&pipeline, address);
    for remark in remarks {
        tracing::warn!("{remark}");
    }
    server.run(stop).await;
    Ok(())
}

fn bind_error(flag: &str, address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there, perhaps another copydesk; stop it or give another port"
        }
        io::ErrorKind::PermissionDenied => "this user may not use that port; give one from 1024 on",
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; give one of its own, or 0.0.0.0 for all,"
        }
        _ => "give another address",
    };
    anyhow::anyhow!("cannot listen on {address}: {error}: {advice} with {flag}")
}

fn announce(pipeline: &Pipeline, address: SocketAddr) {
    let manifest = pipeline.manifest();
    say(format_args!(
        "serving {} {} ({} topics, {} tags) on {address}",
        manifest.name,
        manifest.version(),
        manifest.topics.len(),
        pipeline.n_vocabulary_tags(),
    ));
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
