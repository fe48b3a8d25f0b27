//! Whether JSON of the contract has no field twice in an object.

use std::collections::HashSet;
use std::fmt;

use prost_reflect::{Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::field_of;

/// How [`Once`] begins its account of a field.
pub(super) const TWICE: &str = "twice: '";

/// Reads a message for nothing but that no field stands in it twice, of which the library would take the
/// last.
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
            match field.map(|field| field.kind()) {
                Some(Kind::Message(message)) => map.next_value_seed(Self(message))?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}
