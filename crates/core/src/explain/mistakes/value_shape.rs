//! What a signing value looks like where it is no base64 of a policy or a signature: quotes, wrapped lines, cookies of web
//! frameworks, hashes. A shape alone proves nothing unless it leaves no other reading.

use serde_json::Value;

use super::decodings::by_its_characters;
use super::mistake::{Diagnosis, Mistake};
use super::value_forms::{as_latin1, base64_within, decoded, is_wrapped, unquoted};

/// The likeliest mistake behind a value that can't be used, by its shape alone.
pub(in crate::explain) fn shape(value: &[u8]) -> Option<Diagnosis> {
    if let Some(kind) = framework_of(value) {
        return Some(kind);
    }
    if unquoted(value).is_some() {
        return Some(Mistake::QuotedValue.likely());
    }
    if is_binary_as_text(value) {
        return Some(Mistake::BinaryAsText.likely());
    }
    if is_hash(value) {
        return Some(Mistake::HmacSignature.likely());
    }
    if is_wrapped(value) {
        return Some(Mistake::LineBreaks.likely());
    }
    if is_base64_twice(value) {
        return Some(Mistake::Base64Twice.likely());
    }
    by_its_characters(value).map(Mistake::likely)
}

/// The shape of a value that can be decoded, and still is neither a policy nor a signature.
pub(in crate::explain) fn shape_of_decodable(value: &[u8]) -> Option<Diagnosis> {
    if let Some(kind) = framework_of(value) {
        return Some(kind);
    }
    if is_binary_as_text(value) {
        return Some(Mistake::BinaryAsText.likely());
    }
    if is_hash(value) {
        return Some(Mistake::HmacSignature.likely());
    }
    is_base64_twice(value).then(|| Mistake::Base64Twice.likely())
}

/// Whether what lies under two layers looks like a signature or a policy; letters alone are base64 of anything.
fn is_base64_twice(value: &[u8]) -> bool {
    base64_within(value).is_some_and(|inner| {
        let is_der = inner.first() == Some(&0x30) && (68..=72).contains(&inner.len());
        is_der || USUAL_LENGTHS.contains(&inner.len()) || inner.trim_ascii_start().starts_with(b"{")
    })
}

/// Bytes that were taken for text: what isn't UTF-8 became U+FFFD, or each byte a character of Latin-1.
fn is_binary_as_text(value: &[u8]) -> bool {
    let holds = |bytes: &[u8]| memchr::memmem::find_iter(bytes, REPLACEMENT).take(MIN_REPLACED).count();
    if holds(value) >= 1 || value.iter().filter(|byte| !byte.is_ascii()).count() >= MIN_REPLACED {
        return true;
    }
    let Some(bytes) = decoded(value) else { return false };
    holds(&bytes) >= MIN_REPLACED
        || as_latin1(&bytes).is_some_and(|bytes| USUAL_LENGTHS.contains(&bytes.len()))
}

/// Whether it has the length of an MD5, SHA-1 or SHA-256 hash, in base64 or in hexadecimal.
pub(in crate::explain) fn is_hash(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let is_hex = value.iter().all(u8::is_ascii_hexdigit);
    if is_hex && HASH_LENGTHS.contains(&(value.len() / 2)) && value.len().is_multiple_of(2) {
        return true;
    }
    let Some(bytes) = decoded(value) else { return false };
    let of_hex = bytes.iter().all(u8::is_ascii_hexdigit) && HASH_LENGTHS.contains(&(bytes.len() / 2));
    HASH_LENGTHS.contains(&bytes.len()) || of_hex
}

/// A cookie that a web framework encrypted or signed. Proven where its own object of JSON stands in it.
pub(in crate::explain) fn framework_of(value: &[u8]) -> Option<Diagnosis> {
    let text = std::str::from_utf8(value).ok()?;
    let plain = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    let named = |framework: &str| {
        format!(
            "{framework} encrypted or signed the cookie: except the CloudFront-* cookies from that, and send them as they are"
        )
    };
    if let Some(Value::Object(object)) =
        decoded(plain.as_bytes()).and_then(|bytes| serde_json::from_slice(&bytes).ok())
    {
        let has = |name: &str| object.contains_key(name);
        if has("iv") && has("value") && (has("mac") || has("tag")) {
            return Some(Diagnosis::proven(
                Mistake::FrameworkEncryptedCookie,
                named("Laravel's EncryptCookies"),
            ));
        }
        if (has("_rails") || has("message")) && !has("Statement") {
            return Some(Diagnosis::likely(Mistake::FrameworkEncryptedCookie, named("Rails")));
        }
    }
    FRAMEWORKS
        .into_iter()
        .find(|(_, fits)| fits(&plain))
        .map(|(framework, _)| Diagnosis::likely(Mistake::FrameworkEncryptedCookie, named(framework)))
}

type Fits = fn(&str) -> bool;

/// By how they write a cookie that they signed or encrypted; likely only, since other programs may write so, too.
const FRAMEWORKS: [(&str, Fits); 13] = [
    ("Express (cookie-parser)", |text| text.starts_with("s:") || text.starts_with("j:{")),
    ("Rails", is_of_rails),
    ("ASP.NET Core's data protection", |text| text.starts_with("CfDJ8")),
    ("Fernet (Python)", |text| text.starts_with("gAAAAA") && text.len() >= 100 && is_base64(text)),
    ("iron-session", |text| text.starts_with("Fe26.2*")),
    ("Phoenix", |text| text.starts_with("SFMyNTY.") || text.starts_with("QTEyOEdDTQ.")),
    ("Tornado", |text| text.starts_with("2|1:0|")),
    ("CakePHP", |text| text.starts_with("Q2FrZQ==.")),
    ("Bottle", |text| text.starts_with('!') && text.contains('?')),
    ("Django", |text| {
        // value:timestamp:signature, or value:signature
        parts(text, ":").is_some_and(|all| {
            (2..=3).contains(&all.len())
                && all.iter().all(|part| is_base64(part))
                && is_signature(all[all.len() - 1])
        })
    }),
    ("A library for encrypted JSON Web Tokens", |text| {
        // The second part, the key, is empty where the key is known to both sides.
        text.starts_with("eyJ")
            && text.split('.').count() == 5
            && text.split('.').all(|part| part.is_empty() || is_base64(part))
    }),
    ("itsdangerous (Flask), or a JSON Web Token", |text| {
        // A dot in front says that the value is compressed.
        parts(text.strip_prefix('.').unwrap_or(text), ".").is_some_and(|all| {
            all.len() <= 5 && all.iter().all(|part| is_base64(part)) && is_signature(all[all.len() - 1])
        })
    }),
    ("Yii", |text| {
        text.len() > 64
            && text.as_bytes()[..64].iter().all(u8::is_ascii_hexdigit)
            && text.as_bytes()[64..].starts_with(b"a:2:{")
    }),
];

/// `data--digest` in hexadecimal, or `data--iv--tag`. `--` alone is two `+` of CloudFront's base64.
fn is_of_rails(text: &str) -> bool {
    let Some(all) = parts(text, "--") else { return false };
    let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    match all[..] {
        [data, digest] => is_base64(data) && is_hex(digest) && [40, 64, 128].contains(&digest.len()),
        [data, iv, tag] => {
            is_base64(data)
                && is_base64(iv)
                && is_base64(tag)
                && iv.len() == 16
                && tag.ends_with("==")
                && tag.len() == 24
        }
        _ => false,
    }
}

/// Two parts or more, none of them empty.
fn parts<'t>(text: &'t str, separator: &str) -> Option<Vec<&'t str>> {
    let all: Vec<&str> = text.split(separator).take(MAX_PARTS).collect();
    (all.len() > 1 && all.iter().all(|part| !part.is_empty())).then_some(all)
}

fn is_base64(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_~+/=".contains(&byte))
}

/// Of a hash, in base64 or hexadecimal: from SHA-1 on.
fn is_signature(text: &str) -> bool {
    (26..=128).contains(&text.len())
}

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = b"\xef\xbf\xbd";
/// As many are no chance.
const MIN_REPLACED: usize = 4;
/// MD5, SHA-1, SHA-224, SHA-256. Longer ones are as long as signatures on a curve.
const HASH_LENGTHS: [usize; 6] = [16, 20, 28, 32, 48, 64];
/// Of the moduli that people use.
const USUAL_LENGTHS: [usize; 4] = [128, 256, 384, 512];
/// Parts of a signed cookie, and one more to see that there are too many.
const MAX_PARTS: usize = 7;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use base64::Engine as _;

    use super::*;
    use crate::access::encoding;
    use crate::explain::mistakes::decodings::all_decodings;
    use crate::explain::mistakes::value_forms::STANDARD;

    fn name(value: &str) -> Option<(&'static str, bool)> {
        shape(value.as_bytes()).map(|cause| (cause.mistake.as_str(), cause.proven))
    }

    #[test]
    fn values_are_named_by_their_shape() {
        let laravel = STANDARD.encode(
            r#"{"iv":"b0JEMlo3dENvQnhkd2ZSYQ==","value":"SUlYUkJF","mac":"2cfd6be7b43823b9","tag":""}"#,
        );
        let policy = encoding::encode(br#"{"Statement":[{"Resource":"https://media.example.com/dir/*"}]}"#);
        let wrapped = format!("{} {} {}", "A".repeat(64), "b".repeat(64), "c".repeat(20));
        for (value, expected) in [
            (laravel.as_str(), Some(("framework-encrypted-cookie", true))),
            (
                &format!("s:{policy}.8Bm1zqDJlA3Ev3u+JkVvP2qYb3XcS8HnHk8sFEd1zZ8"),
                Some(("framework-encrypted-cookie", false)),
            ),
            (
                &format!("{policy}--2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"),
                Some(("framework-encrypted-cookie", false)),
            ),
            (
                &format!("{policy}:1rYb2S:8Bm1zqDJlA3Ev3uaJkVvP2qYb3XcS8HnHk8sFEd1zZ8"),
                Some(("framework-encrypted-cookie", false)),
            ),
            (
                "eyJhbGciOiJkaXIifQ..AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4Hf.U0m_YmjN04DJvceFICbCVQ",
                Some(("framework-encrypted-cookie", false)),
            ),
            (
                ".eJyrVkpUslKqBQAHXAIq.aQBCDw.8Bm1zqDJlA3Ev3uaJkVvP2qYb3X",
                Some(("framework-encrypted-cookie", false)),
            ),
            (&format!("\"{policy}\""), Some(("quoted-value", false))),
            (&format!("'{policy}'"), Some(("quoted-value", false))),
            (&wrapped, Some(("line-breaks", false))),
            ("EfatjsUqKYSrqv18O1FlA3hcIHI_", Some(("hmac-signature", false))),
            ("2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", Some(("hmac-signature", false))),
            (&"5c".repeat(48), Some(("hmac-signature", false))),
            (&"5c".repeat(64), Some(("hmac-signature", false))),
            ("ab\u{fffd}cd", Some(("binary-as-text", false))),
            (&encoding::encode(policy.as_bytes()), Some(("base64-twice", false))),
        ] {
            assert_eq!(name(value), expected, "{value}");
        }
    }

    proptest! {
        /// A space of a wrapped line is no `+`, wherever the lines end.
        #[test]
        fn wrapped_lines_are_never_read_as_pluses(
            bytes in proptest::collection::vec(any::<u8>(), 120..400),
            width in prop::sample::select(vec![64usize, 76]),
            end in prop::sample::select(vec![" ", "\n", "\r\n", "  "]),
        ) {
            let text = encoding::encode(&bytes);
            let lines: Vec<&str> = (0..text.len()).step_by(width).map(|at| &text[at..text.len().min(at + width)]).collect();
            let wrapped = lines.join(end);
            prop_assume!(lines.len() > 1);
            let all = all_decodings(wrapped.as_bytes());
            prop_assert!(all.iter().all(|reading| !reading.undone.contains(&Mistake::PlusBecameSpace)));
            prop_assert!(all.iter().any(|reading| reading.bytes == bytes && reading.undone == [Mistake::LineBreaks]));
            prop_assert_eq!(shape(wrapped.as_bytes()).unwrap().mistake, Mistake::LineBreaks);
        }

        #[test]
        fn any_value_has_at_most_a_likely_shape_unless_it_is_laravels(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(shape(&value).is_none_or(|cause| !cause.proven));
        }
    }
}
