//! Keys of CloudFront's configuration that have no counterpart here, or one under another name.

/// What to do with a key of CloudFront's, in whatever letter case; none for a key that CloudFront doesn't have either.
pub(super) fn of(key: &str) -> Option<&'static str> {
    let key = kebab(key);
    KEYS.iter().find(|(keys, _)| keys.contains(&key.as_str())).map(|(_, help)| *help)
}

/// `TargetOriginId` and `target_origin_id` as `target-origin-id`, `WebACLId` as `web-acl-id`.
pub(super) fn kebab(key: &str) -> String {
    let mut kebab = String::with_capacity(key.len() + 4);
    let mut last = None;
    let mut characters = key.chars().peekable();
    while let Some(character) = characters.next() {
        let ends_acronym = characters.peek().is_some_and(char::is_ascii_lowercase);
        let begins_word = character.is_ascii_uppercase()
            && last.is_some_and(|last: char| !last.is_ascii_uppercase() || ends_acronym);
        if begins_word && last != Some('_') && last != Some('-') {
            kebab.push('-');
        }
        last = Some(character);
        kebab.push(if character == '_' { '-' } else { character.to_ascii_lowercase() });
    }
    kebab
}

/// By what helps.
const KEYS: [(&[&str], &str); 15] = [
    (
        &[
            "cache-policy",
            "cache-policy-id",
            "min-ttl",
            "max-ttl",
            "default-ttl",
            "cached-methods",
            "forwarded-values",
        ],
        "leave it out: each request goes to the origin, as with the policy `CachingDisabled`",
    ),
    (&["compress"], "leave it out: responses keep the encoding that the origin gave them"),
    (&["smooth-streaming", "field-level-encryption-id", "field-level-encryption"], LEAVE_OUT),
    (
        &["function-associations", "lambda-function-associations", "lambda-at-edge"],
        "leave it out: no code runs at the edge",
    ),
    (&["realtime-log-config-arn", "realtime-log-config"], "[access-log] writes a line for each request"),
    (&["logging"], "[access-log] writes CloudFront's standard log"),
    (
        &[
            "viewer-certificate",
            "acm-certificate-arn",
            "iam-certificate-id",
            "ssl-support-method",
            "cloud-front-default-certificate",
        ],
        "certificates are files: [[server.https]] certificates",
    ),
    (&["trusted-signers"], "keys of accounts are not emulated; `trusted-key-groups` takes public keys"),
    (&["restrictions"], "[distributions.geo-restriction] has `allow` or `block`"),
    (&["web-acl-id", "waf"], "leave it out: no requests are filtered by rules"),
    (
        &["http-version", "is-ipv6-enabled"],
        "leave it out: `listen` addresses decide on IPv6, TLS listeners speak HTTP/2 and HTTP/1.1",
    ),
    (
        &[
            "price-class",
            "enabled",
            "comment",
            "caller-reference",
            "staging",
            "continuous-deployment-policy-id",
            "anycast-ip-list-id",
            "tags",
            "tenant-config",
            "connection-mode",
            "quantity",
            "arn",
            "status",
        ],
        LEAVE_OUT,
    ),
    (&["origin-shield", "vpc-origin-config", "grpc-config"], LEAVE_OUT),
    (
        &["custom-origin-config", "http-port-number", "origin-ssl-protocols"],
        "an origin has `url`; `protocol-policy`, `http-port` and `https-port` stand beside it",
    ),
    (
        &["s3-origin-config", "origin-access-control-id", "origin-access-control", "origin-access-identity"],
        "a bucket is `s3 = { bucket = \"…\", region = \"…\" }`, whose `sign` is the origin access control",
    ),
];
const LEAVE_OUT: &str = "leave it out: nothing here depends on it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_each_letter_case() {
        for key in [
            "cache-policy",
            "CachePolicyId",
            "cache_policy_id",
            "compress",
            "Compress",
            "PriceClass",
            "WebACLId",
            "HttpVersion",
            "IsIPV6Enabled",
            "OriginShield",
            "S3OriginConfig",
            "minTtl",
            "MinTTL",
        ] {
            assert!(of(key).is_some(), "{key}: {}", kebab(key));
        }
        for key in ["target-origin", "aliases", "compression", "zzz", "", "TTL"] {
            assert_eq!(of(key), None, "{key}");
        }
    }
}
