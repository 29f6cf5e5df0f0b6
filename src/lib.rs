//! Lists and watches the backup migration jobs of Huawei Cloud's Data Replication Service (DRS).
//!
//! A blocking client for one operation,
//! [`GET /v5/{project_id}/backup-migration-jobs`][page], for scripts, sync tools and gateways that
//! migrate SQL Server databases to the cloud.
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
//! // One page: one request.
//! let page = client.list(&ListJobs::new().limit(1))?;
//! println!("{} of {}", page.jobs.len(), page.count);
//!
//! // All pages.
//! for job in client.jobs(ListJobs::new().status(JobStatus::Failed)) {
//!     let job = job?;
//!     println!("{} {} {}", job.id, job.name, job.error_log.as_deref().unwrap_or("-"));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Overview
//!
//! - [`ListJobs`] is the query. [`Client`] sends it: [one page](Client::list),
//!   [all pages](Client::jobs), [changes](Client::watch), [wait until finished](Client::wait).
//! - [`Job`] and [`JobPage`] are the response. [`Error`] and [`ErrorKind`] are the failures.
//! - [`credentials`]: tokens, logins, access keys, environment variables, profiles.
//! - [`transport`]: the HTTP clients, proxies and TLS. [`RetryPolicy`]: when a request is retried.
//! - [`decode`]: the rules by which a response is decoded, and the decoders.
//!
//! Guides: [testing your code], [bring your own transport](guide::bring_your_own_transport),
//! [without I/O](guide::without_io), [security](guide::security), [design](guide::design).
//!
//! # Guarantees
//!
//! - **Complete lists.** A listing that ends without error missed no job and returned none twice,
//!   even if the list changed meanwhile. [`Jobs`] documents the conditions.
//! - **No leaked secrets.** No `Debug`, error or log line contains a secret. A token is sent to the
//!   configured endpoint only. See [security](guide::security).
//! - **No panics, no hangs.** Any bytes yield a value or an error with a position. Every request has
//!   a deadline that includes its retries; every response has a size limit.
//! - **Nothing hidden.** No async runtime, no global state, no background threads. A host name is
//!   resolved in a short-lived thread; a request to an IP address starts none. See [`transport`].
//!
//! # Features
//!
//! | group | feature | enables |
//! |---|---|---|
//! | default | `ureq`, `rustls` | the default transport, with TLS by rustls (ring, Mozilla's root certificates) |
//! | transports | `native-tls` | system TLS for ureq, selected by `.tls(Tls::Native)` |
//! | | `curl` | the system's libcurl |
//! | | `emulator` | the service in memory, for tests and demos; with `aksk` and `serde_json` |
//! | credentials | `aksk` | signing with an access key, `SDK-HMAC-SHA256` |
//! | data | `serde` | `Serialize` and `Deserialize` for the public types |
//! | | `serde_json`, `miniserde` | decoders on these crates, for programs that link one already |
//! | other | `std` | system clock, environment, login; what the transports need |
//! | | `log` | one line per request at level debug, without secrets |
//! | | `cli` | the command `drs-backup-jobs` |
//! | | `full` | internal: everything this project's tests need; not covered by semver |
//!
//! Features only add. Without any feature the crate is its core: query, decoding, pagination, retry
//! decisions, errors and the [`Transport`] trait, `no_std` + `alloc`, without dependencies.
//!
//! # Scope
//!
//! Other operations of the service are out of scope: the crate creates, stops and deletes nothing.
//! It is not async; an async program uses it [without I/O](guide::without_io).
//!
//! # Comparison
//!
//! The official SDKs and `KooCLI` cover every operation of the service and support more ways to
//! authenticate: agencies, roles, federation. They do not accept IAM tokens, do not paginate this
//! list, and do not wait for jobs. The Terraform data source paginates by offset; if a job is
//! deleted meanwhile, it misses another. The [README] has a table.
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

#[cfg(feature = "std")]
mod cancel;
#[cfg(feature = "std")]
mod clean;
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
mod redact;
mod region;
mod secret;
#[cfg(feature = "serde")]
mod serde_impls;
mod text;
mod text_enum;
mod timestamp;
pub mod transport;
mod url;
mod watch;

#[cfg(feature = "std")]
pub use cancel::{CancelGuard, CancelToken};
pub use client::{Attempt, Client, ClientBuilder, RetryPolicy};
#[doc(inline)]
pub use clock::Clock;
#[cfg(feature = "aksk")]
#[doc(inline)]
pub use credentials::AccessKey;
#[doc(inline)]
pub use credentials::Credentials;
#[cfg(all(feature = "std", feature = "aksk"))]
#[doc(inline)]
pub use credentials::EcsMetadata;
#[cfg(feature = "std")]
#[doc(inline)]
pub use credentials::Login;
pub use error::{ApiError, DecodeError, Error, ErrorKind, Responder};
pub use job::{EngineType, Job, JobPage, JobStatus, Language, SortDir, SortKey};
pub use jobs::{Jobs, Pages};
pub use list_jobs::{ListJobs, MAX_INSTANCE_IDS};
pub use region::Region;
pub use secret::Secret;
pub use text_enum::OtherText;
pub use timestamp::{ParseTimestampError, Timestamp};
#[doc(inline)]
pub use transport::Transport;
pub use url::Endpoint;
pub use watch::{Event, Totals, Wait, WaitOutcome, WaitState, WaitStatus, Watch};

#[cfg(all(doctest, feature = "ureq"))]
#[doc = include_str!("../README.md")]
struct ReadmeDoctests;
