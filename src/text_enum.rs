//! Enums over texts of the service: known values by name, any other value kept as text.

use alloc::string::String;
use core::fmt;

/// A text that is not one of an enum's known values, as the service wrote it.
///
/// Only `From` conversions of the enums create one, so `JobStatus::Other` never holds a known text
/// and two equal texts are always equal values.
///
/// ```
/// use drs_backup_jobs::JobStatus;
///
/// let status = JobStatus::from("PAUSED");
/// assert!(matches!(&status, JobStatus::Other(text) if text.as_str() == "PAUSED"));
/// assert_eq!(JobStatus::from("success"), JobStatus::Success);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OtherText(String);

impl OtherText {
    pub(crate) const EMPTY: Self = Self(String::new());

    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for OtherText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OtherText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OtherText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Defines an enum whose values are texts on the wire. Known texts are matched case-insensitively;
/// any other text is kept in `Other`, so that none is lost.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
            /// Any other text, as the service wrote it.
            Other($crate::text_enum::OtherText),
        }

        impl $name {
            /// The known values, in the order of the service's documentation.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            #[allow(dead_code, reason = "only the enums of a job's fields have an empty value")]
            pub(crate) const EMPTY: Self = Self::Other($crate::text_enum::OtherText::EMPTY);

            /// Returns the text on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text.as_str(),
                }
            }

            /// Returns whether this is one of [`KNOWN`](Self::KNOWN).
            #[must_use]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Other(_))
            }

            /// The known value of this text, matched case-insensitively.
            #[inline(never)]
            pub(crate) fn known(text: &str) -> Option<Self> {
                // Nearly every text is as documented, and comparing it whole takes a few
                // instructions.
                match text {
                    $($text => return Some(Self::$variant),)+
                    _ => {}
                }
                $(if text.eq_ignore_ascii_case($text) {
                    return Some(Self::$variant);
                })+
                None
            }

            // Inlined, and `known` not: passing the text on as it came would force every text of a
            // job through memory, where it is written in two halves and read as a whole, which
            // stalls (a fifth of the time of decoding a page).
            #[inline]
            pub(crate) fn from_cow(text: alloc::borrow::Cow<'_, str>) -> Self {
                Self::known(&text)
                    .unwrap_or_else(|| Self::Other($crate::text_enum::OtherText::new(text.into_owned())))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from_cow(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from_cow(text.into())
            }
        }

        impl core::str::FromStr for $name {
            type Err = core::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

pub(crate) use text_enum;
