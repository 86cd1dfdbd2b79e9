//! Faults of `[[public-keys]]` and `[[key-groups]]`.

use super::sites::Slot::{Default, Top};
use super::{check, errors, sites, warnings};
use crate::sign::PrivateKey;

#[test]
fn each_fault_of_keys_and_groups_has_its_path() {
    check(
        &[
            (Top, "[[public-keys]]\nid = \"K\"", "public-keys[0]", "has no one source"),
            (
                Top,
                "[[public-keys]]\nid = \"K\"\nfile = \"a\"\npem = \"b\"",
                "public-keys[0]",
                "has no one source",
            ),
            (
                Top,
                "[[public-keys]]\nid = \"K\"\nfile = \"no/such.pem\"",
                "public-keys[0].file",
                "can't be read",
            ),
            (Top, "[[public-keys]]\nid = \"K\"\npem = \"x\"", "public-keys[0].pem", "can't be used"),
            (Top, "[[key-groups]]\nid = \"g\"", "key-groups[0]", "has no keys"),
            (Top, "[[key-groups]]\nid = \"g\"\npublic-keys = []", "key-groups[0]", "has no keys"),
            (
                Top,
                "[[key-groups]]\nid = \"g\"\npublic-keys = [\"K\"]",
                "key-groups[0].public-keys[0]",
                "public key `K` is not defined",
            ),
            (
                Default,
                "trusted-key-groups = [\"g\"]",
                "distributions[0].default-cache-behavior.trusted-key-groups[0]",
                "key group `g` is not defined",
            ),
        ],
        errors,
    );
}

/// A key with an id, and what follows.
fn with_key(id: &str, more: &str) -> String {
    let pem = PrivateKey::generate_ecdsa().and_then(|key| key.public_pem()).expect("a key");
    let key = format!("[[public-keys]]\nid = \"{id}\"\npem = \"\"\"{pem}\"\"\"\n");
    sites::with(Top, &format!("{key}{more}"))
}

#[test]
fn ids_of_keys_and_groups_are_well_formed_and_used_once() {
    for (id, more, path, message) in [
        ("K-1", "", "public-keys[0].id", "letters and digits only"),
        ("K1", "[[public-keys]]\nid = \"K1\"\npem = \"\"", "public-keys[1].id", "defined twice"),
        (
            "K1",
            "[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]\n[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]",
            "key-groups[1].id",
            "defined twice",
        ),
    ] {
        let found = errors(&with_key(id, more));
        let fault =
            found.iter().find(|fault| fault.path.as_str() == path).unwrap_or_else(|| panic!("{found:#?}"));
        assert!(fault.message.contains(message), "{fault}");
    }
}

#[test]
fn groups_that_nothing_trusts_and_that_are_too_large_are_warnings() {
    let found = warnings(&with_key("K1", "[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]"));
    assert!(found.len() == 1 && found[0].message == "no behavior trusts key group `g`", "{found:?}");
    let many = "[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\", \"K1\", \"K1\", \"K1\", \"K1\", \"K1\"]";
    let found = warnings(&with_key("K1", many));
    assert!(found.len() == 2 && found[0].path.as_str() == "key-groups[0]", "{found:?}");
}

#[test]
fn a_key_in_place_of_its_group_is_recognised() {
    let text = with_key("K1", "[[key-groups]]\nid = \"g\"\npublic-keys = [\"K1\"]");
    let found = errors(&format!("{text}trusted-key-groups = [\"K1\"]\n"));
    assert!(found[0].help.as_deref().is_some_and(|help| help.contains("in the key group `g`")), "{found:?}");
}
