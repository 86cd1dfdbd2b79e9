//! Where a value stands in a configuration: `distributions[0].origins[1].url`.

use std::fmt;

/// The path of a key; empty for the whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(String);

impl KeyPath {
    /// The whole configuration.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A key of the table at this path.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        match self.0.as_str() {
            "" => Self(key.to_owned()),
            table => Self(format!("{table}.{key}")),
        }
    }

    /// An item of the array at this path, from 0.
    #[must_use]
    pub fn item(&self, number: usize) -> Self {
        Self(format!("{}[{number}]", self.0))
    }

    /// The path of what is around it; none for the whole configuration.
    pub(crate) fn parent(&self) -> Option<Self> {
        let cut = self.0.rfind(['.', '[']);
        (!self.0.is_empty()).then(|| Self(self.0[..cut.unwrap_or(0)].to_owned()))
    }

    /// The keys alone, such as `distributions.origins` for `distributions[0].origins[1]`: the kind of table.
    pub(crate) fn without_numbers(&self) -> String {
        let mut in_number = false;
        let kept = self.0.chars().filter(|c| {
            in_number = (in_number || *c == '[') && *c != ']';
            !in_number && *c != ']'
        });
        kept.collect()
    }

    /// Whether this is `other`, or something in it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let rest = self.0.strip_prefix(other.0.as_str());
        rest.is_some_and(|rest| rest.is_empty() || other.0.is_empty() || rest.starts_with(['.', '[']))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_keys_and_numbers() {
        let url = KeyPath::root().key("distributions").item(0).key("origins").item(12).key("url");
        assert_eq!(url.as_str(), "distributions[0].origins[12].url");
        assert_eq!(url.without_numbers(), "distributions.origins.url");
        let mut around = Vec::new();
        let mut path = url.clone();
        while let Some(parent) = path.parent() {
            around.push(parent.as_str().to_owned());
            path = parent;
        }
        let expected = [
            "distributions[0].origins[12]",
            "distributions[0].origins",
            "distributions[0]",
            "distributions",
            "",
        ];
        assert_eq!(around, expected);
    }

    #[test]
    fn a_value_is_within_its_tables_and_no_others() {
        let [url, origin] = ["d[0].origins[1].url", "d[0].origins[1]"].map(|text| KeyPath(text.to_owned()));
        assert!(url.is_within(&origin) && url.is_within(&url) && url.is_within(&KeyPath::root()));
        assert!(!origin.is_within(&url));
        for other in ["d[0].origins[10]", "d[0].origin", "d[0].ori"] {
            assert!(!url.is_within(&KeyPath(other.to_owned())), "{other}");
        }
    }
}
