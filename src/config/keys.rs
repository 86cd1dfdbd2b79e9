//! `[[public-keys]]` and `[[key-groups]]`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use super::Loader;
use super::reader::{Placed, Reader};
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
        match read_key_file(&path) {
            Ok(pem) => Some(pem),
            Err(error) => {
                let fault = self.faults.at(&file.span, format!("public key file can't be read: {error}"));
                let fault = fault.found(path.display()).expected("a readable PEM file");
                let folder = Path::new(file.value).parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.map_or(".".into(), Path::to_string_lossy);
                self.faults
                    .error(fault.help(format!("`frontgate keygen --out {folder} --id {id}` makes the pair")));
                None
            }
        }
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
                self.faults.error(fault.expected("RSA 2048 or ECDSA P-256, as SPKI PEM"));
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

/// Reads a key's file: a regular one, no larger than any key.
///
/// # Errors
/// As the system says, or what it is instead.
pub(crate) fn read_key_file(file: &Path) -> io::Result<String> {
    let meta = fs::metadata(file)?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if meta.len() > MAX_KEY_FILE {
        return Err(io::Error::other(format!("it has {} bytes, more than any key", meta.len())));
    }
    fs::read_to_string(file)
}

/// A key's PEM has at most some thousand bytes.
const MAX_KEY_FILE: u64 = 64 << 10;
