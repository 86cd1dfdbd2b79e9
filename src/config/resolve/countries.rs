//! `[server] country-database` and `[distributions.geo-restriction]`.

use std::sync::Arc;

use super::{Fault, Faults, KeyPath, Material};
use crate::config::declared;
use crate::distribution::GeoRestriction;
use crate::distribution::cloudfront_header::{CloudFrontHeader, Source};
use crate::locations::Locations;
use crate::viewer::Country;

/// The database that `country-database` names.
pub(super) enum CountryDatabase {
    /// None is configured.
    Missing,
    /// It has a fault of its own, so that what needs it is no second fault.
    Broken,
    /// It was read.
    Open(Arc<Locations>),
}

impl CountryDatabase {
    pub(super) fn into_locations(self) -> Option<Arc<Locations>> {
        match self {
            Self::Open(locations) => Some(locations),
            Self::Missing | Self::Broken => None,
        }
    }

    /// Whether a header may ever have a value.
    pub(super) fn may_know(&self, header: CloudFrontHeader) -> bool {
        match (header.source(), self) {
            (Source::Request, _) => true,
            (Source::Nothing, _) => false,
            (Source::Country | Source::Place, Self::Missing) => false,
            (Source::Country | Source::Place, Self::Broken) | (Source::Country, Self::Open(_)) => true,
            (Source::Place, Self::Open(locations)) => locations.has_places(),
        }
    }
}

/// Reads the database, now and not when a viewer comes.
pub(super) fn database(
    server: &KeyPath,
    declared: &declared::Server,
    material: &mut Material,
    faults: &mut Faults,
) -> CountryDatabase {
    let path = server.key("country-database");
    let Some(file) = &declared.country_database else { return CountryDatabase::Missing };
    let Some(file) = faults.known(&path, file) else { return CountryDatabase::Broken };
    let file = material.path(file);
    material.watch(&file);
    match Locations::open(&file) {
        Ok(locations) => CountryDatabase::Open(Arc::new(locations)),
        Err(error) => {
            let fault = Fault::at(&path, format!("`country-database` can't be used: {error}"));
            let fault = fault.found(file.display()).expected("a MaxMind file with countries");
            faults.error(fault.help("such as GeoLite2-Country.mmdb of maxmind.com"));
            CountryDatabase::Broken
        }
    }
}

/// CloudFront's `whitelist` or `blacklist` (cloudfront 8.3).
pub(super) fn geo_restriction(
    distribution: &KeyPath,
    declared: &declared::Distribution,
    database: &CountryDatabase,
    faults: &mut Faults,
) -> Option<GeoRestriction> {
    let path = distribution.key("geo-restriction");
    let restriction = match declared.geo_restriction.as_ref()? {
        declared::GeoRestriction { allow: Some(allow), block: None } if !allow.is_empty() => {
            GeoRestriction::Allow(countries(&path.key("allow"), allow, faults))
        }
        declared::GeoRestriction { allow: None, block: Some(block) } if !block.is_empty() => {
            GeoRestriction::Block(countries(&path.key("block"), block, faults))
        }
        declared::GeoRestriction { .. } => {
            let fault = Fault::at(&path, "a geo restriction is one list of countries");
            faults.error(fault.expected("either `allow` or `block`, such as block = [\"XX\"]"));
            return None;
        }
    };
    if matches!(database, CountryDatabase::Missing) {
        needs_countries(&path, &declared.id, faults);
    }
    Some(restriction)
}

/// A restriction that never restricts doesn't work: viewers of unknown countries are served.
fn needs_countries(path: &KeyPath, id: &str, faults: &mut Faults) {
    let message = format!("`{id}` is restricted by country, but no viewer's country is ever known");
    let fault = Fault::at(path, message).expected("`country-database` in [server]");
    let help = "CloudFront serves viewers of unknown countries; with --test-mode the header \
                X-Frontgate-Viewer-Country tells one";
    faults.unless_test_mode.push(fault.help(help));
}

fn countries(path: &KeyPath, codes: &[String], faults: &mut Faults) -> Vec<Country> {
    let mut countries = Vec::new();
    for (number, code) in codes.iter().enumerate() {
        let country = Country::parse(code).filter(|country| country.is_code());
        match country.filter(|country| country.as_str() == code) {
            Some(known) if countries.contains(&known) => {}
            Some(known) => countries.push(known),
            None => {
                let fault = Fault::at(&path.item(number), "this is not a country's code").found_text(code);
                let fault = fault.expected("two capital letters of ISO 3166-1, such as \"DE\"");
                faults.error(fault.maybe_help(match (code.as_str(), country) {
                    ("UK", _) => Some("the code of the United Kingdom is GB".to_owned()),
                    (_, Some(meant)) => Some(format!("did you mean `{meant}`?")),
                    (_, None) => None,
                }));
            }
        }
    }
    countries
}
