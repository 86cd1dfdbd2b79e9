//! The Range field (RFC 9110, 14).

use std::ops::Range;

/// What a Range field asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything: the field is malformed, its unit unknown, or it has several ranges.
    ///
    /// Several ranges would need `multipart/byteranges`, which players don't use, and which lets a small request ask
    /// for the same bytes many times. A server may ignore the field (14.2).
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Only bytes that don't exist.
    Nothing,
}

/// Reads a field for a representation of `length` bytes.
pub(super) fn wanted(field: &[u8], length: u64) -> Wanted {
    let Some(specs) = field
        .split_at_checked(UNIT.len())
        .and_then(|(unit, specs)| unit.eq_ignore_ascii_case(UNIT).then_some(specs))
    else {
        return Wanted::Whole;
    };
    let mut wanted = Wanted::Nothing;
    let mut is_list_empty = true;
    let mut satisfiable = 0;
    for spec in specs.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|spec| !spec.is_empty()) {
        is_list_empty = false;
        match resolve(spec, length) {
            None => return Wanted::Whole,
            Some(Wanted::Nothing) => {}
            Some(found) => {
                satisfiable += 1;
                wanted = found;
            }
        }
    }
    if is_list_empty || satisfiable > 1 { Wanted::Whole } else { wanted }
}

/// One range of the list; `None` if it is none.
fn resolve(spec: &[u8], length: u64) -> Option<Wanted> {
    let dash = spec.iter().position(|&byte| byte == b'-')?;
    let range = match (&spec[..dash], &spec[dash + 1..]) {
        (b"", suffix) => match number(suffix)? {
            0 => return Some(Wanted::Nothing),
            // Satisfiable by definition (14.1.2), but Content-Range can't say "no bytes".
            _ if length == 0 => return Some(Wanted::Whole),
            suffix => length.saturating_sub(suffix)..length,
        },
        (first, b"") => number(first)?..length,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if range.start < length { Wanted::Part(range) } else { Wanted::Nothing })
}

/// Digits only; what is too large for any file is just as well the largest number.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        digit.is_ascii_digit().then(|| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

const UNIT: &[u8] = b"bytes=";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_of_ten_bytes() {
        for (field, expected) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=2-5", Wanted::Part(2..6)),
            ("bytes=0-", Wanted::Part(0..10)),
            ("bytes=9-", Wanted::Part(9..10)),
            ("bytes=5-999", Wanted::Part(5..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("Bytes=2-5", Wanted::Part(2..6)),
            ("bytes= 2-5\t", Wanted::Part(2..6)),
            ("bytes=,2-5,,", Wanted::Part(2..6)),
            ("bytes=0-99999999999999999999999", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=10-20", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=18446744073709551615-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=10-,-0", Wanted::Nothing),
            ("bytes=99-, 1-2", Wanted::Part(1..3)),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=0-1,0-1", Wanted::Whole),
            ("bytes=0-1,x", Wanted::Whole),
            ("bytes=99-,x", Wanted::Whole),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes=,", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=1", Wanted::Whole),
            ("bytes=1-2-3", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=1 -2", Wanted::Whole),
            ("bytes=0x1-2", Wanted::Whole),
            ("bytes =1-2", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(field.as_bytes(), 10), expected, "{field}");
        }
    }

    #[test]
    fn ranges_of_nothing() {
        for (field, expected) in [
            ("bytes=0-", Wanted::Nothing),
            ("bytes=0-0", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=-5", Wanted::Whole),
        ] {
            assert_eq!(wanted(field.as_bytes(), 0), expected, "{field}");
        }
    }

    proptest! {
        #[test]
        fn any_field_gives_bytes_that_exist(
            field in prop_oneof![
                any::<Vec<u8>>(),
                "bytes=[-0-9, x]{0,40}".prop_map(String::into_bytes),
            ],
            length in prop_oneof![0_u64..50, any::<u64>()],
        ) {
            if let Wanted::Part(range) = wanted(&field, length) {
                prop_assert!(range.start < range.end && range.end <= length, "{range:?} of {length}");
            }
        }
    }
}
