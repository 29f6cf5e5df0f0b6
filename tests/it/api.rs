//! What holds for the public types together.

use std::error::Error as StdError;
use std::fmt::Debug;

use drs_backup_jobs::transport::{
    Headers, Method, RequestParts, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};
use drs_backup_jobs::{
    ApiError, Client, ClientBuilder, Credentials, DecodeError, Endpoint, EngineType, Error,
    ErrorKind, Event, Job, JobPage, JobStatus, Jobs, Language, ListJobs, Pages,
    ParseTimestampError, Region, RetryPolicy, Secret, SortDir, SortKey, Timestamp, Totals, Wait,
    WaitOutcome, WaitState, WaitStatus, Watch,
};

/// Compiles only for types that are `Send`, `Sync` and `Debug`.
macro_rules! check {
    ($($name:ty)+) => {
        fn is_send_sync_and_debug<T: Debug + Send + Sync + 'static>() {}
        $(is_send_sync_and_debug::<$name>();)+
    };
}

#[test]
fn every_public_type_is_send_sync_and_debug() {
    check! {
        Client ClientBuilder Credentials Secret ListJobs Endpoint Region RetryPolicy
        Job<'static> JobPage<'static> JobStatus EngineType Language SortKey SortDir Timestamp
        Jobs Pages Watch Event Wait WaitState WaitStatus WaitOutcome Totals
        Error ErrorKind ApiError DecodeError ParseTimestampError TransportError TransportErrorKind
        ResponseHead Headers Method RequestParts ResponseBody
    }
    #[cfg(feature = "std")]
    {
        check! {
            drs_backup_jobs::CancelToken drs_backup_jobs::Login drs_backup_jobs::clock::SystemClock
            drs_backup_jobs::credentials::Environment
        }
    }
    #[cfg(feature = "aksk")]
    {
        check! { drs_backup_jobs::AccessKey }
    }
    #[cfg(feature = "ureq")]
    {
        use drs_backup_jobs::transport::{Proxies, Tls, Ureq, UreqBuilder};
        check! { Ureq UreqBuilder Tls Proxies }
    }
    #[cfg(feature = "curl")]
    {
        use drs_backup_jobs::transport::{Curl, CurlBuilder};
        check! { Curl CurlBuilder }
    }
    #[cfg(feature = "emulator")]
    {
        use drs_backup_jobs::emulator::{
            AdminAccess, Change, Count, EmulatedJob, Emulator, EmulatorBuilder, Fault, Faults,
            Limits, ManualClock, RecordedRequest, Script, Server,
        };
        check! {
            Emulator EmulatorBuilder EmulatedJob Change Script Fault Faults Limits ManualClock
            RecordedRequest Server AdminAccess Count
        }
    }
}

#[test]
fn every_error_is_one_of_the_standard_librarys() {
    fn is_error<T: StdError + Send + Sync + 'static>() {}
    is_error::<Error>();
    is_error::<ApiError>();
    is_error::<DecodeError>();
    is_error::<TransportError>();
    is_error::<ParseTimestampError>();
}

#[test]
fn value_types_can_be_compared_copied_and_hashed() {
    fn is_value<T: Clone + Eq + std::hash::Hash>() {}
    is_value::<ListJobs>();
    is_value::<Job<'static>>();
    is_value::<JobPage<'static>>();
    is_value::<JobStatus>();
    is_value::<EngineType>();
    is_value::<Language>();
    is_value::<SortKey>();
    is_value::<SortDir>();
    is_value::<Timestamp>();
    is_value::<Region>();
    is_value::<Endpoint>();
    is_value::<ApiError>();
    is_value::<ErrorKind>();
    is_value::<Method>();
    is_value::<TransportErrorKind>();
}
