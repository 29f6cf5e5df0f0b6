//! Guides: documentation without code.

// Its example runs against the emulator.
#[cfg_attr(feature = "emulator", doc = include_str!("bring_your_own_transport.md"))]
#[cfg_attr(
    not(feature = "emulator"),
    doc = "Bring your own transport: this page is built with the feature `emulator`."
)]
pub mod bring_your_own_transport {}

#[doc = include_str!("without_io.md")]
pub mod without_io {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("design.md")]
pub mod design {}
