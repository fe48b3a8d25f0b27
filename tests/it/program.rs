//! The binary, as a person or an orchestrator runs it.

use std::process::{Command, Output, Stdio};

/// `copydesk` without standard input or any setting of whoever runs the tests.
pub(crate) fn copydesk() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    copydesk().args(args).output().expect("the program runs")
}

/// What it said on standard error.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
