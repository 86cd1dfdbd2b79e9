//! What a module defines: its type names, and its functions with their lengths.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Ident};

use super::source::{Module, is_cfg_not, is_cfg_test};

/// A function's name and its lines, from `fn` to the closing brace.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) lines: usize,
}

/// The names of the structs, enums, unions, traits and type aliases of a module, in functions too. Where one of two
/// definitions is compiled, the one under `#[cfg(not(…))]` is left out.
pub(super) fn type_names(module: &Module) -> Vec<String> {
    if module.is_alternative {
        return Vec::new();
    }
    let mut found = Definitions::default();
    module.items.iter().for_each(|item| found.visit_item(item));
    found.types
}

/// Every function with a body.
pub(super) fn functions(module: &Module) -> Vec<Function> {
    let mut found = Definitions::default();
    module.items.iter().for_each(|item| found.visit_item(item));
    found.functions
}

#[derive(Default)]
struct Definitions {
    types: Vec<String>,
    functions: Vec<Function>,
}

impl Definitions {
    fn add_type(&mut self, name: &Ident, attributes: &[Attribute]) {
        if !attributes.iter().any(|one| is_cfg_test(one) || is_cfg_not(one)) {
            self.types.push(name.to_string());
        }
    }

    fn add_function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let lines = body.span().end().line + 1 - signature.span().start().line;
        self.functions.push(Function { name: signature.ident.to_string(), lines });
    }
}

impl<'ast> Visit<'ast> for Definitions {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.add_type(&item.ident, &item.attrs);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.add_type(&item.ident, &item.attrs);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !item.attrs.iter().any(is_cfg_test) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !item.attrs.iter().any(is_cfg_test) {
            self.add_function(&item.sig, &item.block);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !item.attrs.iter().any(is_cfg_test) {
            self.add_function(&item.sig, &item.block);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.add_function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
