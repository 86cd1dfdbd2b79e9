//! What is wrong with how the key is named, or with what was sent at all (cloudfront 3.3, 3.4 and 11).

use crate::access::credentials::{CredentialSource, Credentials, SIGNING_PARAMETERS};
use crate::distribution::Distributions;
use crate::distribution::behavior::Restriction;
use crate::viewer::ViewerRequest;

/// Cloudfront 11.2, 11.12 and 11.13, and names in the wrong case.
pub(in crate::explain) fn key_pair_id(
    request: &ViewerRequest<'_>,
    sent: &Credentials<'_>,
    distributions: &Distributions,
) -> Option<String> {
    if let Some(id) = sent.key_pair_id.as_deref().filter(|id| !id.is_empty()) {
        return Some(not_an_id(&String::from_utf8_lossy(id), distributions));
    }
    let query = request.target.query.unwrap_or("");
    if query.contains("X-Amz-Signature=") || query.contains("AWSAccessKeyId=") {
        return Some(
            "this is an S3 presigned URL; CloudFront expects Expires or Policy, Signature and Key-Pair-Id"
                .to_owned(),
        );
    }
    if query.contains("&amp;") {
        return Some("`&amp;` was copied out of HTML: write it as `&`".to_owned());
    }
    if let Some(found) = miscased(request) {
        return Some(format!("names are case-sensitive: {found} was sent"));
    }
    let has_cookies = request.cookies.iter().any(|field| contains(field, b"CloudFront-"));
    match sent.source {
        Some(CredentialSource::Query) if has_cookies => Some(
            "a query parameter named Expires, Policy, Signature or Key-Pair-Id makes this a signed URL, so the signing \
             cookies are not looked at; the application must name its own parameter differently"
                .to_owned(),
        ),
        Some(_) => None,
        None if has_cookies => {
            Some("there are CloudFront-* cookies, but none of the signing ones; names are case-sensitive".to_owned())
        }
        None => Some(
            "was the link opened as it was signed? With cookies: the browser sends them only where Domain, Path, Secure \
             and SameSite fit, and scripts only with `credentials: \"include\"`"
                .to_owned(),
        ),
    }
}

/// Cloudfront 11.2: the id of a group in place of one of its keys'.
pub(in crate::explain) fn key_group(id: &str, distributions: &Distributions) -> Option<String> {
    let behaviors = distributions.list.iter().flat_map(|one| one.all_behaviors());
    let groups = behaviors.filter_map(|behavior| match &behavior.restriction {
        Restriction::Signed(groups) => Some(groups),
        Restriction::Open => None,
    });
    let group = groups.flatten().find(|group| group.id == id)?;
    let keys: Vec<&str> = group.keys.iter().map(|key| key.id().as_str()).collect();
    Some(format!("{id} is a key group; Key-Pair-Id is the id of one of its keys: {}", keys.join(", ")))
}

fn not_an_id(id: &str, distributions: &Distributions) -> String {
    if let Some(hint) = key_group(id, distributions) {
        return hint;
    }
    if id.contains("BEGIN") {
        return "this is a PEM; Key-Pair-Id is the id under which the public key was uploaded, such as K2JCJMDEHXQW5F"
            .to_owned();
    }
    if is_uuid(id) {
        return "this looks like the id of a key group; Key-Pair-Id is the id of a public key, such as K2JCJMDEHXQW5F"
            .to_owned();
    }
    "the id of a public key is K and 13 letters or digits, such as K2JCJMDEHXQW5F".to_owned()
}

pub(in crate::explain) fn is_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// A parameter or cookie whose name is a signing one but for its letters' case.
pub(in crate::explain) fn miscased(request: &ViewerRequest<'_>) -> Option<String> {
    let name_of = |pair: &str| pair.split('=').next().unwrap_or("").trim().to_owned();
    let cookies: String = request.cookies.iter().map(|field| String::from_utf8_lossy(field) + ";").collect();
    let mut parameters = request.target.query.unwrap_or("").split('&').map(name_of);
    let mut cookies = cookies.split(';').map(name_of);
    let miscased = |name: &String, right: &str| name.eq_ignore_ascii_case(right) && name != right;
    let is_signing = |name: &String| SIGNING_PARAMETERS.iter().any(|right| miscased(name, right));
    let is_cookie =
        |name: &String| SIGNING_PARAMETERS.iter().any(|right| miscased(name, &format!("CloudFront-{right}")));
    parameters.find(is_signing).or_else(|| cookies.find(is_cookie))
}

fn contains(field: &[u8], part: &[u8]) -> bool {
    field.windows(part.len()).any(|window| window == part)
}

/// Cloudfront 11.2, and a key that other paths trust.
pub(in crate::explain) fn unknown_key(
    sent: &Credentials<'_>,
    distributions: &Distributions,
) -> Option<String> {
    let id = String::from_utf8_lossy(sent.key_pair_id.as_deref()?).into_owned();
    if let Some(hint) = key_group(&id, distributions) {
        return Some(hint);
    }
    let mut places = Vec::new();
    for one in &distributions.list {
        for behavior in one.all_behaviors().filter(|behavior| behavior.restriction.key(&id).is_some()) {
            places.push(format!("`{}` of {}", behavior.pattern(), one.id));
        }
    }
    if !places.is_empty() {
        return Some(format!("the key is trusted by {}, not by this path", places.join(", ")));
    }
    if id.len() == 20 && (id.starts_with("AKIA") || id.starts_with("ASIA")) {
        return Some("this is an AWS access key; CloudFront takes the id of a public key (K…)".to_owned());
    }
    let near =
        distributions.list.iter().flat_map(|one| one.all_behaviors()).flat_map(|b| b.restriction.keys());
    let near = near.map(|key| key.id().as_str()).find(|known| known.eq_ignore_ascii_case(&id));
    near.map(|known| format!("ids are case-sensitive: {known} is trusted"))
}
