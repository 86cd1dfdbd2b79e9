//! Signing values that somebody cut out: a log of ours, or whoever asks for help in public.

use crate::access::encoding::percent_decoded;
use crate::explain::Unknown;

/// What isn't known of a request, and the words for it.
pub(crate) fn unknown(target: &str, cookies: &[Vec<u8>]) -> (Unknown, Option<String>) {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').filter_map(|pair| pair.split_once('='));
    let fields: Vec<_> = cookies.iter().map(|field| String::from_utf8_lossy(field)).collect();
    let pairs =
        fields.iter().flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let in_cookies = pairs.filter_map(|(name, value)| Some((name.strip_prefix("CloudFront-")?, value)));
    let mut unknown = Unknown::default();
    let mut names = Vec::new();
    for (name, _) in in_query.chain(in_cookies).filter(|(_, value)| is_cut_out(value)) {
        match name {
            "Signature" => unknown.signature = true,
            "Policy" => unknown.policy = true,
            _ => continue,
        }
        names.push(name);
    }
    let note = (!names.is_empty()).then(|| {
        format!(
            "{} {} cut out: what can be judged without is judged (Frontgate's log holds them with \
             `[access-log] signatures = \"full\"`)",
            names.join(" and "),
            if names.len() == 1 { "was" } else { "were" }
        )
    });
    (unknown, note)
}

/// `...`, `…`, `***`, `REDACTED`, `<signature>` and the like.
fn is_cut_out(value: &str) -> bool {
    let decoded = percent_decoded(value.as_bytes());
    let text = String::from_utf8_lossy(&decoded);
    let text = text.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')']);
    let is_sign = |sign: char| matches!(sign, '.' | '…' | '*' | 'x' | 'X');
    (!text.is_empty() && text.chars().all(is_sign))
        || ["redacted", "removed", "hidden", "-", "signature", "policy"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_out_is_recognised() {
        for (value, is_cut) in [
            ("...", true),
            ("%E2%80%A6", true),
            ("<redacted>", true),
            ("XXXX", true),
            ("-", true),
            ("", false),
            ("abc~", false),
        ] {
            let (found, note) = unknown(&format!("/x?Signature={value}&Policy=abc"), &[]);
            assert_eq!((found.signature, found.policy, note.is_some()), (is_cut, false, is_cut), "{value}");
        }
        let cookies = [b"a=b; CloudFront-Policy=...; CloudFront-Signature=...".to_vec()];
        let (found, _) = unknown("/x", &cookies);
        assert!(found.signature && found.policy);
    }
}
