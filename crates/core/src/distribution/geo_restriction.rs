//! Countries to which a distribution isn't shown, or alone is shown (cloudfront 8.3).

use crate::viewer::Country;

/// For a whole distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GeoRestriction {
    /// Only these; CloudFront's `whitelist`.
    Allow(Vec<Country>),
    /// All but these; CloudFront's `blacklist`.
    Block(Vec<Country>),
}

impl GeoRestriction {
    /// Whether a viewer is served. One whose country nobody knows is (AWS's guide, `[DOC D23:georestrictions]`).
    #[must_use]
    pub fn admits(&self, country: Option<Country>) -> bool {
        let Some(country) = country else { return true };
        match self {
            Self::Allow(countries) => countries.contains(&country),
            Self::Block(countries) => !countries.contains(&country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_admits_or_blocks_and_the_unknown_are_served() {
        let list = || vec![Country::parse("DE").unwrap(), Country::parse("FR").unwrap()];
        for (restriction, country, admits) in [
            (GeoRestriction::Allow(list()), Some("DE"), true),
            (GeoRestriction::Allow(list()), Some("US"), false),
            (GeoRestriction::Allow(list()), None, true),
            (GeoRestriction::Block(list()), Some("FR"), false),
            (GeoRestriction::Block(list()), Some("US"), true),
            (GeoRestriction::Block(list()), None, true),
        ] {
            let country = country.and_then(Country::parse);
            assert_eq!(restriction.admits(country), admits, "{restriction:?} {country:?}");
        }
    }
}
