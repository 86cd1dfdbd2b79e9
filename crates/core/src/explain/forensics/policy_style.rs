//! The ways in which one policy is written: what JSON encoders do with white space, order and escapes.

/// How a policy is written, part by part; the default is as it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) struct PolicyStyle {
    pub(in crate::explain) spacing: Spacing,
    pub(in crate::explain) order: Order,
    pub(in crate::explain) escaping: Escaping,
    pub(in crate::explain) statement: Statement,
    pub(in crate::explain) number: Number,
    pub(in crate::explain) conditions: Conditions,
    pub(in crate::explain) tail: Tail,
    pub(in crate::explain) bom: Bom,
}

impl PolicyStyle {
    /// With the parts of another one that aren't as sent.
    pub(in crate::explain) fn with(self, other: Self) -> Self {
        fn chosen<T: Default + PartialEq>(own: T, other: T) -> T {
            if other == T::default() { own } else { other }
        }
        Self {
            spacing: chosen(self.spacing, other.spacing),
            order: chosen(self.order, other.order),
            escaping: chosen(self.escaping, other.escaping),
            statement: chosen(self.statement, other.statement),
            number: chosen(self.number, other.number),
            conditions: chosen(self.conditions, other.conditions),
            tail: chosen(self.tail, other.tail),
            bom: chosen(self.bom, other.bom),
        }
    }
}

/// White space between tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Spacing {
    #[default]
    AsSent,
    /// None.
    Compact,
    /// After commas and colons, as Python's `json.dumps` writes by itself.
    Python,
    /// After colons alone.
    AfterColons,
    /// After `"Statement":` alone, as the SDK for Java 1 writes custom policies (GH:aws/aws-sdk-java#2930).
    AfterStatement,
    /// Lines, indented by so many spaces; 0 stands for tabs.
    Pretty(u8),
}

/// The order of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Order {
    #[default]
    AsSent,
    /// By name, as encoders of maps do.
    Sorted,
    /// Condition before Resource, the conditions as they were.
    ConditionFirst,
    /// Resource before Condition, the conditions in that permutation.
    Conditions(u8),
}

/// Escapes within strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Escaping {
    #[default]
    AsSent,
    /// `\/`, as PHP's `json_encode` writes by itself.
    Slashes,
    /// `\u0026`, `\u003c`, `\u003e`, as Go's encoder writes by itself.
    Html,
    /// `\u0026`, `\u002B`, `\u0027`, `\u003C`, `\u003E`, as System.Text.Json writes by itself.
    DotNet,
    /// Nothing that needn't be.
    Least,
}

/// `Statement` as a list or bare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Statement {
    #[default]
    AsSent,
    Bare,
    Listed,
    /// With a `Version` before it.
    Versioned,
}

/// Times with or without quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Number {
    #[default]
    AsSent,
    Quoted,
    Bare,
}

/// Which conditions there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Conditions {
    #[default]
    AsSent,
    /// `DateLessThan` and nothing else.
    EndAlone,
    /// Without `IpAddress`.
    AnyAddress,
    /// Without `DateGreaterThan`.
    AnyBeginning,
    /// With `IpAddress` of everybody, as some signers add by themselves.
    Everybody,
    /// With `DateGreaterThan` of 0.
    SinceEver,
    /// With both.
    EverybodySinceEver,
}

/// What follows the last brace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Tail {
    #[default]
    AsSent,
    Lf,
    CrLf,
    /// No line end, though one was sent.
    Trimmed,
    /// Every line end as CR and LF.
    CrLfThroughout,
    /// Every line end as LF, though CRs were sent.
    LfThroughout,
}

/// A byte order mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::explain) enum Bom {
    #[default]
    AsSent,
    Added,
    Removed,
}

impl Escaping {
    /// Escapes what was written from a place on.
    pub(in crate::explain) fn escape_from(self, text: &mut Vec<u8>, from: usize) {
        let escape = |byte: u8| -> Option<&'static str> {
            match (self, byte) {
                (Self::Slashes, b'/') => Some("\\/"),
                (Self::Html | Self::DotNet, b'&') => Some("\\u0026"),
                (Self::Html, b'<') => Some("\\u003c"),
                (Self::Html, b'>') => Some("\\u003e"),
                (Self::DotNet, b'<') => Some("\\u003C"),
                (Self::DotNet, b'>') => Some("\\u003E"),
                (Self::DotNet, b'+') => Some("\\u002B"),
                (Self::DotNet, b'\'') => Some("\\u0027"),
                _ => None,
            }
        };
        if !text[from..].iter().any(|byte| escape(*byte).is_some()) {
            return;
        }
        let plain = text.split_off(from);
        for byte in plain {
            match escape(byte) {
                Some(escaped) => text.extend_from_slice(escaped.as_bytes()),
                None => text.push(byte),
            }
        }
    }
}

/// What encoders escape.
pub(in crate::explain) const ESCAPINGS: [Escaping; 4] =
    [Escaping::Least, Escaping::Slashes, Escaping::Html, Escaping::DotNet];
/// Encoders that are known.
pub(in crate::explain) const SPACINGS: [Spacing; 7] = [
    Spacing::Compact,
    Spacing::Python,
    Spacing::Pretty(2),
    Spacing::Pretty(4),
    Spacing::AfterColons,
    Spacing::AfterStatement,
    Spacing::Pretty(0),
];
