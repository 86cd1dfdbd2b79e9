//! From the declared form to what the proxy runs on. Each fault is reported by the path of its value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::declared::Configuration;
use super::fault::{Fault, Faults};
use super::key_path::KeyPath;
use super::material::Material;
use super::settings::Settings;
use super::variables::Variables;
use crate::distribution::Distributions;

mod behaviors;
mod countries;
mod distributions;
mod failover;
mod https;
mod keys;
mod letter_case;
mod limits;
mod listeners;
mod observability;
mod origin_request_policies;
mod origin_servers;
mod origins;
mod policies;
mod response_headers_policies;
mod s3;
mod server;
mod sizes;
mod uniqueness;
mod unix_socket;

pub(crate) use origins::{origin, servable};
#[cfg(feature = "proxy")]
pub(crate) use s3::{bucket_name, region_name};

use countries::CountryDatabase;
use keys::Groups;
use policies::Policies;

/// What behaviors refer to.
struct References {
    groups: Groups,
    policies: Policies,
    database: CountryDatabase,
    /// Whether any viewer can come over HTTPS.
    knows_https: bool,
}

/// Resolves a configuration whose variables are replaced. It is usable only where there are no errors afterwards.
pub(super) fn settings(declared: &Configuration, mut material: Material, faults: &mut Faults) -> Settings {
    let root = KeyPath::root();
    let at_server = root.key("server");
    let (server, certificates) = server::server(&at_server, &declared.server, &mut material, faults);
    let database = countries::database(&at_server, &declared.server, &mut material, faults);
    let verified_policies_size = sizes::verified_policy_cache(&root, &declared.verified_policy_cache, faults);
    let access_log = observability::access_log(&root, declared.access_log.as_ref(), &mut material, faults);
    let admin = observability::admin(&root, declared.admin.as_ref(), &mut material, faults);
    listeners::addresses_are_distinct(declared, faults);
    let keys = keys::public_keys(&root, &declared.public_keys, &mut material, faults);
    let groups = keys::key_groups(&root, &declared.key_groups, &keys, faults);
    let policies = policies::policies(&root, declared, &database, faults);
    let knows_https = !declared.server.https.is_empty() || !server.trusted_proxies.is_empty();
    let references = References { groups, policies, database, knows_https };
    let list = distributions::distributions(&root, declared, &references, &mut material, faults);
    uniqueness::idle_groups(declared, faults);
    policies::idle_policies(declared, faults);
    https::names_have_certificates(declared, &certificates, faults);
    let unknown_host = uniqueness::unknown_host(declared, &list, faults);
    uniqueness::unreachable_bases(&list, unknown_host, faults);
    let all_keys = keys.into_values().flatten().collect();
    let distributions = Distributions { list, unknown_host, all_keys, ..Distributions::default() };
    Settings {
        server,
        verified_policies_size,
        distributions: Arc::new(distributions),
        warnings: Vec::new(),
        secrets: material.secrets,
        handler: None,
        locations: references.database.into_locations(),
        unless_test_mode: Vec::new(),
        watched: material.watched,
        access_log,
        admin,
        variables: Variables::default(),
        declared: Arc::default(),
    }
}

/// Values by id; one that has a fault is there without a value, so that naming it is no second fault.
type ById<T> = BTreeMap<String, Option<Arc<T>>>;

/// Reports a name that is not defined, with the names that are.
fn undefined<'n>(
    path: &KeyPath,
    name: &str,
    what: &str,
    names: impl Iterator<Item = &'n String>,
    faults: &mut Faults,
) {
    faults.error(undefined_fault(path, name, what, names));
}

fn undefined_fault<'n>(
    path: &KeyPath,
    name: &str,
    what: &str,
    names: impl Iterator<Item = &'n String>,
) -> Fault {
    let names: Vec<&str> = names.map(String::as_str).collect();
    let expected = if names.is_empty() { "none is defined".to_owned() } else { names.join(", ") };
    Fault::at(path, format!("{what} `{name}` is not defined")).found_text(name).expected(expected)
}

/// Warns beyond a quota of CloudFront's, all of which AWS raises on request (cloudfront 6 and 9.3).
fn quota(path: &KeyPath, what: &str, found: usize, most: usize, faults: &mut Faults) {
    if found > most {
        let fault = Fault::at(path, format!("more {what} than CloudFront takes without being asked"));
        faults.warning(fault.found(found).expected(format!("at most {most}")));
    }
}

/// Reads a port.
fn port(path: &KeyPath, number: u64, faults: &mut Faults) -> Option<u16> {
    let port = u16::try_from(number).ok().filter(|port| *port > 0);
    if port.is_none() {
        let key = path.as_str().rsplit('.').next().unwrap_or_default();
        faults.error(Fault::at(path, format!("`{key}` is not a port")).found(number).expected("1 to 65535"));
    }
    port
}
