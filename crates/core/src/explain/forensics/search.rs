//! The search for what was signed: every change by itself, then in twos and threes, the common ones first, until a
//! candidate fits or the budget is used up. A fit is a proof.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::budget::{Budget, Searched};
use super::candidate::{Candidate, CandidateResource, Writer};
use super::changes::change::{Change, Dimension};
use super::changes::time;
use super::signing_key::{KeyMatch, SigningKey};
use crate::explain::mistakes::mistake::Mistake;

/// What was signed, and by which changes it differs from what was sent.
pub(in crate::explain) struct Hit<'e> {
    pub(in crate::explain) signed: Candidate,
    /// The candidate without any change that it was made from.
    pub(in crate::explain) start: Candidate,
    pub(in crate::explain) mistakes: Vec<Mistake>,
    pub(in crate::explain) fit: KeyMatch<'e>,
}

impl Hit<'_> {
    /// As seen from the URL that was requested. The search may reach what was signed from a public base in fewer steps, and then
    /// the difference would be shown to a URL that nobody sent; and another development server on the same host is not another host.
    pub(in crate::explain) fn seen_from(mut self, sent: &Candidate) -> Self {
        let (CandidateResource::Url(signed), CandidateResource::Url(requested)) =
            (&self.signed.resource, &sent.resource)
        else {
            return self;
        };
        if signed.host.is_empty() || !self.mistakes.contains(&Mistake::Host) {
            return self;
        }
        let differences = [
            (Mistake::Host, signed.host != requested.host),
            (Mistake::Scheme, signed.scheme != requested.scheme && signed.host == requested.host),
            (Mistake::Port, signed.port != requested.port && signed.host == requested.host),
        ];
        let is_address =
            |mistake: &Mistake| matches!(mistake, Mistake::Host | Mistake::Scheme | Mistake::Port);
        let mut mistakes: Vec<Mistake> =
            differences.into_iter().filter(|(_, differs)| *differs).map(|(mistake, _)| mistake).collect();
        mistakes.extend(self.mistakes.iter().filter(|mistake| !is_address(mistake)));
        if !mistakes.is_empty() {
            self.mistakes = mistakes;
        }
        self.start = sent.clone();
        self
    }
}

/// Where a search begins, and in which directions it goes.
pub(in crate::explain) struct Space<'s> {
    pub(in crate::explain) starts: Vec<Candidate>,
    pub(in crate::explain) dimensions: Vec<Dimension<'s>>,
    /// What a time that is off by nothing usual means.
    pub(in crate::explain) other_time: Mistake,
    pub(in crate::explain) writer: &'s Writer,
}

/// What a search compared with the signature: no more is claimed of it.
#[derive(Debug, Default)]
pub(in crate::explain) struct Tried {
    /// How many texts.
    pub(in crate::explain) texts: usize,
    /// The kinds of changes that they were made by.
    pub(in crate::explain) mistakes: Vec<Mistake>,
    /// How many changes at once.
    pub(in crate::explain) at_once: usize,
}

/// The search's state.
struct Search<'s, 'm, 'e> {
    space: &'s Space<'s>,
    signer_key: &'m SigningKey<'e>,
    signature: &'m [u8],
    budget: &'m Budget<'m>,
    left: usize,
    message: Vec<u8>,
    made: Vec<Mistake>,
    tried: Tried,
    /// The kinds of changes among those, a bit for each.
    seen: u128,
    tried_what_is_common: bool,
}

/// A fit, or the end of the budget.
enum SearchEnd<'e> {
    Found(Box<Hit<'e>>),
    GaveUp,
}

/// Searches within a budget.
pub(in crate::explain) fn search<'e>(
    space: &Space<'_>,
    signer_key: &SigningKey<'e>,
    signature: &[u8],
    budget: &Budget<'_>,
) -> (Option<Hit<'e>>, Searched, Tried) {
    if !signer_key.may_fit() {
        return (None, Searched::Done, Tried::default());
    }
    let left = signer_key.candidates(budget.candidates);
    let mut search = Search {
        space,
        signer_key,
        signature,
        budget,
        left,
        message: Vec::new(),
        made: Vec::new(),
        tried: Tried::default(),
        seen: 0,
        tried_what_is_common: false,
    };
    let (hit, how) = match search.run() {
        ControlFlow::Break(SearchEnd::Found(hit)) => (Some(*hit), Searched::Done),
        ControlFlow::Break(SearchEnd::GaveUp) if search.tried_what_is_common => (None, Searched::Done),
        ControlFlow::Break(SearchEnd::GaveUp) => (None, Searched::GaveUp),
        ControlFlow::Continue(()) => (None, Searched::Done),
    };
    (hit, how, search.tried)
}

impl<'e> Search<'_, '_, 'e> {
    fn run(&mut self) -> ControlFlow<SearchEnd<'e>> {
        let most = self.left;
        for cost in 0..=MAX_COST {
            if cost > COST_OF_COMMON {
                // What is common was tried to its end; what is rare gets what is left of a usual search.
                self.left = self.left.min(UNTIL_RARE.saturating_sub(most - self.left));
            }
            for start in &self.space.starts {
                self.visit(start, start, 0, cost)?;
            }
            if cost == COST_OF_COMMON {
                self.try_other_times()?;
                self.tried_what_is_common = true;
            }
        }
        ControlFlow::Continue(())
    }

    /// Makes changes of exactly that cost, in the dimensions from one on.
    fn visit(
        &mut self,
        start: &Candidate,
        candidate: &Candidate,
        from: usize,
        cost: u8,
    ) -> ControlFlow<SearchEnd<'e>> {
        if cost == 0 {
            return self.attempt(start, candidate);
        }
        if self.made.len() == MAX_CHANGES {
            return ControlFlow::Continue(());
        }
        let is_last = self.made.len() + 1 == MAX_CHANGES;
        let fits = |change: &&Change<'_>| if is_last { change.cost == cost } else { change.cost <= cost };
        for (place, dimension) in self.space.dimensions.iter().enumerate().skip(from) {
            for change in dimension.iter().filter(fits) {
                let Some(changed) = (change.apply)(candidate) else { continue };
                self.made.push(change.mistake);
                self.visit(start, &changed, place + 1, cost - change.cost)?;
                self.made.pop();
            }
        }
        ControlFlow::Continue(())
    }

    fn attempt(&mut self, start: &Candidate, candidate: &Candidate) -> ControlFlow<SearchEnd<'e>> {
        if self.left == 0 || (self.left.is_multiple_of(LOOKS_AT_CLOCK) && (self.budget.is_out_of_time)()) {
            return ControlFlow::Break(SearchEnd::GaveUp);
        }
        self.left -= 1;
        self.compare(start, candidate)
    }

    fn compare(&mut self, start: &Candidate, candidate: &Candidate) -> ControlFlow<SearchEnd<'e>> {
        self.space.writer.write(candidate, &mut self.message);
        self.tried.texts += 1;
        self.tried.at_once = self.tried.at_once.max(self.made.len());
        for mistake in &self.made {
            let bit = 1u128 << (*mistake as u32);
            if self.seen & bit == 0 {
                self.seen |= bit;
                self.tried.mistakes.push(*mistake);
            }
        }
        let Some(fit) = self.signer_key.fit(&self.message, self.signature) else {
            return ControlFlow::Continue(());
        };
        let mut mistakes = Vec::new();
        for mistake in &self.made {
            if !mistakes.contains(mistake) {
                mistakes.push(*mistake);
            }
        }
        let hit = Hit { signed: candidate.clone(), start: start.clone(), mistakes, fit };
        ControlFlow::Break(SearchEnd::Found(Box::new(hit)))
    }

    fn try_other_times(&mut self) -> ControlFlow<SearchEnd<'e>> {
        if self.signer_key.cost() > 0 {
            return ControlFlow::Continue(());
        }
        for start in &self.space.starts {
            let Ok(sent) = start.time.parse::<i64>() else { continue };
            let mut candidate = start.clone();
            // They have a number of their own, and count for nothing.
            for (number, seconds) in time::elsewhere().enumerate() {
                if number.is_multiple_of(LOOKS_AT_CLOCK) && (self.budget.is_out_of_time)() {
                    return ControlFlow::Break(SearchEnd::GaveUp);
                }
                let Some(other) = sent.checked_add(seconds).filter(|other| *other >= 0) else { continue };
                candidate.time = Rc::from(other.to_string());
                self.made.push(self.space.other_time);
                self.compare(start, &candidate)?;
                self.made.pop();
            }
        }
        ControlFlow::Continue(())
    }
}

/// Mistakes that may meet in one link.
const MAX_CHANGES: usize = 3;
/// Beyond it there is no end, and nothing is common any more.
const MAX_COST: u8 = 6;
/// Up to here is what is common: three of the likeliest changes, or fewer that are rarer. Other times are many, and come after it.
const COST_OF_COMMON: u8 = 3;
/// Candidates after which nothing rare is tried any more; a usual link has some 45,000 that are common.
const UNTIL_RARE: usize = 50_000;
/// Candidates between two looks at the clock.
const LOOKS_AT_CLOCK: usize = 64;
