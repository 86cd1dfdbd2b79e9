//! What a policy's own text shows where it is malformed: every fault has a name, and its place.

use super::decodings::all_decodings;
use super::fixes::usual_fix;
use super::json_syntax;
use super::mistake::{Diagnosis, Mistake};
use super::time_values;
use super::value_shape::{shape, shape_of_decodable};
use crate::access::deny_reason::DenyReason;
use crate::access::excerpt::excerpt;
use crate::access::policy::PolicyFault;
use crate::distribution::key::HashAlgorithm;
use crate::explain::checks::hints;
use crate::explain::forensics::evidence;
use crate::explain::request::parsed_request::ParsedRequest;

/// The causes of a policy that isn't understood; empty where none was sent.
pub(in crate::explain) fn causes(fault: &PolicyFault, parsed: &ParsedRequest<'_, '_>) -> Vec<Diagnosis> {
    let hint = || hints::policy(&DenyReason::MalformedPolicy(fault.clone()), parsed.sent);
    let with_hint =
        |mistake| vec![Diagnosis::proven(mistake, hint().unwrap_or_else(|| usual_fix(mistake).to_owned()))];
    let at = |mistake: Mistake| vec![Diagnosis::proven(mistake, format!("{fault}: {}", usual_fix(mistake)))];
    // JSON of a framework isn't a policy with a strange key.
    let value = parsed.sent.policy.as_deref().unwrap_or_default();
    if let (PolicyFault::UnknownKey { .. } | PolicyFault::MissingKey { key: "Statement", .. }, Some(shape)) =
        (fault, shape_of_decodable(value))
    {
        return vec![shape];
    }
    match fault {
        PolicyFault::Missing => Vec::new(),
        PolicyFault::UnknownKey { place, key, .. } => {
            unknown_key(place, key, with_hint(Mistake::UnknownPolicyKey))
        }
        PolicyFault::Statements { count } if *count > 1 => with_hint(Mistake::SeveralStatements),
        PolicyFault::MissingKey { place: "Condition" | "Statement" | "DateLessThan", .. } => {
            at(Mistake::LacksEnd)
        }
        PolicyFault::Unexpected { place: "IpAddress", .. } => vec![Mistake::MalformedRange.proven()],
        PolicyFault::Unexpected { place: "Resource", found, .. } if found.starts_with("an array") => {
            at(Mistake::ResourceList)
        }
        PolicyFault::Unexpected { place, expected, found } if expected.contains("EpochTime") => {
            vec![time(place, found)]
        }
        PolicyFault::Unexpected { place: place @ ("DateLessThan" | "DateGreaterThan"), found, .. }
            if found == "null" =>
        {
            vec![time(place, found)]
        }
        PolicyFault::NotJson { problem } => not_json(problem, parsed),
        PolicyFault::Encoding(_) => encoding(parsed),
        PolicyFault::Expires { found } => vec![time_values::unreadable("Expires", found)],
        PolicyFault::Unexpected { .. }
        | PolicyFault::MissingKey { .. }
        | PolicyFault::Statements { .. }
        | PolicyFault::TooLong { .. }
        | PolicyFault::TimeOutOfRange { .. } => {
            let mistake = if text(parsed).is_some_and(|text| text.trim_ascii().starts_with(b"\"")) {
                // A string that holds JSON: it went through two encoders.
                return vec![Diagnosis::proven(
                    Mistake::JsonSyntax,
                    format!("{fault}: the policy is a string of JSON, encoded twice"),
                )];
            } else {
                Mistake::PolicyStructure
            };
            at(mistake)
        }
    }
}

/// What is the right key, where another one of its letters is meant.
fn unknown_key(place: &str, key: &str, known: Vec<Diagnosis>) -> Vec<Diagnosis> {
    let fix = match key {
        "EpochTime" | "AWS:Epochtime" | "AWS:epochTime" | "aws:EpochTime" | "AWS.EpochTime"
        | "AWS_EpochTime" => {
            format!("{place} has the key `{key}`: write AWS:EpochTime")
        }
        "SourceIp" | "aws:SourceIp" | "AWS:SourceIP" | "AWS:sourceIp" => {
            format!("{place} has the key `{key}`: write AWS:SourceIp")
        }
        _ => return known,
    };
    vec![Diagnosis::proven(Mistake::UnknownPolicyKey, fix)]
}

/// Of a value in place of a time, by how messages describe it.
fn time(place: &str, found: &str) -> Diagnosis {
    let found = &*excerpt(found, MAX_SHOWN);
    let of = |mistake: Mistake| {
        Diagnosis::proven(mistake, format!("AWS:EpochTime of {place} is {found}: {}", usual_fix(mistake)))
    };
    if let Some(literal) = found.strip_prefix("the string ") {
        let text: String =
            serde_json::from_str(literal).unwrap_or_else(|_| literal.trim_matches('"').to_owned());
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits {
            let fix = format!("{}: {text}", usual_fix(Mistake::QuotedNumber));
            return Diagnosis::proven(Mistake::QuotedNumber, fix);
        }
        return time_values::unreadable(&format!("AWS:EpochTime of {place}"), &text);
    }
    if let Some(number) = found.strip_prefix("the number ") {
        return time_values::unreadable(&format!("AWS:EpochTime of {place}"), number);
    }
    match found {
        "null" | "true" | "false" => of(Mistake::UnsetTime),
        _ => of(Mistake::PolicyStructure),
    }
}

/// The decoded text, as CloudFront reads it.
fn text(parsed: &ParsedRequest<'_, '_>) -> Option<Vec<u8>> {
    let value = parsed.sent.policy.as_deref()?;
    crate::access::encoding::decode(value).ok().map(|text| text.to_vec())
}

fn not_json(problem: &str, parsed: &ParsedRequest<'_, '_>) -> Vec<Diagnosis> {
    let Some(text) = text(parsed) else { return Vec::new() };
    let value = parsed.sent.policy.as_deref().unwrap_or_default();
    // Another layer of encoding, under which a policy stands.
    if let Some((reading, _)) = evidence::policy_as_meant(all_decodings(value))
        && !reading.undone.is_empty()
    {
        return reading.undone.iter().map(|mistake| mistake.proven()).collect();
    }
    if !text.trim_ascii_start().starts_with(b"{")
        && let Some(shape) = shape_of_decodable(value).filter(|shape| shape.mistake != Mistake::HmacSignature)
    {
        return vec![shape];
    }
    let Some(fault) = json_syntax::fault(&text) else {
        // JSON that is nested too deep, or has a key twice: the parser says where.
        return vec![Diagnosis::proven(
            Mistake::PolicyStructure,
            format!("the policy is not understood: {problem}"),
        )];
    };
    let fix = format!("{}\n{}", fault.what, json_syntax::shown(&text, fault.at));
    let is_signed = is_signed_as_sent(parsed, &text);
    let mut causes =
        vec![Diagnosis { proven: fault.is_certain || is_signed, ..Diagnosis::proven(fault.mistake, fix) }];
    if fault.at == text.len() && !text.is_empty() && !is_signed {
        causes.push(Mistake::Truncated.likely());
    }
    causes
}

/// Whether the signature is one over the very text: then the signer wrote it so, and nothing changed it on the way.
fn is_signed_as_sent(parsed: &ParsedRequest<'_, '_>, text: &[u8]) -> bool {
    let (Some(key), Ok(signature)) = (parsed.named_key(), &parsed.signature) else { return false };
    [HashAlgorithm::Sha1, HashAlgorithm::Sha256].into_iter().any(|hash| key.verifies(hash, text, signature))
}

fn encoding(parsed: &ParsedRequest<'_, '_>) -> Vec<Diagnosis> {
    let Some(value) = parsed.sent.policy.as_deref() else { return Vec::new() };
    let plain = value.trim_ascii_start();
    if plain.starts_with(b"{") || plain.starts_with(b"%7B") || plain.starts_with(b"%7b") {
        return vec![Mistake::PolicyNotEncoded.proven()];
    }
    let meant = evidence::policy_as_meant(all_decodings(value));
    match meant {
        Some((reading, _)) if !reading.undone.is_empty() => {
            reading.undone.iter().map(|mistake| mistake.proven()).collect()
        }
        Some(_) | None => {
            let cut = || is_begun(value).then(|| Mistake::Truncated.likely());
            shape(value).or_else(cut).into_iter().collect()
        }
    }
}

/// Whether it begins as a policy does, and its last characters are no end of base64.
fn is_begun(value: &[u8]) -> bool {
    let whole = &value[..value.len() - value.len() % 4];
    crate::access::encoding::decode(whole).is_ok_and(|text| text.trim_ascii_start().starts_with(b"{"))
}

/// Characters of a value in a message.
const MAX_SHOWN: usize = 96;
