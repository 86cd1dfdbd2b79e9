//! Numbers of TOML, in whatever form.

use toml::de::DeValue;

/// A whole number, 0 or more.
pub(super) fn whole_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

/// A number, whole or not, but neither infinite nor `nan`.
pub(super) fn finite_number(value: &DeValue<'_>) -> Option<f64> {
    let text = value.as_integer().map(|whole| whole.as_str().to_owned());
    let text = text.or_else(|| value.as_float().map(|float| float.as_str().to_owned()));
    text?.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
}
