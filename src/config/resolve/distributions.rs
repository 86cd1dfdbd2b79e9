//! `[[distributions]]`.

use std::sync::Arc;

use super::{Fault, Faults, KeyPath, Material, References};
use super::{behaviors, countries, failover, letter_case, origins, quota, s3, uniqueness};
use crate::config::declared::{self, Configuration};
use crate::distribution::{BaseUrl, Distribution, MAX_PUBLIC_BASE_URLS};
use crate::viewer::Host;

/// Resolves every distribution that has no fault.
pub(super) fn distributions(
    root: &KeyPath,
    declared: &Configuration,
    references: &References,
    material: &mut Material,
    faults: &mut Faults,
) -> Vec<Arc<Distribution>> {
    if declared.distributions.is_empty() {
        let fault = Fault::of_all("the file has no distribution");
        faults.error(fault.expected("[[distributions]]").help("config.toml in the repository is an example"));
    }
    let mut list: Vec<Arc<Distribution>> = Vec::new();
    for (number, one) in declared.distributions.iter().enumerate() {
        let path = root.key("distributions").item(number);
        let Some(distribution) = distribution(&path, one, references, material, faults) else { continue };
        if list.iter().any(|known| known.id == distribution.id) {
            faults.error(Fault::at(&path, format!("distribution `{}` is defined twice", distribution.id)));
        }
        failover::doubtful_pages(&distribution, faults);
        s3::open_buckets(&distribution, faults);
        letter_case::letter_case(&distribution, faults);
        list.push(Arc::new(distribution));
    }
    uniqueness::names_are_distinct(declared, faults);
    uniqueness::bases_are_their_own(declared, &list, faults);
    list
}

fn distribution(
    path: &KeyPath,
    declared: &declared::Distribution,
    references: &References,
    material: &mut Material,
    faults: &mut Faults,
) -> Option<Distribution> {
    host_names(path, declared, faults);
    let public_base_urls = public_base_urls(path, &declared.public_base_urls, faults);
    let default_root_object = default_root_object(path, declared.default_root_object.as_ref(), faults);
    let geo_restriction = countries::geo_restriction(path, declared, &references.database, faults);
    let origins = origins::origins(path, &declared.origins, material, faults);
    let origin_groups = failover::origin_groups(path, &declared.origin_groups, &origins, faults);
    let error_responses = failover::error_responses(path, &declared.custom_error_responses, faults);
    quota(path, "cache behaviors", declared.cache_behaviors.len(), 75, faults);
    quota(path, "origins", origins.len(), 100, faults);
    quota(path, "aliases", declared.aliases.len(), 100, faults);
    let of_groups = origin_groups.iter().map(|group| group.id.as_str().to_owned());
    let targets: Vec<String> = origins.keys().cloned().chain(of_groups).collect();
    let default = path.key("default-cache-behavior");
    let default_behavior =
        behaviors::behavior(&default, &declared.default_cache_behavior, &targets, references, faults);
    let mut behaviors = Vec::new();
    for (number, one) in declared.cache_behaviors.iter().enumerate() {
        let path = path.key("cache-behaviors").item(number);
        behaviors.extend(behaviors::ordered(&path, one, &targets, references, faults));
    }
    Some(Distribution {
        id: faults.known(&path.key("id"), &declared.id)?.to_owned(),
        domain_name: faults.known(&path.key("domain-name"), &declared.domain_name)?.to_owned(),
        aliases: declared.aliases.clone(),
        public_base_urls,
        default_root_object,
        geo_restriction,
        origins: origins.into_values().flatten().collect(),
        origin_groups,
        error_responses,
        behaviors,
        default_behavior: default_behavior?,
    })
}

fn host_names(path: &KeyPath, declared: &declared::Distribution, faults: &mut Faults) {
    for name in uniqueness::names_of(path, declared) {
        let bare = name.name.strip_prefix("*.").filter(|_| name.is_alias).unwrap_or(name.name);
        if !Host::parse(bare).is_ok_and(|host| host.port().is_none()) {
            let fault = Fault::at(&name.path, "a name of a distribution is a host name without a port");
            faults.error(fault.found_text(name.name).expected("such as \"media.example.com\""));
        }
    }
}

fn public_base_urls(distribution: &KeyPath, given: &[String], faults: &mut Faults) -> Vec<BaseUrl> {
    let path = distribution.key("public-base-urls");
    if given.len() > MAX_PUBLIC_BASE_URLS {
        let fault = Fault::at(&path.item(MAX_PUBLIC_BASE_URLS), "too many public base URLs");
        faults.error(fault.found(given.len()).expected(format!("at most {MAX_PUBLIC_BASE_URLS}")));
    }
    let mut bases: Vec<BaseUrl> = Vec::new();
    for (number, base) in given.iter().enumerate() {
        match BaseUrl::parse(base) {
            Ok(parsed) if bases.contains(&parsed) => {}
            Ok(parsed) => bases.push(parsed),
            Err(error) => {
                let message = format!("a public base URL can't be used: {error}");
                let fault = Fault::at(&path.item(number), message).found_text(base);
                faults.error(fault.expected("scheme://host[:port], such as \"https://media.example.com\""));
            }
        }
    }
    bases
}

fn default_root_object(
    distribution: &KeyPath,
    object: Option<&String>,
    faults: &mut Faults,
) -> Option<String> {
    let object = object.filter(|object| !object.is_empty())?;
    if object.starts_with('/')
        || !object.bytes().all(|b| b.is_ascii_graphic() && !b"?#%\\;".contains(&b))
        || object.split('/').any(|segment| matches!(segment, "" | "." | ".."))
    {
        let path = distribution.key("default-root-object");
        let fault = Fault::at(&path, "the default root object is a path without a leading slash");
        faults.error(fault.found_text(object).expected("such as \"index.html\""));
    }
    Some(object.to_owned())
}
