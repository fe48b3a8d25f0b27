//! Step 8: a person at a terminal.
//!
//! One module per command. Exit status: 0 done, 1 failed or refused, 2 wrong flags.

mod classify;
mod data_args;
mod evaluate;
mod model_file;
mod report;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Read news articles and say what they are about: topic and tags.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(train::TrainArgs),
    Evaluate(evaluate::EvaluateArgs),
    Classify(classify::ClassifyArgs),
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Whatever the command cannot do, for a person to read.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Train(args) => train::run(args),
            Command::Evaluate(args) => evaluate::run(args),
            Command::Classify(args) => classify::run(args),
        }
    }
}
