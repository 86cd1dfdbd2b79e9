//! Values by two ids: that of a distribution, and that of an origin or a behavior in it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// A map by configured ids. They keep their meaning from one configuration to the next, which addresses and positions don't.
#[derive(Clone, Debug)]
pub struct ByIds<V>(Map<Map<V>>);

type Map<V> = HashMap<Box<str>, V, RandomState>;

impl<V> Default for ByIds<V> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<V> ByIds<V> {
    /// The value of a distribution's origin or behavior.
    #[must_use]
    pub fn get(&self, distribution: &str, id: &str) -> Option<&V> {
        self.0.get(distribution)?.get(id)
    }

    /// Stores a value in place of the one before.
    pub fn insert(&mut self, distribution: &str, id: &str, value: V) {
        self.0.entry(distribution.into()).or_default().insert(id.into(), value);
    }

    /// All values, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().flat_map(Map::values)
    }

    /// A copy of the entries that `stays` is true for.
    #[must_use]
    pub fn filtered(&self, stays: impl Fn(&str, &str, &V) -> bool) -> Self
    where
        V: Clone,
    {
        let mut left = Self::default();
        for (distribution, values) in &self.0 {
            for (id, value) in values.iter().filter(|(id, value)| stays(distribution, id, value)) {
                left.insert(distribution, id, value.clone());
            }
        }
        left
    }
}
