#![doc = include_str!("testing_your_code.md")]

mod auth;
mod builder;
mod faults;
mod handle;
mod http;
mod jobs;
mod limits;
mod manual_clock;
mod random;
mod request;
mod response;
mod service;

pub use builder::EmulatorBuilder;
pub use faults::{Fault, Faults, parse_duration};
pub use handle::{AdminAccess, Emulator};
pub use http::Server;
pub use jobs::{Change, EmulatedJob, Script};
pub use limits::{Count, Limits};
pub use manual_clock::ManualClock;
pub use request::RecordedRequest;
