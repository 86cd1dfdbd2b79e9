//! Random declared configurations, right or wrong.

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;

use crate::config::declared::*;

/// Text with whatever TOML has to escape.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9.:/-]{0,12}",
        1 => "\\$\\{[A-Z]{1,4}\\}",
        1 => any::<String>(),
        1 => "[\"'\\\\\n\r\t #=\\[\\]{},\u{0}\u{1b}\u{7f}\u{e9}\u{1f600}]{0,8}",
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

fn time() -> impl Strategy<Value = Time> {
    text().prop_map(Time)
}

fn size() -> impl Strategy<Value = Size> {
    text().prop_map(Size)
}

/// As far as TOML has whole numbers.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..=600_u64, 0..=i64::MAX.unsigned_abs()]
}

prop_compose! {
    fn limits()(times in proptest::array::uniform7(time()), max_head_size in size(), numbers in proptest::array::uniform6(number()))
        -> Limits {
        let [handshake_timeout, proxy_header_timeout, head_timeout, idle_timeout, body_timeout, write_timeout, websocket_idle_timeout] = times;
        let [connections_per_worker, origin_connections_per_worker, origin_connections_per_viewer, early_resets, streams_per_connection, idle_frames_per_second] = numbers;
        Limits {
            handshake_timeout, proxy_header_timeout, head_timeout, idle_timeout, body_timeout, write_timeout,
            websocket_idle_timeout, max_head_size, connections_per_worker, origin_connections_per_worker,
            origin_connections_per_viewer, early_resets, streams_per_connection, idle_frames_per_second,
        }
    }
}

prop_compose! {
    fn https()(listen in texts(), minimum_protocol_version in text(), proxy_protocol: bool, files in vec((text(), text()), 0..3))
        -> HttpsListener {
        let certificates =
            files.into_iter().map(|(certificate, private_key)| CertificateFiles { certificate, private_key });
        HttpsListener { listen, minimum_protocol_version, proxy_protocol, certificates: certificates.collect() }
    }
}

prop_compose! {
    fn server()(
        (listen, https, trusted_proxies) in (of(texts()), vec(https(), 0..3), texts()),
        limits in limits().boxed(), proxy_protocol: bool, (workers, redirect_port) in (number(), of(number())),
        shutdown_grace in time(), reload in text(), (unknown_host, country_database) in (of(text()), of(text())),
    ) -> Server {
        Server {
            listen, proxy_protocol, https, trusted_proxies, limits, workers, shutdown_grace, reload, redirect_port,
            unknown_host, country_database,
        }
    }
}

prop_compose! {
    fn access_log()(format in text(), file in of(text()), signatures in text(), include_cookies: bool) -> AccessLog {
        AccessLog { format, file, signatures, include_cookies }
    }
}

prop_compose! {
    fn admin()(listen in text(), token_file in of(text()), console: bool) -> Admin {
        Admin { listen, token_file, console }
    }
}

prop_compose! {
    fn public_key()(id in text(), file in of(text()), pem in of(text()), allow_short: bool) -> PublicKey {
        PublicKey { id, file, pem, allow_short }
    }
}

prop_compose! {
    fn key_group()(id in text(), public_keys in texts()) -> KeyGroup {
        KeyGroup { id, public_keys }
    }
}

prop_compose! {
    fn rule()(behavior in text(), items in of(texts())) -> ForwardingRule {
        ForwardingRule { behavior, items }
    }
}

prop_compose! {
    fn origin_request_policy()(id in text(), headers in rule(), cookies in rule(), query_strings in rule())
        -> OriginRequestPolicy {
        OriginRequestPolicy { id, headers, cookies, query_strings }
    }
}

prop_compose! {
    fn cors()(lists in proptest::array::uniform4(texts()), allow_credentials: bool, max_age in of(time()), r#override: bool) -> Cors {
        let [allow_origins, allow_methods, allow_headers, expose_headers] = lists;
        Cors { allow_origins, allow_credentials, allow_methods, allow_headers, expose_headers, max_age, r#override }
    }
}

prop_compose! {
    fn security_header()(value in text(), r#override: bool) -> SecurityHeader {
        SecurityHeader { value, r#override }
    }
}

prop_compose! {
    fn security_headers()(headers in proptest::array::uniform6(of(security_header()))) -> SecurityHeaders {
        let [strict_transport_security, frame_options, content_type_options, referrer_policy, xss_protection, content_security_policy] = headers;
        SecurityHeaders {
            strict_transport_security, frame_options, content_type_options, referrer_policy, xss_protection,
            content_security_policy,
        }
    }
}

prop_compose! {
    fn added_header()(header in text(), value in text(), r#override: bool) -> AddedHeader {
        AddedHeader { header, value, r#override }
    }
}

prop_compose! {
    fn response_headers_policy()(
        id in text(), remove_headers in texts(), sampling in of(-2_000_000..2_000_000_i32), cors in of(cors()),
        security_headers in security_headers(), custom_headers in vec(added_header(), 0..3),
    ) -> ResponseHeadersPolicy {
        let server_timing_sampling = sampling.map(|share| f64::from(share) / 10_000.0);
        ResponseHeadersPolicy { id, remove_headers, server_timing_sampling, cors, security_headers, custom_headers }
    }
}

prop_compose! {
    fn bucket()(
        bucket in text(), region in text(), endpoint in of(text()), path_style: bool, sign in text(),
        profile in of(text()), credentials_file in of(text()),
    ) -> Bucket {
        Bucket { bucket, region, endpoint, path_style, sign, profile, credentials_file }
    }
}

prop_compose! {
    fn origin()(
        id in text(), (url, s3, protocol_policy, certificate_authority) in (of(text()), of(bucket()), of(text()), of(text())),
        (http_port, https_port) in (of(number()), of(number())), origin_path in text(), connection_attempts in number(),
        times in proptest::array::uniform3(time()), custom_headers in btree_map(text(), text(), 0..3),
    ) -> Origin {
        let [connection_timeout, response_timeout, keep_alive_timeout] = times;
        Origin {
            id, url, s3, protocol_policy, http_port, https_port, certificate_authority, origin_path, connection_attempts,
            connection_timeout, response_timeout, keep_alive_timeout, custom_headers,
        }
    }
}

prop_compose! {
    fn behavior(has_pattern: bool)(
        pattern in text(), target_origin in text(), (trusted_key_groups, allowed_methods) in (texts(), texts()),
        viewer_protocol_policy in text(), origin_request_policy in text(), response_headers_policy in of(text()),
        switches in proptest::array::uniform3(any::<bool>()),
    ) -> CacheBehavior {
        let [preflight_without_credentials, policy_headers_on_denials, forward_signing_cookies] = switches;
        CacheBehavior {
            path_pattern: has_pattern.then_some(pattern), target_origin, trusted_key_groups, allowed_methods,
            viewer_protocol_policy, origin_request_policy, response_headers_policy, preflight_without_credentials,
            policy_headers_on_denials, forward_signing_cookies,
        }
    }
}

prop_compose! {
    fn origin_group()(id in text(), members in texts(), failover_on in vec(number(), 0..3)) -> OriginGroup {
        OriginGroup { id, members, failover_on }
    }
}

prop_compose! {
    fn error_response()(
        error_code in number(), response_page_path in of(text()), response_code in of(number()),
        error_caching_min_ttl in of(time()),
    ) -> CustomErrorResponse {
        CustomErrorResponse { error_code, response_page_path, response_code, error_caching_min_ttl }
    }
}

prop_compose! {
    fn distribution()(
        (id, domain_name, default_root_object) in (text(), text(), of(text())),
        (aliases, public_base_urls) in (texts(), texts()), geo in of((of(texts()), of(texts()))),
        origins in vec(origin().boxed(), 0..3), origin_groups in vec(origin_group(), 0..2),
        custom_error_responses in vec(error_response(), 0..2), default_cache_behavior in behavior(false).boxed(),
        cache_behaviors in vec(behavior(true).boxed(), 0..3),
    ) -> Distribution {
        let geo_restriction = geo.map(|(allow, block)| GeoRestriction { allow, block });
        Distribution {
            id, domain_name, aliases, public_base_urls, default_root_object, geo_restriction, origins, origin_groups,
            custom_error_responses, default_cache_behavior, cache_behaviors,
        }
    }
}

prop_compose! {
    /// Any configuration that TOML can hold.
    pub(super) fn configuration()(
        server in server().boxed(), max_size in size(), (access_log, admin) in (of(access_log()), of(admin())),
        public_keys in vec(public_key(), 0..3), key_groups in vec(key_group(), 0..3),
        origin_request_policies in vec(origin_request_policy(), 0..2),
        response_headers_policies in vec(response_headers_policy().boxed(), 0..2), distributions in vec(distribution().boxed(), 0..3),
    ) -> Configuration {
        Configuration {
            server, verified_policy_cache: VerifiedPolicyCache { max_size }, access_log, admin, public_keys, key_groups,
            origin_request_policies, response_headers_policies, distributions,
        }
    }
}
