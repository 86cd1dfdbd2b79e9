//! The headers with which CloudFront tells an origin about the viewer (cloudfront 9.2).

use http::HeaderName;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloudFrontHeader {
    /// `http` or `https`.
    ForwardedProto,
    /// Whether the device runs Android.
    IsAndroidViewer,
    /// Whether it is a desktop.
    IsDesktopViewer,
    /// Whether it is an iPhone, iPod or iPad.
    IsIosViewer,
    /// Whether it is a phone or a tablet.
    IsMobileViewer,
    /// Whether it is a television.
    IsSmartTvViewer,
    /// Whether it is a tablet.
    IsTabletViewer,
    /// `address:port`.
    ViewerAddress,
    /// The number of the viewer's network.
    ViewerAsn,
    /// The city's name.
    ViewerCity,
    /// The country's two-letter code.
    ViewerCountry,
    /// The country's name.
    ViewerCountryName,
    /// The code of the region.
    ViewerCountryRegion,
    /// The region's name.
    ViewerCountryRegionName,
    /// How many headers the viewer sent.
    ViewerHeaderCount,
    /// Their names in order.
    ViewerHeaderOrder,
    /// `1.1`, `2.0`.
    ViewerHttpVersion,
    /// A fingerprint of the viewer's ClientHello.
    ViewerJa3Fingerprint,
    /// Another one.
    ViewerJa4Fingerprint,
    /// In degrees.
    ViewerLatitude,
    /// In degrees.
    ViewerLongitude,
    /// The code of a market area in the United States.
    ViewerMetroCode,
    /// The postal code.
    ViewerPostalCode,
    /// As in `America/Los_Angeles`.
    ViewerTimeZone,
    /// `version:cipher`.
    ViewerTls,
}

/// What a header's value is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The request and its connection.
    Request,
    /// The country of the viewer's address.
    Country,
    /// What a larger database says of the viewer's address.
    Place,
    /// Nothing that Frontgate has.
    Nothing,
}

impl CloudFrontHeader {
    /// Every one, in the order of their names.
    pub const ALL: [Self; 25] = [
        Self::ForwardedProto,
        Self::IsAndroidViewer,
        Self::IsDesktopViewer,
        Self::IsIosViewer,
        Self::IsMobileViewer,
        Self::IsSmartTvViewer,
        Self::IsTabletViewer,
        Self::ViewerAddress,
        Self::ViewerAsn,
        Self::ViewerCity,
        Self::ViewerCountry,
        Self::ViewerCountryName,
        Self::ViewerCountryRegion,
        Self::ViewerCountryRegionName,
        Self::ViewerHeaderCount,
        Self::ViewerHeaderOrder,
        Self::ViewerHttpVersion,
        Self::ViewerJa3Fingerprint,
        Self::ViewerJa4Fingerprint,
        Self::ViewerLatitude,
        Self::ViewerLongitude,
        Self::ViewerMetroCode,
        Self::ViewerPostalCode,
        Self::ViewerTimeZone,
        Self::ViewerTls,
    ];

    /// Those that `AllViewerAndCloudFrontHeaders-2022-06` adds. That they are 21 is `[DOC]`; which ones is `[RECALL]`.
    pub fn of_2022_06() -> impl Iterator<Item = Self> {
        let later = [
            Self::ViewerHeaderCount,
            Self::ViewerHeaderOrder,
            Self::ViewerJa3Fingerprint,
            Self::ViewerJa4Fingerprint,
        ];
        Self::ALL.into_iter().filter(move |header| !later.contains(header))
    }

    /// The name as AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ForwardedProto => "CloudFront-Forwarded-Proto",
            Self::IsAndroidViewer => "CloudFront-Is-Android-Viewer",
            Self::IsDesktopViewer => "CloudFront-Is-Desktop-Viewer",
            Self::IsIosViewer => "CloudFront-Is-IOS-Viewer",
            Self::IsMobileViewer => "CloudFront-Is-Mobile-Viewer",
            Self::IsSmartTvViewer => "CloudFront-Is-SmartTV-Viewer",
            Self::IsTabletViewer => "CloudFront-Is-Tablet-Viewer",
            Self::ViewerAddress => "CloudFront-Viewer-Address",
            Self::ViewerAsn => "CloudFront-Viewer-ASN",
            Self::ViewerCity => "CloudFront-Viewer-City",
            Self::ViewerCountry => "CloudFront-Viewer-Country",
            Self::ViewerCountryName => "CloudFront-Viewer-Country-Name",
            Self::ViewerCountryRegion => "CloudFront-Viewer-Country-Region",
            Self::ViewerCountryRegionName => "CloudFront-Viewer-Country-Region-Name",
            Self::ViewerHeaderCount => "CloudFront-Viewer-Header-Count",
            Self::ViewerHeaderOrder => "CloudFront-Viewer-Header-Order",
            Self::ViewerHttpVersion => "CloudFront-Viewer-Http-Version",
            Self::ViewerJa3Fingerprint => "CloudFront-Viewer-JA3-Fingerprint",
            Self::ViewerJa4Fingerprint => "CloudFront-Viewer-JA4-Fingerprint",
            Self::ViewerLatitude => "CloudFront-Viewer-Latitude",
            Self::ViewerLongitude => "CloudFront-Viewer-Longitude",
            Self::ViewerMetroCode => "CloudFront-Viewer-Metro-Code",
            Self::ViewerPostalCode => "CloudFront-Viewer-Postal-Code",
            Self::ViewerTimeZone => "CloudFront-Viewer-Time-Zone",
            Self::ViewerTls => "CloudFront-Viewer-TLS",
        }
    }

    /// The name as HTTP compares it.
    #[must_use]
    pub fn name(self) -> HeaderName {
        // Each name is one of a header; the tests look.
        self.as_str().parse().unwrap_or(HeaderName::from_static("cloudfront"))
    }

    /// Reads a name of any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|header| header.as_str().eq_ignore_ascii_case(name))
    }

    /// What its value is made from.
    ///
    /// The order of headers is lost where the HTTP library sorts them by name, and so are the letters' case and what a
    /// fingerprint is made of.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::ForwardedProto
            | Self::IsAndroidViewer
            | Self::IsDesktopViewer
            | Self::IsIosViewer
            | Self::IsMobileViewer
            | Self::IsSmartTvViewer
            | Self::IsTabletViewer
            | Self::ViewerAddress
            | Self::ViewerHeaderCount
            | Self::ViewerHttpVersion
            | Self::ViewerTls => Source::Request,
            Self::ViewerCountry | Self::ViewerCountryName => Source::Country,
            Self::ViewerAsn
            | Self::ViewerCity
            | Self::ViewerCountryRegion
            | Self::ViewerCountryRegionName
            | Self::ViewerLatitude
            | Self::ViewerLongitude
            | Self::ViewerMetroCode
            | Self::ViewerPostalCode
            | Self::ViewerTimeZone => Source::Place,
            Self::ViewerHeaderOrder | Self::ViewerJa3Fingerprint | Self::ViewerJa4Fingerprint => {
                Source::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_headers_and_find_themselves() {
        for header in CloudFrontHeader::ALL {
            assert!(header.name().as_str().eq_ignore_ascii_case(header.as_str()), "{header:?}");
            assert_eq!(CloudFrontHeader::parse(&header.as_str().to_lowercase()), Some(header));
        }
        assert_eq!(CloudFrontHeader::of_2022_06().count(), 21);
        assert_eq!(CloudFrontHeader::parse("CloudFront-Policy"), None);
    }
}
