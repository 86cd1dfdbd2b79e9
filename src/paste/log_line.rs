//! What a line of a log looks like.

use super::real_time_log;

/// A date, a time and many more fields, as a single line copied from a log begins.
pub(super) fn is_standard_line(text: &[u8]) -> bool {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut fields = line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let shape = |field: Option<&[u8]>, of: &[u8]| {
        field.is_some_and(|field| {
            field.len() == of.len()
                && field.iter().zip(of).all(|(byte, like)| match like {
                    b'0' => byte.is_ascii_digit(),
                    like => byte == like,
                })
        })
    };
    shape(fields.next(), b"0000-00-00") && shape(fields.next(), b"00:00:00") && fields.count() >= 10
}

/// A line of a standard or a real-time log.
pub(super) fn is_log_line(text: &[u8]) -> bool {
    let line = String::from_utf8_lossy(text.split(|&byte| byte == b'\n').next().unwrap_or_default());
    is_standard_line(line.as_bytes()) || real_time_log::fields(&fields_of(&line)).is_some()
}

/// The fields of a line.
pub(super) fn fields_of(text: &str) -> Vec<&str> {
    // Terminals make spaces of tabs; no field holds one.
    match text.contains('\t') {
        true => text.split('\t').collect(),
        false => text.split_whitespace().collect(),
    }
}
