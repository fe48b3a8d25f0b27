//! Step 8: a person at a terminal. One file for each command.
//!
//! - [`serve`]: the service on a socket.
//! - [`health`]: whether a service serves, for probes.
//! - [`model_file`]: the model a command works with.

pub mod health;
pub mod model_file;
pub mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  copydesk serve                        serve the built-in English news model on 127.0.0.1:50051
  copydesk serve --model mine.safetensors --listen 0.0.0.0:50051
  copydesk health                       exit with 0 if the service at 127.0.0.1:50051 serves

Every flag has an environment variable, such as COPYDESK_LISTEN for --listen.
COPYDESK_LOG sets what is logged: error, warn, info (the default), debug or trace.";

/// Reads news articles and says what they are about: one topic and the tags an editor would file
/// them under.
#[derive(Debug, Parser)]
#[command(name = "copydesk", version, about, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Health(health::HealthArgs),
}

impl Cli {
    /// Runs the command. The exit code is the command's answer.
    ///
    /// # Errors
    /// What kept the command from doing its work, in a sentence for the person who gave it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve::run(args),
            Command::Health(args) => health::run(args),
        }
    }
}
