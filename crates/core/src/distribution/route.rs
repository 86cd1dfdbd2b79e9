//! Where a request belongs: which behavior serves it, and which ones it must satisfy.

use std::borrow::Cow;
use std::sync::Arc;

use smallvec::SmallVec;

use super::behavior::{AllowedMethods, CacheBehavior, ViewerProtocolPolicy};
use super::key::PublicKey;
use super::{Distribution, Distributions, HostStanding, MAX_PUBLIC_BASE_URLS};
use crate::viewer::readings::{Escapes, Readings};
use crate::viewer::{Base, ViewerRequest, path};

/// A request's place: its distribution, the behavior that serves it, and every behavior that it must satisfy.
#[derive(Debug)]
pub struct Route<'d: 'r, 'r> {
    /// Who answers.
    pub distribution: &'d Arc<Distribution>,
    /// How the host belongs to it.
    pub standing: HostStanding,
    /// The behavior of the normalised path. Its origin and its policies for cache, headers, cookies and queries count.
    pub behavior: &'d CacheBehavior,
    /// Every private behavior of any reading of the path: the key must be trusted by each (reference 3).
    pub private: SmallVec<[&'d CacheBehavior; 2]>,
    /// The strictest policy among the behaviors of all readings (reference 3).
    pub viewer_protocol_policy: ViewerProtocolPolicy,
    /// The methods that the behaviors of all readings allow (reference 3).
    pub allowed_methods: AllowedMethods,
    /// The path as the origin gets it, before the origin's own path.
    pub origin_path: Cow<'r, str>,
    /// What else an origin may read the path as; nothing for most paths.
    pub readings: Readings,
    /// Whether dot segments lead out of the path that the origin has of its own.
    pub climbs_out: bool,
    /// Whether the path as sent has another behavior than its normalised form.
    pub forms_disagree: bool,
}

impl Distributions {
    /// Where a request belongs; none where no distribution answers for its host.
    #[must_use]
    pub fn route<'d, 'r>(&'d self, request: &ViewerRequest<'r>) -> Option<Route<'d, 'r>>
    where
        'd: 'r,
    {
        let (distribution, standing) = self.by_host(&request.host)?;
        Some(Route::new(distribution, standing, request.target.path))
    }
}

impl<'d: 'r, 'r> Route<'d, 'r> {
    /// Looks up the behaviors for every reading of a path.
    #[must_use]
    pub fn new(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        if path::can_only_mean_itself(sent) && distribution.has_plain_patterns() {
            return Self::of_plain(distribution, standing, sent);
        }
        Self::of_any(distribution, standing, sent)
    }

    /// For most paths: they have one reading, so that there is one behavior to look up.
    fn of_plain(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&*origin_path);
        Self {
            distribution,
            standing,
            behavior,
            private: behavior.is_private().then_some(behavior).into_iter().collect(),
            viewer_protocol_policy: behavior.viewer_protocol_policy,
            allowed_methods: behavior.allowed_methods,
            origin_path,
            readings: Readings::default(),
            climbs_out: false,
            forms_disagree: false,
        }
    }

    fn of_any(distribution: &'d Arc<Distribution>, standing: HostStanding, sent: &'r str) -> Self {
        let origin_path = distribution.rooted(sent);
        let behavior = distribution.behavior_for(&*distribution.rooted(&path::normalised(sent)));
        let raw = distribution.behavior_for(&*origin_path);
        let readings = Readings::of(sent);
        let target = distribution.target(&behavior.target_origin);
        let has_outside = target.is_some_and(|target| target.origins().any(|origin| origin.has_outside()));
        let mut route = Self {
            distribution,
            standing,
            behavior,
            private: SmallVec::new(),
            viewer_protocol_policy: behavior.viewer_protocol_policy,
            allowed_methods: behavior.allowed_methods,
            origin_path,
            climbs_out: readings.climb() && has_outside,
            readings: Readings::default(),
            forms_disagree: !std::ptr::eq(raw, behavior),
        };
        route.restrict_by(behavior);
        if readings.are_too_many() {
            // Any behavior may be that of a reading.
            distribution.all_behaviors().for_each(|behavior| route.restrict_by(behavior));
        }
        route.restrict_by(raw);
        if readings.has_none() {
            // Its patterns have escapes, and are also compared decoded.
            route.restrict_by(distribution.behavior_for_reading(sent.as_bytes(), Escapes::Decoded));
        }
        for reading in readings.others() {
            route.restrict_by(distribution.behavior_for_reading(&reading.path, reading.escapes));
        }
        route.readings = readings;
        route
    }

    fn restrict_by(&mut self, behavior: &'d CacheBehavior) {
        self.viewer_protocol_policy = self.viewer_protocol_policy.max(behavior.viewer_protocol_policy);
        self.allowed_methods = self.allowed_methods.min(behavior.allowed_methods);
        if behavior.is_private() && !self.private.iter().any(|known| std::ptr::eq(*known, behavior)) {
            self.private.push(behavior);
        }
    }

    /// Whether the path is refused because it has more readings than are looked at: only where credentials may matter.
    #[must_use]
    pub fn has_too_many_readings(&self) -> bool {
        self.readings.are_too_many() && self.is_private()
    }

    /// Whether the request needs credentials.
    #[must_use]
    pub fn is_private(&self) -> bool {
        !self.private.is_empty()
    }

    /// The key of an id, where every private behavior trusts it.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&'d Arc<PublicKey>> {
        let (first, rest) = self.private.split_first()?;
        let key = first.restriction.key(id)?;
        rest.iter().all(|behavior| behavior.restriction.key(id).is_some()).then_some(key)
    }

    /// Every key that all private behaviors trust, each once.
    #[must_use]
    pub fn trusted_keys(&self) -> Vec<&'d Arc<PublicKey>> {
        let mut keys: Vec<&Arc<PublicKey>> = Vec::new();
        for key in self.private.first().into_iter().flat_map(|behavior| behavior.restriction.keys()) {
            if self.key(key.id().as_str()).is_some() && !keys.iter().any(|known| known.id() == key.id()) {
                keys.push(key);
            }
        }
        keys
    }

    /// The bases that the request may have been signed for, in order (reference 3).
    #[must_use]
    pub fn bases(&self, request: &ViewerRequest<'r>) -> Bases<'r> {
        let mut bases = Bases::new();
        if self.standing != HostStanding::Unknown {
            let authority = request.host.in_url(request.scheme);
            bases.push(Base { scheme: request.scheme.as_str(), authority });
        }
        for public in &self.distribution.public_base_urls {
            let same_host = || public.host_name().eq_ignore_ascii_case(request.host.name());
            let base = public.base();
            if (self.standing != HostStanding::Own || same_host()) && !bases.contains(&base) {
                bases.push(base);
            }
        }
        bases
    }
}

/// The bases of one request: the host that was sent, and the public ones.
pub type Bases<'r> = SmallVec<[Base<'r>; 1 + MAX_PUBLIC_BASE_URLS]>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::behavior::Restriction;
    use super::super::key::KeyGroup;
    use super::*;

    /// `+pattern` is public, `-pattern` private; `*` is the default behavior. Letters behind a space: `h` is https-only, `r`
    /// redirects, `g` allows GET and HEAD only.
    fn distribution(rules: &[&str]) -> Arc<Distribution> {
        let group = Arc::new(KeyGroup { id: "g".to_owned(), keys: Vec::new() });
        let mut one = Distribution::private("E1", "a.example.com", Arc::clone(&group));
        for rule in rules {
            let (rule, switches) = rule.split_once(' ').unwrap_or((rule, ""));
            let (sign, pattern) = rule.split_at(1);
            let mut behavior = one.default_behavior.clone();
            behavior.restriction = match sign {
                "+" => Restriction::Open,
                _ => Restriction::Signed(vec![Arc::clone(&group)]),
            };
            behavior.viewer_protocol_policy = match switches {
                "h" => ViewerProtocolPolicy::HttpsOnly,
                "r" => ViewerProtocolPolicy::RedirectToHttps,
                _ => ViewerProtocolPolicy::AllowAll,
            };
            behavior.allowed_methods =
                if switches == "g" { AllowedMethods::GetHead } else { AllowedMethods::All };
            if pattern == "*" {
                one.default_behavior = behavior;
            } else {
                behavior.path_pattern = Some(pattern.parse().unwrap());
                one.behaviors.push(behavior);
            }
        }
        Arc::new(one)
    }

    fn route<'d, 'p>(one: &'d Arc<Distribution>, path: &'p str) -> Route<'d, 'p>
    where
        'd: 'p,
    {
        Route::new(one, HostStanding::Own, path)
    }

    fn below_a_public_default() -> Arc<Distribution> {
        distribution(&["+*", "-/members/*", "-/secure/*"])
    }

    fn is_private(path: &str) -> bool {
        route(&below_a_public_default(), path).is_private()
    }

    #[test]
    fn node_new_url_opens_no_private_path() {
        for path in [
            "//x/members/secret.txt",
            "/\\x/members/secret.txt",
            "///x/members/secret.txt",
            "//[::1]:1/members/secret.txt",
            "//u:p@x:1/members/secret.txt",
            "//localhost/members/x",
            "//anything/members/x",
            "//x\\members\\secret.txt",
            "//x/a/../members/secret.txt",
        ] {
            assert!(is_private(path), "{path}");
        }
    }

    #[test]
    fn node_new_url_decoded_opens_no_private_path() {
        for path in
            ["//x/%6dembers/secret.txt", "//x/%6Dembers%2Fsecret.txt", "/%5cx/members/x", "/%2F%78/members/x"]
        {
            assert!(is_private(path), "{path}");
        }
    }

    #[test]
    fn php_parse_url_opens_no_private_path() {
        for path in ["//x/members/secret.txt", "//x:80/members/secret.txt", "//%00/members/secret.txt"] {
            assert!(is_private(path), "{path}");
        }
    }

    #[test]
    fn node_url_parse_opens_no_private_path() {
        assert!(is_private("//u@x/members/secret.txt"));
    }

    #[test]
    fn what_has_no_private_reading_stays_public() {
        for path in
            ["//x/public/a", "/a%20b", "/fit-in/https://x/members/a", "/a;v=1/members", "/public//members/x"]
        {
            assert!(!is_private(path), "{path}");
        }
    }

    #[test]
    fn a_path_behind_an_authority_needs_the_keys_of_both_groups() {
        let one = distribution(&["-*", "-/secure/*"]);
        let patterns: Vec<&str> =
            route(&one, "//x/secure/f").private.iter().map(|behavior| behavior.pattern()).collect();
        assert_eq!(patterns, ["*", "/secure/*"]);
    }

    #[test]
    fn protocol_and_methods_are_the_strictest_of_all_readings() {
        let one = distribution(&["+*", "+/secure/* h", "+/moved/* r", "+/data/* g"]);
        for (path, policy) in [
            ("/data/x", ViewerProtocolPolicy::AllowAll),
            ("/secure/x", ViewerProtocolPolicy::HttpsOnly),
            ("/data/..%2fsecure/x.txt", ViewerProtocolPolicy::HttpsOnly),
            ("/data/..;/secure/x.txt", ViewerProtocolPolicy::HttpsOnly),
            ("//secure/x", ViewerProtocolPolicy::HttpsOnly),
            ("/secure%2fx", ViewerProtocolPolicy::HttpsOnly),
            ("/x/..%2fmoved/y", ViewerProtocolPolicy::RedirectToHttps),
            ("/secure/..%2fmoved/y", ViewerProtocolPolicy::HttpsOnly),
            ("/moved/..%2fsecure/y", ViewerProtocolPolicy::HttpsOnly),
        ] {
            assert_eq!(route(&one, path).viewer_protocol_policy, policy, "{path}");
        }
        for (path, methods) in [
            ("/x", AllowedMethods::All),
            ("/data/x", AllowedMethods::GetHead),
            ("/x/..%2fdata/y", AllowedMethods::GetHead),
            ("/data/..%2fx", AllowedMethods::GetHead),
            ("//x/data/y", AllowedMethods::GetHead),
        ] {
            assert_eq!(route(&one, path).allowed_methods, methods, "{path}");
        }
        // Its own origin and policies are those of the normalised path.
        assert_eq!(route(&one, "/data/..%2fsecure/x").behavior.pattern(), "/data/*");
    }

    #[test]
    fn a_path_of_too_many_readings_has_every_restriction() {
        let path = format!("/{}x", "//;a/%2e%2F\\..".repeat(9));
        let one = distribution(&["+*", "-/members/*", "+/secure/* h", "+/data/* g"]);
        let found = route(&one, &path);
        assert!(found.has_too_many_readings() && found.is_private());
        assert_eq!(found.viewer_protocol_policy, ViewerProtocolPolicy::HttpsOnly);
        assert_eq!(found.allowed_methods, AllowedMethods::GetHead);
        let public = distribution(&["+*", "+/secure/* h"]);
        let found = route(&public, &path);
        assert!(!found.has_too_many_readings() && !found.is_private());
        assert_eq!(found.viewer_protocol_policy, ViewerProtocolPolicy::HttpsOnly);
    }

    /// What origins make of a path, each written anew from its documentation, not from the list of readings.
    mod origins {
        pub(super) fn unquote(path: &str) -> String {
            percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
        }

        /// RFC 3986 section 5.2.4, word for word.
        pub(super) fn remove_dots(path: &str) -> String {
            let (mut input, mut output) = (path.to_owned(), String::new());
            while !input.is_empty() {
                if input.starts_with("/./") {
                    input.replace_range(..2, "");
                } else if input == "/." {
                    input.truncate(1);
                } else if input.starts_with("/../") || input == "/.." {
                    input = format!("/{}", input.get(4..).unwrap_or_default());
                    output.truncate(output.rfind('/').unwrap_or(0));
                } else {
                    let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
                    output.push_str(&input[..end]);
                    input.replace_range(..end, "");
                }
            }
            output
        }

        pub(super) fn merge(path: &str) -> String {
            path.chars().fold(String::new(), |mut merged, c| {
                if !(c == '/' && merged.ends_with('/')) {
                    merged.push(c);
                }
                merged
            })
        }

        pub(super) fn nginx(path: &str) -> String {
            remove_dots(&merge(&unquote(path)))
        }

        pub(super) fn tomcat(path: &str) -> String {
            let bare: Vec<&str> =
                path.split('/').map(|segment| segment.split(';').next().unwrap_or("")).collect();
            remove_dots(&merge(&unquote(&bare.join("/"))))
        }

        /// The URL standard's states "relative slash" to "path", for a special scheme.
        pub(super) fn new_url(path: &str) -> String {
            let clean: String = path.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
            let clean = clean.trim_end_matches(|c: char| c <= ' ');
            let clean = clean.split(['?', '#']).next().unwrap_or("").replace('\\', "/");
            let path = match clean.strip_prefix("//") {
                Some(rest) => {
                    let rest = rest.trim_start_matches('/');
                    rest.find('/').map_or("/", |at| &rest[at..]).to_owned()
                }
                None => clean,
            };
            // `%2e` is a dot in a dot segment only.
            let dots = |segment: &str| match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
                dots @ ("." | "..") => dots.to_owned(),
                _ => segment.to_owned(),
            };
            remove_dots(&path.split('/').map(dots).collect::<Vec<_>>().join("/"))
        }

        pub(super) fn parse_url(path: &str) -> String {
            match path.strip_prefix("//") {
                Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
                None => path.to_owned(),
            }
        }

        pub(super) fn kestrel(path: &str) -> String {
            let kept = path.replace("%2f", "%252f").replace("%2F", "%252F");
            remove_dots(&unquote(&kept))
        }

        pub(super) fn all(path: &str) -> Vec<(&'static str, String)> {
            vec![
                ("python", unquote(path)),
                ("nginx", nginx(path)),
                ("tomcat", tomcat(path)),
                ("new URL", new_url(path)),
                ("new URL, decoded", unquote(&new_url(path))),
                ("new URL, decoded and resolved", remove_dots(&unquote(&new_url(path)))),
                ("new URL of decoded", new_url(&unquote(path))),
                ("parse_url", parse_url(path)),
                ("parse_url, decoded", unquote(&parse_url(path))),
                ("parse_url of merged dots", parse_url(&remove_dots(path))),
                ("kestrel", kestrel(path)),
                ("windows", remove_dots(&merge(&unquote(path).replace('\\', "/")))),
                ("to NUL", unquote(path).split('\0').next().unwrap_or("").to_owned()),
            ]
        }
    }

    const PIECES: &str = "(m|members|x|a\\.css|/|//|\\.|\\.\\.|\\\\|;|;v=1|:80|u@|%2[eEfF]|%5[cC]|%3[bB]|%6[dD]|%00|%09|%3[fF]|%23|%20|é){1,9}";

    /// A path of 8 KiB against the most behaviors that CloudFront allows, in bytes that are read: at worst every behavior has a
    /// piece in the middle that is searched in every reading.
    #[test]
    fn the_lookup_of_any_path_has_a_limit_of_work() {
        let rules: Vec<String> = (0..75).map(|n| format!("-*/p{n}/*")).collect();
        let rules: Vec<&str> = rules.iter().map(String::as_str).chain(["+*"]).collect();
        let one = distribution(&rules);
        for (core, filler) in [
            ("/a\\b;c//d/./e%C3", ".c"),
            ("/a;b//c\\d", ".c"),
            ("/a;b//c\\d", "/p7"),
            ("//", "/p"),
            ("/..;a", "%2e%2e/"),
            ("/%2f", ";/p1"),
            ("/", "\\..;a//"),
        ] {
            for length in [2_016, 8_192] {
                let path = format!("{core}{}", filler.repeat((length - core.len()) / filler.len()));
                let (_, effort) = crate::effort::of(|| route(&one, &path).is_private());
                // Each pattern reads each form once; making the forms takes some 20 times their bytes.
                let limit = (20 + 75) * crate::viewer::readings::MAX_READING_BYTES;
                assert!(effort <= limit, "{effort} for {core} and {filler}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn whatever_an_origin_reads_is_as_private_as_its_own_path(
            path in PIECES,
            tail in "(/members/secret\\.txt|/%6dembers/s|/x/members/s|)",
        ) {
            let path = format!("/{path}{tail}");
            for rules in [&["+*", "-/members/*"][..], &["-*", "+*.css", "+/x/*"], &["+*", "-*.txt"]] {
                let one = distribution(rules);
                let found = route(&one, &path);
                for (origin, read) in origins::all(&path) {
                    let is_private = one.behavior_for(&read).is_private();
                    prop_assert!(found.is_private() || !is_private, "{} reads {:?} as {:?}", origin, path, read);
                }
            }
        }

        #[test]
        fn what_is_called_private_needs_credentials_in_every_reading(path in PIECES, tail in "(/members/s|)") {
            let path = format!("/{path}{tail}");
            let one = below_a_public_default();
            let pattern = "/members/*".parse().unwrap();
            prop_assert_eq!(one.exposed(&pattern), Ok(None));
            for (origin, read) in origins::all(&path) {
                let needs = !read.starts_with("/members/") || route(&one, &path).is_private();
                prop_assert!(needs, "{} reads {:?} as {:?}", origin, path, read);
            }
        }
    }
}
