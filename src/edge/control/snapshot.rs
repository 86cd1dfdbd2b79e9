//! What a reload replaces.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use rustls::ServerConfig;

use super::origin_versions::OriginVersions;
use super::version::ConfigVersion;
use crate::clock;
use crate::config::{AdminToken, Handler, Limits, PresentedCertificate, ServerSettings, Settings};
use crate::distribution::Distributions;
use crate::locations::Locations;

/// A configuration in use.
#[derive(Debug)]
pub struct Snapshot {
    /// Its number.
    pub version: ConfigVersion,
    /// Since when each origin is defined as it is.
    pub origin_versions: OriginVersions,
    /// What is served.
    pub distributions: Arc<Distributions>,
    /// Folders and files that directory origins never show.
    pub secrets: Vec<PathBuf>,
    /// What responds at origins that are a function of this process.
    pub handler: Option<Handler>,
    /// What each TLS listener presents, in the order of the configuration.
    pub tls: Vec<Arc<ServerConfig>>,
    /// Whose word on the viewer is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The port of every redirect to HTTPS, whatever the viewer named.
    pub redirect_port: Option<u16>,
    /// What a viewer may cost.
    pub limits: Limits,
    /// Where addresses are.
    pub locations: Option<Arc<Locations>>,
    /// The certificates that listeners present, each file once.
    pub certificates: Vec<PresentedCertificate>,
    /// What the admin listener asks for.
    pub admin_token: Option<AdminToken>,
    /// When it was loaded.
    pub since: SystemTime,
}

impl Snapshot {
    /// The configuration of the start.
    pub(super) fn first(settings: &Settings) -> Self {
        Self::of(settings, ConfigVersion::FIRST, OriginVersions::first(&settings.distributions))
    }

    /// The version after this one.
    pub(super) fn next(&self, settings: &Settings) -> Self {
        let version = self.version.next();
        Self::of(settings, version, OriginVersions::after(self, settings, version))
    }

    fn of(settings: &Settings, version: ConfigVersion, origin_versions: OriginVersions) -> Self {
        let server = &settings.server;
        Self {
            version,
            origin_versions,
            distributions: Arc::clone(&settings.distributions),
            secrets: settings.secrets.clone(),
            handler: settings.handler.clone(),
            tls: server.https.iter().map(|listener| Arc::clone(&listener.tls)).collect(),
            trusted_proxies: server.trusted_proxies.clone(),
            redirect_port: server.redirect_port,
            limits: server.limits,
            locations: settings.locations.clone(),
            certificates: certificates(server),
            admin_token: settings.admin.as_ref().and_then(|admin| admin.token.clone()),
            since: clock::before(Duration::ZERO),
        }
    }
}

fn certificates(server: &ServerSettings) -> Vec<PresentedCertificate> {
    let mut certificates: Vec<PresentedCertificate> = Vec::new();
    for certificate in server.https.iter().flat_map(|listener| &listener.certificates) {
        if !certificates.iter().any(|other| other.file == certificate.file) {
            certificates.push(certificate.clone());
        }
    }
    certificates
}
