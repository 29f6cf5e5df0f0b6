//! What a reader can miss.

/// What was expected where the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Utf8,
    Value,
    ShallowValue,
    End,
    Object,
    Array,
    ArrayOrNull,
    Key,
    Colon,
    CommaOrBrace,
    CommaOrBracket,
    UnrepeatedKey,
    String,
    ClosingQuote,
    NoControl,
    Escape,
    HexDigits,
    LowSurrogate,
    NoLowSurrogate,
    Digit,
    NoLeadingZero,
    Text,
    Integer,
    Count,
    CountMember,
    JobsMember,
    Id,
    IdMember,
    #[cfg(any(feature = "serde_json", feature = "miniserde"))]
    Readable,
}

impl Expected {
    /// The same in words that end the sentence "expected …".
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Value => "a value",
            Self::ShallowValue => "a value nested at most 128 deep",
            Self::End => "the end of the text",
            Self::Object => "an object",
            Self::Array => "an array",
            Self::ArrayOrNull => "an array or null",
            Self::Key => "a key in quotes",
            Self::Colon => "`:`",
            Self::CommaOrBrace => "`,` or `}`",
            Self::CommaOrBracket => "`,` or `]`",
            Self::UnrepeatedKey => "a key that the object does not have yet",
            Self::String => "a string",
            Self::ClosingQuote => "the closing quote of a string",
            Self::NoControl => "an escape in place of a control character",
            Self::Escape => "one of the escapes `\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u`",
            Self::HexDigits => "four hexadecimal digits after `\\u`",
            Self::LowSurrogate => "the second half of a surrogate pair after this first one",
            Self::NoLowSurrogate => "the first half of a surrogate pair before this second one",
            Self::Digit => "a digit",
            Self::NoLeadingZero => "no digit after a leading zero",
            Self::Text => "a string, an integer or null",
            Self::Integer => "an integer of at most 64 bits, not `-0`",
            Self::Count => "an integer from 0 to 18446744073709551615, or its digits in a string",
            Self::CountMember => "a member `count` in this object",
            Self::JobsMember => "a member `jobs` in this object",
            Self::Id => "an id that is not empty",
            Self::IdMember => "a member `id` in this object",
            #[cfg(any(feature = "serde_json", feature = "miniserde"))]
            Self::Readable => "numbers that the parser can hold, before this byte",
        }
    }
}
