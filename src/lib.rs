//! Lists the backup migration jobs of Huawei Cloud's Data Replication Service.
//!
//! One operation, `GET /v5/{project_id}/backup-migration-jobs`, done well: blocking, with few
//! dependencies or none, for scripts, sync tools and gateways that watch SQL Server databases move
//! to the cloud.
//!
//! ```no_run
//! use drs_backup_jobs::{Client, JobStatus, ListJobs};
//!
//! let client = Client::builder()
//!     .region("cn-north-4")                                // or .endpoint("https://…")
//!     .project_id("054ba152d480d55b2f5dc0069e7ddef0")
//!     .token(std::env::var("HW_AUTH_TOKEN")?)
//!     .build()?;
//!
//! // One page, just as the operation gives it.
//! let page = client.list(&ListJobs::new().limit(1))?;
//! println!("{} of {}", page.jobs.len(), page.count);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod client;
pub mod clock;
pub mod credentials;
pub mod decode;
#[cfg(feature = "emulator")]
pub mod emulator;
mod error;
#[cfg(any(doc, doctest))]
pub mod guide;
mod header;
mod job;
mod jobs;
mod json;
mod list_jobs;
#[cfg(feature = "miniserde")]
mod miniserde_impls;
#[cfg(feature = "std")]
mod pacing;
mod percent;
mod region;
mod retry;
#[cfg(feature = "serde")]
mod serde_impls;
mod text_enum;
mod timestamp;
pub mod transport;
mod watch;
mod wire;

pub use client::{Client, ClientBuilder};
#[doc(inline)]
pub use clock::Clock;
#[cfg(feature = "aksk")]
#[doc(inline)]
pub use credentials::AccessKey;
#[cfg(feature = "std")]
#[doc(inline)]
pub use credentials::Login;
#[doc(inline)]
pub use credentials::{Credentials, Secret};
pub use error::{ApiError, DecodeError, Error, ErrorKind};
pub use job::{EngineType, Job, JobPage, JobStatus, Language, SortDir, SortKey};
pub use jobs::{Jobs, Pages};
pub use list_jobs::{ListJobs, MAX_INSTANCE_IDS};
pub use region::{Endpoint, Region};
pub use retry::RetryPolicy;
pub use timestamp::{ParseTimestampError, Timestamp};
#[doc(inline)]
pub use transport::Transport;
pub use watch::{Event, Waited, Watch};

#[cfg(all(doctest, feature = "ureq"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
