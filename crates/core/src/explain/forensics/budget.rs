//! How much may be spent on the search for what was signed.

/// A budget: a number of candidates, and somebody with a clock. Where either is used up, the search ends without a find.
pub struct Budget<'t> {
    /// How many messages may be compared by digest; where each is a verification, fewer (see `SigningKey`).
    pub candidates: usize,
    /// Asked now and then; the core itself has no clock.
    pub is_out_of_time: &'t dyn Fn() -> bool,
}

/// How the search for what was signed ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Searched {
    /// There was nothing to search for.
    #[default]
    NotNeeded,
    /// Everything was tried, or it was found.
    Done,
    /// The budget was used up first.
    GaveUp,
}

impl Budget<'_> {
    /// A budget of candidates alone.
    pub const WITHOUT_CLOCK: Budget<'static> =
        Budget { candidates: MAX_CANDIDATES, is_out_of_time: &|| false };
}

/// Every common change in threes, also for a link with a long query or several bases; a usual one has some 45,000. The ends near
/// the one that was sent come on top.
pub const MAX_CANDIDATES: usize = 120_000;
