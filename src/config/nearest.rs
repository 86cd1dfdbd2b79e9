//! The name that was probably meant.

/// The nearest of the known names; none where no one is near.
pub(super) fn of<'n>(text: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let nearest = known.max_by(|a, b| closeness(text, a).total_cmp(&closeness(text, b)));
    nearest.filter(|near| closeness(text, near) > MIN_CLOSENESS)
}

/// 1 for the same, 0 for nothing in common.
pub(super) fn closeness(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(a, b)
}

/// From here on a name is suggested.
pub(super) const MIN_CLOSENESS: f64 = 0.6;
