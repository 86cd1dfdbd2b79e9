//! The cache of verified policies: a memo of "these bytes carry a good signature of this key", and of nothing else.
//!
//! Time, address and Resource are judged on every request. Only successes enter, so forged requests evict nothing. The
//! key of an entry is every input of the verification in full, so its answers depend only on its arguments and an
//! entry of a removed or replaced key can't be reached.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crossbeam_utils::CachePadded;
use foldhash::quality::RandomState;
use moka::sync::Cache;
use smallvec::SmallVec;

use crate::distribution::key::{HashAlgorithm, PublicKey};

/// A bounded, shared memo of verified signatures.
#[derive(Debug)]
pub struct SignatureCache {
    memo: Option<Cache<Box<[u8]>, (), RandomState>>,
    last_fits: LastFits,
    hits: Tally,
    misses: Tally,
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
pub struct MatchedMessage {
    /// The message's place among the candidates.
    pub slot: usize,
    /// Whether the memo knew it.
    pub remembered: bool,
}

impl SignatureCache {
    /// The usual size, in bytes: about 80,000 links of RSA keys. Each is its signature, its policy and what the memo needs
    /// around them (configuration: `[verified-policy-cache]`).
    pub const DEFAULT_MAX_SIZE: u64 = 64 << 20;

    /// A memo of at most `max_size` bytes, what entries cost beside their own bytes included; 0 turns it off.
    #[must_use]
    pub fn new(max_size: u64) -> Self {
        // Hash seeds are drawn at random; and what enters was signed by a trusted key, so that no stranger fills a slot.
        let build = || {
            Cache::builder().max_capacity(max_size).weigher(weight).build_with_hasher(RandomState::default())
        };
        Self {
            memo: (max_size > 0).then(build),
            last_fits: LastFits::default(),
            hits: Tally::default(),
            misses: Tally::default(),
        }
    }

    /// The first of the messages that carries the claimed signature: all are looked up before any is verified, and
    /// verification begins with the one that fitted last. The order never changes whether one fits.
    #[must_use]
    pub fn first_fitting(
        &self,
        claim: &SignatureClaim<'_>,
        messages: &Messages<impl Fn(usize, &mut MemoKey)>,
    ) -> Option<MatchedMessage> {
        let count = messages.count;
        let last = self.last_fits.of(claim.key);
        let begin = last.load(Ordering::Relaxed);
        let fitted = |slot, remembered| {
            if count > 1 && slot != begin {
                last.store(slot, Ordering::Relaxed);
            }
            Some(MatchedMessage { slot, remembered })
        };
        let order = || (0..count).map(|step| (begin.min(count - 1) + step) % count);
        let mut key = claim.memo_key();
        let claim_len = key.len();
        let write = |slot: usize, key: &mut MemoKey| {
            key.truncate(claim_len);
            (messages.write)(slot, key);
        };
        if let Some(memo) = &self.memo {
            for slot in order() {
                write(slot, &mut key);
                if memo.get(&key[..]).is_some() {
                    self.hits.count();
                    return fitted(slot, true);
                }
            }
        }
        self.misses.count();
        for slot in order() {
            // A single message still stands there from the search.
            if count > 1 || self.memo.is_none() {
                write(slot, &mut key);
            }
            if claim.key.verifies(claim.hash, &key[claim_len..], claim.signature) {
                if let Some(memo) = &self.memo {
                    memo.insert(key[..].into(), ());
                }
                return fitted(slot, false);
            }
        }
        None
    }

    /// Signatures that were known.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.sum()
    }

    /// Signatures that weren't and so were verified, good or bad.
    #[must_use]
    pub fn misses(&self) -> u64 {
        self.misses.sum()
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

/// The messages that a signature may have been made over.
pub struct Messages<W> {
    /// How many.
    pub count: usize,
    /// Appends one of them, by its place.
    pub write: W,
}

/// Long enough for a link with an RSA signature, so that a remembered one is looked up without a place on the heap.
pub type MemoKey = SmallVec<[u8; 1024]>;

impl SignatureClaim<'_> {
    /// Every input of a verification but for the message, which is to follow. The parts of fixed length come first and
    /// the signature's length before it, so that no two inputs share a key.
    fn memo_key(&self) -> MemoKey {
        let mut key = MemoKey::new();
        key.extend_from_slice(self.key.identity());
        key.push(match self.hash {
            HashAlgorithm::Sha1 => 1,
            HashAlgorithm::Sha256 => 2,
        });
        key.extend_from_slice(&u32::try_from(self.signature.len()).unwrap_or(u32::MAX).to_be_bytes());
        key.extend_from_slice(self.signature);
        key
    }
}

/// Which message fitted last, by key, so that the next verification begins with it: a signer uses one base and one style.
/// It is a hint. Keys may share a place, and no verdict depends on it.
#[derive(Debug)]
struct LastFits([AtomicUsize; LAST_FIT_PLACES]);

impl Default for LastFits {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicUsize::new(0)))
    }
}

impl LastFits {
    fn of(&self, key: &PublicKey) -> &AtomicUsize {
        // The identity is a hash, so its bytes are evenly spread.
        &self.0[usize::from(key.identity()[0]) % LAST_FIT_PLACES]
    }
}

const LAST_FIT_PLACES: usize = 64;

/// A count that many threads add to. Each has a place of its own: one that all cores write to on every request would
/// be passed from one to the other.
#[derive(Debug, Default)]
struct Tally([CachePadded<AtomicU64>; TALLY_PLACES]);

impl Tally {
    fn count(&self) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static PLACE: usize = THREADS.fetch_add(1, Ordering::Relaxed) % TALLY_PLACES;
        }
        self.0[PLACE.with(|place| *place)].fetch_add(1, Ordering::Relaxed);
    }

    fn sum(&self) -> u64 {
        self.0.iter().map(|place| place.load(Ordering::Relaxed)).sum()
    }
}

/// Threads beyond these share places.
const TALLY_PLACES: usize = 16;

#[expect(clippy::borrowed_box, reason = "the signature of moka's weigher")]
fn weight(key: &Box<[u8]>, (): &()) -> u32 {
    u32::try_from(key.len() + ENTRY_OVERHEAD).unwrap_or(u32::MAX)
}

/// What moka and the allocator add to an entry's own bytes: hash table slot, reference-counted key and entry, two
/// queue nodes, allocator headers. 330 bytes were measured (`examples/memo_memory.rs`), so memory stays below the size.
const ENTRY_OVERHEAD: usize = 384;
