//! One change of a candidate, with the name of its mistake and how rare it is.

use std::cell::RefCell;
use std::rc::Rc;

use crate::explain::forensics::candidate::{Candidate, CandidateResource, Url};
use crate::explain::mistakes::mistake::Mistake;

/// A change to what was sent, towards what may have been signed.
pub(in crate::explain) struct Change<'c> {
    /// What it would mean.
    pub(in crate::explain) mistake: Mistake,
    /// How rare it is: 1 for what is reported again and again.
    pub(in crate::explain) cost: u8,
    /// Makes it; none where it would change nothing.
    pub(in crate::explain) apply: Apply<'c>,
}

type Apply<'c> = Box<dyn Fn(&Candidate) -> Option<Candidate> + 'c>;

/// Changes that exclude each other.
pub(in crate::explain) type Dimension<'c> = Vec<Change<'c>>;

impl<'c> Change<'c> {
    pub(super) fn new(
        mistake: Mistake,
        cost: u8,
        apply: impl Fn(&Candidate) -> Option<Candidate> + 'c,
    ) -> Self {
        Self { mistake, cost, apply: Box::new(apply) }
    }

    /// A change to the URL.
    pub(super) fn of_url(mistake: Mistake, cost: u8, change: impl Fn(&Url) -> Option<Url> + 'c) -> Self {
        Self::new(mistake, cost, move |candidate| {
            let CandidateResource::Url(url) = &candidate.resource else { return None };
            Some(Candidate { resource: CandidateResource::Url(change(url)?), ..candidate.clone() })
        })
    }

    /// A change to the URL's path.
    pub(super) fn of_path(mistake: Mistake, cost: u8, change: impl Fn(&str) -> String + 'c) -> Self {
        let memo = Memo::default();
        Self::of_url(mistake, cost, move |url| {
            let path = memo.of(&url.path, |path| Some(change(path)))?;
            Some(Url { path: path?, ..url.clone() })
        })
    }

    /// A change to the URL's query; none is left where it gives none.
    pub(super) fn of_query(mistake: Mistake, cost: u8, change: impl Fn(&str) -> Option<String> + 'c) -> Self {
        let memo = Memo::default();
        Self::of_url(mistake, cost, move |url| {
            let query = memo.of(url.query.as_ref()?, &change)?;
            Some(Url { query, ..url.clone() })
        })
    }
}

/// The last text that was changed, and into what: a search makes one change to one text thousands of times, and most changes
/// make nothing of most texts.
#[derive(Default)]
pub(super) struct Memo(RefCell<Option<(Rc<str>, Changed)>>);

/// None where the change changes nothing; then what it leaves, if anything.
pub(super) type Changed = Option<Option<Rc<str>>>;

impl Memo {
    pub(super) fn of(&self, text: &Rc<str>, change: impl Fn(&str) -> Option<String>) -> Changed {
        if let Some((last, changed)) = &*self.0.borrow()
            && Rc::ptr_eq(last, text)
        {
            return changed.clone();
        }
        let changed = change(text);
        let changed = (changed.as_deref() != Some(text)).then(|| changed.map(Rc::from));
        *self.0.borrow_mut() = Some((Rc::clone(text), changed.clone()));
        changed
    }
}
