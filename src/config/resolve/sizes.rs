//! Sizes with their unit, and `[verified-policy-cache]`.

use super::{Faults, KeyPath};
use crate::config::declared::VerifiedPolicyCache;
use crate::config::settings::DEFAULT_VERIFIED_POLICIES_SIZE;

/// The size of the memo in bytes.
pub(super) fn verified_policy_cache(
    root: &KeyPath,
    declared: &VerifiedPolicyCache,
    faults: &mut Faults,
) -> u64 {
    let path = root.key("verified-policy-cache").key("max-size");
    let size = faults.parsed(&path, &declared.max_size.0, parse_size);
    size.unwrap_or(DEFAULT_VERIFIED_POLICIES_SIZE)
}

/// Reads `64MiB`, `1GiB`, `512KiB`, `100MB`, or bytes.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit: u64 = match text[digits..].trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err("a number with a unit, such as \"64MiB\", or 0".to_owned()),
    };
    let amount: u64 =
        text[..digits].parse().map_err(|_| "a number with a unit, such as \"64MiB\", or 0".to_owned())?;
    amount.checked_mul(unit).ok_or_else(|| "a size that fits into 64 bits".to_owned())
}
