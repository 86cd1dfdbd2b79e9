//! From a link that was found to the request that is judged.

use http::Method;

use super::link::Link;
use crate::epoch::EpochSeconds;
use crate::explain::{Inquiry, InvalidInquiry};

impl Link {
    /// The request, judged at that time, with what was changed to make it one that can be sent.
    ///
    /// # Errors
    /// [`InvalidInquiry`] for what is no URL with a host.
    pub(crate) fn inquiry(&self, at: EpochSeconds) -> Result<(Inquiry, Vec<&'static str>), InvalidInquiry> {
        let (mut inquiry, mut changed) = Inquiry::of_url(&self.url, at)?;
        if self.is_as_sent {
            let (_, rest) = self.url.split_once("://").unwrap_or_default();
            let target = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
            inquiry.target =
                if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
            inquiry.fragment = None;
            changed.clear();
        }
        if let Some(host) = &self.host {
            inquiry.authority.clone_from(host);
            inquiry.host()?;
        }
        inquiry.cookies = self.cookies.iter().cloned().map(String::into_bytes).collect();
        inquiry.is_preflight = self.is_preflight;
        inquiry.method = self.method.clone().unwrap_or(Method::GET);
        if let Some(address) = self.address {
            inquiry.address = address;
        }
        Ok((inquiry, changed))
    }
}
