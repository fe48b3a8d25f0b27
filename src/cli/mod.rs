//! Step 8: a person at a terminal. One file for each command. Exit status: 0 done, 1 failed or
//! refused, 2 wrong flags.
//!
//! - `serve`: the service on a socket.
//! - `health`: whether a service serves, for probes.
//! - `classify`: articles in, topics and tags out.
//! - `train`: labelled articles in, a model file out.
//! - `evaluate`: how good a model is.
//! - `model_file`, `data_args`, `report`: what several commands need.

mod classify;
mod data_args;
mod evaluate;
mod health;
mod model_file;
mod report;
mod serve;
mod train;
mod train_progress;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  copydesk serve                                          the built-in English news model on 127.0.0.1:50051
  copydesk classify article.txt                           topic and tags of a text
  copydesk train --data archive.jsonl --out desk.safetensors
  copydesk serve --model desk.safetensors --listen 0.0.0.0:50051

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
    Classify(classify::ClassifyArgs),
    Train(Box<train::TrainArgs>),
    Evaluate(evaluate::EvaluateArgs),
}

impl Cli {
    /// Runs the command. The exit code is the command's answer.
    ///
    /// # Errors
    /// What kept the command from doing its work, in a sentence for the person who gave it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Serve(args) => serve::run(&args),
            Command::Health(args) => health::run(&args),
            Command::Classify(args) => classify::run(&args),
            Command::Train(args) => train::run(&args),
            Command::Evaluate(args) => evaluate::run(&args),
        }
    }
}
