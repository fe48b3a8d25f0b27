//! Whether JSON of the contract has no field twice in an object, and no list that is too long: of either the library
//! would first make the whole message.

use std::collections::HashSet;
use std::fmt;

use prost_reflect::{Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::field_of;
use crate::pipeline::options::MAX_LISTED_TAGS;

/// How [`Once`] begins its account of a field.
pub(super) const TWICE: &str = "twice: '";
/// How it begins its account of a list; the number of its elements follows.
pub(super) const TOO_MANY: &str = "too many: '";

/// Reads a message for nothing but that no field stands in it twice, of which the library would take the
/// last, and that no list of it has more than [`MAX_LISTED_TAGS`] values, of which each empty one would take fifty
/// times its place.
pub(super) struct Once(pub(super) MessageDescriptor);

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    /// `null` stands for a message that is not there.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self(self.0.clone()))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let field = field_of(&self.0, &key);
            if let Some(field) = &field
                && !seen.insert(field.number())
            {
                return Err(A::Error::custom(format!("{TWICE}{}'", field.name())));
            }
            match field.as_ref().map(|field| (field.kind(), field)) {
                Some((Kind::Message(message), _)) => map.next_value_seed(Self(message))?,
                Some((_, field)) if field.is_list() => {
                    let n_values = map.next_value_seed(Counted)?;
                    if n_values > MAX_LISTED_TAGS {
                        let name = field.name();
                        return Err(A::Error::custom(format!("{TOO_MANY}{name}' {n_values} ")));
                    }
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// Counts the values of a list, whatever they are.
struct Counted;

impl<'de> DeserializeSeed<'de> for Counted {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Counted {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }

    /// `null` stands for an empty list.
    fn visit_none<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut n_values = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            n_values += 1;
        }
        Ok(n_values)
    }
}
