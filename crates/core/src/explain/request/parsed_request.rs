//! A private request with everything that its checks need, each part read on its own.

use memchr::memmem;

use std::sync::Arc;

use crate::access::credentials::Credentials;
use crate::access::deny_reason::DenyReason;
use crate::access::encoding::Decoded;
use crate::access::{CandidateUrls, UnverifiedPolicy, hash_algorithm, key_pair_id, signature, trusted_key};
use crate::distribution::key::{HashAlgorithm, PublicKey};
use crate::distribution::{Distributions, HostStanding, Route};
use crate::viewer::ViewerRequest;

/// A private request with everything that its checks need, each part read on its own.
pub(in crate::explain) struct ParsedRequest<'r, 'a> {
    pub(in crate::explain) request: &'r ViewerRequest<'a>,
    pub(in crate::explain) route: &'r Route<'a, 'a>,
    pub(in crate::explain) distributions: &'a Distributions,
    pub(in crate::explain) sent: &'r Credentials<'a>,
    pub(in crate::explain) key: Option<Result<&'a Arc<PublicKey>, DenyReason>>,
    pub(in crate::explain) signature: Result<Decoded, DenyReason>,
    pub(in crate::explain) claimed: Result<UnverifiedPolicy<'r>, DenyReason>,
    pub(in crate::explain) hash: Result<HashAlgorithm, DenyReason>,
    pub(in crate::explain) tried: CandidateUrls<'a>,
}

impl<'r, 'a> ParsedRequest<'r, 'a> {
    pub(in crate::explain) fn of(
        request: &'r ViewerRequest<'a>,
        route: &'r Route<'a, 'a>,
        distributions: &'a Distributions,
        sent: &'r Credentials<'a>,
        text: &'r Result<Option<Decoded>, DenyReason>,
    ) -> Self {
        let claimed = match text {
            Ok(text) => UnverifiedPolicy::read(sent, text.as_deref()),
            Err(reason) => Err(reason.clone()),
        };
        let key = key_pair_id(sent, route).ok().map(|id| trusted_key(id, route));
        Self {
            request,
            route,
            distributions,
            key,
            signature: signature(sent),
            claimed,
            hash: hash_algorithm(sent),
            tried: CandidateUrls::of(request, route),
            sent,
        }
    }

    pub(in crate::explain) fn sent_key_pair_id(&self) -> Option<String> {
        key_pair_id(self.sent, self.route).ok().map(str::to_owned)
    }

    /// What was sent as the id, whatever it is; none where that is nothing or a word for nothing.
    pub(in crate::explain) fn raw_key_pair_id(&self) -> Option<String> {
        let id = self.sent.key_pair_id.as_deref().filter(|id| !id.is_empty())?;
        crate::explain::request::unset_word::unset_word(id)
            .is_none()
            .then(|| String::from_utf8_lossy(id).into_owned())
    }

    pub(in crate::explain) fn policy_text(&self) -> Option<String> {
        match &self.claimed {
            Ok(UnverifiedPolicy::Custom { bytes, .. }) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Ok(claimed @ UnverifiedPolicy::Canned { .. }) => {
                // Of the bases that it may be for, the one that was asked.
                let host = format!("://{}", self.request.host.name());
                let messages = claimed.messages(&self.tried);
                let asked = messages.iter().find(|text| memmem::find(text, host.as_bytes()).is_some());
                asked.or(messages.first()).map(|text| String::from_utf8_lossy(text).into_owned())
            }
            Err(_) => {
                let text = self.sent.policy.as_deref()?;
                let bytes = crate::access::encoding::decode(text).ok()?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
        }
    }

    /// The key that was named, where this path trusts it.
    pub(in crate::explain) fn named_key(&self) -> Option<&'a PublicKey> {
        match self.key {
            Some(Ok(key)) => Some(key),
            Some(Err(_)) | None => None,
        }
    }

    /// Whether the URL that was requested is the first that may have been signed.
    pub(in crate::explain) fn is_under_its_own_base(&self) -> bool {
        self.route.standing != HostStanding::Unknown
    }

    /// The hash that was announced; none where that can't be read.
    pub(in crate::explain) fn announced_hash(&self) -> Option<HashAlgorithm> {
        self.hash.as_ref().ok().copied()
    }
}
