//! Where the values of a TOML text are: from a path to a line and a column.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeValue;

use crate::config::fault::Part;
use crate::config::key_path::KeyPath;

/// The place of each key and value.
#[derive(Debug, Default)]
pub(super) struct Positions(BTreeMap<KeyPath, Position>);

#[derive(Debug)]
struct Position {
    key: Range<usize>,
    value: Range<usize>,
}

impl Positions {
    pub(super) fn of(root: &DeValue<'_>) -> Self {
        let mut positions = Self::default();
        positions.add(&KeyPath::root(), root);
        positions
    }

    fn add(&mut self, path: &KeyPath, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => {
                for (key, value) in table.iter() {
                    let path = path.key(key.get_ref());
                    self.add(&path, value.get_ref());
                    self.0.insert(path, Position { key: key.span(), value: value.span() });
                }
            }
            DeValue::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    let path = path.item(number);
                    self.add(&path, item.get_ref());
                    self.0.insert(path, Position { key: item.span(), value: item.span() });
                }
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    /// Where a path is, or what is around it; none for the whole text.
    pub(super) fn find(&self, path: &KeyPath, part: &Part, text: &str) -> Option<Range<usize>> {
        let Some(position) = self.0.get(path) else {
            return self.find(&path.parent()?, &Part::Value, text);
        };
        Some(match part {
            Part::Value => position.value.clone(),
            Part::Key => position.key.clone(),
            Part::Text(part) => within(&position.value, text, part),
        })
    }
}

/// Where a part of a string is written, as far as it has no escapes.
fn within(span: &Range<usize>, text: &str, part: &str) -> Range<usize> {
    let offset = text.get(span.clone()).and_then(|written| written.find(part)).unwrap_or(0);
    span.start + offset..span.end
}

/// The line and the column, in characters, both from 1.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn a_path_has_a_line_and_a_column() {
        let text = "[server]\nlisten = [\"é\", \"b\"]\n\n[[d]]\nid = 'x'\n[[d]]\nid = 'a${Y}'\n";
        let root = DeValue::Table(DeTable::parse(text).unwrap().into_inner());
        let positions = Positions::of(&root);
        let root = KeyPath::root();
        let listen = root.key("server").key("listen");
        let id = root.key("d").item(1).key("id");
        for (path, part, expected) in [
            (root.key("server"), Part::Value, (1, 1)),
            (listen.clone(), Part::Key, (2, 1)),
            (listen.clone(), Part::Value, (2, 10)),
            (listen.item(1), Part::Value, (2, 16)),
            (root.key("d").item(1), Part::Value, (6, 1)),
            (id.clone(), Part::Value, (7, 6)),
            (id, Part::Text("${Y}".to_owned()), (7, 8)),
            (root.key("d").item(1).key("missing"), Part::Value, (6, 1)),
        ] {
            let span = positions.find(&path, &part, text).unwrap();
            assert_eq!(line_and_column(text, span.start), expected, "{path} {part:?}");
        }
        assert_eq!(positions.find(&root, &Part::Value, text), None);
    }
}
