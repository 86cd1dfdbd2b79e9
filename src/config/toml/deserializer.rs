//! Reads the declared configuration out of TOML values. It continues after a fault, so that one pass finds every fault.
//!
//! serde names the keys and the kind of each value. A value of another kind is a fault, and a stand-in takes its place.

use std::cell::{Cell, RefCell};

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::not_emulated;
use super::numbers::{finite_number, whole_number};
use super::stand_in::{StandIn, nothing};
use super::tables::Table;
use crate::config::declared::{Configuration, TEXT_OR_TABLE};
use crate::config::fault::{Fault, Faults};
use crate::config::key_path::KeyPath;
use crate::config::nearest;

/// Reads a document.
pub(super) fn read(root: &DeValue<'_>, faults: &mut Faults) -> Configuration {
    let cell = RefCell::new(&mut *faults);
    let value = Value {
        value: root,
        path: KeyPath::root(),
        key: "",
        around: &[],
        shape: Shape::Alone,
        faults: &cell,
    };
    let read = Configuration::deserialize(value);
    read.unwrap_or_else(|error| {
        faults.error(Fault::of_all(error.to_string()));
        Configuration::default()
    })
}

type SharedFaults<'f> = RefCell<&'f mut Faults>;

/// A TOML value to deserialize.
#[derive(Clone)]
struct Value<'a, 'i, 'f> {
    value: &'a DeValue<'i>,
    path: KeyPath,
    /// The key that it is the value of, or an item of the value.
    key: &'a str,
    /// The keys of the table around it.
    around: &'static [&'static str],
    shape: Shape,
    faults: &'a SharedFaults<'f>,
}

/// What is expected, beside the kind that serde names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Alone,
    Item,
    Time,
}

impl<'a, 'i> Value<'a, 'i, '_> {
    /// Reports that another kind of value was expected.
    fn wrong_kind(&self, expected: &str) {
        let fault = Fault::at(&self.path, format!("`{}` is of the wrong kind", self.key));
        let fault = fault.found(format!("a value of type {}", self.value.type_str())).expected(expected);
        let help = match (self.value, expected) {
            (DeValue::Integer(number), A_TIME) => {
                Some(format!("{} = \"{}s\" is so many seconds", self.key, number.as_str()))
            }
            (DeValue::String(text), STRINGS) => Some(format!("{} = [{:?}]", self.key, text.as_ref())),
            (DeValue::Array(_), A_TABLE) => {
                Some("written with single brackets: there is one of it".to_owned())
            }
            _ => None,
        };
        self.faults.borrow_mut().unread(&self.path, fault.maybe_help(help));
    }

    /// The expected kind: by what it is alone, or as an item of an array.
    fn expected(&self, alone: &'static str, item: &'static str) -> &'static str {
        match self.shape {
            Shape::Alone => alone,
            Shape::Item => item,
            Shape::Time => A_TIME,
        }
    }

    /// The value of a key of this table.
    fn child(
        &self,
        key: &'a Spanned<DeString<'i>>,
        value: &'a DeValue<'i>,
        around: &'static [&'static str],
    ) -> Self {
        let key: &'a str = key.get_ref();
        Self { value, path: self.path.key(key), key, around, shape: Shape::Alone, ..self.clone() }
    }

    fn report_missing(&self, table: &DeTable<'_>, kind: &Table) {
        for required in kind.required.iter().filter(|required| !table.contains_key(required.key)) {
            let lacks = || format!("{} lacks `{}`", kind.name, required.key);
            let message = required.message.map_or_else(lacks, str::to_owned);
            let mut faults = self.faults.borrow_mut();
            let fault = Fault::at(&self.path, message).expected(required.expected());
            faults.error(fault.clone());
            faults.stand_in(&self.path.key(required.key));
        }
    }

    /// Reports a key that the table doesn't have. TOML users often mean the table around this one, after `[[…]]`.
    fn report_unknown(&self, key: &str, kind: &Table, known: &[&str]) {
        let message = match not_emulated::of(key) {
            Some(_) => format!("`{key}` of CloudFront isn't emulated"),
            None => format!("{} has no key `{key}`", kind.name),
        };
        let fault = Fault::at_key(&self.path.key(key), message).found(format!("`{key}`"));
        let fault = fault.expected(format!("one of `{}`", known.join("`, `")));
        let help = match (self.around.contains(&key), not_emulated::of(key)) {
            (true, _) => Some(format!(
                "`{key}` belongs to the table around this one: write it above the first `[[…]]` or `[…]` below that table"
            )),
            (false, Some(help)) => Some(help.to_owned()),
            (false, None) => {
                let near = nearest::of(&not_emulated::kebab(key), known.iter().copied());
                near.map(|near| format!("did you mean `{near}`?"))
            }
        };
        self.faults.borrow_mut().error(fault.maybe_help(help));
    }
}

impl<'de, 'a> Deserializer<'de> for Value<'a, '_, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            DeValue::String(_) => self.deserialize_str(visitor),
            DeValue::Integer(_) => self.deserialize_u64(visitor),
            DeValue::Float(_) => self.deserialize_f64(visitor),
            DeValue::Boolean(_) => self.deserialize_bool(visitor),
            DeValue::Array(_) => self.deserialize_seq(visitor),
            DeValue::Table(_) => self.deserialize_map(visitor),
            DeValue::Datetime(time) => visitor.visit_string(time.to_string()),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.as_str().is_none() {
            self.wrong_kind(self.expected("a string", "only strings in this array"));
        }
        visitor.visit_str(self.value.as_str().unwrap_or_default())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.as_bool().is_none() {
            self.wrong_kind("true or false");
        }
        visitor.visit_bool(self.value.as_bool().unwrap_or_default())
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = whole_number(self.value);
        if number.is_none() {
            self.wrong_kind(self.expected("a whole number, 0 or more", "only whole numbers in this array"));
        }
        visitor.visit_u64(number.unwrap_or_default())
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = finite_number(self.value);
        if number.is_none() {
            self.wrong_kind("a number");
        }
        visitor.visit_f64(number.unwrap_or_default())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match (name, self.value) {
            ("Time", _) => visitor.visit_newtype_struct(Self { shape: Shape::Time, ..self }),
            ("Size", DeValue::Integer(_)) => {
                let number = whole_number(self.value);
                if number.is_none() {
                    self.wrong_kind("a whole number, 0 or more");
                }
                let text = number.unwrap_or_default().to_string();
                visitor.visit_newtype_struct(IntoDeserializer::<Error>::into_deserializer(text))
            }
            (TEXT_OR_TABLE, value) if !value.is_table() => self.deserialize_str(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if let Some(items) = self.value.as_array() {
            return visitor.visit_seq(Items { items: items.iter(), number: 0, array: self });
        }
        let kind = Cell::new("an array");
        let stand_in = visitor.visit_seq(StandIn { kind: &kind, is_done: false });
        self.wrong_kind(kind.get());
        stand_in
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value.as_table() {
            Some(table) => {
                visitor.visit_map(Entries { rest: table.iter().collect(), around: &[], table: self })
            }
            None => {
                self.wrong_kind(A_TABLE);
                visitor.visit_map(nothing())
            }
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Some(table) = self.value.as_table() else {
            self.wrong_kind(self.expected(A_TABLE, "only tables in this array"));
            return visitor.visit_map(nothing());
        };
        let kind = Table::at(&self.path);
        let known: Vec<&str> = fields.iter().copied().filter(|key| !kind.without.contains(key)).collect();
        let is_known = |key: &Spanned<DeString<'_>>| known.contains(&key.get_ref().as_ref());
        for (key, _) in table.iter().filter(|(key, _)| !is_known(key)) {
            self.report_unknown(key.get_ref(), &kind, &known);
        }
        self.report_missing(table, &kind);
        let rest = table.iter().filter(|(key, _)| is_known(key)).collect();
        visitor.visit_map(Entries { rest, around: fields, table: self })
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
        ignored_any
    }
}

/// The entries of a table, the last one first.
struct Entries<'a, 'i, 'f> {
    rest: Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)>,
    around: &'static [&'static str],
    table: Value<'a, 'i, 'f>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_, '_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, _)) = self.rest.last() else { return Ok(None) };
        let key: StrDeserializer<'_, Error> = key.get_ref().as_ref().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (key, value) =
            self.rest.pop().ok_or_else(|| serde::de::Error::custom("a value without a key"))?;
        seed.deserialize(self.table.child(key, value.get_ref(), self.around))
    }
}

/// The items of an array.
struct Items<'a, 'i, 'f, I> {
    items: I,
    number: usize,
    array: Value<'a, 'i, 'f>,
}

impl<'de, 'a, 'i: 'a, I: Iterator<Item = &'a Spanned<DeValue<'i>>>> SeqAccess<'de> for Items<'a, 'i, '_, I> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let path = self.array.path.item(self.number);
        self.number += 1;
        let value = Value { value: item.get_ref(), path, shape: Shape::Item, ..self.array.clone() };
        seed.deserialize(value).map(Some)
    }
}

const A_TIME: &str = "a time with its unit, such as \"30s\"";
const A_TABLE: &str = "a table";
pub(super) const STRINGS: &str = "an array of strings";
