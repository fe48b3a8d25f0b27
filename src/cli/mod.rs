//! Step 9: a person at a terminal. One file or folder for each command. Exit status: 0 done, 1 failed
//! or refused, 2 wrong flags.
//!
//! - `serve`: the service on a socket.
//! - `health`: whether a service serves, for probes.
//! - `key`: makes an API key.
//! - `classify`: articles in, topics and tags out.
//! - `extract`: pages in, their articles out.
//! - `train`: labelled articles in, a model file out.
//! - `train_extractor`: labelled pages in, a model file with a line model out.
//! - `evaluate`: how good a model is.
//! - `settings`: what `serve` can be told, by flags, environment and file; `environment`: what it is told in vain.
//! - `told`: an error as a sentence; `say`: a line on standard error; `visible`: text that a terminal shows and does
//!   not obey; `switch`: a switch in the environment; `unset`: a variable that is set to nothing; `list`:
//!   several values.
//! - `model_file`, `data_args`, `tag_args`, `page`, `report`: what several commands need.

mod classify;
mod data_args;
mod environment;
mod evaluate;
mod extract;
mod health;
mod key;
mod list;
mod model_file;
mod page;
mod report;
mod report_page;
mod say;
mod serve;
mod settings;
mod switch;
mod tag_args;
mod told;
mod train;
mod train_extractor;
mod unset;
mod visible;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub use say::say;
pub use told::told;

const EXAMPLES: &str = "\
Examples:
  copydesk serve                                          the built-in English news model on 127.0.0.1:50051
  copydesk classify article.txt                           topic and tags of a text
  copydesk train --data archive.jsonl --out desk.safetensors
  copydesk serve --model desk.safetensors --listen 0.0.0.0:50051

Every flag but those of key has an environment variable, such as COPYDESK_LISTEN for --listen;
a switch is set by true, yes, on or 1 there.
COPYDESK_LOG sets what is logged: error, warn, info (the default), debug or trace;
COPYDESK_LOG_FORMAT=json how, for machines.";

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
    Serve(Box<serve::ServeArgs>),
    Health(health::HealthArgs),
    Key(key::KeyArgs),
    Classify(classify::ClassifyArgs),
    Extract(extract::ExtractArgs),
    Train(Box<train::TrainArgs>),
    Evaluate(evaluate::EvaluateArgs),
    TrainExtractor(train_extractor::TrainExtractorArgs),
}

impl Cli {
    /// Reads the flags and the environment. Ends the program if they cannot be read, or if help is
    /// what they ask for.
    #[must_use]
    pub fn from_terminal() -> Self {
        let command = Self::whole_command()
            .mut_subcommands(|command| command.mut_args(unset::without_empty_variable));
        let matches = command.get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// All commands, with what each flag is called in the environment.
    fn whole_command() -> clap::Command {
        Self::command()
            .mut_subcommand("serve", settings::with_environment)
            .mut_subcommands(|command| command.mut_args(switch::readable))
    }

    /// Runs the command. The exit code is the command's answer.
    ///
    /// # Errors
    /// What kept the command from doing its work, in a sentence for the person who gave it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let ended = match self.command {
            Command::Serve(args) => serve::run(&args, environment::remarks(&Self::whole_command())),
            Command::Health(args) => health::run(&args),
            Command::Key(args) => key::run(&args),
            Command::Classify(args) => classify::run(&args),
            Command::Extract(args) => extract::run(&args),
            Command::Train(args) => train::run(&args),
            Command::Evaluate(args) => evaluate::run(&args),
            Command::TrainExtractor(args) => train_extractor::run(&args),
        };
        match ended {
            // Whoever reads has seen enough, as `head` has.
            Err(error) if error.chain().any(is_broken_pipe) => Ok(ExitCode::SUCCESS),
            ended => ended,
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let of_writing = error.downcast_ref().map(io::Error::kind);
    // One that hides the system's reason among its causes.
    let of_json = error
        .downcast_ref()
        .and_then(serde_json::Error::io_error_kind);
    of_writing.or(of_json) == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_but_those_of_key_has_the_variable_that_the_help_promises() {
        let mut command = Cli::whole_command();
        command.build();
        let of_service = command.get_subcommands().filter(|c| c.get_name() != "key");
        for command in of_service {
            for arg in command.get_arguments() {
                let Some(flag) = arg.get_long().filter(|flag| *flag != "help") else {
                    continue;
                };
                let name = match flag {
                    // The one that builds agree on (reproducible-builds.org).
                    "trained-at" => "SOURCE_DATE_EPOCH".to_owned(),
                    _ => format!("COPYDESK_{}", flag.to_uppercase().replace('-', "_")),
                };
                let variable = arg.get_env().map(|name| name.to_string_lossy());
                assert_eq!(variable.as_deref(), Some(&*name), "--{flag}");
            }
        }
    }
}
