//! `[server]` and `[[server.https]]`.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::limits::limits;
use super::{Fault, Faults, KeyPath, Material, https, port};
use crate::config::declared;
use crate::config::settings::{ReloadOn, ServerSettings};
use crate::tls::Certificate;

/// Resolves `[server]`; the second are the certificates of its TLS listeners.
pub(super) fn server(
    path: &KeyPath,
    declared: &declared::Server,
    material: &mut Material,
    faults: &mut Faults,
) -> (ServerSettings, Vec<Certificate>) {
    let trusted_proxies = trusted_proxies(&path.key("trusted-proxies"), &declared.trusted_proxies, faults);
    let (https, certificates) = https::listeners(path, &declared.https, &trusted_proxies, material, faults);
    let settings = ServerSettings {
        limits: limits(&path.key("limits"), &declared.limits, faults),
        proxy_protocol: proxy_protocol(path, declared.proxy_protocol, &trusted_proxies, faults),
        listen: plain_listeners(&path.key("listen"), declared, faults),
        workers: workers(&path.key("workers"), declared.workers, faults),
        shutdown_grace: faults
            .parsed(&path.key("shutdown-grace"), &declared.shutdown_grace.0, crate::epoch::parse_duration)
            .unwrap_or_default(),
        reload: faults.parsed(&path.key("reload"), &declared.reload, ReloadOn::from_name).unwrap_or_default(),
        redirect_port: declared
            .redirect_port
            .and_then(|number| port(&path.key("redirect-port"), number, faults)),
        https,
        trusted_proxies,
    };
    (settings, certificates)
}

fn plain_listeners(path: &KeyPath, declared: &declared::Server, faults: &mut Faults) -> Vec<SocketAddr> {
    if declared.https.is_empty() && declared.listen.as_ref().is_some_and(Vec::is_empty) {
        let fault = Fault::at(path, "`listen` has no address");
        faults.error(fault.expected("listen = [\"127.0.0.1:8080\"]"));
    }
    addresses(path, &declared.plain_listeners(), faults)
}

fn workers(path: &KeyPath, number: u64, faults: &mut Faults) -> usize {
    if number > MAX_WORKERS {
        let fault = Fault::at(path, "`workers` is too large").found(number);
        faults.error(fault.expected(format!("0 (one for each core) to {MAX_WORKERS}")));
    }
    usize::try_from(number.min(MAX_WORKERS)).unwrap_or(0)
}

/// Reads the addresses of `listen`.
pub(super) fn addresses(path: &KeyPath, given: &[String], faults: &mut Faults) -> Vec<SocketAddr> {
    let mut addresses = Vec::new();
    for (number, address) in given.iter().enumerate() {
        match address.parse() {
            Ok(parsed) => addresses.push(parsed),
            Err(_) => {
                let fault = Fault::at(&path.item(number), "`listen` has an address that can't be used");
                let fault = fault.found_text(address);
                faults.error(fault.expected("an IP address and a port, such as \"127.0.0.1:8080\""));
            }
        }
    }
    addresses
}

/// Whether connections begin with a PROXY header, which has the viewer's address.
pub(super) fn proxy_protocol(table: &KeyPath, is_on: bool, trusted: &[IpNet], faults: &mut Faults) -> bool {
    if is_on && trusted.is_empty() {
        let message = "`proxy-protocol` without `trusted-proxies` believes every client that connects";
        let help = "name the load balancers in [server] trusted-proxies; else any viewer that reaches this \
                    listener chooses its own address";
        faults.warning(Fault::at(&table.key("proxy-protocol"), message).help(help));
    }
    is_on
}

fn trusted_proxies(path: &KeyPath, given: &[String], faults: &mut Faults) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for (number, text) in given.iter().enumerate() {
        let path = path.item(number);
        match network(text) {
            Some(network) => {
                if network.prefix_len() == 0 {
                    let fault = Fault::at(&path, "`trusted-proxies` believes everybody").found_text(text);
                    let help = "any viewer can then choose its address and its scheme by a header";
                    faults.warning(fault.help(help));
                }
                networks.push(network);
            }
            None => {
                let fault = Fault::at(&path, "`trusted-proxies` has a value that is not a network");
                let fault = fault.found_text(text);
                faults.error(fault.expected("an address or a network, such as \"10.0.0.0/8\""));
            }
        }
    }
    networks
}

/// An address alone is a network of one.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// More threads than any machine has cores; beyond it a typo is likelier.
const MAX_WORKERS: u64 = 1024;
