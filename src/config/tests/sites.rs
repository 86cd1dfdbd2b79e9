//! A small configuration, and the places where a test adds to it.

/// Where a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// In front of everything.
    Top,
    /// In `[[distributions]]`.
    Distribution,
    /// In place of the `url` of the origin `o`.
    Origin,
    /// In the default behavior.
    Default,
    /// At the end, after the default behavior.
    End,
}

/// The configuration with a text in one place.
pub(super) fn with(slot: Slot, text: &str) -> String {
    let at = |here: Slot, otherwise: &str| if slot == here { text.to_owned() } else { otherwise.to_owned() };
    format!(
        "{}\n[[distributions]]\nid = \"E\"\ndomain-name = \"a.example.com\"\n{}\n[[distributions.origins]]\nid = \"o\"\n{}\n\
         [distributions.default-cache-behavior]\ntarget-origin = \"o\"\n{}\n{}\n",
        at(Slot::Top, ""),
        at(Slot::Distribution, ""),
        at(Slot::Origin, "url = \"demo:\""),
        at(Slot::Default, ""),
        at(Slot::End, ""),
    )
}
