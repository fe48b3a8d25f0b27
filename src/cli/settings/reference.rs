//! What each setting is called as a flag and in the environment, and a page that describes them all.

use clap::{Arg, Args, Command};

use super::{Flags, Settings};

/// Gives each flag its environment variable and tells its default.
pub(in crate::cli) fn with_environment(command: Command) -> Command {
    let defaults = toml::Table::try_from(Settings::default()).unwrap_or_default();
    command.mut_args(|arg| {
        let Some(name) = arg.get_long().map(|long| long.replace('-', "_")) else {
            return arg;
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let arg = match defaults.get(&name) {
            Some(default) => arg.help(format!("{help} [default: {default}]")),
            None => arg,
        };
        arg.env(variable(&name))
    })
}

fn variable(name: &str) -> String {
    format!("COPYDESK_{}", name.to_uppercase())
}

/// A page that describes all settings.
pub(in crate::cli) fn reference() -> String {
    let defaults = toml::Table::try_from(Settings::default()).unwrap_or_default();
    let mut page = String::from(
        "# Settings of `copydesk serve`\n\n\
         This page is made by `copydesk serve --print-reference`.\n\n\
         A flag counts more than the environment, that more than the file that `--config` names, and that more \
         than the default. A key that is none of these is an error. `copydesk serve --print-config` shows what \
         is set, as such a file. Of a list, a flag has one value and is repeated; commas part \
         them in the environment; in the file it is an array of strings, such as `deny_tags = [\"News\", \"Opinion\"]`. A switch is set by true, yes, on or 1 in the \
         environment. Where `--print-config` says `redacted`, a secret has to be put in again before it is used.\n\n\
         | flag | environment | key in the file | default | what for |\n|---|---|---|---|---|\n",
    );
    let command = Flags::augment_args(Command::new("serve"));
    for arg in command.get_arguments() {
        page.push_str(&reference_row(arg, &defaults));
    }
    page.push_str(
        "\n## API keys\n\n\
         Without keys everyone who can connect may call. Keys stand in the file alone; `copydesk key --name NAME` \
         makes one, and the lines for it:\n\n\
         | key under `[[api_keys]]` | what for |\n|---|---|\n\
         | `name` | Who has it; appears in logs |\n\
         | `sha256` | The hash of the key, in 64 hexadecimal digits |\n\
         | `roles` | `classify` for the calls, `observe` for metrics, or both |\n\
         | `articles_per_second` | So many a second on average, and so many at once, batches and streams half as many; absent: as many as the server takes |\n",
    );
    page
}

fn reference_row(arg: &Arg, defaults: &toml::Table) -> String {
    let flag = arg.get_long().unwrap_or_default();
    let key = flag.replace('-', "_");
    let default = defaults
        .get(&key)
        .map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    format!(
        "| `--{flag}` | `{}` | `{key}` | {default} | {help} |\n",
        variable(&key)
    )
}
