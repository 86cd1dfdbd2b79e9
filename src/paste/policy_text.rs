//! A policy that comes alone: its JSON, or what it is in a link.

use percent_encoding::percent_decode_str;

use crate::access::encoding::{decode, encode};

/// The value of a `Policy` parameter that stands alone on a line.
pub(super) fn encoded(line: &str) -> Option<String> {
    let value = line.trim().trim_matches(['"', '\'', ',']);
    let value = value.strip_prefix("Policy=").or_else(|| value.strip_prefix("Policy: ")).unwrap_or(value);
    let decoded = percent_decode_str(value).decode_utf8().ok()?;
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || "-_~+/=".contains(c);
    if value.len() < MIN_ENCODED || !decoded.chars().all(of_base64) {
        return None;
    }
    let text = decode(decoded.as_bytes()).ok()?;
    looks_like_one(&String::from_utf8_lossy(&text)).then(|| value.to_owned())
}

/// The same of a policy's text, whether it can be read or not.
pub(super) fn of_json(text: &str) -> Option<String> {
    looks_like_one(text).then(|| encode(text.trim().as_bytes()))
}

/// Whether a text is meant as CloudFront's policy: those of IAM have actions.
fn looks_like_one(text: &str) -> bool {
    let begins = text.trim_start().starts_with('{');
    let has = |word: &str| text.contains(word);
    begins
        && has("Statement")
        && (has("Resource") || has("DateLessThan"))
        && !["\"Action\"", "\"Effect\"", "\"Principal\"", "\"NotAction\""].iter().any(|word| has(word))
}

const MIN_ENCODED: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_recognised_in_both_forms() {
        let policy =
            r#"{"Statement":[{"Resource":"https://a/*","Condition":{"DateLessThan":{"AWS:EpochTime":1}}}]}"#;
        let in_link = encode(policy.as_bytes());
        assert_eq!(of_json(policy).as_deref(), Some(in_link.as_str()));
        for text in [in_link.clone(), format!("Policy={in_link}"), format!("\"{in_link}\",")] {
            assert_eq!(encoded(&text).as_deref(), Some(in_link.as_str()));
        }
        assert!(of_json(r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#).is_none());
        for text in ["hello", "e30_", "https://a/"] {
            assert_eq!(encoded(text), None);
        }
    }
}
