//! The query of a list request, checked against the documented limits.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::error_response::ErrorResponse;
use super::limits::{Limits, checked_length};
use crate::emulator::http::message::Parameter;
use crate::emulator::jobs::{Filter, Selection, TimeFilter};
use crate::job::{JobStatus, SortDir, SortKey};
use crate::list_jobs::MAX_INSTANCE_IDS;

/// The largest `limit` and `offset`.
const MOST_PAGING: u64 = 65_534;
/// The service's default for `limit`.
const DEFAULT_LIMIT: u64 = 10;

/// A checked query.
#[derive(Debug)]
pub(super) struct PageQuery {
    pub(super) selection: Selection,
    pub(super) offset: usize,
    pub(super) limit: usize,
}

impl PageQuery {
    /// Checks query parameters. Unknown keys are ignored, an empty value counts as missing, and of a
    /// repeated key the first counts, except for `dbs_instance_ids`.
    pub(super) fn new(pairs: &[Parameter<'_>], limits: Limits) -> Result<Self, ErrorResponse> {
        let first = |key: &str| {
            pairs
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| &**value)
                .filter(|value| !value.is_empty())
        };
        let text = |key: &'static str, most: usize| match first(key) {
            Some(value) => checked_length(key, value, most, limits).map(Some),
            None => Ok(None),
        };
        let number = |key: &'static str, default: u64| match first(key) {
            Some(value) => paging(key, value, limits),
            None => Ok(default),
        };
        let filter = Filter {
            name: text("name", 128)?.map(str::to_lowercase),
            status: text("status", 128)?.map(status).transpose()?,
            instance_ids: instance_ids(pairs, limits)?,
            description: text("description", 512)?.map(str::to_lowercase),
            created: text("create_at", 128)?.map(TimeFilter::new),
            completed: text("completed_at", 128)?.map(TimeFilter::new),
            enterprise_project_id: text("enterprise_project_id", 128)?.map(String::from),
            tags: text("tags", 512)?.map(tags).unwrap_or_default(),
        };
        let key = text("sort_key", 128)?.map(sort_key).transpose()?;
        let direction = text("sort_dir", 128)?.map(sort_dir).transpose()?;
        let sort = match (key, direction) {
            (None, None) => None,
            (key, direction) => Some((
                key.unwrap_or(SortKey::CreatedAt),
                direction.unwrap_or(SortDir::Desc),
            )),
        };
        let limit = number("limit", DEFAULT_LIMIT)?;
        let offset = number("offset", 0)?;
        Ok(Self {
            selection: Selection { filter, sort },
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            offset: usize::try_from(offset).unwrap_or(usize::MAX),
        })
    }
}

fn paging(key: &'static str, value: &str, limits: Limits) -> Result<u64, ErrorResponse> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let most = match limits {
        Limits::Documented => MOST_PAGING,
        Limits::None => u64::MAX,
    };
    match value.parse() {
        Ok(number) if is_number && number <= most => Ok(number),
        _ => Err(ErrorResponse::parameter(
            key,
            &format!("must be a number from 0 to {most}"),
            &format!("必须是0到{most}之间的整数"),
        )),
    }
}

fn instance_ids(pairs: &[Parameter<'_>], limits: Limits) -> Result<Vec<String>, ErrorResponse> {
    let given = || pairs.iter().filter(|(key, _)| key == "dbs_instance_ids");
    if given().count() > MAX_INSTANCE_IDS {
        return Err(ErrorResponse::parameter(
            "dbs_instance_ids",
            &format!("holds more than {MAX_INSTANCE_IDS} ids"),
            &format!("超过{MAX_INSTANCE_IDS}个"),
        ));
    }
    given()
        .filter(|(_, id)| !id.is_empty())
        .map(|(_, id)| checked_length("dbs_instance_ids", id, 128, limits).map(String::from))
        .collect()
}

fn status(text: &str) -> Result<JobStatus, ErrorResponse> {
    JobStatus::known(text).ok_or_else(|| unknown("status", JobStatus::KNOWN))
}

fn sort_key(text: &str) -> Result<SortKey, ErrorResponse> {
    SortKey::known(text).ok_or_else(|| unknown("sort_key", SortKey::KNOWN))
}

fn sort_dir(text: &str) -> Result<SortDir, ErrorResponse> {
    SortDir::known(text).ok_or_else(|| unknown("sort_dir", SortDir::KNOWN))
}

fn unknown(key: &str, known: &[impl AsRef<str>]) -> ErrorResponse {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let known = known.join(", ");
    ErrorResponse::parameter(
        key,
        &format!("must be one of {known}"),
        &format!("必须是以下之一：{known}"),
    )
}

/// Parses `key=value,key`: each key is required, with the value if there is one.
fn tags(text: &str) -> Vec<(String, Option<String>)> {
    text.split(',')
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
        .map(|tag| match tag.split_once('=') {
            Some((key, value)) => (key.into(), Some(value.into())),
            None => (tag.into(), None),
        })
        .collect()
}
