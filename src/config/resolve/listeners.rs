//! Listeners across tables: each address for one listener.

use std::net::SocketAddr;

use super::{Fault, Faults, KeyPath};
use crate::config::declared::Configuration;

/// What can't be bound twice is reported with its place, and not only when `serve` tries.
pub(super) fn addresses_are_distinct(declared: &Configuration, faults: &mut Faults) {
    let mut seen: Vec<SocketAddr> = Vec::new();
    for (path, address) in listeners(declared) {
        let Ok(address) = address.parse::<SocketAddr>() else { continue };
        // Port 0 takes another one each time.
        if address.port() != 0 && seen.contains(&address) {
            let fault = Fault::at(&path, "two listeners have the same address");
            let fault = fault.found(format!("\"{address}\"")).expected("each address once");
            faults.error(fault.help("[server], [[server.https]] and [admin] each have their own"));
        }
        seen.push(address);
    }
}

/// Every address with its path.
fn listeners(declared: &Configuration) -> Vec<(KeyPath, &str)> {
    let server = KeyPath::root().key("server");
    let list = |path: KeyPath, addresses: &'_ [String]| {
        let numbers = 0..addresses.len();
        numbers.map(|number| path.item(number)).collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    let plain = declared.server.listen.as_deref().unwrap_or_default();
    all.extend(list(server.key("listen"), plain).into_iter().zip(plain.iter().map(String::as_str)));
    for (number, https) in declared.server.https.iter().enumerate() {
        let path = server.key("https").item(number).key("listen");
        all.extend(list(path, &https.listen).into_iter().zip(https.listen.iter().map(String::as_str)));
    }
    let admin = declared.admin.as_ref();
    all.extend(admin.map(|admin| (KeyPath::root().key("admin").key("listen"), admin.listen.as_str())));
    all
}
