//! Faults of distributions and their behaviors.

use super::sites::Slot::{Default, Distribution, End};
use super::{check, errors, warnings};
use crate::config::declared::{self, Configuration};

#[test]
fn each_fault_of_a_distribution_has_its_path() {
    check(
        &[
            (
                Distribution,
                "aliases = [\"a.b:80\"]",
                "distributions[0].aliases[0]",
                "a host name without a port",
            ),
            (Distribution, "aliases = [\"A.EXAMPLE.COM\"]", "distributions[0].aliases[0]", "belongs to both"),
            (
                Distribution,
                "public-base-urls = [\"a.b\"]",
                "distributions[0].public-base-urls[0]",
                "can't be used",
            ),
            (
                Distribution,
                "default-root-object = \"/a\"",
                "distributions[0].default-root-object",
                "without a leading slash",
            ),
            (
                Distribution,
                "geo-restriction = {}",
                "distributions[0].geo-restriction",
                "one list of countries",
            ),
            (
                Distribution,
                "geo-restriction = { allow = [\"UK\"] }",
                "distributions[0].geo-restriction.allow[0]",
                "not a country's code",
            ),
            (
                Distribution,
                "geo-restriction = { block = [\"de\"] }",
                "distributions[0].geo-restriction.block[0]",
                "not a country's code",
            ),
            (
                End,
                "[[distributions]]\nid = \"F\"\ndomain-name = \"b.b\"\ndefault-cache-behavior = { target-origin = \"o\" }",
                "distributions[1]",
                "has no origin",
            ),
        ],
        |text| {
            // Naming an origin that is not there follows from there being none.
            errors(text).into_iter().filter(|fault| !fault.message.contains("origin `o`")).collect()
        },
    );
    let bases = (1..=60).map(|port| format!("\"https://a.b:{port}\"")).collect::<Vec<_>>().join(", ");
    let found = errors(&super::sites::with(Distribution, &format!("public-base-urls = [{bases}]")));
    assert!(found.len() == 1 && found[0].message == "too many public base URLs", "{found:?}");
    let twice = super::sites::with(End, "");
    let found = errors(&(twice.clone() + &twice.replace("a.example.com", "b.example.com")));
    assert!(found.len() == 1 && found[0].path.as_str() == "distributions[1]", "{found:?}");
}

#[test]
fn each_fault_of_a_behavior_has_its_path() {
    check(
        &[
            (
                Default,
                "allowed-methods = [\"GET\"]",
                "distributions[0].default-cache-behavior.allowed-methods[0]",
                "none of CloudFront's three sets",
            ),
            (
                Default,
                "allowed-methods = []",
                "distributions[0].default-cache-behavior.allowed-methods",
                "none of CloudFront's three sets",
            ),
            (
                Default,
                "viewer-protocol-policy = \"https\"",
                "distributions[0].default-cache-behavior.viewer-protocol-policy",
                "can't be used",
            ),
            (
                End,
                "[[distributions.cache-behaviors]]\npath-pattern = \"/a b\"\ntarget-origin = \"o\"",
                "distributions[0].cache-behaviors[0].path-pattern",
                "can't be used",
            ),
            (
                End,
                "[[distributions.cache-behaviors]]\npath-pattern = \"/a\"\ntarget-origin = \"x\"",
                "distributions[0].cache-behaviors[0].target-origin",
                "origin `x` is not defined",
            ),
        ],
        errors,
    );
}

#[test]
fn each_warning_across_distributions_has_its_path() {
    let two = |bases: &str| {
        super::sites::with(Distribution, bases)
            + &super::sites::with(End, "").replace("\"E\"", "\"F\"").replace("a.example.com", "b.example.com")
    };
    let found = warnings(&two("public-base-urls = [\"https://b.example.com\"]"));
    assert!(
        found.len() == 1 && found[0].path.as_str() == "distributions[0].public-base-urls[0]",
        "{found:?}"
    );
    let found = warnings(&two("public-base-urls = [\"https://c.example.com\"]"));
    assert!(found.len() == 1 && found[0].message.ends_with("is never tried"), "{found:?}");
}

/// A declared form that was not read from a text has faults with paths, and no place.
#[test]
fn faults_of_a_declared_form_name_their_path() {
    let origin =
        declared::Origin { id: "o".to_owned(), url: Some("x".to_owned()), ..declared::Origin::default() };
    let behavior =
        declared::CacheBehavior { target_origin: "o".to_owned(), ..declared::CacheBehavior::default() };
    let distribution = declared::Distribution {
        id: "E".to_owned(),
        domain_name: "a.example.com".to_owned(),
        origins: vec![origin],
        default_cache_behavior: behavior,
        ..declared::Distribution::default()
    };
    let mut declared = Configuration { distributions: vec![distribution], ..Configuration::default() };
    let folder = std::path::Path::new("");
    let invalid = crate::config::resolve(&declared, folder).unwrap_err();
    let text = invalid.errors[0].to_string();
    assert!(text.starts_with("distributions[0].origins[0].url: `url` can't be used\n"), "{text}");
    declared.distributions[0].origins[0].url = Some("demo:".to_owned());
    let settings = crate::config::resolve(&declared, folder).unwrap();
    assert_eq!((settings.distributions.list.len(), &*settings.declared), (1, &declared));
}
