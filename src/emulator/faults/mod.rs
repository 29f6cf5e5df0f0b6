//! Faults: what goes wrong with a response, and with which.

mod duration;

pub use duration::parse_duration;
