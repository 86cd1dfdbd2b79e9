//! Which module uses which: imports and paths, resolved to the module that defines what they name.

#![expect(clippy::wildcard_enum_match_arm, reason = "syn's enums have many variants, and may get more")]

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::Item;
use syn::visit::{self, Visit};

use super::source::{Module, ModulePath, Source, is_cfg_test};

/// The uses of one module by another: the users of each are its values.
pub(super) type Graph = BTreeMap<ModulePath, BTreeMap<ModulePath, String>>;

/// Every module with the modules whose items it names, and one such path. A re-export is no use: it is followed to the item.
pub(super) fn uses(source: &Source) -> Graph {
    let mut graph = Graph::new();
    for (at, module) in &source.modules {
        let used = graph.entry(at.clone()).or_default();
        for path in paths(module) {
            if let Some(target) = source.resolve(at, &path, 0).filter(|target| target != at) {
                used.entry(target).or_insert_with(|| path.join("::"));
            }
        }
    }
    graph
}

/// The groups of modules that use each other, directly or through others.
pub(super) fn cycles(graph: &Graph) -> Vec<Vec<ModulePath>> {
    let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> =
        graph.keys().map(|from| (from, reachable(graph, from))).collect();
    let mut found: Vec<Vec<ModulePath>> = Vec::new();
    for from in graph.keys().filter(|from| reached[from].contains(from)) {
        if found.iter().any(|group| group.contains(from)) {
            continue;
        }
        let group = graph.keys().filter(|to| reached[from].contains(to) && reached[to].contains(from));
        found.push(group.cloned().collect());
    }
    found
}

fn reachable<'g>(graph: &'g Graph, from: &'g ModulePath) -> BTreeSet<&'g ModulePath> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        for to in graph.get(at).into_iter().flat_map(|used| used.keys()) {
            if seen.insert(to) {
                next.push(to);
            }
        }
    }
    seen
}

impl Source {
    /// The module that defines what a path names; none where it is of another crate.
    fn resolve(&self, at: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        let (first, rest) = path.split_first()?;
        if depth > 20 {
            return None;
        }
        match first.as_str() {
            "crate" => self.descend(&Vec::new(), rest, depth),
            "self" => self.descend(at, rest, depth),
            "super" => self.descend(&at[..at.len().checked_sub(1)?].to_vec(), rest, depth),
            name if self.is_module(at, name) => self.descend(at, path, depth),
            // Items of the module itself, and names that come from elsewhere.
            name => {
                let import = self.modules[at].imports.iter().find(|import| import.name == name)?;
                let first = import.path.first().map(String::as_str);
                if first == Some(name) && !self.is_module(at, name) {
                    return None;
                }
                self.resolve(at, &[&import.path[..], rest].concat(), depth + 1)
            }
        }
    }

    fn descend(&self, at: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        let Some((name, rest)) = path.split_first() else { return Some(at.clone()) };
        if name == "super" {
            return self.descend(&at[..at.len().checked_sub(1)?].to_vec(), rest, depth);
        }
        if self.is_module(at, name) {
            return self.descend(&[&at[..], std::slice::from_ref(name)].concat(), rest, depth);
        }
        let module = &self.modules[at];
        if defines(module, name) {
            return Some(at.clone());
        }
        match module.imports.iter().find(|import| import.name == *name) {
            Some(import) => self.resolve(at, &[&import.path[..], rest].concat(), depth + 1),
            None => Some(at.clone()),
        }
    }

    fn is_module(&self, at: &ModulePath, name: &str) -> bool {
        self.modules.contains_key(&[&at[..], &[name.to_owned()]].concat())
    }
}

fn defines(module: &Module, name: &str) -> bool {
    module.items.iter().any(|item| match item {
        Item::Const(one) => one.ident == name,
        Item::Enum(one) => one.ident == name,
        Item::Fn(one) => one.sig.ident == name,
        Item::Static(one) => one.ident == name,
        Item::Struct(one) => one.ident == name,
        Item::Trait(one) => one.ident == name,
        Item::Type(one) => one.ident == name,
        Item::Macro(one) => one.ident.as_ref().is_some_and(|ident| ident == name),
        _ => false,
    })
}

/// Every path that a module writes: in imports that it doesn't re-export, in types and expressions, and within macros and
/// attributes.
pub(super) fn paths(module: &Module) -> Vec<Vec<String>> {
    let mut found = Paths(Vec::new());
    for import in module.imports.iter().filter(|import| !import.is_public) {
        found.0.push(import.path.clone());
    }
    for item in &module.items {
        found.visit_item(item);
    }
    found.0
}

struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            in_tokens(list.tokens.clone(), &mut self.0);
        }
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !module.attrs.iter().any(is_cfg_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !function.attrs.iter().any(is_cfg_test) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !function.attrs.iter().any(is_cfg_test) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A single name is one that was imported, or of the file itself.
        if path.segments.len() > 1 {
            self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        in_tokens(call.tokens.clone(), &mut self.0);
        visit::visit_macro(self, call);
    }
}

/// Names joined by `::` in what a macro is given.
fn in_tokens(tokens: TokenStream, found: &mut Vec<Vec<String>>) {
    let (mut path, mut colons): (Vec<String>, usize) = (Vec::new(), 0);
    let mut end = |path: &mut Vec<String>| {
        let path = std::mem::take(path);
        if path.len() > 1 {
            found.push(path);
        }
    };
    let mut groups = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(name) => {
                if colons != 2 {
                    end(&mut path);
                }
                path.push(name.to_string());
                colons = 0;
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
            other => {
                end(&mut path);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    groups.push(group.stream());
                }
            }
        }
    }
    end(&mut path);
    groups.into_iter().for_each(|group| in_tokens(group, found));
}
