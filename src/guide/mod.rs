//! Pages on how to use the crate; there is no code here.

#[cfg(all(feature = "emulator", not(miri)))]
#[doc = include_str!("bring_your_own_transport.md")]
pub mod bring_your_own_transport {}

#[doc = include_str!("without_io.md")]
pub mod without_io {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("design.md")]
pub mod design {}
