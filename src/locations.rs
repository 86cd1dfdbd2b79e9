//! Where addresses are, by a MaxMind file that is held in memory.

use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use maxminddb::{PathElement, Reader, path};

use crate::viewer::Country;

/// A database of addresses: GeoLite2 or GeoIP2, or another one of their form.
pub struct Locations {
    reader: Reader<Vec<u8>>,
}

impl std::fmt::Debug for Locations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Locations({})", self.kind())
    }
}

impl Locations {
    /// Reads a file whole.
    ///
    /// # Errors
    /// [`InvalidLocations`], also for a database that knows no countries, as one of network numbers.
    pub fn open(path: &Path) -> Result<Self, InvalidLocations> {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(InvalidLocations::Read)?;
        file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(InvalidLocations::Read)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(InvalidLocations::TooLarge);
        }
        let reader =
            Reader::from_source(bytes).map_err(|error| InvalidLocations::Format(error.to_string()))?;
        let locations = Self { reader };
        if locations.has_countries() {
            Ok(locations)
        } else {
            Err(InvalidLocations::NoCountries { kind: locations.kind().to_owned() })
        }
    }

    /// What the file says that it is, as in `GeoLite2-Country`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// Whether it tells more than countries: its kind says so.
    #[must_use]
    pub fn has_places(&self) -> bool {
        ["City", "Enterprise", "Insights"].iter().any(|word| self.kind().contains(word))
    }

    /// The country of an address.
    #[must_use]
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        self.text(address, &path!["country", "iso_code"]).and_then(Country::parse)
    }

    /// A text of an address's record.
    #[must_use]
    pub fn text(&self, address: IpAddr, path: &[PathElement<'_>]) -> Option<&str> {
        self.reader.lookup(address).ok()?.decode_path(path).ok()?
    }

    /// A whole number of an address's record, which has 16 or 32 bits there.
    #[must_use]
    pub fn number(&self, address: IpAddr, path: &[PathElement<'_>]) -> Option<u32> {
        let record = self.reader.lookup(address).ok()?;
        match record.decode_path::<u32>(path) {
            Ok(number) => number,
            Err(_) => record.decode_path::<u16>(path).ok()?.map(u32::from),
        }
    }

    /// A fraction of an address's record.
    #[must_use]
    pub fn fraction(&self, address: IpAddr, path: &[PathElement<'_>]) -> Option<f64> {
        self.reader.lookup(address).ok()?.decode_path(path).ok()?
    }

    /// Looks at the first records only: one of countries has them everywhere.
    fn has_countries(&self) -> bool {
        let Ok(networks) = self.reader.networks(maxminddb::WithinOptions::default()) else { return false };
        let code = |record: maxminddb::LookupResult<'_, _>| {
            record.decode_path::<&str>(&path!["country", "iso_code"]).ok().flatten().is_some()
        };
        networks.take(MAX_LOOKS).flatten().any(code)
    }
}

/// A database that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidLocations {
    /// The file can't be read.
    #[error("it can't be read: {0}")]
    Read(#[source] std::io::Error),
    /// It is no such file.
    #[error("it is not a MaxMind database: {0}")]
    Format(String),
    /// It is larger than any of them.
    #[error("it has more than {} MiB", MAX_FILE >> 20)]
    TooLarge,
    /// It knows something else.
    #[error("it is a {kind} database and holds no countries")]
    NoCountries {
        /// What it says that it is.
        kind: String,
    },
}

/// Several times what GeoIP2-City takes, and what a typo may cost.
const MAX_FILE: u64 = 1 << 30;
/// Records without a country, such as satellite providers', stand between others.
const MAX_LOOKS: usize = 10_000;
