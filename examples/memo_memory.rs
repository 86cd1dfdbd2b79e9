//! What an entry of the cache of verified policies costs in memory, against what it is counted as.
//!
//! `cargo run --release --example memo_memory`: fills the cache with signatures of one ECDSA key and prints how much
//! the process grew for each entry (Linux only). `docs/performance.md` has the figures.

use frontgate::access::signature_cache::{MemoKey, Messages, SignatureCache, SignatureClaim};
use frontgate::distribution::key::{HashAlgorithm, KeyTolerance, PublicKey, PublicKeyId};
use frontgate::sign::PrivateKey;

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let private = PrivateKey::generate_ecdsa()?;
    let key = PublicKey::from_pem(PublicKeyId::new("K"), &private.public_pem()?, KeyTolerance::default())?;
    for (entries, max_size) in [(100_000u32, u64::MAX), (200_000, u64::MAX), (200_000, 64 << 20)] {
        let memo = SignatureCache::new(max_size);
        let before = resident_bytes();
        let mut own = 0u64;
        for number in 0..entries {
            let message = format!("{number:0150}").into_bytes();
            let signature = private.sign(HashAlgorithm::Sha1, &message)?;
            let claim = SignatureClaim { key: &key, hash: HashAlgorithm::Sha1, signature: &signature };
            own += 37 + signature.len() as u64 + message.len() as u64;
            let messages = Messages { count: 1, write: |_, to: &mut MemoKey| to.extend_from_slice(&message) };
            if memo.first_fitting(&claim, &messages).is_none() {
                return Err("a signature doesn't fit".into());
            }
        }
        let (kept, grown) = (memo.entries().max(1), resident_bytes().saturating_sub(before));
        println!(
            "{entries} inserted, {kept} kept: {} bytes of its own and {} in memory each; grown by {} MiB of {}",
            own / u64::from(entries),
            grown / kept,
            grown >> 20,
            if max_size == u64::MAX { "any".to_owned() } else { format!("{} MiB", max_size >> 20) },
        );
    }
    Ok(())
}
