//! What people and signers change between what they sign and what is sent: each change by the name of its mistake, with how
//! common it is. The search combines them.

use std::rc::Rc;

use super::cause::Mistake;
use super::draft::{Draft, Resource, Url};

pub(super) mod address;
pub(super) mod message;
pub(super) mod path;
pub(super) mod query;
pub(super) mod text;
pub(super) mod time;

/// A change to what was sent, towards what may have been signed.
pub(super) struct Change<'c> {
    /// What it would mean.
    pub(super) mistake: Mistake,
    /// How rare it is: 1 for what is reported again and again.
    pub(super) cost: u8,
    /// Makes it; none where it would change nothing.
    pub(super) apply: Apply<'c>,
}

type Apply<'c> = Box<dyn Fn(&Draft) -> Option<Draft> + 'c>;

/// Changes that exclude each other.
pub(super) type Dimension<'c> = Vec<Change<'c>>;

impl<'c> Change<'c> {
    fn new(mistake: Mistake, cost: u8, apply: impl Fn(&Draft) -> Option<Draft> + 'c) -> Self {
        Self { mistake, cost, apply: Box::new(apply) }
    }

    /// A change to the URL.
    fn of_url(mistake: Mistake, cost: u8, change: impl Fn(&Url) -> Option<Url> + 'c) -> Self {
        Self::new(mistake, cost, move |draft| {
            let Resource::Url(url) = &draft.resource else { return None };
            Some(Draft { resource: Resource::Url(change(url)?), ..draft.clone() })
        })
    }

    /// A change to the URL's path.
    fn of_path(mistake: Mistake, cost: u8, change: impl Fn(&str) -> String + 'c) -> Self {
        Self::of_url(mistake, cost, move |url| {
            let path = change(&url.path);
            (*path != *url.path).then(|| Url { path: path.into(), ..url.clone() })
        })
    }

    /// A change to the URL's query.
    fn of_query(mistake: Mistake, cost: u8, change: impl Fn(&str) -> Option<String> + 'c) -> Self {
        Self::of_url(mistake, cost, move |url| {
            let query = url.query.as_deref()?;
            let changed = change(query);
            (changed.as_deref() != Some(query)).then(|| Url { query: changed.map(Rc::from), ..url.clone() })
        })
    }
}
