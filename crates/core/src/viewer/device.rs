//! The kind of a viewer's device, as far as its User-Agent tells.

/// What CloudFront's device headers say. More than one may hold: an Android tablet is also a mobile device (AWS's guide,
/// `[DOC D23:adding-cloudfront-headers]`). The rules by which CloudFront tells them are `[UNKNOWN]`. These are the words
/// that makers put there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Android.
    pub android: bool,
    /// Nothing else.
    pub desktop: bool,
    /// iPhone, iPod and those iPads that say so.
    pub ios: bool,
    /// A phone or a tablet.
    pub mobile: bool,
    /// A television, or what is plugged into one.
    pub smart_tv: bool,
    /// A tablet.
    pub tablet: bool,
}

impl Devices {
    /// Reads a `User-Agent`; without one, a viewer counts as a desktop.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let lower = user_agent.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let smart_tv = says(TELEVISIONS);
        let android = says(&["android"]);
        let ios = says(&["iphone", "ipod", "ipad"]);
        let is_phone = says(&["mobile", "iphone", "ipod", "windows phone", "blackberry", "opera mini"]);
        // Android's own rule: a phone says `Mobile`, a tablet doesn't.
        let tablet = !smart_tv && (says(TABLETS) || android && !is_phone);
        let mobile = !smart_tv && (is_phone || tablet || android);
        Self { android, ios, smart_tv, tablet, mobile, desktop: !(mobile || smart_tv) }
    }
}

const TELEVISIONS: &[&str] = &[
    "smarttv",
    "smart-tv",
    "smart tv",
    "googletv",
    "google tv",
    "android tv",
    "appletv",
    "apple tv",
    "hbbtv",
    "netcast",
    "web0s",
    "webos; linux",
    "bravia",
    "roku",
    "crkey",
    "aftb",
    "aftt",
    "aftm",
    "afts",
    "viera",
    "tizen 2.3; tv",
    "dtv",
];
const TABLETS: &[&str] = &["ipad", "tablet", "kindle", "silk/", "playbook", "nexus 7", "nexus 9", "nexus 10"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_tells_the_kinds_of_its_device() {
        let desktop = Devices { desktop: true, ..Devices::default() };
        let phone = Devices { mobile: true, ..Devices::default() };
        for (user_agent, devices) in [
            ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", desktop),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.0 Safari/605.1.15", desktop),
            ("curl/8.5.0", desktop),
            ("", desktop),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1",
                Devices { ios: true, ..phone },
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) Mobile/15E148 Safari/604.1",
                Devices { ios: true, tablet: true, ..phone },
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/130.0 Mobile Safari/537.36",
                Devices { android: true, ..phone },
            ),
            (
                "Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/130.0 Safari/537.36",
                Devices { android: true, tablet: true, ..phone },
            ),
            (
                "Mozilla/5.0 (Linux; Android 9; BRAVIA 4K) Chrome/100 Safari/537.36",
                Devices { android: true, smart_tv: true, ..Devices::default() },
            ),
            (
                "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36",
                Devices { smart_tv: true, ..Devices::default() },
            ),
            ("Mozilla/5.0 (Windows Phone 10.0) Edge/15", phone),
        ] {
            assert_eq!(Devices::of(user_agent), devices, "{user_agent}");
        }
    }
}
