//! Lists the backup migration jobs of Huawei Cloud's Data Replication Service.
//!
//! One operation, [`GET /v5/{project_id}/backup-migration-jobs`][page], done well: blocking, with
//! few dependencies or none, for scripts, sync tools and gateways that watch SQL Server databases
//! move to the cloud.
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
//!
//! // Every job, across pages.
//! for job in client.jobs(ListJobs::new().status(JobStatus::Failed)) {
//!     let job = job?;
//!     println!("{} {} {}", job.id, job.name, job.error_log.as_deref().unwrap_or("-"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to find what
//!
//! - [`ListJobs`] says what to list, [`Client`] asks for it: [one page](Client::list),
//!   [every job](Client::jobs), [what changes](Client::watch), [the end of it](Client::wait).
//! - [`Job`] and [`JobPage`] are the answer; [`Error`] and [`ErrorKind`] are what goes wrong.
//! - [`credentials`]: tokens, logins, access keys, the environment, profiles.
//! - [`transport`]: what carries requests, with proxies and TLS; [`RetryPolicy`]: when they are
//!   sent again.
//! - [`decode`]: the rules by which an answer is read.
//!
//! Pages: [testing your code], [bring your own transport](guide::bring_your_own_transport),
//! [without I/O](guide::without_io), [credentials], [security](guide::security),
//! [design](guide::design).
//!
//! # What is promised
//!
//! - **No job is lost and none is doubled** by a walk that ends without error, though the list
//!   changes under it; [`Jobs`] says exactly when.
//! - **No secret is printed**, by no `Debug`, no error and no log line; a token goes to the endpoint
//!   that was set and nowhere else: [security](guide::security).
//! - **Nothing panics and nothing hangs.** Any bytes give a value or an error with a place in it;
//!   every page has a deadline, retries included, and every answer a cap.
//! - **Nothing hidden**: no async runtime, no global state, no threads but a short-lived one where
//!   the name of a host is looked up.
//!
//! # Features
//!
//! | group | feature | brings |
//! |---|---|---|
//! | default | `ureq`, `rustls` | the default transport, with TLS by rustls (ring, Mozilla's roots) |
//! | transports | `native-tls` | ureq with the system's TLS and its roots, chosen by `.tls(Tls::Native)` |
//! | | `curl` | the system's libcurl |
//! | | `emulator` | the service in memory, for tests and demos |
//! | credentials | `aksk` | requests signed with an access key, `SDK-HMAC-SHA256` |
//! | data | `serde` | `Serialize` and `Deserialize` for the public types |
//! | | `serde_json` | decoding through `serde_json` |
//! | | `miniserde` | decoding and serialising through `miniserde` |
//! | other | `std` | clock, environment, login, what transports need |
//! | | `log` | one line a request at debug level, secrets left out |
//! | | `cli` | the command `drs-backup-jobs` |
//! | | `full` | all of these but `curl` and `native-tls`: for this project's own tests |
//!
//! Features only add; none changes what an existing constructor does. Without any the crate is the
//! core: query, decoding, paging, retry, the [`Transport`] trait, as `no_std` + `alloc`, with no
//! dependency at all.
//!
//! # What it is not
//!
//! It knows no other operation of the service: it creates, stops and deletes nothing. It is not
//! async; [without I/O](guide::without_io) shows how an async program uses it all the same.
//!
//! # Beside the alternatives
//!
//! The official SDKs and `KooCLI` know every operation of the service, and sign in by ways that this
//! crate does not know: agencies, roles, federation. By their documentation they take no token of
//! IAM, leave the loop over pages to the caller, and wait for no list of jobs to end. The Terraform
//! data source loops by itself, but a job that is deleted meanwhile pushes another past it unseen.
//! The [README] has the table.
//!
//! [README]: https://docs.rs/crate/drs-backup-jobs/latest
//! [page]: https://support.huaweicloud.com/intl/en-us/api-drs/en-us_topic_0000002060148284.html
#![cfg_attr(feature = "emulator", doc = "[testing your code]: emulator")]
#![cfg_attr(
    not(feature = "emulator"),
    doc = "[testing your code]: https://docs.rs/drs-backup-jobs/latest/drs_backup_jobs/emulator/"
)]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

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
mod percent;
mod region;
mod secret;
#[cfg(feature = "serde")]
mod serde_impls;
mod text_enum;
mod timestamp;
pub mod transport;
mod url;
mod watch;

pub use client::{Client, ClientBuilder, RetryPolicy};
#[doc(inline)]
pub use clock::Clock;
#[cfg(feature = "aksk")]
#[doc(inline)]
pub use credentials::AccessKey;
#[doc(inline)]
pub use credentials::Credentials;
#[cfg(feature = "std")]
#[doc(inline)]
pub use credentials::Login;
pub use error::{ApiError, DecodeError, Error, ErrorKind};
pub use job::{EngineType, Job, JobPage, JobStatus, Language, SortDir, SortKey};
pub use jobs::{Jobs, Pages};
pub use list_jobs::{ListJobs, MAX_INSTANCE_IDS};
pub use region::Region;
pub use secret::Secret;
pub use timestamp::{ParseTimestampError, Timestamp};
#[doc(inline)]
pub use transport::Transport;
pub use url::Endpoint;
pub use watch::{Event, WaitOutcome, Watch};

#[cfg(all(doctest, feature = "ureq"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
