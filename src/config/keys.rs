//! `[[public-keys]]` and `[[key-groups]]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::Loader;
use super::files::{is_pem, read_key_file, shown};
use super::reader::{Placed, Reader};
use crate::distribution::key::half::Half;
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};

impl Loader<'_, '_> {
    pub(super) fn public_keys(
        &mut self,
        root: &mut Reader<'_, '_>,
    ) -> BTreeMap<String, Option<Arc<PublicKey>>> {
        let mut keys = BTreeMap::new();
        for mut table in root.tables(self.faults, "public-keys", "[[public-keys]]") {
            let id = table.required(self.faults, "id");
            let file = table.string(self.faults, "file");
            let pem = table.string(self.faults, "pem");
            let tolerance = KeyTolerance { allow_short: table.boolean(self.faults, "allow-short") };
            let span = table.span();
            table.finish(self.faults, &[]);
            let Some(id) = id else { continue };
            if !PublicKeyId::is_well_formed(id.value) {
                let fault = self.faults.at(&id.span, "a public key's id is letters and digits only");
                self.faults
                    .error(fault.found(format!("{:?}", id.value)).expected("such as \"K2JCJMDEHXQW5F\""));
            }
            let source = match (file, pem) {
                (Some(file), None) => self.read_key(&file, id.value).map(|pem| (file.span, pem)),
                (None, Some(pem)) => Some((pem.span, pem.value.to_owned())),
                (None, None) | (Some(_), Some(_)) => {
                    let fault = self.faults.at(&span, format!("public key `{}` has no one source", id.value));
                    self.faults.error(fault.expected("either `file` or `pem`"));
                    None
                }
            };
            let key = source.and_then(|(span, pem)| self.parse_key(&id, &span, &pem, tolerance));
            if keys.insert(id.value.to_owned(), key).is_some() {
                let fault = self.faults.at(&id.span, format!("public key `{}` is defined twice", id.value));
                self.faults.error(fault);
            }
        }
        keys
    }

    fn read_key(&mut self, file: &Placed<&str>, id: &str) -> Option<String> {
        let path = self.folder.join(file.value);
        self.secrets.extend(path.parent().map(Path::to_owned));
        self.watch(&path);
        let error = match read_key_file(&path, Half::Public) {
            Ok(pem) => return Some(pem),
            Err(error) => error,
        };
        let message = format!("public key file can't be read: {}", error.message);
        let fault = self.faults.at(&file.span, message).found(shown(&path)).expected("a readable PEM file");
        let folder = Path::new(file.value).parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map_or(".".into(), Path::to_string_lossy);
        self.faults.error(match error.help {
            Some(help) => fault.help(help),
            None if is_pem(file.value) => {
                fault.help("`pem` takes the text itself, `file` the name of a file")
            }
            None if path.exists() => fault,
            None => fault.help(format!("`frontgate keygen --out {folder} --id {id}` makes the pair")),
        });
        None
    }

    fn parse_key(
        &mut self,
        id: &Placed<&str>,
        span: &Range<usize>,
        pem: &str,
        tolerance: KeyTolerance,
    ) -> Option<Arc<PublicKey>> {
        match PublicKey::from_pem(PublicKeyId::new(id.value), pem, tolerance) {
            Ok(key) => {
                if key.is_pkcs1() {
                    let message = format!("public key `{}` is PKCS#1 (`RSA PUBLIC KEY`)", id.value);
                    let fault =
                        self.faults.at(span, message).expected("SPKI (`PUBLIC KEY`), which CloudFront takes");
                    self.faults.warning(fault.help("openssl rsa -RSAPublicKey_in -in OLD -pubout -out NEW"));
                }
                Some(Arc::new(key))
            }
            Err(error) => {
                let fault = self.faults.at(span, format!("public key `{}` can't be used: {error}", id.value));
                let fault = fault.expected("RSA 2048 or ECDSA P-256, as SPKI PEM");
                self.faults.error(match error.help() {
                    Some(help) => fault.help(help),
                    None if self.folder.join(pem).is_file() => {
                        fault.help(format!("file = {pem:?} reads the file"))
                    }
                    None => fault,
                });
                None
            }
        }
    }

    pub(super) fn key_groups(
        &mut self,
        root: &mut Reader<'_, '_>,
        keys: &BTreeMap<String, Option<Arc<PublicKey>>>,
    ) -> BTreeMap<String, Arc<KeyGroup>> {
        let mut groups = BTreeMap::new();
        for mut table in root.tables(self.faults, "key-groups", "[[key-groups]]") {
            let id = table.required(self.faults, "id");
            let has_members = table.has("public-keys");
            let members = table.strings(self.faults, "public-keys");
            let span = table.span();
            table.finish(self.faults, &[]);
            let Some(id) = id else { continue };
            if members.as_ref().is_some_and(Vec::is_empty) || !has_members {
                let fault = self.faults.at(&span, format!("key group `{}` has no keys", id.value));
                self.faults.error(fault.expected("public-keys = [\"K…\"]"));
            }
            let count = members.as_ref().map_or(0, Vec::len);
            self.quota(&span, "public keys in a key group", count, 5);
            let mut group = KeyGroup { id: id.value.to_owned(), keys: Vec::new() };
            for member in members.unwrap_or_default() {
                match keys.get(member.value) {
                    Some(key) => group.keys.extend(key.clone()),
                    None => self.undefined(&member, "public key", keys.keys()),
                }
            }
            if groups.insert(group.id.clone(), Arc::new(group)).is_some() {
                let fault = self.faults.at(&id.span, format!("key group `{}` is defined twice", id.value));
                self.faults.error(fault);
            }
        }
        groups
    }
}
