//! `copydesk key`: makes an API key.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::service::{ApiKey, Role, hash, new_key};

const EXAMPLES: &str = "\
Examples:
  copydesk key --name cms >> settings.toml     the key is shown on the terminal, its hash goes to the file";

/// Make an API key: the key goes to standard error, the lines for the settings file to standard output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct KeyArgs {
    /// Who gets it; appears in logs.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    name: String,
    /// What it is good for.
    #[arg(long, value_delimiter = ',', default_value = "classify")]
    roles: Vec<RoleName>,
    /// So many articles a second on average, and so many at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    articles_per_second: Option<u32>,
}

/// A role as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum RoleName {
    Classify,
    Observe,
}

/// A key in the settings file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeySetting {
    pub(super) name: String,
    pub(super) sha256: String,
    roles: Vec<RoleName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    articles_per_second: Option<u32>,
}

impl KeySetting {
    /// The key as the service knows it.
    ///
    /// # Errors
    /// The hash is none or that of nothing, or the rate lets nothing pass.
    pub(super) fn to_key(&self) -> anyhow::Result<ApiKey> {
        let name = &self.name;
        let sha256 = from_hex(&self.sha256).ok_or_else(|| {
            anyhow::anyhow!("api_keys: the sha256 of {name:?} has not 64 hexadecimal digits")
        })?;
        anyhow::ensure!(
            sha256 != hash(""),
            "api_keys: the sha256 of {name:?} is that of an empty key; make one with `copydesk key`"
        );
        anyhow::ensure!(
            self.articles_per_second != Some(0),
            "api_keys: articles_per_second of {name:?} is 0, which lets nothing pass"
        );
        let roles = self.roles.iter().map(|role| match role {
            RoleName::Classify => Role::Classify,
            RoleName::Observe => Role::Observe,
        });
        Ok(ApiKey {
            name: name.clone(),
            sha256,
            roles: roles.collect(),
            articles_per_second: self.articles_per_second,
        })
    }
}

fn from_hex(digits: &str) -> Option<[u8; 32]> {
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// The settings file's own shape, with one key.
#[derive(Serialize)]
struct Entry {
    api_keys: [KeySetting; 1],
}

/// Runs `copydesk key`.
///
/// # Errors
/// The outputs cannot be written.
pub(super) fn run(args: &KeyArgs) -> anyhow::Result<ExitCode> {
    let key = new_key();
    let digits = hash(&key).map(|byte| format!("{byte:02x}")).concat();
    let entry = Entry {
        api_keys: [KeySetting {
            name: args.name.clone(),
            sha256: digits,
            roles: args.roles.clone(),
            articles_per_second: args.articles_per_second,
        }],
    };
    write!(io::stdout(), "\n{}", toml::to_string(&entry)?)?;
    writeln!(io::stderr(), "The key, which is shown only now:\n{key}")?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `sha256sum` says of an empty file.
    #[test]
    fn the_hash_of_nothing_is_no_key() {
        let setting = KeySetting {
            name: "desk".into(),
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into(),
            roles: vec![RoleName::Classify],
            articles_per_second: None,
        };
        let error = setting.to_key().unwrap_err().to_string();
        assert!(
            error.contains("\"desk\" is that of an empty key"),
            "{error}"
        );
    }
}
