//! The configuration: from a file's text to what the proxy runs on, with every fault that the file has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use crate::distribution::{Distribution, Distributions, UnknownHost};
use crate::locations::Locations;
use crate::tls::Certificate;

mod cache;
mod countries;
pub(crate) mod credentials;
mod distributions;
mod fallbacks;
mod fault;
#[cfg_attr(not(feature = "proxy"), expect(dead_code, reason = "the command line uses the rest"))]
pub(crate) mod files;
mod https;
mod keys;
mod letter_case;
mod limits;
mod listeners;
mod names;
mod not_emulated;
mod observing;
mod origin_request_policies;
mod origin_servers;
mod origins;
mod policies;
mod reader;
mod response_headers_policies;
mod s3;
mod server;
mod text;
mod unix_socket;
mod variables;
pub(crate) mod verifier;
mod watched;

pub(crate) use cache::DEFAULT_VERIFIED_POLICIES_SIZE;
pub use fault::Fault;
use fault::Faults;
pub(crate) use files::read_key_file;
#[cfg(feature = "proxy")]
pub(crate) use files::shown;
pub use https::{HttpsListener, PresentedCertificate};
pub use limits::Limits;
use names::Names;
pub use observing::{AccessLogFormat, AccessLogSettings, AdminSettings, AdminToken, ReloadOn};
use origins::location;
pub(crate) use origins::{origin, servable};
use policies::Policies;
use reader::{Placed, Reader};
#[cfg(feature = "proxy")]
pub(crate) use s3::{bucket_name, region_name};
pub use server::{Door, ServerSettings};
#[cfg(feature = "proxy")]
pub(crate) use text::as_written;
pub use variables::Variables;
pub use watched::WatchedFile;
#[cfg(feature = "proxy")]
pub(crate) use watched::{Identity, identity};

/// Everything that `serve` needs.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen, whom to believe, what a viewer may cost.
    pub server: ServerSettings,
    /// Bytes of the cache of verified policies; 0 is off.
    pub verified_policies_size: u64,
    /// What is served.
    pub distributions: Arc<Distributions>,
    /// What isn't wrong, but may not be meant.
    pub warnings: Vec<Fault>,
    /// Folders with keys, and the file itself: what directory origins never show.
    pub secrets: Vec<PathBuf>,
    /// Where addresses are.
    pub locations: Option<Arc<Locations>>,
    /// What is an error unless test headers count.
    pub unless_test_mode: Vec<Fault>,
    /// Every file that it was read from, as it was right before: the configuration, and those that it names.
    pub watched: Vec<WatchedFile>,
    /// What is written of each request; nothing where it is off.
    pub access_log: Option<AccessLogSettings>,
    /// Where metrics and health are served.
    pub admin: Option<AdminSettings>,
    /// The environment variables that were replaced, so that messages don't show their values.
    pub variables: Variables,
}

impl Settings {
    /// Of one distribution without a file, which answers for every host.
    #[must_use]
    pub fn of_one(distribution: Distribution) -> Self {
        let list = vec![Arc::new(distribution)];
        Self::of(Distributions { list, unknown_host: UnknownHost::Only, ..Distributions::default() })
    }

    /// Of distributions without a file.
    #[must_use]
    pub fn of(distributions: Distributions) -> Self {
        Self {
            server: ServerSettings::default(),
            verified_policies_size: DEFAULT_VERIFIED_POLICIES_SIZE,
            distributions: Arc::new(distributions),
            warnings: Vec::new(),
            secrets: Vec::new(),
            locations: None,
            unless_test_mode: Vec::new(),
            watched: Vec::new(),
            access_log: None,
            admin: None,
            variables: Variables::default(),
        }
    }

    /// The settings, if they can run in test mode or without it.
    ///
    /// # Errors
    /// [`InvalidConfig`] for what only a test could make work, such as a restriction by countries that nobody knows.
    pub fn fit_for(mut self, test_mode: bool) -> Result<Self, InvalidConfig> {
        let faults = std::mem::take(&mut self.unless_test_mode);
        if test_mode || faults.is_empty() {
            return Ok(self);
        }
        Err(InvalidConfig { errors: faults, warnings: self.warnings, watched: self.watched })
    }
}

/// A configuration that can't be used, with all its faults.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} fault{}", .errors.len(), if .errors.len() == 1 { "" } else { "s" })]
pub struct InvalidConfig {
    /// At least one.
    pub errors: Vec<Fault>,
    /// What else was noticed.
    pub warnings: Vec<Fault>,
    /// Every file that was looked for: a change of one of them may mend it.
    pub watched: Vec<WatchedFile>,
}

/// Reads a file.
///
/// # Errors
/// [`InvalidConfig`] with every fault that was found, not only the first.
pub fn load(path: &Path) -> Result<Settings, InvalidConfig> {
    // Before it is read, so that what is written meanwhile isn't missed.
    let seen = WatchedFile::look(path);
    let text = text::read(path).map_err(|fault| InvalidConfig {
        errors: vec![*fault],
        warnings: Vec::new(),
        watched: vec![seen.clone()],
    })?;
    parse_seen(seen, &text)
}

/// Reads a text as if it stood in the file `path`, to whose folder relative paths belong.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Settings, InvalidConfig> {
    parse_seen(WatchedFile::look(path), text)
}

fn parse_seen(seen: WatchedFile, text: &str) -> Result<Settings, InvalidConfig> {
    let path = seen.path.clone();
    let mut faults = Faults::new(path.clone(), text);
    if let Some(fault) = text::of_another_language(&path, text) {
        return Err(InvalidConfig { errors: vec![fault], warnings: Vec::new(), watched: vec![seen] });
    }
    let (mut root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let fault = faults.at(&error.span().unwrap_or(0..0), format!("not TOML: {}", error.message()));
        faults.error(if error.message().contains("duplicate key") {
            fault.help(
                "what may come several times is written with double brackets, such as `[[distributions]]`",
            )
        } else {
            fault
        });
    }
    if !errors.is_empty() {
        let watched = vec![seen];
        return Err(InvalidConfig { errors: faults.errors, warnings: faults.warnings, watched });
    }
    let variables = Variables::expand(root.get_mut(), &mut faults);
    if !faults.errors.is_empty() {
        let watched = vec![seen];
        return Err(InvalidConfig { errors: faults.errors, warnings: faults.warnings, watched });
    }
    let root = Reader::new(root.get_ref(), "the file", root.span());
    let settings = Loader {
        folder: path.parent().unwrap_or(Path::new("")),
        faults: &mut faults,
        secrets: vec![path.clone()],
        watched: vec![seen],
        listeners: Vec::new(),
        knows_https: false,
        presented: Vec::new(),
        names: Names::default(),
        policies: Policies::default(),
        locations: None,
        unless_test_mode: Vec::new(),
    }
    .load(root);
    let Faults { mut errors, mut warnings, .. } = faults;
    let mut settings = settings;
    for fault in errors.iter_mut().chain(&mut warnings).chain(&mut settings.unless_test_mode) {
        variables.hide(fault);
    }
    for certificate in settings.server.https.iter_mut().flat_map(|listener| &mut listener.certificates) {
        certificate.file = variables.hidden(&certificate.file);
    }
    if errors.is_empty() {
        Ok(Settings { warnings, variables, ..settings })
    } else {
        Err(InvalidConfig { errors, warnings, watched: settings.watched })
    }
}

struct Loader<'f, 't> {
    folder: &'f Path,
    faults: &'f mut Faults<'t>,
    /// Folders with keys, and the file itself.
    secrets: Vec<PathBuf>,
    /// The file itself, and every other one that is read.
    watched: Vec<WatchedFile>,
    listeners: Vec<Placed<SocketAddr>>,
    /// Whether any viewer can come over HTTPS.
    knows_https: bool,
    /// Every certificate that viewers may get.
    presented: Vec<Certificate>,
    names: Names,
    policies: Policies,
    locations: Option<Arc<Locations>>,
    unless_test_mode: Vec<Fault>,
}

impl Loader<'_, '_> {
    fn load(mut self, mut root: Reader<'_, '_>) -> Settings {
        let (server, unknown_host) = match root.table(self.faults, "server", "[server]") {
            Some(table) => self.server(table),
            None => (ServerSettings::default(), None),
        };
        let verified_policies_size =
            match root.table(self.faults, "verified-policy-cache", "[verified-policy-cache]") {
                Some(table) => self.verified_policy_cache(table),
                None => DEFAULT_VERIFIED_POLICIES_SIZE,
            };
        let access_log = self.access_log(&mut root);
        let admin = self.admin(&mut root);
        self.addresses_are_distinct();
        let keys = self.public_keys(&mut root);
        let groups = self.key_groups(&mut root, &keys);
        self.policies(&mut root);
        let list = self.distributions(&mut root, &groups);
        self.idle_groups(&groups, &list);
        self.idle_policies();
        self.names_have_certificates();
        let unknown_host = self.unknown_host(unknown_host, &list);
        self.unreachable_bases(&list, unknown_host);
        root.finish(self.faults, &[]);
        let all_keys = keys.into_values().flatten().collect();
        let distributions =
            Arc::new(Distributions { list, unknown_host, all_keys, ..Distributions::default() });
        Settings {
            server,
            verified_policies_size,
            distributions,
            warnings: Vec::new(),
            secrets: self.secrets,
            locations: self.locations,
            unless_test_mode: self.unless_test_mode,
            watched: self.watched,
            access_log,
            admin,
            variables: Variables::default(),
        }
    }

    /// A file that is about to be read.
    fn watch(&mut self, path: &Path) {
        self.watched.push(WatchedFile::look(path));
    }
}
