//! The `copydesk` command: reads the arguments, starts the logs, runs and says how it went.

use std::process::ExitCode;

use copydesk::cli::{Cli, say, told};
use copydesk::telemetry;
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit status for flags and settings that cannot be read; clap's own.
const BAD_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::from_terminal();
    // What is still to be logged is written when this goes, at the end.
    let _log = match telemetry::start() {
        Ok(log) => log,
        Err(error) => {
            say(error);
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    cli.run().unwrap_or_else(|error| {
        say(told(&error));
        ExitCode::FAILURE
    })
}
