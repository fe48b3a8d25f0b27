//! Logs: lines on standard error, as many as `COPYDESK_LOG` asks for.

use std::io::{self, IsTerminal};
use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The environment variable that says what is logged, such as `debug` or `copydesk=debug,h2=off`.
pub const LOG_VARIABLE: &str = "COPYDESK_LOG";

/// Libraries that log what only their makers can use, and may quote an article.
const QUIET: [&str; 2] = ["trafilatura=off", "dom_smoothie=off"];

/// [`LOG_VARIABLE`] cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{LOG_VARIABLE} is no log filter: {0}; set it to error, warn, info, debug or trace")]
pub struct LogFilterError(#[from] tracing_subscriber::filter::FromEnvError);

/// Starts logging: from `info` on unless [`LOG_VARIABLE`] says otherwise, in colours on a terminal.
/// Does nothing if a subscriber is set already.
///
/// # Errors
/// [`LogFilterError`] if the variable is no filter.
pub fn start() -> Result<(), LogFilterError> {
    let filter = EnvFilter::builder()
        .with_env_var(LOG_VARIABLE)
        .with_default_directive(LevelFilter::INFO.into())
        .from_env()?;
    // The reader of HTML tells of each page what it tried.
    let filter = QUIET
        .iter()
        .fold(filter, |filter, directive| match directive.parse() {
            Ok(directive) => filter.add_directive(directive),
            Err(_) => filter,
        });
    let wants_colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(wants_colours)
        .try_init();
    Ok(())
}

/// From now on a panic is logged by its place alone. The standard report has its message too, and
/// that may quote the text at which the program failed, which is a caller's article.
pub fn keep_text_out_of_panic_reports() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a panic");
    }));
}
