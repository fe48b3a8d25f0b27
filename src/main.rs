//! The `copydesk` command.

use std::process::ExitCode;

use clap::Parser;
use copydesk::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("copydesk: {error:#}");
        ExitCode::FAILURE
    })
}
