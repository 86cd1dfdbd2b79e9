//! Public suffixes: the domains below which anyone may register, for which browsers refuse cookies.

use std::sync::LazyLock;

/// Whether a domain in lower case is a public suffix by Mozilla's list, its private part included. A single label is one
/// by the list's last rule, `*`.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    let Some((label, parent)) = domain.split_once('.') else { return !domain.is_empty() };
    if has_rule(&format!("!{domain}")) || label.is_empty() {
        return false;
    }
    has_rule(domain) || has_rule(&format!("*.{parent}"))
}

fn has_rule(rule: &str) -> bool {
    RULES.binary_search(&rule).is_ok()
}

/// Sorted by bytes, as the file is.
static RULES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    include_str!("public_suffixes.txt").lines().filter(|line| !line.starts_with("//")).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_sorted() {
        assert!(RULES.is_sorted() && RULES.len() > 10_000);
    }

    #[test]
    fn each_kind_of_rule_decides() {
        for (domain, expected) in [
            ("com", true),
            ("co.uk", true),
            ("example.com", false),
            ("a.example.com", false),
            // A rule of the private part.
            ("cloudfront.net", true),
            ("d111111abcdef8.cloudfront.net", false),
            // `*.ck` and its exception `!www.ck`.
            ("ck", true),
            ("any.ck", true),
            ("www.ck", false),
            ("a.any.ck", false),
            // Unknown: the rule `*`.
            ("localhost", true),
            ("internal.localhost", false),
            // The same suffix, in both of its forms.
            ("公司.cn", true),
            ("xn--55qx5d.cn", true),
            ("", false),
            (".com", false),
            ("com.", false),
        ] {
            assert_eq!(is_public_suffix(domain), expected, "{domain}");
        }
    }
}
