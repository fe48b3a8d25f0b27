//! `copydesk health`: whether a service serves, for probes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::service::{ProbeConfig, ProbeKey, probe};

const EXAMPLES: &str = "\
Examples:
  copydesk health                                    the service on this machine
  copydesk health --address copydesk:50051           another one
  copydesk health --address https://copydesk:50051 --authorities ca.pem
                                                     one whose connections are encrypted
  copydesk health --api-key-file probe.key           one whose settings have health = \"keyed\"
  HEALTHCHECK CMD [\"copydesk\", \"health\"]             in a Dockerfile

The exit status is 0 if the service serves and 1 if not; why not is said on standard error.";

/// Ask a running service whether it serves.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HealthArgs {
    /// Host and port of the service, with https:// in front if connections are encrypted.
    #[arg(
        long,
        env = "COPYDESK_ADDRESS",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:50051"
    )]
    address: String,
    /// How long to wait for the answer.
    #[arg(
        long,
        env = "COPYDESK_TIMEOUT_SECONDS",
        value_name = "N",
        default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    timeout_seconds: u32,
    /// The gRPC service to ask for, such as copydesk.v1.ClassifierService; empty: the server as a
    /// whole.
    #[arg(
        long,
        env = "COPYDESK_SERVICE",
        value_name = "NAME",
        default_value = ""
    )]
    service: String,
    /// Who may vouch for an encrypted service, in PEM: its authority, or its own certificate. A service
    /// that asks for client certificates is better asked at its --admin-listen, which has /healthz.
    #[arg(long, env = "COPYDESK_AUTHORITIES", value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// The name in the service's certificate, if it is not the host of the address.
    #[arg(long, env = "COPYDESK_SERVER_NAME", value_name = "NAME")]
    server_name: Option<String>,
    /// A file with an API key alone, of the role classify, for a service whose health is keyed.
    #[arg(long, env = "COPYDESK_API_KEY_FILE", value_name = "FILE")]
    api_key_file: Option<PathBuf>,
}

/// Runs `copydesk health`.
///
/// # Errors
/// Why the service is not known to be serving.
pub(super) fn run(args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let config = ProbeConfig {
        address: args.address.clone(),
        service: args.service.clone(),
        timeout: Duration::from_secs(args.timeout_seconds.into()),
        authorities: args.authorities.clone(),
        server_name: args.server_name.clone(),
        api_key: args.api_key_file.as_deref().map(read_key).transpose()?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(probe(&config));
    // A name look-up that is still going on must not hold the answer back.
    runtime.shutdown_background();
    answer?;
    writeln!(io::stdout(), "SERVING")?;
    Ok(ExitCode::SUCCESS)
}

/// Out of a file, as the arguments of a program are shown to everyone on its machine.
fn read_key(file: &Path) -> anyhow::Result<ProbeKey> {
    let name = file.display();
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read --api-key-file {name}"))?;
    ProbeKey::new(text.trim()).with_context(|| format!("--api-key-file {name} has no key alone"))
}
