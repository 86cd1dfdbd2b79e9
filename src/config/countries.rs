//! `[server] country-database` and `[distributions.geo-restriction]`.

use std::sync::Arc;

use super::reader::{Placed, Reader};
use super::{Fault, Loader};
use crate::distribution::GeoRestriction;
use crate::locations::Locations;
use crate::viewer::Country;

impl Loader<'_, '_> {
    /// Reads the database, now and not when a viewer comes.
    pub(super) fn country_database(&mut self, table: &mut Reader<'_, '_>) {
        let Some(file) = table.string(self.faults, "country-database") else { return };
        let path = self.folder.join(file.value);
        self.watch(&path);
        match Locations::open(&path) {
            Ok(locations) => self.locations = Some(Arc::new(locations)),
            Err(error) => {
                let fault = self.faults.at(&file.span, format!("`country-database` can't be used: {error}"));
                let fault = fault.found(path.display()).expected("a MaxMind file with countries");
                self.faults.error(fault.help("such as GeoLite2-Country.mmdb of maxmind.com"));
                // Named, so that a restriction by countries is no second fault.
                self.policies.has_broken_database = true;
            }
        }
    }

    /// CloudFront's `whitelist` or `blacklist` (semantics 8.3).
    pub(super) fn geo_restriction(
        &mut self,
        table: &mut Reader<'_, '_>,
        id: Option<&Placed<&str>>,
    ) -> Option<GeoRestriction> {
        let mut table = table.table(self.faults, "geo-restriction", "[distributions.geo-restriction]")?;
        let span = table.span();
        let allow = table.strings(self.faults, "allow");
        let block = table.strings(self.faults, "block");
        table.finish(self.faults, super::distributions::DISTRIBUTION_KEYS);
        let has_one = allow.is_some() != block.is_some();
        let named = allow.as_ref().or(block.as_ref());
        if !has_one || named.is_none_or(Vec::is_empty) {
            let fault = self.faults.at(&span, "a geo restriction is one list of countries");
            self.faults.error(fault.expected("either `allow` or `block`, such as block = [\"XX\"]"));
            return None;
        }
        self.needs_countries(&span, id);
        match (allow, block) {
            (Some(allow), _) => Some(GeoRestriction::Allow(self.countries(&allow))),
            (None, block) => Some(GeoRestriction::Block(self.countries(&block.unwrap_or_default()))),
        }
    }

    /// A restriction that never restricts is one that doesn't work: whoever is unknown is served.
    fn needs_countries(&mut self, span: &std::ops::Range<usize>, id: Option<&Placed<&str>>) {
        if self.locations.is_some() || self.policies.has_broken_database {
            return;
        }
        let id = id.map_or("", |id| id.value);
        let message = format!("`{id}` is restricted by country, but no viewer's country is ever known");
        let fault = self.faults.at(span, message).expected("`country-database` in [server]");
        let help = "CloudFront serves viewers of unknown countries; with --test-mode the header \
                    X-Frontgate-Viewer-Country tells one";
        self.unless_test_mode.push(fault.help(help));
    }

    fn countries(&mut self, codes: &[Placed<&str>]) -> Vec<Country> {
        let mut countries = Vec::new();
        for code in codes {
            let country = Country::parse(code.value).filter(|country| country.is_code());
            match country.filter(|country| country.as_str() == code.value) {
                Some(known) if countries.contains(&known) => {}
                Some(known) => countries.push(known),
                None => {
                    let fault = self.faults.at(&code.span, "this is not a country's code");
                    let fault = fault.found(format!("{:?}", code.value));
                    let fault = fault.expected("two capital letters of ISO 3166-1, such as \"DE\"");
                    let help = match (code.value, country) {
                        ("UK", _) => Some("the code of the United Kingdom is GB".to_owned()),
                        (_, Some(meant)) => Some(format!("did you mean `{meant}`?")),
                        (_, None) => None,
                    };
                    self.faults.error(Fault { help, ..fault });
                }
            }
        }
        countries
    }
}
