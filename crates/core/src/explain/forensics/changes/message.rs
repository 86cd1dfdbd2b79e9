//! What was given to the signer in place of the policy's text.

use super::{Change, Dimension, Draft};
use crate::explain::cause::Mistake;
use crate::explain::draft::{DigestOf, Message};

pub(in crate::explain) fn messages<'c>() -> Dimension<'c> {
    let to = |(message, mistake): (Message, Mistake)| {
        Change::new(mistake, 1, move |draft| Some(Draft { message, ..draft.clone() }))
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
