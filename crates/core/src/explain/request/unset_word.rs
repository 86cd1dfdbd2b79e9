//! Words that languages write for a variable without a value.

/// The word that stands for a variable without a value.
pub(in crate::explain) fn unset_word(value: &[u8]) -> Option<&'static str> {
    UNSET.into_iter().find(|word| word.as_bytes() == value)
}

/// What languages write for a variable without a value.
const UNSET: [&str; 7] = ["undefined", "null", "None", "nil", "NaN", "[object Object]", "[object Promise]"];
