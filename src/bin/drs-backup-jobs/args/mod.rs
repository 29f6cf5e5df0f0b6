//! The options that several commands share.

mod filters;
mod output;
mod service;
pub(crate) mod values;

pub(crate) use filters::{Filters, JobFilters};
pub(crate) use output::{DisplayArgs, OutputArgs};
pub(crate) use service::ServiceArgs;
