//! The emulator over HTTP, and as a transport in process.

mod admin;
mod connection;
mod in_process;
mod server;

pub use server::Server;
