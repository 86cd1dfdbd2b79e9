//! Links and what they are made of: policies, CloudFront's base64, signing parameters.

use base64::prelude::{BASE64_STANDARD, Engine};

use super::keys::private_key;
use super::signatures::{Raw, sign_raw};
use super::tls::HOST;
use super::{configs, run, stdout};

const END: &str = "1990000000";

/// CloudFront's base64, written here by hand so that the product's own isn't its judge.
pub(crate) fn cloudfront_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

/// The text of a canned policy.
pub(crate) fn canned(url: &str, expires: &str) -> String {
    [
        r#"{"Statement":[{"Resource":""#,
        url,
        r#"","Condition":{"DateLessThan":{"AWS:EpochTime":"#,
        expires,
        "}}}]}",
    ]
    .concat()
}

/// The signing parameters of a link for `https://HOST` and a target.
pub(crate) fn signing_parameters(target: &str) -> String {
    let message = canned(&format!("https://{HOST}{target}"), END);
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", message)]).remove(0);
    format!("Expires={END}&Signature={}&Key-Pair-Id={}", cloudfront_base64(&signature), configs::id("rsa"))
}

/// The same as a `Cookie` field's value.
pub(crate) fn signing_cookies(target: &str) -> String {
    signing_parameters(target)
        .split('&')
        .map(|pair| format!("CloudFront-{pair}"))
        .collect::<Vec<_>>()
        .join("; ")
}

/// A link that opens `/ip/x` to one address.
pub(crate) fn link_for(address: &str) -> String {
    let policy = format!(
        r#"{{"Statement":[{{"Resource":"https://{HOST}/ip/*","Condition":{{"DateLessThan":{{"AWS:EpochTime":1990000000}},"IpAddress":{{"AWS:SourceIp":"{address}"}}}}}}]}}"#
    );
    let signature = sign_raw(&[Raw::new("rsa", "SHA1", policy.clone())]).remove(0);
    let (policy, signature) = (cloudfront_base64(policy.as_bytes()), cloudfront_base64(&signature));
    format!("/ip/x?Policy={policy}&Signature={signature}&Key-Pair-Id={}", configs::id("rsa"))
}

/// Path and query of a link that is signed for two hours.
pub(crate) fn signed(url: &str, more: &[&str]) -> String {
    let key = private_key("rsa");
    let mut args = vec![
        "sign",
        "url",
        url,
        "--expires-in",
        "2h",
        "--key-pair-id",
        configs::id("rsa"),
        "--private-key",
        &key,
    ];
    args.extend(more);
    let output = run(&args);
    assert!(output.status.success());
    format!("/{}", stdout(&output).trim().splitn(4, '/').nth(3).expect("a path"))
}
