//! The labels of a configuration's parts: made once by a thread, and kept across reloads.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::observer::Observer;
use crate::distribution::key::PublicKeyId;
use crate::distribution::origin::Origin;
use crate::distribution::{Distribution, Distributions, Route};
use crate::edge::control::by_ids::ByIds;
use crate::edge::facts::events::{KeyLabel, Labels, OriginLabel, RouteLabels};

/// The labels of behaviors, by the ids of their distributions and their patterns. Of one thread alone, so that no count of
/// references is written by two cores.
#[derive(Debug, Default)]
pub struct LabelCache(RefCell<ByIds<Rc<RouteLabels>>>);

impl LabelCache {
    pub(in crate::edge) fn place(&self, observer: &Observer, route: &Route<'_, '_>) -> Rc<RouteLabels> {
        let (distribution, behavior) = (&**route.distribution, route.behavior.pattern());
        if let Some(known) = self.0.borrow().get(&distribution.id, behavior) {
            return Rc::clone(known);
        }
        let labels = Rc::new(RouteLabels {
            number: observer.number(|counts| counts.place(&distribution.id, behavior)).unwrap_or(0),
            distribution: distribution.id.as_str().into(),
            domain_name: distribution.domain_name.clone(),
            behavior: behavior.into(),
            keys: Labels::default(),
            origins: Labels::default(),
        });
        self.0.borrow_mut().insert(&distribution.id, behavior, Rc::clone(&labels));
        labels
    }

    /// The labels of what a configuration still has.
    #[must_use]
    pub fn still_in(&self, distributions: &Distributions) -> Self {
        let by_id: HashMap<&str, &Distribution> =
            distributions.list.iter().map(|one| (one.id.as_str(), &**one)).collect();
        let labels = self.0.borrow().filtered(|distribution, behavior, labels| {
            by_id.get(distribution).is_some_and(|one| {
                one.domain_name == labels.domain_name
                    && one.all_behaviors().any(|other| other.pattern() == behavior)
            })
        });
        Self(RefCell::new(labels))
    }
}

/// The label of a key that let a request pass.
pub(in crate::edge) fn key(observer: &Observer, place: &RouteLabels, id: &PublicKeyId) -> Rc<KeyLabel> {
    place.keys.get_or_make(id.as_str(), || KeyLabel {
        number: observer.number(|counts| counts.key(&place.distribution, id.as_str())).unwrap_or(0),
        id: id.as_str().into(),
    })
}

/// The label of an origin that gets a request.
pub(in crate::edge) fn origin(observer: &Observer, place: &RouteLabels, origin: &Origin) -> Rc<OriginLabel> {
    let id = origin.id.as_str();
    place.origins.get_or_make(id, || OriginLabel {
        number: observer.number(|counts| counts.origin(&place.distribution, id)).unwrap_or(0),
        id: id.into(),
    })
}
