//! What has become of a request, and the names of the parts of a configuration that it concerns, as logs and counts need them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use http::Method;

use super::reply_reason::ReplyReason;

/// A request that has ended, for the counts.
pub(in crate::edge) struct RequestEvent<'a> {
    pub(in crate::edge) place: Option<&'a RouteLabels>,
    pub(in crate::edge) method: &'a Method,
    /// 0 without a response.
    pub(in crate::edge) status: u16,
    pub(in crate::edge) result: &'static str,
    pub(in crate::edge) key: Option<&'a KeyLabel>,
    pub(in crate::edge) cause: Option<&'a ReplyReason>,
    pub(in crate::edge) sent: u64,
    /// Who broke the response off.
    pub(in crate::edge) interrupted: Option<&'static str>,
}

/// A behavior of a distribution, by name.
#[derive(Debug)]
pub(in crate::edge) struct RouteLabels {
    pub(in crate::edge) distribution: Arc<str>,
    pub(in crate::edge) domain_name: String,
    pub(in crate::edge) behavior: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
    pub(in crate::edge) keys: Labels<KeyLabel>,
    pub(in crate::edge) origins: Labels<OriginLabel>,
}

/// A key that a distribution trusts, by name.
#[derive(Debug)]
pub(in crate::edge) struct KeyLabel {
    pub(in crate::edge) id: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
}

/// An origin of a distribution.
#[derive(Debug)]
pub(in crate::edge) struct OriginLabel {
    pub(in crate::edge) id: Arc<str>,
    /// As the counts know it.
    pub(in crate::edge) number: u32,
}

/// Labels by configured id, each made once. Of one thread alone, so that no count of references is written by two cores.
#[derive(Debug)]
pub(in crate::edge) struct Labels<V>(RefCell<HashMap<Arc<str>, Rc<V>, foldhash::fast::RandomState>>);

impl<V> Default for Labels<V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<V> Labels<V> {
    /// The label of an id, made when it is used first.
    pub(in crate::edge) fn get_or_make(&self, id: &str, make: impl FnOnce() -> V) -> Rc<V> {
        if let Some(known) = self.0.borrow().get(id) {
            return Rc::clone(known);
        }
        let made = Rc::new(make());
        self.0.borrow_mut().insert(id.into(), Rc::clone(&made));
        made
    }
}
