//! The labels of one configuration's parts, each made once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use super::observer::Observer;
use crate::distribution::Route;
use crate::distribution::key::PublicKeyId;
use crate::distribution::origin::Origin;
use crate::edge::facts::events::{KeyLabel, OriginLabel, RouteLabels};

/// The labels of one configuration, looked up by where it keeps them: it lives as long as they do. Of this thread alone,
/// so that no count of references is written by two cores.
#[derive(Debug, Default)]
pub struct LabelCache {
    places: Cache<usize, RouteLabels>,
    keys: Cache<(usize, usize), KeyLabel>,
    origins: Cache<usize, OriginLabel>,
}

type Cache<K, V> = RefCell<HashMap<K, Rc<V>, foldhash::fast::RandomState>>;

impl LabelCache {
    pub(in crate::edge) fn place(&self, observer: &Observer, route: &Route<'_, '_>) -> Rc<RouteLabels> {
        known(&self.places, std::ptr::from_ref(route.behavior) as usize, || {
            let (distribution, behavior) = (&route.distribution.id, route.behavior.pattern());
            RouteLabels {
                number: observer.number(|counts| counts.place(distribution, behavior)).unwrap_or(0),
                distribution: distribution.as_str().into(),
                domain_name: route.distribution.domain_name.clone(),
                behavior: behavior.into(),
            }
        })
    }

    pub(in crate::edge) fn key(
        &self,
        observer: &Observer,
        place: &RouteLabels,
        id: &PublicKeyId,
    ) -> Rc<KeyLabel> {
        let at = (std::ptr::from_ref(place) as usize, std::ptr::from_ref(id) as usize);
        known(&self.keys, at, || KeyLabel {
            number: observer.number(|counts| counts.key(&place.distribution, id.as_str())).unwrap_or(0),
            id: id.as_str().into(),
        })
    }

    pub(in crate::edge) fn origin(
        &self,
        observer: &Observer,
        place: &RouteLabels,
        origin: &Origin,
    ) -> Rc<OriginLabel> {
        known(&self.origins, std::ptr::from_ref(origin) as usize, || OriginLabel {
            id: origin.id.as_str().into(),
            number: observer
                .number(|counts| counts.origin(&place.distribution, origin.id.as_str()))
                .unwrap_or(0),
        })
    }
}

fn known<K: Hash + Eq, V>(cache: &Cache<K, V>, at: K, make: impl FnOnce() -> V) -> Rc<V> {
    Rc::clone(cache.borrow_mut().entry(at).or_insert_with(|| Rc::new(make())))
}
