//! What takes the place of a value of the wrong kind, so that reading continues after the fault.

use std::cell::Cell;

use serde::de::value::{Error, MapDeserializer};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::deserializer::STRINGS;

/// One item in place of an array; it finds out what the array should hold.
pub(super) struct StandIn<'k> {
    pub(super) kind: &'k Cell<&'static str>,
    pub(super) is_done: bool,
}

impl<'de> SeqAccess<'de> for StandIn<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if std::mem::replace(&mut self.is_done, true) {
            return Ok(None);
        }
        seed.deserialize(self).map(Some)
    }
}

impl<'de> Deserializer<'de> for &mut StandIn<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.kind.set(STRINGS);
        visitor.visit_str("")
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.kind.set("an array of whole numbers");
        visitor.visit_u64(0)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.kind.set("an array of tables");
        visitor.visit_map(nothing())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A table without entries.
pub(super) fn nothing<'de>() -> MapDeserializer<'de, std::iter::Empty<(&'static str, u64)>, Error> {
    MapDeserializer::new(std::iter::empty())
}
