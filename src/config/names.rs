//! Names and bases across distributions: each name in one of them, each base in its own.

use std::ops::Range;
use std::sync::Arc;

use super::distributions::Groups;
use super::reader::Placed;
use super::{Fault, Loader};
use crate::distribution::behavior::{CacheBehavior, Restriction};
use crate::distribution::{BaseUrl, Distribution, UnknownHost};

/// What was read of all distributions, also of those that have faults.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The ids of distributions.
    pub(super) ids: Vec<String>,
    names: Vec<Owned<String>>,
    bases: Vec<Owned<BaseUrl>>,
}

/// A value, whose it is, and where it stands.
#[derive(Debug)]
struct Owned<T> {
    owner: String,
    value: T,
    span: Range<usize>,
}

impl Names {
    pub(super) fn note(&mut self, owner: Option<&Placed<&str>>, name: &Placed<&str>) {
        let owner = owner.map_or("", |owner| owner.value).to_owned();
        self.names.push(Owned { owner, value: name.value.to_owned(), span: name.span.clone() });
    }

    /// The names that viewers use over TLS. Nobody but AWS has a certificate for a name below `cloudfront.net`.
    pub(super) fn to_secure(&self) -> Vec<(String, Range<usize>)> {
        let all = self.names.iter().filter(|one| !one.value.ends_with(".cloudfront.net"));
        all.map(|one| (one.value.clone(), one.span.clone())).collect()
    }

    pub(super) fn note_base(&mut self, owner: Option<&Placed<&str>>, base: &BaseUrl, span: &Range<usize>) {
        let owner = owner.map_or("", |owner| owner.value).to_owned();
        self.bases.push(Owned { owner, value: base.clone(), span: span.clone() });
    }
}

impl Loader<'_, '_> {
    pub(super) fn names_are_distinct(&mut self) {
        let names = std::mem::take(&mut self.names.names);
        for (place, Owned { owner, value, span }) in names.iter().enumerate() {
            let same = |other: &&Owned<String>| other.value.eq_ignore_ascii_case(value);
            if let Some(other) = names[..place].iter().find(same) {
                let message = format!("`{value}` belongs to both `{}` and `{owner}`", other.owner);
                let fault = self.faults.at(span, message);
                self.faults.error(fault.expected("each name once"));
            }
        }
        self.names.names = names;
    }

    /// A group that nothing trusts: a `trusted-key-groups` was forgotten, and something is public that isn't meant to be.
    pub(super) fn idle_groups(&mut self, groups: &Groups, list: &[Arc<Distribution>]) {
        // A behavior that has a fault isn't there, and may be the one that trusts it.
        if !self.faults.errors.is_empty() {
            return;
        }
        let trusts = |behavior: &CacheBehavior, id: &str| match &behavior.restriction {
            Restriction::Open => false,
            Restriction::Signed(trusted) => trusted.iter().any(|group| group.id == id),
        };
        for id in groups.keys() {
            if !list.iter().any(|one| one.all_behaviors().any(|behavior| trusts(behavior, id))) {
                let fault =
                    Fault::of_file(self.faults.file.clone(), format!("no behavior trusts key group `{id}`"));
                let help = format!("trusted-key-groups = [\"{id}\"] in a behavior makes its paths private");
                self.faults.warning(fault.help(help));
            }
        }
    }

    /// With several distributions nobody answers for localhost and addresses unless `unknown-host` says who; then a base
    /// whose host is none of the distribution's own names is never tried.
    pub(super) fn unreachable_bases(&mut self, list: &[Arc<Distribution>], unknown_host: UnknownHost) {
        for (place, one) in list.iter().enumerate() {
            if unknown_host == UnknownHost::Only || unknown_host == UnknownHost::Named(place) {
                continue;
            }
            // A host of another distribution is warned of already.
            let is_nobodys = |base: &&BaseUrl| !list.iter().any(|any| any.has_name(base.host_name()));
            for base in one.public_base_urls.iter().filter(is_nobodys) {
                let message = format!("base `{}` of `{}` is never tried", base, one.id);
                let fault = Fault::of_file(self.faults.file.clone(), message);
                self.faults.warning(fault.help(format!(
                    "its host is not a name of the distribution, and no other host leads there: add {} to `aliases`, or set \
                     `unknown-host`",
                    base.host_name()
                )));
            }
        }
    }

    /// Contract 3: a base whose host belongs to another distribution is worth a word.
    pub(super) fn bases_are_their_own(&mut self, list: &[Arc<Distribution>]) {
        for Owned { owner, value, span } in std::mem::take(&mut self.names.bases) {
            let host = value.host_name();
            if let Some(other) = list.iter().find(|other| other.id != owner && other.has_name(host)) {
                let message = format!("base `{}` of `{owner}` has a host of `{}`", value, other.id);
                let fault = self.faults.at(&span, message);
                self.faults.warning(fault.help("links for that host would open files of both distributions"));
            }
        }
    }

    /// Which distribution answers for a host that none has.
    pub(super) fn unknown_host(
        &mut self,
        named: Option<Placed<&str>>,
        list: &[Arc<Distribution>],
    ) -> UnknownHost {
        match named {
            Some(Placed { value: "refuse", .. }) => UnknownHost::Refuse,
            Some(name) => match list.iter().position(|one| one.id == name.value) {
                Some(place) => UnknownHost::Named(place),
                // One that has faults of its own is defined all the same.
                None if self.names.ids.iter().any(|id| id == name.value) => UnknownHost::Refuse,
                None => {
                    let ids = std::mem::take(&mut self.names.ids);
                    self.undefined(&name, "distribution", ids.iter());
                    UnknownHost::Refuse
                }
            },
            None if list.len() == 1 => UnknownHost::Only,
            None => UnknownHost::Refuse,
        }
    }

    /// A name that nothing has, with the names that there are.
    pub(super) fn undefined<'n>(
        &mut self,
        name: &Placed<&str>,
        what: &str,
        names: impl Iterator<Item = &'n String>,
    ) {
        self.undefined_but(name, what, names, None);
    }

    /// The same, where it can be told what was meant.
    pub(super) fn undefined_but<'n>(
        &mut self,
        name: &Placed<&str>,
        what: &str,
        names: impl Iterator<Item = &'n String>,
        help: Option<String>,
    ) {
        let names: Vec<&str> = names.map(String::as_str).collect();
        let fault = self.faults.at(&name.span, format!("{what} `{}` is not defined", name.value));
        let expected = if names.is_empty() { "none is defined".to_owned() } else { names.join(", ") };
        let fault = fault.found(format!("{:?}", name.value)).expected(expected);
        self.faults.error(Fault { help, ..fault });
    }

    /// Warns beyond a quota of CloudFront's, all of which AWS raises on request (semantics 6 and 9.3).
    pub(super) fn quota(&mut self, span: &Range<usize>, what: &str, found: usize, most: usize) {
        if found > most {
            let fault =
                self.faults.at(span, format!("more {what} than CloudFront takes without being asked"));
            self.faults.warning(fault.found(found).expected(format!("at most {most}")));
        }
    }
}
