//! Headers that responses lose or gain on their way to the viewer: CloudFront's response headers policies (cloudfront 9.4).

use http::header::{HeaderMap, HeaderName, HeaderValue, SERVER};

use super::cors::{AllowedOrigins, Cors};
use super::cors_request::CorsRequest;

/// A policy; a behavior has at most one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHeadersPolicy {
    /// Its name.
    pub id: String,
    /// What is removed, before anything is added.
    pub removes: Vec<HeaderName>,
    /// What is granted to scripts of other origins.
    pub cors: Option<Cors>,
    /// Security headers and custom ones.
    pub adds: Vec<AddedHeader>,
    /// How often `Server-Timing` is sent.
    pub server_timing: Option<Sampling>,
}

/// A header with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedHeader {
    /// Its name.
    pub name: HeaderName,
    /// Its value, which may be empty.
    pub value: HeaderValue,
    /// Whether it replaces what the origin says under that name.
    pub overrides: bool,
}

/// A share of all responses, in millionths: AWS takes percentages with four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling(u32);

impl Sampling {
    /// Of a percentage, 0 to 100.
    #[must_use]
    pub fn percent(percent: f64) -> Option<Self> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 0 and a million"
        )]
        (0.0..=100.0).contains(&percent).then(|| Self((percent * 10_000.0).round() as u32))
    }

    /// Whether a response is chosen by a number that is evenly spread.
    #[must_use]
    pub fn takes(self, random: u64) -> bool {
        random % 1_000_000 < u64::from(self.0)
    }
}

impl ResponseHeadersPolicy {
    /// Removes and adds, but for `Server-Timing`. A `Server` that is removed is CloudFront's own afterwards (AWS's guide).
    pub fn apply(&self, headers: &mut HeaderMap, asked: &CorsRequest) {
        for name in &self.removes {
            headers.remove(name);
            if *name == SERVER {
                headers.insert(SERVER, HeaderValue::from_static("CloudFront"));
            }
        }
        if let Some(cors) = &self.cors {
            cors.apply(headers, asked);
        }
        for AddedHeader { name, value, overrides } in &self.adds {
            if *overrides || !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
    }

    /// One of CloudFront's own, by its name, with or without `Managed-`, or by its id (cloudfront 9.4).
    #[must_use]
    pub fn managed(name: &str) -> Option<Self> {
        let bare = name.strip_prefix("Managed-").unwrap_or(name);
        let (_, id) = *MANAGED.iter().find(|(aws, id)| *aws == name || *id == bare)?;
        let cors = match id {
            "SecurityHeadersPolicy" => None,
            "SimpleCORS" | "CORS-and-SecurityHeadersPolicy" => Some(for_everyone(false)),
            _with_preflight => Some(for_everyone(true)),
        };
        let adds = if id.ends_with("SecurityHeadersPolicy") { security_headers() } else { Vec::new() };
        Some(Self { id: id.to_owned(), cors, adds, ..Self::default() })
    }
}

/// The values of the preflight policies are `[RECALL]`.
fn for_everyone(with_preflight: bool) -> Cors {
    let on_preflight = |value| with_preflight.then(|| HeaderValue::from_static(value));
    Cors {
        allow_origins: AllowedOrigins::Any,
        allow_credentials: false,
        allow_methods: on_preflight("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        allow_headers: None,
        echoes_headers: false,
        expose_headers: on_preflight("*"),
        exposes_on_preflights_only: true,
        max_age: None,
        overrides: false,
    }
}

/// Which header overrides is `[DOC]`; the values but `nosniff` are `[RECALL]`.
fn security_headers() -> Vec<AddedHeader> {
    let header = |name, value, overrides| AddedHeader {
        name: HeaderName::from_static(name),
        value: HeaderValue::from_static(value),
        overrides,
    };
    vec![
        header("referrer-policy", "strict-origin-when-cross-origin", false),
        header("strict-transport-security", "max-age=31536000", false),
        header("x-content-type-options", "nosniff", true),
        header("x-frame-options", "SAMEORIGIN", false),
        header("x-xss-protection", "1; mode=block", false),
    ]
}

/// CloudFront's policies: AWS's id, and the name.
pub const MANAGED: [(&str, &str); 5] = [
    ("60669652-455b-4ae9-85a4-c4c02393f86c", "SimpleCORS"),
    ("5cc3b908-e619-4b99-88e5-2cf7f45965bd", "CORS-With-Preflight"),
    ("67f7725c-6f97-4210-82d7-5512b31e9d03", "SecurityHeadersPolicy"),
    ("e61eb60c-9c35-4d20-a928-2b84e02af89c", "CORS-and-SecurityHeadersPolicy"),
    ("eaab4381-ed33-4a86-88ca-d9558dc6cd63", "CORS-with-preflight-and-SecurityHeadersPolicy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn from(origin: &'static str, is_preflight: bool) -> CorsRequest {
        CorsRequest { origin: Some(HeaderValue::from_static(origin)), is_preflight, ..CorsRequest::default() }
    }

    fn listing(overrides: bool) -> ResponseHeadersPolicy {
        let cors = Cors {
            allow_origins: AllowedOrigins::Listed(vec!["https://app.example.com".parse().unwrap()]),
            allow_credentials: true,
            allow_methods: Some(HeaderValue::from_static("GET")),
            allow_headers: Some(HeaderValue::from_static("Range")),
            echoes_headers: false,
            expose_headers: Some(HeaderValue::from_static("Content-Range")),
            exposes_on_preflights_only: false,
            max_age: Some(HeaderValue::from_static("600")),
            overrides,
        };
        ResponseHeadersPolicy { cors: Some(cors), ..ResponseHeadersPolicy::default() }
    }

    #[test]
    fn grants_depend_on_who_asks_and_on_what_the_origin_says() {
        const ACAO: &str = "access-control-allow-origin";
        const ACAC: &str = "access-control-allow-credentials";
        let app = "https://app.example.com";
        let all: &[(&str, &str)] = &[
            ("vary", "Origin"),
            (ACAO, app),
            (ACAC, "true"),
            ("access-control-expose-headers", "Content-Range"),
        ];
        let preflight: Vec<_> = [
            all,
            &[
                ("access-control-allow-methods", "GET"),
                ("access-control-allow-headers", "Range"),
                ("access-control-max-age", "600"),
            ],
        ]
        .concat();
        type Fields<'a> = &'a [(&'static str, &'static str)];
        for (overrides, asked, sent, expected) in [
            (false, from(app, false), &[][..] as Fields<'_>, all),
            (false, from(app, true), &[], &preflight),
            (false, from("https://evil.net", false), &[], &[("vary", "Origin")]),
            (false, CorsRequest::default(), &[], &[("vary", "Origin")]),
            (false, from(app, false), &[("vary", "*")], &[&[("vary", "*")], &all[1..]].concat()),
            // The origin's own stays, and credentials are not granted to whom it names.
            (
                false,
                from(app, false),
                &[(ACAO, "https://other.net")],
                &[("vary", "Origin"), (ACAO, "https://other.net"), all[3]],
            ),
            (true, from(app, false), &[(ACAO, "https://other.net")], all),
            (true, from("https://evil.net", false), &[(ACAO, "*"), (ACAC, "true")], &[("vary", "Origin")]),
            (false, from("https://evil.net", false), &[(ACAO, "*")], &[("vary", "Origin"), (ACAO, "*")]),
        ] {
            let mut headers = map(sent);
            listing(overrides).apply(&mut headers, &asked);
            assert_eq!(headers, map(expected), "{overrides} {asked:?} {sent:?}");
        }
    }

    #[test]
    fn what_is_removed_goes_first_and_what_is_added_gives_way_unless_it_overrides() {
        let added = |name, value, overrides| AddedHeader {
            name: HeaderName::from_static(name),
            value: HeaderValue::from_static(value),
            overrides,
        };
        let policy = ResponseHeadersPolicy {
            removes: vec![HeaderName::from_static("x-powered-by"), HeaderName::from_static("x-both"), SERVER],
            adds: vec![
                added("x-both", "ours", false),
                added("x-soft", "ours", false),
                added("x-hard", "ours", true),
            ],
            ..ResponseHeadersPolicy::default()
        };
        let mut headers = map(&[
            ("x-powered-by", "php"),
            ("x-both", "theirs"),
            ("server", "app"),
            ("x-soft", "theirs"),
            ("x-hard", "theirs"),
        ]);
        policy.apply(&mut headers, &CorsRequest::default());
        let expected =
            map(&[("server", "CloudFront"), ("x-both", "ours"), ("x-soft", "theirs"), ("x-hard", "ours")]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn managed_policies_go_by_name_and_by_id() {
        for (aws, id) in MANAGED {
            for name in [aws.to_owned(), id.to_owned(), format!("Managed-{id}")] {
                assert_eq!(ResponseHeadersPolicy::managed(&name).unwrap().id, id);
            }
        }
        assert_eq!(ResponseHeadersPolicy::managed("SimpleCors"), None);
    }

    #[test]
    fn a_sampling_takes_its_share() {
        for (percent, taken) in [(0.0, 0), (0.0001, 1), (50.0, 500_000), (100.0, 1_000_000)] {
            let sampling = Sampling::percent(percent).unwrap();
            assert_eq!((0..1_000_000).filter(|&number| sampling.takes(number)).count(), taken, "{percent}");
        }
        assert_eq!(
            (Sampling::percent(-0.1), Sampling::percent(100.1), Sampling::percent(f64::NAN)),
            (None, None, None)
        );
    }
}
