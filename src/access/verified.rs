//! The cache of verified policies: a memo of "these bytes carry a good signature of this key", and of nothing else.
//!
//! Time, address and Resource are judged on every request. Only successes enter, so forged requests evict nothing. The
//! key of an entry is every input of the verification in full, so its answers depend only on its arguments and an
//! entry of a removed or replaced key can't be reached.

use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;

use crate::distribution::LastFit;
use crate::distribution::key::{HashAlgorithm, PublicKey};

/// A bounded, shared memo of verified signatures.
#[derive(Debug)]
pub struct VerifiedPolicies {
    memo: Option<Cache<Box<[u8]>, ()>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What one signature claims, but for the message.
#[derive(Clone, Copy)]
pub struct SignatureClaim<'a> {
    /// The key that is said to have made it.
    pub key: &'a PublicKey,
    /// The hash that is said to have been used.
    pub hash: HashAlgorithm,
    /// The signature's bytes.
    pub signature: &'a [u8],
}

/// Which message fitted, and whether it was known to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The message's place among the candidates.
    pub slot: usize,
    /// Whether the memo knew it.
    pub remembered: bool,
}

impl VerifiedPolicies {
    /// A memo of at most `max_size` bytes, what entries cost beside their own bytes included; 0 turns it off.
    #[must_use]
    pub fn new(max_size: u64) -> Self {
        let build = || Cache::builder().max_capacity(max_size).weigher(weight).build();
        Self { memo: (max_size > 0).then(build), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// The first of the messages that carries the claimed signature: all are looked up before any is verified, and
    /// verification begins with the one that fitted last. The order never changes whether one fits.
    #[must_use]
    pub fn first_fitting(
        &self,
        claim: &SignatureClaim<'_>,
        messages: &[Vec<u8>],
        last: &LastFit,
    ) -> Option<Fit> {
        let begin = last.get();
        let order =
            || (0..messages.len()).map(|step| (begin.min(messages.len() - 1) + step) % messages.len());
        if let Some(memo) = &self.memo {
            let known = |slot: &usize| memo.get(memo_key(claim, &messages[*slot]).as_slice()).is_some();
            if let Some(slot) = order().find(known) {
                self.hits.fetch_add(1, Ordering::Relaxed);
                last.set(slot);
                return Some(Fit { slot, remembered: true });
            }
            self.misses.fetch_add(1, Ordering::Relaxed);
        }
        let slot = order().find(|&slot| claim.key.verifies(claim.hash, &messages[slot], claim.signature))?;
        if let Some(memo) = &self.memo {
            memo.insert(memo_key(claim, &messages[slot]).into_boxed_slice(), ());
        }
        last.set(slot);
        Some(Fit { slot, remembered: false })
    }

    /// Signatures that were known.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Signatures that weren't, good or bad.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.load(Ordering::Relaxed)
    }

    /// Signatures that are remembered now.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.memo.as_ref().map_or(0, |memo| {
            memo.run_pending_tasks();
            memo.entry_count()
        })
    }
}

/// Every input of a verification. The parts of fixed length come first and the signature's length before it, so that
/// no two inputs share a key.
fn memo_key(claim: &SignatureClaim<'_>, message: &[u8]) -> Vec<u8> {
    let identity = claim.key.identity();
    let mut key = Vec::with_capacity(identity.len() + 5 + claim.signature.len() + message.len());
    key.extend_from_slice(identity);
    key.push(match claim.hash {
        HashAlgorithm::Sha1 => 1,
        HashAlgorithm::Sha256 => 2,
    });
    key.extend_from_slice(&u32::try_from(claim.signature.len()).unwrap_or(u32::MAX).to_be_bytes());
    key.extend_from_slice(claim.signature);
    key.extend_from_slice(message);
    key
}

#[expect(clippy::borrowed_box, reason = "the signature of moka's weigher")]
fn weight(key: &Box<[u8]>, (): &()) -> u32 {
    u32::try_from(key.len() + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
}

/// What moka and the allocator add to an entry's own bytes: hash table slot, reference-counted key and entry, two
/// queue nodes, allocator headers. 330 bytes were measured (`examples/memo_memory.rs`), so memory stays below the size.
const ENTRY_OVERHEAD: usize = 384;
