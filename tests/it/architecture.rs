//! The layers of the source, read with syn: which module may use which, how long files and functions are, and that a type
//! name has one meaning within a crate.

mod graph;
mod measure;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

use graph::{Graph, cycles, paths, uses};
use measure::{functions, type_names};
use source::{ModulePath, Source};

use crate::support::root;

const CORE: &str = "crates/core/src";
const SHELL: &str = "src";

/// The rooms of the core; each may use those above it in this list.
const CORE_ROOMS: &[&str] = &[
    "effort",
    "epoch",
    "country",
    "hash_algorithm",
    "scheme",
    "viewer",
    "distribution",
    "access",
    "redact",
    "sign",
    "explain",
    "verifier",
];

fn read(folder: &str) -> Source {
    Source::read(&root().join(folder))
}

/// Rooms of the shell whose cycles, lengths and names aren't checked yet.
const UNCHECKED: [&str; 2] = ["edge", "config"];

fn is_checked(path: &ModulePath) -> bool {
    path.first().is_none_or(|room| !UNCHECKED.contains(&room.as_str()))
}

fn shown(path: &ModulePath) -> String {
    if path.is_empty() { "the root".to_owned() } else { path.join("::") }
}

#[test]
fn no_modules_import_each_other() {
    let mut found = Vec::new();
    for folder in [CORE, SHELL] {
        let graph = uses(&read(folder));
        for group in cycles(&graph).into_iter().filter(|group| group.iter().any(is_checked)) {
            found.push(format!("{folder}: a cycle of {} modules", group.len()));
            for from in &group {
                for (to, path) in graph[from].iter().filter(|(to, _)| group.contains(to)) {
                    found.push(format!("  {} uses {} ({path})", shown(from), shown(to)));
                }
            }
        }
    }
    assert!(found.is_empty(), "modules that import each other:\n{}", found.join("\n"));
}

/// The files of a test kit with the files of the same folder that they import, also where only types are imported.
fn kit(folder: &str, extensions: &[&str], imported: fn(&str) -> Vec<String>) -> Graph {
    let mut graph = Graph::new();
    for file in std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let Some(name) = extensions.iter().find_map(|extension| name.strip_suffix(extension)) else {
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        let used = text.lines().flat_map(imported).map(|used| (vec![used.clone()], used));
        graph.entry(vec![name.to_owned()]).or_default().extend(used);
    }
    assert!(graph.len() > 10, "{folder} has {} files", graph.len());
    graph
}

/// `from ._a import x`, or `from . import _a, _b`.
fn imported_by_python(line: &str) -> Vec<String> {
    let Some(rest) = line.trim_start().strip_prefix("from .") else { return Vec::new() };
    match rest.strip_prefix(" import ") {
        Some(names) => names.split(',').map(|name| name.trim().to_owned()).collect(),
        None => rest.split(" import ").next().map(str::to_owned).into_iter().collect(),
    }
}

/// `… from "./a.js"`.
fn imported_by_node(line: &str) -> Vec<String> {
    let from = line.split("from \"./").nth(1).and_then(|rest| rest.split(".js\"").next());
    from.map(str::to_owned).into_iter().collect()
}

#[test]
fn no_files_of_the_test_kits_import_each_other() {
    for (folder, graph) in [
        ("kits/python/python/frontgate", kit("kits/python/python/frontgate", &[".py"], imported_by_python)),
        ("kits/node/src", kit("kits/node/src", &[".ts"], imported_by_node)),
    ] {
        let found = cycles(&graph);
        assert!(found.is_empty(), "{folder}: {found:?}");
    }
}

#[test]
fn rooms_of_the_core_use_only_rooms_above_them_in_the_list() {
    let mut found = Vec::new();
    for (from, used) in uses(&read(CORE)).into_iter().filter(|(from, _)| !from.is_empty()) {
        let place = |path: &ModulePath| CORE_ROOMS.iter().position(|room| *room == path[0]);
        let own = place(&from).unwrap_or_else(|| panic!("{} is in no room of the list", shown(&from)));
        for (to, path) in used {
            if to.is_empty() || place(&to).is_none_or(|place| place > own) {
                found.push(format!("{} uses {} ({path})", shown(&from), shown(&to)));
            }
        }
    }
    assert!(found.is_empty(), "uses against the order of the rooms:\n{}", found.join("\n"));
}

/// The core reads no file, no socket and no clock, and starts nothing. Randomness for new keys is the one exception.
#[test]
fn the_core_names_no_file_socket_process_thread_or_clock() {
    let impure = [
        "std::fs",
        "std::env",
        "std::process",
        "std::thread",
        "std::os",
        "std::io::stdin",
        "std::io::stdout",
        "std::io::stderr",
        "std::net::TcpStream",
        "std::net::TcpListener",
        "std::net::UdpSocket",
        "std::net::ToSocketAddrs",
        "std::time::Instant",
        "SystemTime::now",
        "Timestamp::now",
        "Zoned::now",
        "tokio",
        "hyper",
    ]
    .map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>());
    let mut found = Vec::new();
    for (at, module) in &read(CORE).modules {
        for path in paths(module) {
            let is_of = |impure: &Vec<String>| path.windows(impure.len()).any(|part| part == impure);
            if impure.iter().any(is_of) {
                found.push(format!("{} names {}", shown(at), path.join("::")));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn files_have_at_most_300_lines_before_their_tests() {
    let mut found = Vec::new();
    for folder in [CORE, SHELL] {
        for (_, module) in
            read(folder).modules.iter().filter(|(at, module)| is_checked(at) && module.lines > 300)
        {
            found.push(format!("{}: {} lines", module.file.display(), module.lines));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn functions_have_at_most_60_lines() {
    let mut found = Vec::new();
    for folder in [CORE, SHELL] {
        for (_, module) in read(folder).modules.iter().filter(|(at, _)| is_checked(at)) {
            for function in functions(module).into_iter().filter(|function| function.lines > 60) {
                let (file, lines) = (module.file.display(), function.lines);
                found.push(format!("{file}: {} has {lines} lines", function.name));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_type_name_has_one_meaning_within_a_crate() {
    let mut found = Vec::new();
    for folder in [CORE, SHELL] {
        let mut defined: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (at, module) in read(folder).modules.iter().filter(|(at, _)| is_checked(at)) {
            for name in type_names(module) {
                defined.entry(name).or_default().push(shown(at));
            }
        }
        for (name, places) in defined.into_iter().filter(|(_, places)| places.len() > 1) {
            found.push(format!("{folder}: {name} in {}", places.join(", ")));
        }
    }
    assert!(found.is_empty(), "type names with several meanings:\n{}", found.join("\n"));
}

/// The folders with source files below a folder, each as a path from it.
fn rooms(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, base: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                walk(&entry, base, found);
            } else if folder != base && entry.extension().is_some_and(|extension| extension == "rs") {
                let room = format!("{}/", folder.strip_prefix(base).unwrap().display());
                if !found.contains(&room) {
                    found.push(room);
                }
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found
}

#[test]
fn the_map_names_every_room_and_no_other() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let map = text.split("```").nth(1).unwrap();
    let mut mapped: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut folder = "";
    for line in map.lines() {
        let Some(path) = line.split_whitespace().next().filter(|path| path.ends_with('/')) else { continue };
        if line.starts_with(' ') {
            mapped.entry(folder).or_default().push(path);
        } else {
            folder = path;
        }
    }
    for folder in [CORE, SHELL] {
        let mapped = mapped.get(format!("{folder}/").as_str()).cloned().unwrap_or_default();
        let there = rooms(&root().join(folder));
        let missing: Vec<&String> = there.iter().filter(|room| !mapped.contains(&room.as_str())).collect();
        let gone: Vec<&&str> =
            mapped.iter().filter(|room| !there.iter().any(|there| there == *room)).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{folder}: the map lacks {missing:?}, and names {gone:?}"
        );
    }
}
