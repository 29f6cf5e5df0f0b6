//! Faults: how a response can be damaged, and which requests get a fault.

mod delivery;
mod duration;
mod fault;
mod text;

pub(super) use delivery::{Delivery, replacement};
pub use duration::parse_duration;
pub(super) use fault::Schedule;
pub use fault::{Fault, Faults};
