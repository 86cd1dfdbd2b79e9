//! Scheme, host and port.

use std::rc::Rc;

use super::change::{Change, Dimension};
use crate::distribution::origin::{Origin, OriginLocation};
use crate::explain::forensics::candidate::Url;
use crate::explain::mistakes::mistake::Mistake;
use crate::explain::request::parsed_request::ParsedRequest;

pub(in crate::explain) fn schemes<'c>() -> Dimension<'c> {
    let to = |scheme: &'static str, mistake, cost| {
        Change::of_url(mistake, cost, move |url| {
            (*url.scheme != *scheme).then(|| Url { scheme: scheme.into(), ..url.clone() })
        })
    };
    vec![
        to("https", Mistake::Scheme, 1),
        to("http", Mistake::Scheme, 1),
        to("http*", Mistake::WildcardCanned, 2),
        to("*", Mistake::WildcardCanned, 3),
    ]
}

/// Every name by which somebody may have called the place: its distribution's, another one's, an origin's, this machine's.
pub(in crate::explain) fn hosts<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let mut names: Vec<(u8, String)> = Vec::new();
    let own = parsed.route.distribution;
    names.push((1, parsed.request.host.name().to_owned()));
    names.push((1, own.domain_name.clone()));
    names.extend(own.aliases.iter().map(|alias| (1, alias.clone())));
    names.extend(own.public_base_urls.iter().map(|base| (1, host_of(base.base().authority))));
    for origin in &own.origins {
        names.extend(origin_names(origin).into_iter().map(|name| (1, name)));
    }
    names.extend(parsed.distributions.accepted_hosts.iter().map(|name| (1, name.clone())));
    names.extend(["localhost", "127.0.0.1"].map(|name| (1, name.to_owned())));
    for other in parsed.distributions.list.iter().filter(|other| other.id != own.id) {
        names.push((2, other.domain_name.clone()));
        names.extend(other.aliases.iter().map(|alias| (2, alias.clone())));
    }
    for name in std::iter::once(parsed.request.host.name()).chain(own.aliases.iter().map(String::as_str)) {
        names.extend(parents(name).map(|parent| (2, parent.to_owned())));
    }
    for (_, name) in names.clone() {
        names.push((3, name.to_ascii_uppercase()));
        names.push((2, name.to_ascii_lowercase()));
        names.push((
            3,
            match name.strip_prefix("www.") {
                Some(bare) => bare.to_owned(),
                None => format!("www.{name}"),
            },
        ));
    }
    let mut seen: Vec<String> = Vec::new();
    names.retain(|(_, name)| {
        let is_new = !name.is_empty() && !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    names.truncate(MAX_HOSTS);
    let to = |(cost, name): (u8, String)| {
        let name: Rc<str> = name.into();
        Change::of_url(Mistake::Host, cost, move |url| {
            (url.host != name && !url.host.is_empty()).then(|| Url { host: Rc::clone(&name), ..url.clone() })
        })
    };
    names.into_iter().map(to).chain(development()).chain(unset_hosts()).collect()
}

/// `example.com` for `media.example.com`, down to two labels.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    let labels = name.split('.').count();
    name.match_indices('.').map(|(at, _)| &name[at + 1..]).take(labels.saturating_sub(2))
}

/// Servers of a development machine, whose address was left in a production's settings.
fn development<'c>() -> impl Iterator<Item = Change<'c>> {
    let hosts = ["localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal"];
    let all = hosts.into_iter().enumerate().flat_map(|(place, host)| {
        let ports = if place < 2 { &DEVELOPMENT_PORTS[..] } else { &DEVELOPMENT_PORTS[..4] };
        ports.iter().map(move |port| (host, *port))
    });
    all.flat_map(|(host, port)| {
        // Most of them speak http, and a signer may write https before them all the same.
        [("http", 3), ("https", if host.contains('.') { 4 } else { 3 })].map(|(scheme, cost)| {
            Change::of_url(Mistake::Host, cost, move |url| {
                let port = Some(port.into());
                let other = Url { scheme: scheme.into(), host: host.into(), port, ..url.clone() };
                (!url.host.is_empty()).then_some(other)
            })
        })
    })
}

/// What stands where a variable held no host.
fn unset_hosts<'c>() -> impl Iterator<Item = Change<'c>> {
    ["undefined", "null", "None", "example.com", "www.example.com"].into_iter().map(|word| {
        Change::of_url(Mistake::Host, 3, move |url| {
            (!url.host.is_empty()).then(|| Url { host: word.into(), port: None, ..url.clone() })
        })
    })
}

fn origin_names(origin: &Origin) -> Vec<String> {
    let Some(server) = origin.location.server() else { return Vec::new() };
    let mut names = vec![server.host.clone()];
    if let OriginLocation::S3(bucket) = &origin.location {
        // The bucket is named by the path, or by the host's first label.
        let named = origin.path.trim_start_matches('/').split('/').next().filter(|name| !name.is_empty());
        let name = named.or_else(|| server.host.split('.').next()).unwrap_or_default();
        names.push(format!("{name}.s3.amazonaws.com"));
        names.push(format!("{name}.s3.{}.amazonaws.com", bucket.region));
    }
    names
}

fn host_of(authority: &str) -> String {
    authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_owned()
}

pub(in crate::explain) fn ports<'c>(parsed: &ParsedRequest<'_, '_>) -> Dimension<'c> {
    let mut ports: Vec<(u8, Option<Rc<str>>)> =
        vec![(1, None), (1, Some("443".into())), (2, Some("80".into()))];
    let port_of = |authority: &str| authority.rsplit_once(':').map(|(_, port)| Rc::from(port));
    ports.extend(parsed.request.host.port().map(|port| (1, Some(Rc::from(port.to_string())))));
    for base in &parsed.route.distribution.public_base_urls {
        ports.extend(port_of(base.base().authority).map(|port| (1, Some(port))));
    }
    for origin in &parsed.route.distribution.origins {
        let endpoint = origin.location.server().map(|server| server.endpoint(parsed.request.scheme).1.port);
        ports.extend(endpoint.map(|port| (1, Some(Rc::from(port.to_string())))));
    }
    let listeners = &parsed.distributions.listener_ports;
    ports.extend(listeners.iter().map(|port| (1, Some(Rc::from(port.to_string())))));
    ports.extend(USUAL_PORTS.map(|port| (3, Some(Rc::from(port)))));
    ports.extend(["undefined", "null", "NaN", "None", ""].map(|word| (3, Some(Rc::from(word)))));
    let to = |(cost, port): (u8, Option<Rc<str>>)| {
        Change::of_url(Mistake::Port, cost, move |url| {
            (url.port != port && !url.host.is_empty()).then(|| Url { port: port.clone(), ..url.clone() })
        })
    };
    ports.into_iter().map(to).collect()
}

/// A path alone, as for the RTMP distributions of old, or a URL without its scheme.
pub(in crate::explain) fn without_address<'c>() -> Dimension<'c> {
    let bare = |path: Rc<str>, url: &Url| Url { host: "".into(), port: None, path, ..url.clone() };
    let mut changes = vec![
        Change::of_url(Mistake::PathOnly, 1, move |url| Some(bare(Rc::clone(&url.path), url))),
        Change::of_url(Mistake::PathOnly, 1, move |url| {
            Some(bare(url.path.trim_start_matches('/').into(), url))
        }),
        Change::of_url(Mistake::Scheme, 1, move |url| Some(bare(without_scheme(url).into(), url))),
        Change::of_url(Mistake::Scheme, 2, move |url| {
            Some(bare(format!("//{}", without_scheme(url)).into(), url))
        }),
    ];
    // Before the whole URL, or what is left of one: a variable with a scheme of its own, a slash too few or too many.
    for (cost, begin) in BEGINNINGS {
        changes.push(Change::of_url(Mistake::Scheme, cost, move |url| {
            (!url.host.is_empty()).then(|| bare(format!("{begin}{}", without_scheme(url)).into(), url))
        }));
    }
    for word in ["undefined", "null", "None"] {
        changes.push(Change::of_url(Mistake::Host, 2, move |url| {
            (!url.host.is_empty()).then(|| bare(format!("{word}{}", url.path).into(), url))
        }));
    }
    for scheme in ["https", "http"] {
        changes.push(Change::of_url(Mistake::Host, 3, move |url| {
            (!url.host.is_empty()).then(|| bare(format!("{scheme}://{}", url.path).into(), url))
        }));
    }
    changes
}

fn without_scheme(url: &Url) -> String {
    let port = url.port.as_deref().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}{}", url.host, url.path)
}

/// Names of one distribution and its neighbours; more would crowd out other changes.
const MAX_HOSTS: usize = 120;
/// What is written before a host in place of its scheme.
const BEGINNINGS: [(u8, &str); 14] = [
    (3, "https://https://"),
    (3, "http://https://"),
    (3, "https://http://"),
    (3, "http://http://"),
    (3, "://"),
    (3, "undefined://"),
    (3, "null://"),
    (3, "https:/"),
    (3, "http:/"),
    (3, "https:///"),
    (3, "https:"),
    (3, "https//"),
    (3, "HTTPS://"),
    (3, "Https://"),
];
/// The usual ones of frameworks and their tools.
const DEVELOPMENT_PORTS: [&str; 12] =
    ["8080", "3000", "8000", "5000", "4200", "5173", "9000", "8443", "4000", "8081", "3001", "80"];
/// Where development servers listen.
const USUAL_PORTS: [&str; 6] = ["8080", "3000", "8443", "8000", "5000", "9000"];
