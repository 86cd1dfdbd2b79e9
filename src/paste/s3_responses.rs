//! S3's error codes, one by one, and what to do about each. Codes and messages are those of the S3 API reference and of public
//! reports.

/// What to do about a response of S3: by its code, and by its message where a code has several meanings.
///
/// `is_through` says that CloudFront asked S3; none where that isn't known.
pub(super) fn advice(code: &str, message: &str, is_through: Option<bool>) -> Option<&'static str> {
    let by_message = MESSAGES.iter().find(|row| row.0 == code && message.contains(row.1));
    if let Some((_, _, through, direct)) = by_message {
        return Some(if is_through == Some(false) { direct } else { through });
    }
    CODES.iter().find(|row| row.0 == code).map(|(_, through, direct)| match is_through {
        Some(false) => *direct,
        Some(true) | None => *through,
    })
}

/// Whether a code is one of S3's.
pub(super) fn is_known(code: &str) -> bool {
    CODES.iter().any(|(known, ..)| *known == code) || MESSAGES.iter().any(|(known, ..)| *known == code)
}

type Row = (&'static str, &'static str, &'static str);

/// Code, a part of its message, the advice through CloudFront, and the advice where S3 was asked directly.
const MESSAGES: [(&str, &str, &str, &str); 12] = [
    (
        "InvalidArgument",
        "Only one auth mechanism allowed",
        "the request that S3 got has two signatures: a presigned query of S3 (X-Amz-Signature, or Signature with AWSAccessKeyId) \
         or an Authorization header came beside that of origin access control. Sign the link for CloudFront instead of S3, and \
         let the origin request policy forward neither Authorization nor the query that was signed for S3",
        "the request has both an Authorization header and a presigned query: send one of them",
    ),
    (
        "InvalidArgument",
        "KMS",
        "the object is encrypted with a KMS key and the request wasn't signed with Signature Version 4: use origin access \
         control, not an origin access identity, and allow it kms:Decrypt in the key's policy",
        "an object encrypted with KMS needs a request signed with Signature Version 4 over HTTPS",
    ),
    (
        "InvalidRequest",
        "Requests specifying Server Side Encryption with AWS KMS",
        "use origin access control (Signature Version 4), not an origin access identity, and HTTPS to the origin",
        "sign with Signature Version 4 and use HTTPS",
    ),
    (
        "InvalidRequest",
        "Missing x-amz-content-sha256",
        "PUT and POST through origin access control need the header x-amz-content-sha256 with the hash of the body from the viewer",
        "send x-amz-content-sha256, which Signature Version 4 of S3 needs",
    ),
    (
        "InvalidRequest",
        "authorization mechanism you have provided is not supported",
        "S3 in this region takes Signature Version 4 alone: use origin access control, not an origin access identity",
        "sign with Signature Version 4: this region takes no other",
    ),
    (
        "AccessDenied",
        "Query-string authentication requires",
        "an origin request policy forwards the query with CloudFront's own parameters to S3, which takes them for its own: don't \
         forward Expires, Signature, Policy and Key-Pair-Id to the origin",
        "the link was signed for CloudFront and opened at S3: open it at the distribution's domain name",
    ),
    (
        "AccessDenied",
        "Request has expired",
        "the presigned URL of S3 has ended: make a new one, or sign the link for CloudFront; no change to the bucket fixes it",
        "the presigned URL of S3 has ended: make a new one",
    ),
    (
        "AccessDenied",
        "Invalid date",
        "the Expires of a presigned URL of S3 can't be read, or the link was signed for CloudFront and its query was forwarded to S3",
        "the Expires of a presigned URL of S3 can't be read",
    ),
    (
        "AccessDenied",
        "kms:Decrypt",
        "allow the distribution kms:Decrypt in the policy of the object's KMS key (principal cloudfront.amazonaws.com, \
         condition AWS:SourceArn)",
        "allow the caller kms:Decrypt in the policy of the object's KMS key",
    ),
    (
        "AccessDenied",
        "explicit deny",
        "a policy denies it explicitly (a Deny statement of the bucket's policy, of an access point or of the organisation): \
         an Allow doesn't help beside it",
        "a policy denies it explicitly: an Allow doesn't help beside it",
    ),
    (
        "AccessForbidden",
        "CORS",
        "the bucket has no CORS rule for this origin and method: let CloudFront answer preflights by a response headers policy, or \
         add the rule to the bucket and forward Origin, Access-Control-Request-Method and -Headers",
        "the bucket has no CORS rule for this origin and method: add one",
    ),
    (
        "AuthorizationHeaderMalformed",
        "region",
        "the request was signed for another region than the bucket's: make the origin's domain the bucket's regional one \
         (BUCKET.s3.REGION.amazonaws.com), and look at the region of the origin's signature",
        "the request was signed for another region than the bucket's: sign it for the region that the message names",
    ),
];

/// Code, the advice through CloudFront, and the advice where S3 was asked directly.
const CODES: [Row; 30] = [
    (
        "AccessDenied",
        "let the distribution read the bucket: s3:GetObject for cloudfront.amazonaws.com with this distribution's AWS:SourceArn in \
         the bucket's policy, and origin access control on the origin; a key that isn't there is AccessDenied, too, without \
         s3:ListBucket",
        "the request went to S3 itself, without a signature that it accepts: open the link at the distribution's domain name",
    ),
    (
        "AccessForbidden",
        "the bucket's CORS rules don't allow the request",
        "the bucket's CORS rules don't allow the request",
    ),
    (
        "NoSuchKey",
        "the object isn't there: compare its key with the origin path and the URL's path, letter case and encoding included; the \
         permissions are right",
        "the object isn't there: compare its key with the URL's path, letter case included",
    ),
    (
        "NoSuchBucket",
        "the origin's domain names a bucket that isn't there: correct it, or make the bucket; an old DNS name can be \
         taken over with a new bucket",
        "the host names a bucket that isn't there",
    ),
    (
        "NoSuchVersion",
        "the version isn't there: look at versionId in the query",
        "the version isn't there: look at versionId",
    ),
    (
        "PermanentRedirect",
        "the bucket is in another region: make the origin's domain the bucket's regional one, BUCKET.s3.REGION.amazonaws.com",
        "the bucket is in another region: use its regional name, BUCKET.s3.REGION.amazonaws.com",
    ),
    (
        "TemporaryRedirect",
        "the bucket is new and its name isn't known everywhere yet: make the origin's domain the regional one, \
         BUCKET.s3.REGION.amazonaws.com",
        "the bucket is new: use its regional name, or follow the redirect",
    ),
    (
        "IllegalLocationConstraintException",
        "the bucket is in another region: make the origin's domain the bucket's regional one",
        "the bucket is in another region: use its regional name",
    ),
    (
        "AuthorizationHeaderMalformed",
        "the Authorization header isn't one of Signature Version 4, or for another region: don't forward the viewer's Authorization \
         to S3",
        "the Authorization header isn't one of Signature Version 4, or for another region",
    ),
    (
        "AuthorizationQueryParametersError",
        "the query has parameters of S3's signature that don't fit: don't forward X-Amz-* parameters to S3, or sign for CloudFront",
        "the X-Amz-* parameters of the presigned URL don't fit: make it anew",
    ),
    (
        "SignatureDoesNotMatch",
        "something that origin access control signed was changed on the way to S3: an origin request policy that forwards Host or \
         Authorization breaks it",
        "the presigned URL or its headers were changed after signing, or the secret key is another one: host, method, path, \
         query and signed headers must be those that were signed",
    ),
    (
        "InvalidAccessKeyId",
        "S3 got an access key that it doesn't know: a link that was presigned for S3 came through CloudFront; sign it for CloudFront",
        "the access key isn't known, or was deleted; was the link meant for CloudFront?",
    ),
    (
        "InvalidToken",
        "the session token in an S3 presigned URL isn't valid: sign for CloudFront instead",
        "the session token isn't valid: make the link anew",
    ),
    (
        "ExpiredToken",
        "the session with which an S3 presigned URL was made has ended: sign for CloudFront: its links don't end with a session",
        "the session with which the presigned URL was made has ended: make a new one",
    ),
    (
        "RequestTimeTooSkewed",
        "the request to S3 was dated more than 15 minutes off: an Authorization or X-Amz-Date of the viewer is forwarded, or the \
         response is an old one from a cache",
        "the clock of the signer is more than 15 minutes off: set it (NTP)",
    ),
    (
        "RequestExpired",
        "a signature of S3 in the request has ended; sign for CloudFront",
        "the signature has ended: make a new one",
    ),
    (
        "AllAccessDisabled",
        "S3 has turned all access to the bucket off, or the host names a bucket that isn't yours: is the origin's domain right?",
        "S3 has turned all access to the bucket off: is its name right?",
    ),
    (
        "AccountProblem",
        "the account of the bucket has a problem: contact AWS Support",
        "the account has a problem: contact AWS Support",
    ),
    (
        "InvalidObjectState",
        "the object is archived (Glacier): restore it, or choose another storage class",
        "the object is archived (Glacier): restore it first",
    ),
    (
        "KMS.DisabledException",
        "the object's KMS key is disabled: enable it, or encrypt the object with another one",
        "the object's KMS key is disabled: enable it",
    ),
    (
        "KMS.NotFoundException",
        "the object's KMS key isn't there: encrypt the object with another one",
        "the object's KMS key isn't there: encrypt the object with another one",
    ),
    (
        "KMS.KMSInvalidStateException",
        "the object's KMS key is to be deleted: cancel that, or encrypt the object with another one",
        "the object's KMS key is to be deleted: cancel that",
    ),
    (
        "MethodNotAllowed",
        "S3 takes no such method for this: the behavior lets methods through that a bucket doesn't have",
        "S3 takes no such method for this",
    ),
    (
        "InvalidArgument",
        "a parameter or header that CloudFront forwarded isn't what S3 expects: look at the element ArgumentName, and forward less",
        "a parameter or header isn't what S3 expects: look at the element ArgumentName",
    ),
    (
        "InvalidRequest",
        "what CloudFront forwarded doesn't fit together for S3: its message gives the reason; forward less to the origin",
        "the request doesn't fit together for S3: its message gives the reason",
    ),
    (
        "InvalidURI",
        "the path can't be read by S3: look at its percent-encoding",
        "the path can't be read: look at its encoding",
    ),
    (
        "InvalidBucketName",
        "the origin's domain, or a Host header that is forwarded, isn't the name of a bucket: don't forward Host to S3",
        "the host isn't the name of a bucket",
    ),
    (
        "SlowDown",
        "S3 limits requests to this prefix: cache more, or spread the keys over prefixes",
        "S3 limits requests to this prefix: send fewer, or spread the keys over prefixes",
    ),
    (
        "ServiceUnavailable",
        "S3 couldn't respond for the moment: the same request works later",
        "S3 couldn't respond for the moment: try again",
    ),
    ("InternalError", "S3 failed: the same request works later", "S3 failed: try again"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_gets_its_own_advice() {
        for (code, message, is_through, word) in [
            ("InvalidArgument", "Only one auth mechanism allowed; only …", Some(true), "two signatures"),
            ("InvalidArgument", "Requests specifying … AWS KMS …", Some(true), "KMS key"),
            ("PermanentRedirect", "The bucket …", Some(true), "another region"),
            (
                "AccessDenied",
                "Query-string authentication requires the Signature",
                Some(false),
                "at the distribution",
            ),
            (
                "AccessDenied",
                "Query-string authentication requires the Signature",
                Some(true),
                "don't forward",
            ),
            ("AccessDenied", "Access Denied", None, "let the distribution read"),
            (
                "AccessForbidden",
                "CORSResponse: CORS is not enabled for this bucket.",
                Some(true),
                "CORS rule",
            ),
            ("RequestTimeTooSkewed", "x", Some(false), "clock"),
            (
                "AuthorizationHeaderMalformed",
                "the region 'us-east-1' is wrong; expecting 'eu-west-1'",
                None,
                "another region",
            ),
        ] {
            let advice = advice(code, message, is_through).unwrap();
            assert!(advice.contains(word), "{code} {message}: {advice}");
        }
        assert!(advice("Unheard", "", None).is_none() && is_known("SlowDown"));
        assert!(CODES.iter().enumerate().all(|(at, row)| CODES[..at].iter().all(|other| other.0 != row.0)));
    }
}
