//! `[verified-policy-cache]`.

use super::Loader;
use super::reader::Reader;
use crate::access::signature_cache::SignatureCache;

impl Loader<'_, '_> {
    pub(super) fn verified_policy_cache(&mut self, mut table: Reader<'_, '_>) -> u64 {
        let size = table.size(self.faults, "max-size", parse_size);
        table.finish(self.faults, &[]);
        size.map_or(DEFAULT_VERIFIED_POLICIES_SIZE, |size| size.value)
    }
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

/// As long as nothing is said.
pub(crate) const DEFAULT_VERIFIED_POLICIES_SIZE: u64 = SignatureCache::DEFAULT_MAX_SIZE;
