//! Several values: a flag that is repeated, a variable with commas, an array in a file.

use std::ffi::OsStr;
use std::marker::PhantomData;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, Command, Error};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a flag has once, or a variable in all. Commas part the values of a variable alone: a tag may have one, as
/// "Washington, D.C." has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct List<T = String>(Vec<T>);

impl<T> List<T> {
    /// The values.
    pub(super) fn values(&self) -> &[T] {
        &self.0
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: From<String>> List<T> {
    /// Those that say something.
    fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let values = values.map(str::trim).filter(|value| !value.is_empty());
        Self(values.map(|value| value.to_owned().into()).collect())
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = Vec::deserialize(deserializer).map_err(|error| {
            D::Error::custom(format!(
                "{error}; in a file a list is an array of strings, such as [\"one\", \"another\"]"
            ))
        })?;
        Ok(Self(parts))
    }
}

/// The values of a flag, however often it was given.
pub(super) fn all<T: Clone>(lists: &[List<T>]) -> Vec<T> {
    lists.iter().flat_map(List::values).cloned().collect()
}

/// Writes the values of a flag as one array.
///
/// # Errors
/// Those of the serializer.
pub(super) fn as_one<S: Serializer>(lists: &[List], serializer: S) -> Result<S::Ok, S::Error> {
    all(lists).serialize(serializer)
}

impl<T: From<String> + Clone + Send + Sync + 'static> ValueParserFactory for List<T> {
    type Parser = ListParser<T>;

    fn value_parser() -> ListParser<T> {
        ListParser(PhantomData)
    }
}

/// Reads a [`List`].
#[derive(Debug, Clone)]
pub(super) struct ListParser<T>(PhantomData<T>);

impl<T: From<String> + Clone + Send + Sync + 'static> TypedValueParser for ListParser<T> {
    type Value = List<T>;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<List<T>, Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<List<T>, Error> {
        let Some(text) = value.to_str() else {
            return Err(Error::new(ErrorKind::InvalidUtf8).with_cmd(command));
        };
        Ok(match source {
            ValueSource::EnvVariable => List::of(text.split(',')),
            // As it is: a file's name may end in a blank.
            _ if text.trim().is_empty() => List(Vec::new()),
            _ => List(vec![text.to_owned().into()]),
        })
    }
}
