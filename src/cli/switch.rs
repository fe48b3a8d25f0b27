//! A switch in the environment, where it has a value.

use std::ffi::OsStr;

use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command, Error};

/// Lets a switch be written as people write one; clap's own parser takes true and false alone.
pub(super) fn readable(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => arg.value_parser(SwitchParser),
        _ => arg,
    }
}

/// clap's parser of what is boolish, which does not say what would be.
#[derive(Debug, Clone, Copy)]
struct SwitchParser;

impl TypedValueParser for SwitchParser {
    type Value = bool;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<bool, Error> {
        let parsed = BoolishValueParser::new().parse_ref(command, arg, value);
        parsed.map_err(|_| {
            let variable = arg.and_then(Arg::get_env).unwrap_or_default();
            let message = format!(
                "{} is {value:?}; write true, yes, on or 1, or false, no, off or 0\n",
                variable.to_string_lossy()
            );
            Error::raw(ErrorKind::InvalidValue, message).with_cmd(command)
        })
    }
}
