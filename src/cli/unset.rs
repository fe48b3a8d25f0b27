//! A variable of the environment that is set to nothing.

use clap::Arg;
use clap::builder::Resettable;

/// Leaves a variable alone that is set to nothing, as a compose file's `${MODEL:-}` sets one: it counts as not set.
pub(super) fn without_empty_variable(arg: Arg) -> Arg {
    let value = arg.get_env().and_then(std::env::var_os);
    match value.is_some_and(|value| value.is_empty()) {
        true => arg.env(Resettable::Reset),
        false => arg,
    }
}
