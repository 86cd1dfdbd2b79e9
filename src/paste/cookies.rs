//! Signed cookies as people have them, and the URL that their policy is for.

use serde_json::Value;

use crate::access::encoding::{decode, percent_decoded};
use crate::access::policy::Policy;

/// The pairs of a line that is a cookie header, `Set-Cookie`, curl's `-b` or a line of its cookie jar.
pub(crate) fn in_line(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(rest) = without_name(line, "set-cookie:") {
        // What follows the first pair is for the browser.
        return Some(rest.split(';').next().unwrap_or_default().trim().to_owned());
    }
    if let Some(rest) = without_name(line, "cookie:") {
        return Some(rest.trim().to_owned());
    }
    if line.starts_with("-b ") || line.starts_with("--cookie ") {
        return super::words::split(line)?.into_iter().nth(1);
    }
    let fields: Vec<&str> = line.split('\t').collect();
    if let [_, _, _, _, _, name, value] = fields.as_slice()
        && without_name(name, "cloudfront-").is_some()
    {
        return Some(format!("{name}={value}"));
    }
    let is_signing = without_name(line, "cloudfront-").is_some_and(|rest| rest.contains('='));
    is_signing.then(|| line.to_owned())
}

/// What follows a name, whose letters' case doesn't count.
fn without_name<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let begin = line.get(..name.len())?;
    begin.eq_ignore_ascii_case(name).then(|| &line[name.len()..])
}

/// The pairs of an object such as `sign cookies --format json` prints.
pub(super) fn in_object(text: &str) -> Option<String> {
    let json: Value = serde_json::from_str(text).ok()?;
    let pairs = json.as_object()?.iter().filter_map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        name.starts_with("CloudFront-").then(|| format!("{name}={value}"))
    });
    Some(pairs.collect::<Vec<_>>().join("; ")).filter(|pairs| !pairs.is_empty())
}

/// The one URL that the policy in the cookies is for.
///
/// # Errors
/// Says what is missing where there is none.
pub(super) fn url_of(cookies: &[String]) -> Result<String, String> {
    let pairs =
        cookies.iter().flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, value)) = pairs.clone().find(|(name, _)| *name == "CloudFront-Policy") else {
        let is_canned = pairs.clone().any(|(name, _)| name == "CloudFront-Expires");
        return Err(if is_canned {
            "a canned policy is for the URL that is asked for, and none was given".to_owned()
        } else {
            "there is no CloudFront-Policy among the cookies that would name a URL".to_owned()
        });
    };
    let text = decode(&percent_decoded(value.as_bytes()))
        .map_err(|error| format!("CloudFront-Policy, which would name a URL, can't be read: {error}"))?;
    let policy = Policy::parse(&text)
        .map_err(|fault| format!("CloudFront-Policy, which would name a URL, can't be read: {fault}"))?;
    let Some(resource) = policy.resource.map(|resource| resource.to_string()) else {
        return Err("the policy has no Resource, so it is for every URL".to_owned());
    };
    // The first `?` may be the query's beginning.
    if resource.contains('*') || resource.matches('?').count() > 1 || !resource.contains("://") {
        return Err(format!("the policy is for `{resource}`, which is more than one URL"));
    }
    Ok(resource)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_cookie_is_read() {
        for (line, pairs) in [
            ("Cookie: CloudFront-Policy=a; b=c", Some("CloudFront-Policy=a; b=c")),
            ("cookie: x=1", Some("x=1")),
            ("Set-Cookie: CloudFront-Signature=a~; Path=/; Secure", Some("CloudFront-Signature=a~")),
            (
                "CloudFront-Expires=1; CloudFront-Signature=b",
                Some("CloudFront-Expires=1; CloudFront-Signature=b"),
            ),
            ("-b 'CloudFront-Expires=1; x=y'", Some("CloudFront-Expires=1; x=y")),
            ("#HttpOnly_.a.com\tTRUE\t/\tTRUE\t0\tCloudFront-Policy\tabc", Some("CloudFront-Policy=abc")),
            ("https://a.com/", None),
            ("é", None),
        ] {
            assert_eq!(in_line(line).as_deref(), pairs, "{line}");
        }
        assert_eq!(in_object(r#"{"CloudFront-Expires":1,"x":"y"}"#).as_deref(), Some("CloudFront-Expires=1"));
        assert_eq!(in_object("{}"), None);
    }

    #[test]
    fn a_policy_names_its_url_unless_it_has_wildcards() {
        let cookies = |resource: &str| {
            let policy = format!(
                r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":1}}}}}}]}}"#
            );
            [format!("x=y; CloudFront-Policy={}", crate::access::encoding::encode(policy.as_bytes()))]
        };
        assert_eq!(url_of(&cookies("https://a/x?b=1")), Ok("https://a/x?b=1".to_owned()));
        for (given, word) in [
            (cookies("https://a/*").to_vec(), "more than one"),
            (vec!["CloudFront-Expires=1".to_owned()], "canned"),
            (vec!["CloudFront-Policy=+++".to_owned()], "can't be read"),
            (vec!["CloudFront-Policy=e30_".to_owned()], "can't be read"),
            (vec!["x=y".to_owned()], "no CloudFront-Policy"),
        ] {
            let error = url_of(&given).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
