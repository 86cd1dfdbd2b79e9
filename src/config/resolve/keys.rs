//! `[[public-keys]]` and `[[key-groups]]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{ById, Fault, Faults, KeyPath, Material, quota, undefined};
use crate::config::declared;
use crate::config::material::files::{is_pem, read_key_file, shown};
use crate::distribution::key::half::Half;
use crate::distribution::key::{KeyGroup, KeyTolerance, PublicKey, PublicKeyId};

/// Key groups by id.
pub(super) type Groups = BTreeMap<String, Arc<KeyGroup>>;

/// Resolves `[[public-keys]]`.
pub(super) fn public_keys(
    root: &KeyPath,
    declared: &[declared::PublicKey],
    material: &mut Material,
    faults: &mut Faults,
) -> ById<PublicKey> {
    let mut keys = BTreeMap::new();
    for (number, one) in declared.iter().enumerate() {
        let path = root.key("public-keys").item(number);
        let at_id = path.key("id");
        let Some(id) = faults.known(&at_id, &one.id) else { continue };
        if !PublicKeyId::is_well_formed(id) {
            let fault = Fault::at(&at_id, "a public key's id is letters and digits only").found_text(id);
            faults.error(fault.expected("such as \"K2JCJMDEHXQW5F\""));
        }
        let key = public_key(&path, one, material, faults).map(Arc::new);
        if keys.insert(id.to_owned(), key).is_some() {
            faults.error(Fault::at(&at_id, format!("public key `{id}` is defined twice")));
        }
    }
    keys
}

fn public_key(
    path: &KeyPath,
    declared: &declared::PublicKey,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<PublicKey> {
    match (&declared.file, &declared.pem) {
        (Some(file), None) => {
            let path = path.key("file");
            let pem = read_key(&path, file, &declared.id, material, faults)?;
            parse_key(&path, declared, &pem, material, faults)
        }
        (None, Some(pem)) => parse_key(&path.key("pem"), declared, pem, material, faults),
        (None, None) | (Some(_), Some(_)) => {
            let fault = Fault::at(path, format!("public key `{}` has no one source", declared.id));
            faults.error(fault.expected("either `file` or `pem`"));
            None
        }
    }
}

fn read_key(
    path: &KeyPath,
    name: &str,
    id: &str,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<String> {
    let file = material.path(faults.known(path, name)?);
    material.watch_keys(&file);
    let error = match read_key_file(&file, Half::Public) {
        Ok(pem) => return Some(pem),
        Err(error) => error,
    };
    let message = format!("public key file can't be read: {}", error.message);
    let fault = Fault::at(path, message).found(shown(&file)).expected("a readable PEM file");
    let folder = Path::new(name).parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or(".".into(), Path::to_string_lossy);
    faults.error(match error.help {
        Some(help) => fault.help(help),
        None if is_pem(name) => fault.help("`pem` takes the text itself, `file` the name of a file"),
        None if file.exists() => fault,
        None => fault.help(format!("`frontgate keygen --out {folder} --id {id}` makes the pair")),
    });
    None
}

fn parse_key(
    path: &KeyPath,
    declared: &declared::PublicKey,
    pem: &str,
    material: &Material,
    faults: &mut Faults,
) -> Option<PublicKey> {
    let id = &declared.id;
    let tolerance = KeyTolerance { allow_short: declared.allow_short };
    match PublicKey::from_pem(PublicKeyId::new(id), faults.known(path, pem)?, tolerance) {
        Ok(key) => {
            if key.is_pkcs1() {
                let fault = Fault::at(path, format!("public key `{id}` is PKCS#1 (`RSA PUBLIC KEY`)"));
                let fault = fault.expected("SPKI (`PUBLIC KEY`), which CloudFront takes");
                faults.warning(fault.help("openssl rsa -RSAPublicKey_in -in OLD -pubout -out NEW"));
            }
            Some(key)
        }
        Err(error) => {
            let fault = Fault::at(path, format!("public key `{id}` can't be used: {error}"));
            let fault = fault.expected("RSA 2048 or ECDSA P-256, as SPKI PEM");
            faults.error(match error.help() {
                Some(help) => fault.help(help),
                None if material.path(pem).is_file() => fault.help(format!("file = {pem:?} reads the file")),
                None => fault,
            });
            None
        }
    }
}

/// Resolves `[[key-groups]]`.
pub(super) fn key_groups(
    root: &KeyPath,
    declared: &[declared::KeyGroup],
    keys: &ById<PublicKey>,
    faults: &mut Faults,
) -> Groups {
    let mut groups = BTreeMap::new();
    for (number, one) in declared.iter().enumerate() {
        let path = root.key("key-groups").item(number);
        let at_id = path.key("id");
        let Some(id) = faults.known(&at_id, &one.id) else { continue };
        if one.public_keys.is_empty() {
            let fault = Fault::at(&path, format!("key group `{id}` has no keys"));
            faults.error(fault.expected("public-keys = [\"K…\"]"));
        }
        quota(&path, "public keys in a key group", one.public_keys.len(), 5, faults);
        let mut group = KeyGroup { id: id.to_owned(), keys: Vec::new() };
        for (number, member) in one.public_keys.iter().enumerate() {
            match keys.get(member) {
                Some(key) => group.keys.extend(key.clone()),
                None => {
                    let path = path.key("public-keys").item(number);
                    undefined(&path, member, "public key", keys.keys(), faults);
                }
            }
        }
        if groups.insert(id.to_owned(), Arc::new(group)).is_some() {
            faults.error(Fault::at(&at_id, format!("key group `{id}` is defined twice")));
        }
    }
    groups
}
