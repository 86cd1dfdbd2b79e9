//! The configuration: a text is read to its declared form, and that is resolved to what the proxy runs on.
//!
//! `toml` reads and writes the declared form, `resolve` makes [`Settings`] of it, `material` reads the files that it names.
//! Every step collects faults, each with the path of a value; the reader knows the line and column of a path.

use std::path::Path;
use std::sync::Arc;

pub mod declared;
mod fault;
mod key_path;
pub(crate) mod material;
mod nearest;
mod resolve;
mod settings;
mod toml;
mod variables;
pub(crate) mod verifier;

use declared::Configuration;
pub use fault::Fault;
use fault::Faults;
pub use key_path::KeyPath;
use material::Material;
pub(crate) use material::files::read_key_file;
#[cfg(feature = "proxy")]
pub(crate) use material::files::shown;
pub use material::{Handler, WatchedFile};
#[cfg(feature = "proxy")]
pub(crate) use material::{Identity, identity};
#[cfg(feature = "proxy")]
pub(crate) use resolve::{bucket_name, region_name};
pub(crate) use resolve::{origin, servable};
pub use settings::{
    AccessLogFormat, AccessLogSettings, AdminSettings, AdminToken, HttpsListener, InvalidConfig, Limits,
    ListenerKind, PresentedCertificate, ReloadOn, ServerSettings, Settings,
};
use toml::Document;
#[cfg(feature = "proxy")]
pub(crate) use toml::write as to_toml;
pub use variables::Variables;

use crate::distribution::Distributions;

/// Reads a file.
///
/// # Errors
/// [`InvalidConfig`] with every fault that was found, not only the first.
pub fn load(path: &Path) -> Result<Settings, InvalidConfig> {
    // Before it is read, so that what is written meanwhile isn't missed.
    let seen = WatchedFile::look(path);
    let text = toml::text::read(path).map_err(|fault| refused(vec![*fault], seen.clone()))?;
    parse_seen(seen, &text)
}

/// Reads a text as if it were in the file `path`, to whose folder relative paths belong.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Path, text: &str) -> Result<Settings, InvalidConfig> {
    parse_seen(WatchedFile::look(path), text)
}

/// Resolves a declared configuration; relative paths belong to `folder`. Faults have a path, and no line.
///
/// # Errors
/// As [`load`].
pub fn resolve(declared: &Configuration, folder: &Path) -> Result<Settings, InvalidConfig> {
    settings(declared, Material::new(folder), Faults::default(), |_| ())
}

fn parse_seen(seen: WatchedFile, text: &str) -> Result<Settings, InvalidConfig> {
    let path = seen.path.clone();
    let mut faults = Faults::default();
    let document = Document::read(&path, text, &mut faults);
    let document = document.map_err(|errors| refused(errors, seen.clone()))?;
    let mut material = Material::new(path.parent().unwrap_or(Path::new("")));
    material.secrets.push(path.clone());
    material.watched.push(seen);
    settings(&document.declared, material, faults, |fault| document.locate(fault))
}

fn refused(errors: Vec<Fault>, seen: WatchedFile) -> InvalidConfig {
    InvalidConfig { errors, warnings: Vec::new(), watched: vec![seen] }
}

/// Replaces the variables and resolves; `locate` says where each fault is.
fn settings(
    declared: &Configuration,
    material: Material,
    mut faults: Faults,
    locate: impl Fn(&mut Fault),
) -> Result<Settings, InvalidConfig> {
    let before = faults.error_count();
    let (expanded, variables) = Variables::expand(declared, &mut faults);
    let mut settings = match faults.error_count() == before {
        true => resolve::settings(&expanded, material, &mut faults),
        // What is wrong beside a variable may follow from it.
        false => Settings { watched: material.watched, ..Settings::of(Distributions::default()) },
    };
    let Faults { mut errors, mut warnings, mut unless_test_mode, .. } = faults;
    for fault in errors.iter_mut().chain(&mut warnings).chain(&mut unless_test_mode) {
        locate(fault);
        variables.hide(fault);
    }
    for certificate in settings.server.https.iter_mut().flat_map(|listener| &mut listener.certificates) {
        certificate.file = variables.hidden(&certificate.file);
    }
    if errors.is_empty() {
        let declared = Arc::new(declared.clone());
        return Ok(Settings { warnings, unless_test_mode, variables, declared, ..settings });
    }
    // In the order of the text; what concerns all of it comes last.
    errors.sort_by_key(|fault| (fault.line == 0, fault.line, fault.column));
    Err(InvalidConfig { errors, warnings, watched: settings.watched })
}

#[cfg(all(test, feature = "proxy"))]
mod tests;
