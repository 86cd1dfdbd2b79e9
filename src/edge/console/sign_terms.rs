//! What `/sign` is to sign.

/// What is to be signed, understood.
use ipnet::Ipv4Net;

use crate::epoch::EpochSeconds;
use crate::sign::Terms;

pub(super) struct WantedLink {
    pub(super) url: String,
    /// Cookies; else a link.
    pub(super) is_cookies: bool,
    pub(super) expires: EpochSeconds,
    pub(super) not_before: Option<EpochSeconds>,
    pub(super) ip: Option<Ipv4Net>,
    pub(super) resource: Option<String>,
}

impl WantedLink {
    pub(super) fn terms(&self) -> Terms {
        Terms::new(&self.url, self.expires, self.not_before, self.ip, self.resource.as_deref())
    }
}
