//! `[server]` and `[[server.https]]`.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::https::HttpsListener;
use super::limits::Limits;
use super::reader::{Placed, Reader};
use super::{Loader, ReloadOn};

/// `[server]`.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Plain HTTP listeners.
    pub listen: Vec<SocketAddr>,
    /// Whether every connection to them begins with a PROXY header.
    pub proxy_protocol: bool,
    /// TLS listeners.
    pub https: Vec<HttpsListener>,
    /// Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, and whose PROXY headers.
    pub trusted_proxies: Vec<IpNet>,
    /// What a viewer may cost.
    pub limits: Limits,
    /// Threads; 0 is one for each core.
    pub workers: usize,
    /// How long requests in flight may go on after the end was asked for.
    pub shutdown_grace: Duration,
    /// What makes the files be read again.
    pub reload: ReloadOn,
    /// The port of every redirect to HTTPS; none for that of the HTTPS listener, where the viewer named a port.
    pub redirect_port: Option<u16>,
}

/// What a connection has to do before its first request, depending on where it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// Whether it begins with a PROXY header.
    pub proxy_protocol: bool,
    /// Which of the TLS listeners it is, by its place in the configuration; none where plain HTTP is spoken.
    pub tls: Option<usize>,
}

impl Door {
    /// Plain HTTP.
    pub const PLAIN: Self = Self { proxy_protocol: false, tls: None };
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 8080))],
            proxy_protocol: false,
            https: Vec::new(),
            trusted_proxies: Vec::new(),
            limits: Limits::default(),
            workers: 0,
            shutdown_grace: Duration::from_secs(30),
            reload: ReloadOn::default(),
            redirect_port: None,
        }
    }
}

impl ServerSettings {
    /// Every address to listen on, with what comes in there; `plain` replaces the file's plain HTTP listeners.
    #[must_use]
    pub fn doors(&self, plain: &[SocketAddr]) -> Vec<(SocketAddr, Door)> {
        let plain = if plain.is_empty() { &self.listen } else { plain };
        let door = Door { proxy_protocol: self.proxy_protocol, tls: None };
        let mut doors: Vec<_> = plain.iter().map(|&address| (address, door)).collect();
        for (number, https) in self.https.iter().enumerate() {
            let door = Door { proxy_protocol: https.proxy_protocol, tls: Some(number) };
            doors.extend(https.listen.iter().map(|&address| (address, door)));
        }
        doors
    }
}

impl Loader<'_, '_> {
    pub(super) fn server<'a>(
        &mut self,
        mut table: Reader<'a, '_>,
    ) -> (ServerSettings, Option<Placed<&'a str>>) {
        let trusted_proxies = self.trusted_proxies(&mut table);
        let mut server = ServerSettings {
            https: self.https(&mut table, &trusted_proxies),
            limits: self.limits(&mut table),
            proxy_protocol: self.proxy_protocol(&mut table, &trusted_proxies),
            trusted_proxies,
            ..ServerSettings::default()
        };
        // Who has TLS listeners and says nothing of plain ones wants none.
        if let Some(addresses) = self.addresses(&mut table, !server.https.is_empty()) {
            server.listen = addresses;
        } else if !server.https.is_empty() {
            server.listen.clear();
        }
        if let Some(workers) = table.integer(self.faults, "workers") {
            if workers.value > MAX_WORKERS {
                let fault = self.faults.at(&workers.span, "`workers` is too large").found(workers.value);
                self.faults.error(fault.expected(format!("0 (one for each core) to {MAX_WORKERS}")));
            }
            server.workers = usize::try_from(workers.value.min(MAX_WORKERS)).unwrap_or(0);
        }
        if let Some(grace) = table.time(self.faults, "shutdown-grace", crate::epoch::parse_duration) {
            server.shutdown_grace = grace.value;
        }
        if let Some(reload) = table.parsed(self.faults, "reload", ReloadOn::from_name) {
            server.reload = reload.value;
        }
        server.redirect_port = self.port(&mut table, "redirect-port").map(|port| port.value);
        // A trusted proxy says which of its viewers came over HTTPS.
        self.knows_https =
            !server.https.is_empty() || table.has("https") || !server.trusted_proxies.is_empty();
        let unknown_host = table.string(self.faults, "unknown-host");
        self.country_database(&mut table);
        table.finish(self.faults, &[]);
        (server, unknown_host)
    }

    /// `listen`; an empty one says that there is none, where that is allowed.
    pub(super) fn addresses(
        &mut self,
        table: &mut Reader<'_, '_>,
        may_be_empty: bool,
    ) -> Option<Vec<SocketAddr>> {
        let given = table.strings(self.faults, "listen")?;
        if given.is_empty() && !may_be_empty {
            let fault = self.faults.at(&table.span(), "`listen` has no address");
            self.faults.error(fault.expected("listen = [\"127.0.0.1:8080\"]"));
        }
        let mut addresses = Vec::new();
        for address in given {
            match address.value.parse() {
                Ok(parsed) => {
                    addresses.push(parsed);
                    self.listeners.push(Placed { value: parsed, span: address.span });
                }
                Err(_) => {
                    let fault = self.faults.at(&address.span, "`listen` has an address that can't be used");
                    let fault = fault.found(format!("{:?}", address.value));
                    self.faults.error(fault.expected("an IP address and a port, such as \"127.0.0.1:8080\""));
                }
            }
        }
        Some(addresses)
    }

    /// Whether connections begin with a PROXY header, which says who the viewer is.
    pub(super) fn proxy_protocol(&mut self, table: &mut Reader<'_, '_>, trusted: &[IpNet]) -> bool {
        let Some(flag) = table.flag(self.faults, "proxy-protocol").filter(|flag| flag.value) else {
            return false;
        };
        if trusted.is_empty() {
            let message = "`proxy-protocol` without `trusted-proxies` believes every client that connects";
            let fault = self.faults.at(&flag.span, message);
            let help = "name the load balancers in [server] trusted-proxies; else any viewer that reaches this \
                        listener chooses its own address";
            self.faults.warning(fault.help(help));
        }
        true
    }

    fn trusted_proxies(&mut self, table: &mut Reader<'_, '_>) -> Vec<IpNet> {
        let mut networks = Vec::new();
        for given in table.strings(self.faults, "trusted-proxies").unwrap_or_default() {
            match network(given.value) {
                Some(network) => {
                    if network.prefix_len() == 0 {
                        let fault = self.faults.at(&given.span, "`trusted-proxies` believes everybody");
                        let help = "any viewer can then choose its address and its scheme by a header";
                        self.faults.warning(fault.found(format!("{:?}", given.value)).help(help));
                    }
                    networks.push(network);
                }
                None => {
                    let fault =
                        self.faults.at(&given.span, "`trusted-proxies` has a value that is not a network");
                    let fault = fault.found(format!("{:?}", given.value));
                    self.faults.error(fault.expected("an address or a network, such as \"10.0.0.0/8\""));
                }
            }
        }
        networks
    }
}

/// An address alone is a network of one.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// More threads than any machine has cores; beyond it a typo is likelier.
const MAX_WORKERS: u64 = 1024;
