//! Names and bases across distributions: each name in one of them, each base in its own.

use std::sync::Arc;

use super::{Fault, Faults, KeyPath, undefined};
use crate::config::declared::{self, Configuration};
use crate::distribution::{BaseUrl, Distribution, UnknownHost};

/// A name of a distribution, and where it is.
pub(super) struct Name<'d> {
    /// The id of the distribution.
    pub(super) owner: &'d str,
    pub(super) name: &'d str,
    pub(super) path: KeyPath,
    pub(super) is_alias: bool,
}

/// The names of one distribution.
pub(super) fn names_of<'d>(path: &KeyPath, declared: &'d declared::Distribution) -> Vec<Name<'d>> {
    let owner = declared.id.as_str();
    let own = Name { owner, name: &declared.domain_name, path: path.key("domain-name"), is_alias: false };
    let aliases = declared.aliases.iter().enumerate();
    let aliases = aliases.map(|(number, name)| Name {
        owner,
        name,
        path: path.key("aliases").item(number),
        is_alias: true,
    });
    [own].into_iter().chain(aliases).collect()
}

/// The names of all distributions, also of those that have faults.
pub(super) fn names(declared: &Configuration) -> Vec<Name<'_>> {
    let all = declared.distributions.iter().enumerate();
    all.flat_map(|(number, one)| names_of(&at(number), one)).collect()
}

fn at(number: usize) -> KeyPath {
    KeyPath::root().key("distributions").item(number)
}

/// Each name belongs to one distribution.
pub(super) fn names_are_distinct(declared: &Configuration, faults: &mut Faults) {
    let names = names(declared);
    for (place, Name { owner, name, path, .. }) in names.iter().enumerate() {
        let same = |other: &&Name<'_>| other.name.eq_ignore_ascii_case(name);
        if let Some(other) = names[..place].iter().find(same) {
            let fault = Fault::at(path, format!("`{name}` belongs to both `{}` and `{owner}`", other.owner));
            faults.error(fault.expected("each name once"));
        }
    }
}

/// A group that nothing trusts: a `trusted-key-groups` was forgotten, and something is public that isn't meant to be.
pub(super) fn idle_groups(declared: &Configuration, faults: &mut Faults) {
    // A behavior that has a fault may be the one that trusts it.
    if !faults.errors.is_empty() {
        return;
    }
    let mut behaviors = declared.distributions.iter().flat_map(|one| one.all_behaviors());
    let trusted: Vec<&String> =
        behaviors.by_ref().flat_map(|behavior| &behavior.trusted_key_groups).collect();
    for id in declared.key_groups.iter().map(|group| &group.id).filter(|id| !trusted.contains(id)) {
        let fault = Fault::of_all(format!("no behavior trusts key group `{id}`"));
        let help = format!("trusted-key-groups = [\"{id}\"] in a behavior makes its paths private");
        faults.warning(fault.help(help));
    }
}

/// With several distributions none responds for localhost and addresses unless `unknown-host` names it; then a base
/// whose host is none of the distribution's own names is never tried.
pub(super) fn unreachable_bases(list: &[Arc<Distribution>], unknown_host: UnknownHost, faults: &mut Faults) {
    for (place, one) in list.iter().enumerate() {
        if unknown_host == UnknownHost::Only || unknown_host == UnknownHost::Named(place) {
            continue;
        }
        // A host of another distribution is warned of already.
        let is_of_none = |base: &&BaseUrl| !list.iter().any(|any| any.has_name(base.host_name()));
        for base in one.public_base_urls.iter().filter(is_of_none) {
            let fault = Fault::of_all(format!("base `{}` of `{}` is never tried", base, one.id));
            faults.warning(fault.help(format!(
                "its host is not a name of the distribution, and no other host leads there: add {} to `aliases`, or set \
                 `unknown-host`",
                base.host_name()
            )));
        }
    }
}

/// Reference 3: a base whose host belongs to another distribution is worth a warning.
pub(super) fn bases_are_their_own(declared: &Configuration, list: &[Arc<Distribution>], faults: &mut Faults) {
    for (number, one) in declared.distributions.iter().enumerate() {
        let mut seen: Vec<BaseUrl> = Vec::new();
        for (place, text) in one.public_base_urls.iter().enumerate() {
            let Ok(base) = BaseUrl::parse(text) else { continue };
            let is_new = !seen.contains(&base);
            let is_others =
                |other: &&Arc<Distribution>| other.id != one.id && other.has_name(base.host_name());
            if let Some(other) = list.iter().find(is_others).filter(|_| is_new) {
                let path = at(number).key("public-base-urls").item(place);
                let fault =
                    Fault::at(&path, format!("base `{base}` of `{}` has a host of `{}`", one.id, other.id));
                faults.warning(fault.help("links for that host would open files of both distributions"));
            }
            seen.push(base);
        }
    }
}

/// Which distribution responds for a host that none has.
pub(super) fn unknown_host(
    declared: &Configuration,
    list: &[Arc<Distribution>],
    faults: &mut Faults,
) -> UnknownHost {
    match declared.server.unknown_host.as_deref() {
        Some("refuse") => UnknownHost::Refuse,
        Some(name) => {
            let ids: Vec<&String> = declared.distributions.iter().map(|one| &one.id).collect();
            // One that has faults of its own is defined all the same.
            if !ids.iter().any(|id| *id == name) {
                let path = KeyPath::root().key("server").key("unknown-host");
                undefined(&path, name, "distribution", ids.into_iter(), faults);
            }
            let place = list.iter().position(|one| one.id == name);
            place.map_or(UnknownHost::Refuse, UnknownHost::Named)
        }
        None if list.len() == 1 => UnknownHost::Only,
        None => UnknownHost::Refuse,
    }
}
