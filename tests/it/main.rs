//! The crate from outside: one binary, so that it links once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod alloc;
mod api;
#[cfg(feature = "std")]
mod cancel;
#[cfg(feature = "ureq")]
mod client;
#[cfg(feature = "cli")]
mod command;
#[cfg(feature = "cli")]
mod command_connect;
#[cfg(feature = "cli")]
mod command_decode;
#[cfg(feature = "cli")]
mod command_emulate;
#[cfg(feature = "cli")]
mod command_failures;
#[cfg(feature = "cli")]
mod command_filters;
#[cfg(feature = "cli")]
mod command_help;
#[cfg(feature = "cli")]
mod command_list;
#[cfg(feature = "cli")]
mod command_output;
#[cfg(all(feature = "cli", target_os = "linux"))]
mod command_terminal;
#[cfg(feature = "cli")]
mod command_time;
#[cfg(feature = "cli")]
mod command_watch;
#[cfg(all(feature = "cli", unix))]
mod command_watch_live;
mod conformance;
#[cfg(feature = "emulator")]
mod credentials;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod daemon;
mod decode;
mod decode_api_error;
mod decode_tolerance;
#[cfg(feature = "emulator")]
mod emulator;
#[cfg(feature = "emulator")]
mod emulator_admin;
#[cfg(feature = "emulator")]
mod emulator_behavior;
#[cfg(all(feature = "cli", unix))]
mod emulator_examples;
#[cfg(feature = "emulator")]
mod emulator_faults;
#[cfg(feature = "emulator")]
mod emulator_filters;
#[cfg(feature = "emulator")]
mod emulator_http;
#[cfg(feature = "emulator")]
mod emulator_openapi;
#[cfg(feature = "emulator")]
mod emulator_script;
#[cfg(all(feature = "serde_json", feature = "miniserde"))]
mod fuzz;
mod list_faults;
mod model;
mod pagination;
mod polls;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod proxy;
#[cfg(all(feature = "serde_json", feature = "miniserde"))]
mod serde;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod server;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod tls;
#[cfg(all(feature = "cli", unix))]
mod tmux;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod transport;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod transport_deadlines;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod transport_faults;
#[cfg(all(any(feature = "ureq", feature = "curl"), target_os = "linux"))]
mod transport_load;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod transport_reuse;
mod wait;
mod watch;

/// Says that `subject` was not checked, since `program` is not here; in CI it must be.
#[allow(dead_code, reason = "not with every set of features")]
fn not_checked(subject: &str, program: &str) {
    use std::io::Write as _;
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "{program} is not installed, and CI must check {subject}"
    );
    // Past the test harness, which keeps what a passing test prints to itself.
    let notice = format!("NOT CHECKED: {subject}, because {program} is not installed\n");
    std::io::stderr().write_all(notice.as_bytes()).unwrap();
}
