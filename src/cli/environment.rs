//! Variables of the environment that are named as Copydesk's own and are none.

use std::collections::BTreeSet;
use std::env;

use clap::Command;

const PREFIX: &str = "COPYDESK_";
/// Those that no flag has: what is logged, and how.
const OF_THE_LOG: [&str; 2] = ["COPYDESK_LOG", "COPYDESK_LOG_FORMAT"];

/// What is to be said of each variable that sets nothing: a misspelt setting would be missed in silence.
pub(super) fn remarks(commands: &Command) -> Vec<String> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = set.filter_map(|(name, _)| name.into_string().ok());
    let remark = |name| {
        format!("{name} is set and is no setting; see `copydesk serve --help` for their names")
    };
    unknown(commands, names).into_iter().map(remark).collect()
}

/// Those that are no command's, in order. One environment may be for several commands.
fn unknown(commands: &Command, names: impl Iterator<Item = String>) -> BTreeSet<String> {
    let arguments = commands.get_subcommands().flat_map(Command::get_arguments);
    let variables = arguments.filter_map(|arg| arg.get_env()?.to_str());
    let known: BTreeSet<&str> = variables.chain(OF_THE_LOG).collect();
    names
        .filter(|name| name.starts_with(PREFIX))
        .filter(|name| !known.contains(&**name) && !is_of_kubernetes(name))
        .collect()
}

/// Whether Kubernetes sets it in every pod beside a service that is called copydesk.
fn is_of_kubernetes(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || (name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP")))
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn only_what_is_meant_and_misspelt_is_told() {
        let arg = |name: &'static str| Arg::new(name).long(name).env(name);
        let serve = Command::new("serve").arg(arg("COPYDESK_LISTEN"));
        let health = Command::new("health").arg(arg("COPYDESK_ADDRESS"));
        let commands = Command::new("copydesk").subcommands([serve, health]);
        let names = [
            "COPYDESK_LISTEN",
            "COPYDESK_ADDRESS",
            "COPYDESK_LOG",
            "COPYDESK_LOG_FORMAT",
            "COPYDESK_SERVICE_HOST",
            "COPYDESK_SERVICE_PORT",
            "COPYDESK_SERVICE_PORT_GRPC",
            "COPYDESK_PORT",
            "COPYDESK_PORT_50051_TCP",
            "COPYDESK_PORT_50051_TCP_ADDR",
            "HOME",
            "COPYDESK_TLS_CLIENT_AUTHORITES",
        ];
        let told = unknown(&commands, names.map(String::from).into_iter());
        assert_eq!(Vec::from_iter(told), ["COPYDESK_TLS_CLIENT_AUTHORITES"]);
    }
}
