//! From a link that was found to the request that is judged.

use http::Method;

use super::cookie_store;
use super::link::Link;
use super::redactions::unknown;
use crate::epoch::EpochSeconds;
use crate::explain::{InvalidRequest, OwnedRequest, Unknown};

impl Link {
    /// The request, judged at that time, with what was changed to make it one that can be sent,
    /// and what isn't known of it.
    ///
    /// # Errors
    /// [`InvalidRequest`] for what is no URL with a host.
    pub(crate) fn inquiry(&self, at: EpochSeconds) -> Result<(OwnedRequest, Vec<String>), InvalidRequest> {
        let (mut inquiry, mut changed) = OwnedRequest::of_url(&self.url, at)?;
        if self.is_as_sent {
            let (_, rest) = self.url.split_once("://").unwrap_or_default();
            let target = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
            inquiry.target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
            inquiry.fragment = None;
            changed.clear();
        }
        if let Some(host) = &self.host {
            inquiry.authority.clone_from(host);
            inquiry.host()?;
        }
        let sent = cookie_store::sent(&self.stored, &inquiry);
        let mut fields = self.cookies.clone();
        if !sent.pairs.is_empty() {
            fields.push(sent.pairs.join("; "));
        }
        if self.is_policy_alone {
            fields.push(PLACEHOLDERS.to_owned());
        }
        inquiry.cookies = fields.into_iter().map(String::into_bytes).collect();
        inquiry.surroundings.clone_from(&self.surroundings);
        inquiry.surroundings.unsent_cookies.extend(sent.unsent);
        inquiry.is_preflight = self.is_preflight;
        inquiry.framing = self.framing;
        inquiry.method = self.method.clone().unwrap_or(Method::GET);
        if let Some(address) = self.address {
            inquiry.address = address;
        }
        let mut notes: Vec<String> = changed.into_iter().map(str::to_owned).collect();
        let (unknown, cut_out) = unknown(&inquiry.target, &inquiry.cookies);
        inquiry.unknown = Unknown { cookies: self.hides_cookies, keys: self.is_policy_alone, ..unknown };
        notes.extend(cut_out.filter(|_| !self.is_policy_alone));
        if self.is_policy_alone {
            notes.push("only a policy was given: its key and its signature aren't judged".to_owned());
        }
        notes.extend(foreign_signature(&inquiry.target).map(|whose| {
            format!("this link is signed for {whose}, not for CloudFront, which reads Expires or Policy, Signature and Key-Pair-Id")
        }));
        Ok((inquiry, notes))
    }
}

/// Who checks a signature that isn't CloudFront's.
fn foreign_signature(target: &str) -> Option<&'static str> {
    let (_, query) = target.split_once('?')?;
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    if has("Key-Pair-Id") {
        return None;
    }
    [
        ("S3 (a presigned URL)", has("X-Amz-Signature") || has("AWSAccessKeyId")),
        ("Google Cloud Storage", has("X-Goog-Signature") || has("GoogleAccessId")),
        ("Azure Storage (a shared access signature)", has("sig") && (has("se") || has("sp"))),
        ("Akamai", has("hdnts") || has("hdnea") || has("__token__")),
        ("Google Cloud CDN", has("KeyName") && has("Signature")),
    ]
    .into_iter()
    .find_map(|(whose, is_it)| is_it.then_some(whose))
}

/// What stands for the key and the signature of a policy that came alone; neither is judged.
const PLACEHOLDERS: &str = "CloudFront-Signature=-; CloudFront-Key-Pair-Id=K0000000000000";
