//! What was given to the signer in place of the policy's text.

use super::change::{Change, Dimension};
use crate::explain::forensics::candidate::Candidate;
use crate::explain::forensics::candidate::{DigestOf, Message};
use crate::explain::mistakes::mistake::Mistake;

pub(in crate::explain) fn messages<'c>() -> Dimension<'c> {
    let to = |(message, mistake): (Message, Mistake)| {
        Change::new(mistake, 1, move |candidate| Some(Candidate { message, ..candidate.clone() }))
    };
    [
        (Message::CloudFrontBase64, Mistake::SignedBase64),
        (Message::PlainBase64, Mistake::SignedBase64),
        (Message::Digest(DigestOf::Sha1), Mistake::SignedDigest),
        (Message::Digest(DigestOf::Sha256), Mistake::SignedDigest),
        (Message::HexDigest(DigestOf::Sha1), Mistake::SignedHexDigest),
        (Message::HexDigest(DigestOf::Sha256), Mistake::SignedHexDigest),
        (Message::Resource, Mistake::SignedUrl),
    ]
    .into_iter()
    .map(to)
    .collect()
}
