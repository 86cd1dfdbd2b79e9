//! The values of the `CloudFront-*` headers that an origin request policy asks for. What isn't known isn't sent.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use http::Version;
use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use maxminddb::{PathElement, path};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::distribution::cloudfront_header::CloudFrontHeader;
use crate::edge::facts::peer::Viewer;
use crate::locations::Locations;
use crate::viewer::Country;
use crate::viewer::device::Devices;

/// Where a viewer is: what a test says, else what the database says of its address.
#[derive(Clone, Copy, Debug)]
pub struct GeoLookup<'l> {
    /// The country that a test gave; then nothing else is known.
    pub given: Option<Country>,
    /// The database, where there is one.
    pub locations: Option<&'l Locations>,
}

impl GeoLookup<'_> {
    /// The country of an address.
    #[must_use]
    pub fn country(self, address: IpAddr) -> Option<Country> {
        self.given.or_else(|| self.locations?.country(address))
    }

    fn database(&self) -> Option<&Locations> {
        self.locations.filter(|_| self.given.is_none())
    }
}

/// What the headers are made from, of one request.
#[derive(Debug)]
pub struct HeaderValues<'a> {
    viewer: &'a Viewer,
    geo: GeoLookup<'a>,
    version: Version,
    header_count: usize,
    devices: Devices,
}

impl<'a> HeaderValues<'a> {
    /// Of a request whose headers are still the viewer's.
    #[must_use]
    pub fn of(headers: &HeaderMap, version: Version, viewer: &'a Viewer, geo: GeoLookup<'a>) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let devices = Devices::of(user_agent.unwrap_or_default());
        Self { viewer, geo, version, header_count: headers.len(), devices }
    }

    /// Puts the headers that are asked for, as far as they are known.
    pub fn put(&self, headers: &mut HeaderMap, wanted: &[CloudFrontHeader]) {
        for header in wanted {
            let Some(text) = self.value(*header) else { continue };
            if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(text.into_owned())) {
                headers.insert(header.name(), value);
            }
        }
    }

    fn value(&self, header: CloudFrontHeader) -> Option<Cow<'_, str>> {
        use CloudFrontHeader as Header;
        let known = |flag: bool| Some(Cow::Borrowed(if flag { "true" } else { "false" }));
        match header {
            Header::ForwardedProto => Some(self.viewer.scheme.as_str().into()),
            Header::IsAndroidViewer => known(self.devices.android),
            Header::IsDesktopViewer => known(self.devices.desktop),
            Header::IsIosViewer => known(self.devices.ios),
            Header::IsMobileViewer => known(self.devices.mobile),
            Header::IsSmartTvViewer => known(self.devices.smart_tv),
            Header::IsTabletViewer => known(self.devices.tablet),
            // An IPv6 address stands there without brackets, `[RECALL]`.
            Header::ViewerAddress => {
                self.viewer.port.map(|port| format!("{}:{port}", self.viewer.address.ip()).into())
            }
            // Over HTTP/2 the pseudo-headers don't count, `[ASSUMED]`.
            Header::ViewerHeaderCount => Some(self.header_count.to_string().into()),
            Header::ViewerHttpVersion => http_version(self.version).map(Cow::Borrowed),
            // The guide's third part, whether the session was resumed, is not known here.
            Header::ViewerTls => self.viewer.tls.map(|tls| format!("{}:{}", tls.protocol, tls.cipher).into()),
            Header::ViewerCountry => {
                let country = self.geo.country(self.address())?;
                Some(country.as_str().to_owned().into())
            }
            Header::ViewerCountryName => self.text(&path!["country", "names", "en"]),
            Header::ViewerCity => self.text(&path!["city", "names", "en"]),
            Header::ViewerCountryRegion => self.text(&path!["subdivisions", 0, "iso_code"]),
            Header::ViewerCountryRegionName => self.text(&path!["subdivisions", 0, "names", "en"]),
            Header::ViewerPostalCode => self.text(&path!["postal", "code"]),
            Header::ViewerTimeZone => self.text(&path!["location", "time_zone"]),
            Header::ViewerLatitude => self.degrees(&path!["location", "latitude"]),
            Header::ViewerLongitude => self.degrees(&path!["location", "longitude"]),
            Header::ViewerMetroCode => self.number(&path!["location", "metro_code"]),
            Header::ViewerAsn => self
                .number(&path!["autonomous_system_number"])
                .or_else(|| self.number(&path!["traits", "autonomous_system_number"])),
            Header::ViewerHeaderOrder | Header::ViewerJa3Fingerprint | Header::ViewerJa4Fingerprint => None,
        }
    }

    fn address(&self) -> IpAddr {
        self.viewer.address.ip()
    }

    /// Percent-encoded where it isn't ASCII (AWS's guide, `[DOC D23:adding-cloudfront-headers]`).
    fn text(&self, path: &[PathElement<'_>]) -> Option<Cow<'_, str>> {
        let text = self.geo.database()?.text(self.address(), path)?;
        Some(utf8_percent_encode(text, NOT_PRINTABLE).into())
    }

    fn number(&self, path: &[PathElement<'_>]) -> Option<Cow<'_, str>> {
        let number = self.geo.database()?.number(self.address(), path)?;
        Some(number.to_string().into())
    }

    /// With five decimals, `[RECALL]`.
    fn degrees(&self, path: &[PathElement<'_>]) -> Option<Cow<'_, str>> {
        let degrees = self.geo.database()?.fraction(self.address(), path)?;
        Some(format!("{degrees:.5}").into())
    }
}

fn http_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2.0"),
        Version::HTTP_3 => Some("3.0"),
        _ => None,
    }
}

/// What isn't ASCII is always encoded.
const NOT_PRINTABLE: &AsciiSet = CONTROLS;

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::edge::facts::peer::{Peer, TlsFacts};

    #[test]
    fn what_is_known_of_a_viewer_is_told() {
        let peer: SocketAddr = "198.51.100.10:46532".parse().unwrap();
        let mut viewer = Peer::plain(peer).viewer();
        viewer.tls = Some(TlsFacts { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" });
        let mut asked = HeaderMap::new();
        asked.insert(USER_AGENT, HeaderValue::from_static("x (iPhone) Mobile"));
        let geo = GeoLookup { given: Country::parse("DE"), locations: None };
        let values = HeaderValues::of(&asked, Version::HTTP_2, &viewer, geo);
        let mut headers = HeaderMap::new();
        values.put(&mut headers, &CloudFrontHeader::ALL);
        let found: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let expected = [
            ("cloudfront-forwarded-proto", "http"),
            ("cloudfront-is-android-viewer", "false"),
            ("cloudfront-is-desktop-viewer", "false"),
            ("cloudfront-is-ios-viewer", "true"),
            ("cloudfront-is-mobile-viewer", "true"),
            ("cloudfront-is-smarttv-viewer", "false"),
            ("cloudfront-is-tablet-viewer", "false"),
            ("cloudfront-viewer-address", "198.51.100.10:46532"),
            ("cloudfront-viewer-country", "DE"),
            ("cloudfront-viewer-header-count", "1"),
            ("cloudfront-viewer-http-version", "2.0"),
            ("cloudfront-viewer-tls", "TLSv1.3:TLS_AES_128_GCM_SHA256"),
        ];
        assert_eq!(found, expected);
        viewer.port = None;
        viewer.tls = None;
        let values =
            HeaderValues::of(&asked, Version::HTTP_11, &viewer, GeoLookup { given: None, locations: None });
        let mut headers = HeaderMap::new();
        values.put(
            &mut headers,
            &[CloudFrontHeader::ViewerAddress, CloudFrontHeader::ViewerTls, CloudFrontHeader::ViewerCountry],
        );
        assert!(headers.is_empty());
    }
}
