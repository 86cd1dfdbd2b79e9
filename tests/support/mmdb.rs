//! Writes small MaxMind databases, by the format's specification 2.0, so that no licensed file is needed.

use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::Value;

/// A record of a search tree's node.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    Data(usize),
}

/// Writes a database of IPv4 networks, each an address, a length and what is known of it.
pub(crate) fn write(file: &Path, database_type: &str, networks: &[(&str, u8, Value)]) {
    let mut nodes = vec![[Record::Nothing; 2]];
    let mut data = Vec::new();
    for (address, length, known) in networks {
        let offset = data.len();
        encode("", known, &mut data);
        let address: Ipv4Addr = address.parse().expect("an address");
        insert(&mut nodes, u128::from(address.to_bits()), 96 + usize::from(*length), offset);
    }
    let mut bytes = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match *record {
            Record::Nothing => nodes.len(),
            Record::Node(place) => place,
            Record::Data(offset) => nodes.len() + 16 + offset,
        };
        bytes.extend(u32::try_from(value).expect("a small tree").to_be_bytes());
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = serde_json::json!({
        "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_700_000_000,
        "database_type": database_type, "description": {"en": "made for a test"}, "ip_version": 6,
        "languages": ["en"], "node_count": nodes.len(), "record_size": 32,
    });
    encode("", &metadata, &mut bytes);
    std::fs::write(file, bytes).expect("the database is written");
}

fn insert(nodes: &mut Vec<[Record; 2]>, address: u128, length: usize, offset: usize) {
    let mut at = 0;
    for depth in 0..length {
        let side = usize::from(address >> (127 - depth) & 1 == 1);
        if depth + 1 == length {
            nodes[at][side] = Record::Data(offset);
            return;
        }
        at = match nodes[at][side] {
            Record::Node(next) => next,
            Record::Nothing | Record::Data(_) => {
                nodes.push([Record::Nothing; 2]);
                let next = nodes.len() - 1;
                nodes[at][side] = Record::Node(next);
                next
            }
        };
    }
}

/// Types 2 (string), 3 (double), 5, 6 and 9 (16, 32 and 64 bits), 7 (map), 11 (array). Readers expect a number's own width.
fn encode(key: &str, value: &Value, to: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            control(2, text.len(), to);
            to.extend(text.as_bytes());
        }
        Value::Number(number) => match number.as_u64() {
            Some(whole) => {
                let (kind, width) = match key {
                    "build_epoch" => (9, 8),
                    "node_count" | "autonomous_system_number" => (6, 4),
                    _ => (5, 2),
                };
                control(kind, width, to);
                to.extend(&whole.to_be_bytes()[8 - width..]);
            }
            None => {
                control(3, 8, to);
                to.extend(number.as_f64().expect("a number").to_be_bytes());
            }
        },
        Value::Object(map) => {
            control(7, map.len(), to);
            for (key, value) in map {
                control(2, key.len(), to);
                to.extend(key.as_bytes());
                encode(key, value, to);
            }
        }
        Value::Array(items) => {
            control(11, items.len(), to);
            items.iter().for_each(|item| encode(key, item, to));
        }
        Value::Null | Value::Bool(_) => panic!("no file of these tests has such a value"),
    }
}

fn control(kind: u8, size: usize, to: &mut Vec<u8>) {
    let size = u8::try_from(size).expect("a short value");
    let (low, more) = if size < 29 { (size, None) } else { (29, Some(size - 29)) };
    match kind {
        0..=7 => to.push(kind << 5 | low),
        extended => to.extend([low, extended - 7]),
    }
    to.extend(more);
}
