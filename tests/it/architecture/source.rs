//! A crate's source as syn parses it: its modules, what they define and what they import. Code under `#[cfg(test)]` is left out.

#![expect(clippy::wildcard_enum_match_arm, reason = "syn's enums have many variants, and may get more")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemMod, Meta, Token, UseTree};

/// The path of a module from the crate's root, `["access", "policy"]`; empty for the root.
pub(super) type ModulePath = Vec<String>;

/// One file of a crate.
pub(super) struct Module {
    pub(super) file: PathBuf,
    /// Lines of the file but for those of tests.
    pub(super) lines: usize,
    /// The items, without those of tests.
    pub(super) items: Vec<Item>,
    /// Imported names, each with the path that it stands for.
    pub(super) imports: Vec<Import>,
    /// Whether it is compiled where another module isn't: `#[cfg(not(…))]`.
    pub(super) is_alternative: bool,
}

/// One name that a `use` brings into a module.
pub(super) struct Import {
    /// The name within the module.
    pub(super) name: String,
    /// What it stands for, as it is written.
    pub(super) path: Vec<String>,
    /// Whether others may import it from here.
    pub(super) is_public: bool,
}

/// A crate's modules by their paths.
pub(super) struct Source {
    pub(super) modules: BTreeMap<ModulePath, Module>,
}

impl Source {
    /// Reads the crate whose root is `folder/lib.rs`, and `folder/main.rs` beside it.
    pub(super) fn read(folder: &Path) -> Self {
        let mut source = Self { modules: BTreeMap::new() };
        source.add(Vec::new(), folder.join("lib.rs"), folder, false);
        source
    }

    fn add(&mut self, path: ModulePath, file: PathBuf, children: &Path, is_alternative: bool) {
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_test = |item: &Item| attributes(item).iter().any(is_cfg_test);
        let test_lines: usize = parsed.items.iter().filter(|item| is_test(item)).map(lines).sum();
        let items: Vec<Item> = parsed.items.into_iter().filter(|item| !is_test(item)).collect();
        for item in &items {
            if let Item::Mod(ItemMod { ident, content: None, attrs, .. }) = item {
                let name = ident.to_string();
                let flat = children.join(format!("{name}.rs"));
                let file = if flat.is_file() { flat } else { children.join(&name).join("mod.rs") };
                let is_alternative = is_alternative || attrs.iter().any(is_cfg_not);
                self.add(
                    [&path[..], std::slice::from_ref(&name)].concat(),
                    file,
                    &children.join(&name),
                    is_alternative,
                );
            }
        }
        let imports =
            items.iter().filter_map(as_use).flat_map(|(tree, is_public)| flattened(tree, is_public));
        let imports = imports.collect();
        let lines = text.lines().count() - test_lines;
        self.modules.insert(path, Module { file, lines, items, imports, is_alternative });
    }
}

/// How many lines an item takes, its attributes and doc comments included.
fn lines(item: &Item) -> usize {
    let first =
        attributes(item).first().map_or_else(|| item.span().start().line, |one| one.span().start().line);
    item.span().end().line + 1 - first
}

fn as_use(item: &Item) -> Option<(&UseTree, bool)> {
    match item {
        Item::Use(one) => Some((&one.tree, !matches!(one.vis, syn::Visibility::Inherited))),
        _ => None,
    }
}

fn flattened(tree: &UseTree, is_public: bool) -> Vec<Import> {
    fn walk(tree: &UseTree, before: &[String], found: &mut Vec<(String, Vec<String>)>) {
        match tree {
            UseTree::Path(path) => walk(&path.tree, &[before, &[path.ident.to_string()]].concat(), found),
            UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, before, found)),
            UseTree::Name(name) if name.ident == "self" => {
                found.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                found.push((name.clone(), [before, &[name]].concat()));
            }
            UseTree::Rename(renamed) => {
                let path = if renamed.ident == "self" {
                    before.to_vec()
                } else {
                    [before, &[renamed.ident.to_string()]].concat()
                };
                found.push((renamed.rename.to_string(), path));
            }
            UseTree::Glob(_) => found.push(("*".to_owned(), before.to_vec())),
        }
    }
    let mut found = Vec::new();
    walk(tree, &[], &mut found);
    found.into_iter().map(|(name, path)| Import { name, path, is_public }).collect()
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(one) => &one.attrs,
        Item::Enum(one) => &one.attrs,
        Item::ExternCrate(one) => &one.attrs,
        Item::Fn(one) => &one.attrs,
        Item::ForeignMod(one) => &one.attrs,
        Item::Impl(one) => &one.attrs,
        Item::Macro(one) => &one.attrs,
        Item::Mod(one) => &one.attrs,
        Item::Static(one) => &one.attrs,
        Item::Struct(one) => &one.attrs,
        Item::Trait(one) => &one.attrs,
        Item::TraitAlias(one) => &one.attrs,
        Item::Type(one) => &one.attrs,
        Item::Union(one) => &one.attrs,
        Item::Use(one) => &one.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, also among others that must hold: `#[cfg(all(test, …))]`; and what only a fuzzer or a test compiles.
pub(super) fn is_cfg_test(attribute: &Attribute) -> bool {
    cfg(attribute).is_some_and(|meta| needs_test(&meta))
}

fn needs_test(meta: &Meta) -> bool {
    match meta {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("fuzzing"),
        Meta::List(list) if list.path.is_ident("all") => nested(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => nested(list).iter().all(needs_test),
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}

/// `#[cfg(not(…))]`.
pub(super) fn is_cfg_not(attribute: &Attribute) -> bool {
    cfg(attribute).is_some_and(|meta| matches!(&meta, Meta::List(list) if list.path.is_ident("not")))
}

fn cfg(attribute: &Attribute) -> Option<Meta> {
    attribute.path().is_ident("cfg").then(|| attribute.parse_args::<Meta>().ok()).flatten()
}

fn nested(list: &syn::MetaList) -> Vec<Meta> {
    list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .map(|all| all.into_iter().collect())
        .unwrap_or_default()
}
