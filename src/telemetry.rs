//! Logs: lines on standard error, as many as `COPYDESK_LOG` asks for, in the form that
//! `COPYDESK_LOG_FORMAT` names.

use std::io::{self, IsTerminal, LineWriter};
use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::debug_fn;

/// The environment variable that says what is logged, such as `debug` or `copydesk=debug,h2=off`.
pub const LOG_VARIABLE: &str = "COPYDESK_LOG";

/// So many lines wait for a slow reader of the log; further ones are lost. At some 200 bytes each it
/// is a few megabytes.
const MAX_WAITING_LINES: usize = 16 << 10;

/// Libraries that log what only their makers can use, and may quote an article.
const QUIET: [&str; 2] = ["trafilatura=off", "dom_smoothie=off"];

/// The environment variable that says how a line looks: `text`, or `json` for machines.
pub const FORMAT_VARIABLE: &str = "COPYDESK_LOG_FORMAT";

/// A variable that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// [`LOG_VARIABLE`].
    #[error("{LOG_VARIABLE} is no log filter: {0}; set it to error, warn, info, debug or trace")]
    Filter(#[from] tracing_subscriber::filter::FromEnvError),
    /// [`LOG_VARIABLE`] has a word that is no level. It would be taken for the name of a module, and all others say
    /// nothing.
    #[error(
        "{LOG_VARIABLE} has {given:?}, which is no level; set it to error, warn, info, debug, trace or off, or to a module and its level, such as copydesk=debug"
    )]
    Level {
        /// The word.
        given: String,
    },
    /// [`FORMAT_VARIABLE`].
    #[error("{FORMAT_VARIABLE} is {given:?}; set it to text or json")]
    Format {
        /// What it is set to.
        given: String,
    },
}

/// Starts logging: from `info` on unless [`LOG_VARIABLE`] says otherwise, in colours on a terminal.
/// Does nothing if a subscriber is set already. Lines are written by a thread of their own: a reader
/// that stops reading must not stop what is logged about. What is logged last is written when the
/// answer is dropped.
///
/// # Errors
/// [`LogError`] if a variable cannot be read.
pub fn start() -> Result<WorkerGuard, LogError> {
    let asked_for = std::env::var(LOG_VARIABLE).unwrap_or_default();
    if let Some(word) = no_level(&asked_for) {
        let given = word.to_owned();
        return Err(LogError::Level { given });
    }
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
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(MAX_WAITING_LINES)
        .thread_name("log")
        .finish(LineWriter::new(io::stderr()));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(wants_colours);
    let given = std::env::var_os(FORMAT_VARIABLE).unwrap_or_default();
    let _ = match given.to_str() {
        Some("" | "text") if wants_colours => lines.try_init(),
        Some("" | "text") => lines.fmt_fields(plain_fields()).try_init(),
        Some("json") => lines.json().flatten_event(true).try_init(),
        _ => {
            let given = given.to_string_lossy().into_owned();
            return Err(LogError::Format { given });
        }
    };
    Ok(guard)
}

/// Fields as the default has them, but for the colours: to leave out the colour of each name and sign
/// one by one takes a third of the time of a line.
fn plain_fields() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    debug_fn(|writer, field, value| match field.name() {
        "message" => write!(writer, "{value:?}"),
        name => write!(writer, "{name}={value:?}"),
    })
    .delimited(" ")
}

/// From now on a panic is logged by its place alone. The standard report has its message too, and
/// that may quote the text at which the program failed, which is a caller's article.
pub fn keep_text_out_of_panic_reports() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a panic");
    }));
}

/// The first of the directives that is neither a level nor one for a module.
fn no_level(directives: &str) -> Option<&str> {
    let mut words = directives.split(',').map(str::trim);
    words.find(|word| {
        let is_level = word.is_empty() || word.parse::<LevelFilter>().is_ok();
        !is_level && !word.contains(['=', '[', ']', '{', '}'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_no_name_of_a_module() {
        for right in [
            "",
            "info",
            "WARN",
            "off",
            "copydesk=debug,h2=off",
            "info, h2=warn",
            "x[y]",
        ] {
            assert_eq!(no_level(right), None, "{right}");
        }
        assert_eq!(no_level("inof"), Some("inof"));
        assert_eq!(no_level("h2=off,debg"), Some("debg"));
    }
}
