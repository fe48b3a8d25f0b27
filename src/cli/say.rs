//! What a person is told on standard error.

use std::fmt::Display;
use std::io::{self, Write};

use super::visible::visible;

/// Says something in a line of its own. Where it cannot be written, as to a full disk or a reader that has seen
/// enough, the command does its work all the same.
pub fn say(what: impl Display) {
    let _ = writeln!(io::stderr(), "copydesk: {}", visible(&what.to_string()));
}
