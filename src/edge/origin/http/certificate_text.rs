//! Whose certificate it is that an origin presents, in words: for a log line about one that is refused.

/// The subject and the issuer of a certificate.
pub(super) fn presented(certificate: &[u8]) -> String {
    let Some((issuer, subject)) = parties(certificate) else {
        return "something that is not a certificate".to_owned();
    };
    let subject_name = name(subject).unwrap_or_else(|| "an unnamed subject".to_owned());
    if issuer == subject {
        return format!("a certificate of {subject_name}, signed by itself");
    }
    let issuer_name = name(issuer).unwrap_or_else(|| "an unnamed issuer".to_owned());
    format!("a certificate of {subject_name}, issued by {issuer_name}")
}

/// Issuer and subject as DER (RFC 5280, section 4.1).
fn parties(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    let mut next = || {
        let (_, value, after) = element(rest)?;
        rest = after;
        Some(value)
    };
    let (_serial, _algorithm) = (next()?, next()?);
    let issuer = next()?;
    let _validity = next()?;
    Some((issuer, next()?))
}

/// The common name, or else the organisation.
fn name(mut party: &[u8]) -> Option<String> {
    let mut organisation = None;
    while let Some((_, set, rest)) = element(party) {
        party = rest;
        let Some((_, pair, _)) = element(set) else { continue };
        let Some((_, kind, value)) = element(pair) else { continue };
        let Some((_, text, _)) = element(value) else { continue };
        // Someone else's text: quoted and escaped, so that it can't pass for the log's own.
        let text: String = String::from_utf8_lossy(text).chars().take(MAX_NAME).collect();
        match kind {
            COMMON_NAME => return Some(format!("{text:?}")),
            ORGANISATION => organisation = Some(format!("{text:?}")),
            _ => {}
        }
    }
    organisation
}

/// One element of DER: its tag, its value, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// The tag of the optional version before the serial number.
const VERSION: u8 = 0xa0;
/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
/// 2.5.4.10
const ORGANISATION: &[u8] = &[0x55, 4, 10];
/// Characters of a name that are shown; X.520 allows as many.
const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["a.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    #[test]
    fn subject_and_issuer_are_named() {
        let key = KeyPair::generate().unwrap();
        let own = params("a\nb").self_signed(&key).unwrap();
        assert_eq!(presented(own.der()), r#"a certificate of "a\nb", signed by itself"#);
        let issuer = Issuer::new(params("The Authority"), &key);
        let leaf = params("leaf").signed_by(&key, &issuer).unwrap();
        assert_eq!(presented(leaf.der()), r#"a certificate of "leaf", issued by "The Authority""#);
        assert_eq!(presented(b"nonsense"), "something that is not a certificate");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            presented(&bytes);
            let mut damaged = params("x").self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            for (at, byte) in bytes.iter().enumerate().take(4) {
                let place = (usize::from(*byte) * 7 + at * 31) % damaged.len();
                damaged[place] = *byte;
            }
            presented(&damaged);
        }
    }
}
