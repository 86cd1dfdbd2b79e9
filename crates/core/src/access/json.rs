//! JSON as policies are read: with a limit on depth, and with no key twice.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

/// A whole text. Its values stand in the order of the text, each container before its content, so that a policy of
/// the usual size is read without a place on the heap for each of its objects.
pub(super) struct Document<'t> {
    nodes: Nodes<'t>,
}

type Nodes<'t> = SmallVec<[Node<'t>; 24]>;

/// A value in which only the distinctions that policies need are kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'t> {
    /// Followed by keys and values in turn, `len` nodes in all.
    Object {
        len: usize,
    },
    /// Followed by its items, `len` nodes in all.
    Array {
        len: usize,
    },
    String(Cow<'t, str>),
    Integer(u64),
    /// A number that is no unsigned integer, as it would be shown.
    Number(String),
    Bool(bool),
    Null,
}

/// One value of a document.
#[derive(Clone, Copy)]
pub(super) struct Json<'d, 't> {
    /// The value itself, and what follows in the document.
    nodes: &'d [Node<'t>],
}

impl<'t> Document<'t> {
    /// Parses a whole text.
    pub(super) fn parse(text: &'t [u8]) -> Result<Self, serde_json::Error> {
        let mut nodes = Nodes::new();
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        Value { nodes: &mut nodes, depth: MAX_DEPTH }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Self { nodes })
    }

    /// The outermost value.
    pub(super) fn root(&self) -> Json<'_, 't> {
        Json { nodes: &self.nodes }
    }
}

impl<'d, 't> Json<'d, 't> {
    pub(super) fn node(self) -> &'d Node<'t> {
        &self.nodes[0]
    }

    /// The values in a container, one after the other: keys and values in turn, or items.
    pub(super) fn content(self) -> impl Iterator<Item = Json<'d, 't>> {
        let (Node::Object { len } | Node::Array { len }) = *self.node() else {
            return Children { nodes: &[] };
        };
        Children { nodes: &self.nodes[1..=len] }
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(self) -> String {
        match self.node() {
            Node::Object { .. } => "an object".to_owned(),
            Node::Array { .. } => format!("an array of {}", self.content().count()),
            Node::String(text) => format!("the string {text:?}"),
            Node::Integer(number) => format!("the number {number}"),
            Node::Number(number) => format!("the number {number}"),
            Node::Bool(value) => value.to_string(),
            Node::Null => "null".to_owned(),
        }
    }
}

struct Children<'d, 't> {
    nodes: &'d [Node<'t>],
}

impl<'d, 't> Iterator for Children<'d, 't> {
    type Item = Json<'d, 't>;

    fn next(&mut self) -> Option<Json<'d, 't>> {
        let len = match self.nodes.first()? {
            Node::Object { len } | Node::Array { len } => *len,
            Node::String(_) | Node::Integer(_) | Node::Number(_) | Node::Bool(_) | Node::Null => 0,
        };
        let value = Json { nodes: self.nodes };
        self.nodes = &self.nodes[len + 1..];
        Some(value)
    }
}

struct Value<'n, 't> {
    nodes: &'n mut Nodes<'t>,
    depth: usize,
}

impl<'t> Value<'_, 't> {
    fn push<E>(self, node: Node<'t>) -> Result<(), E> {
        self.nodes.push(node);
        Ok(())
    }

    fn below<E: Error>(&self) -> Result<usize, E> {
        let below = self.depth.checked_sub(1);
        below.ok_or_else(|| E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'t> DeserializeSeed<'t> for Value<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Value<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.push(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.push(Node::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.push(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.push(Node::Number(value.to_string()))
    }

    fn visit_borrowed_str<E>(self, value: &'t str) -> Result<(), E> {
        self.push(Node::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.push(Node::String(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.push(Node::Null)
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        let at = self.nodes.len();
        self.nodes.push(Node::Array { len: 0 });
        while seq.next_element_seed(Value { nodes: self.nodes, depth })?.is_some() {}
        self.nodes[at] = Node::Array { len: self.nodes.len() - at - 1 };
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        let depth = self.below()?;
        let at = self.nodes.len();
        self.nodes.push(Node::Object { len: 0 });
        let mut keys: SmallVec<[usize; MAX_MEMBERS]> = SmallVec::new();
        while map.next_key_seed(Value { nodes: self.nodes, depth })?.is_some() {
            let Some((Node::String(key), before)) = self.nodes.split_last() else {
                return Err(A::Error::custom("a key that is not a string"));
            };
            if keys.len() == MAX_MEMBERS {
                return Err(A::Error::custom(format_args!("an object of more than {MAX_MEMBERS} keys")));
            }
            if keys.iter().any(|&known| matches!(&before[known], Node::String(known) if known == key)) {
                return Err(A::Error::custom(format_args!("duplicate key {key:?} in one object")));
            }
            keys.push(self.nodes.len() - 1);
            map.next_value_seed(Value { nodes: self.nodes, depth })?;
        }
        self.nodes[at] = Node::Object { len: self.nodes.len() - at - 1 };
        Ok(())
    }
}

/// A policy is six levels deep; two more make room for a mistake that a message can name.
const MAX_DEPTH: usize = 8;
/// No object of a policy has more than three keys; the limit keeps the search for duplicates short.
const MAX_MEMBERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_walked_as_it_stands() {
        let document = Document::parse(br#"{"a":[1,{"b\u0020":[]},"c"],"d":null}"#).unwrap();
        let root: Vec<_> = document.root().content().collect();
        let shown: Vec<_> = root.iter().map(|value| value.kind()).collect();
        assert_eq!(shown, ["the string \"a\"", "an array of 3", "the string \"d\"", "null"]);
        let items: Vec<_> = root[1].content().map(Json::kind).collect();
        assert_eq!(items, ["the number 1", "an object", "the string \"c\""]);
        let inner = root[1].content().nth(1).unwrap().content().map(Json::kind).collect::<Vec<_>>();
        assert_eq!(inner, ["the string \"b \"", "an array of 0"]);
    }

    #[test]
    fn a_key_may_stand_once_and_objects_have_their_bounds() {
        assert!(Document::parse(br#"{"a":1,"\u0061":2}"#).is_err());
        assert!(Document::parse(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
        let members = |count: usize| {
            let keys: Vec<_> = (0..count).map(|key| format!("\"{key}\":0")).collect();
            format!("{{{}}}", keys.join(","))
        };
        assert!(Document::parse(members(MAX_MEMBERS).as_bytes()).is_ok());
        assert!(Document::parse(members(MAX_MEMBERS + 1).as_bytes()).is_err());
    }
}
