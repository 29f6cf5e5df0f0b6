//! The query of a list request, checked against the documented limits.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::emulator::jobs::{Selection, TimeFilter};
use crate::emulator::limits::{Limits, checked_length};
use crate::emulator::request::RecordedRequest;
use crate::emulator::response::ErrorResponse;
use crate::job::{JobStatus, SortDir, SortKey};
use crate::list_jobs::MAX_INSTANCE_IDS;

/// The maximum `limit` and `offset`.
const MAX_LIMIT_AND_OFFSET: u64 = 65_534;
/// The service's default for `limit`.
const DEFAULT_LIMIT: usize = 10;

/// A checked query.
#[derive(Debug)]
pub(super) struct PageQuery {
    pub(super) selection: Selection,
    pub(super) offset: usize,
    pub(super) limit: usize,
}

impl PageQuery {
    /// Checks query parameters. Unknown keys are ignored, an empty value counts as missing, and the
    /// first value of a repeated key is used, except for `dbs_instance_ids`.
    pub(super) fn new(request: &RecordedRequest, limits: Limits) -> Result<Self, ErrorResponse> {
        let first = |key| request.param(key).filter(|value| !value.is_empty());
        let text = |key, most| {
            let value = first(key);
            value
                .map(|value| checked_length(key, value, most, limits))
                .transpose()
        };
        let time = |key| Ok(text(key, 128)?.map(TimeFilter::new));
        let sort_key = known("sort_key", text("sort_key", 128)?, SortKey::KNOWN)?;
        let sort_dir = known("sort_dir", text("sort_dir", 128)?, SortDir::KNOWN)?;
        let sort = match (sort_key, sort_dir) {
            (None, None) => None,
            (key, direction) => Some((
                key.unwrap_or(SortKey::CreatedAt),
                direction.unwrap_or(SortDir::Desc),
            )),
        };
        let selection = Selection {
            status: known("status", text("status", 128)?, JobStatus::KNOWN)?,
            instance_ids: instance_ids(request, limits)?,
            enterprise_project_id: text("enterprise_project_id", 128)?.map(String::from),
            created: time("create_at")?,
            completed: time("completed_at")?,
            name: text("name", 128)?.map(str::to_lowercase),
            description: text("description", 512)?.map(str::to_lowercase),
            tags: text("tags", 512)?.map(tags).unwrap_or_default(),
            sort,
        };
        let number =
            |key, default| first(key).map_or(Ok(default), |value| paging(key, value, limits));
        Ok(Self {
            selection,
            limit: number("limit", DEFAULT_LIMIT)?,
            offset: number("offset", 0)?,
        })
    }
}

fn paging(key: &str, value: &str, limits: Limits) -> Result<usize, ErrorResponse> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let most = match limits {
        Limits::Documented => MAX_LIMIT_AND_OFFSET,
        Limits::None => u64::MAX,
    };
    match value.parse::<u64>() {
        Ok(number) if is_number && number <= most => {
            Ok(usize::try_from(number).unwrap_or(usize::MAX))
        }
        _ => Err(ErrorResponse::parameter(
            key,
            &format!("must be a number from 0 to {most}"),
            &format!("必须是0到{most}之间的整数"),
        )),
    }
}

fn instance_ids(request: &RecordedRequest, limits: Limits) -> Result<Vec<String>, ErrorResponse> {
    const KEY: &str = "dbs_instance_ids";
    if request.params(KEY).count() > MAX_INSTANCE_IDS {
        return Err(ErrorResponse::parameter(
            KEY,
            &format!("holds more than {MAX_INSTANCE_IDS} ids"),
            &format!("超过{MAX_INSTANCE_IDS}个"),
        ));
    }
    request
        .params(KEY)
        .filter(|id| !id.is_empty())
        .map(|id| checked_length(KEY, id, 128, limits).map(String::from))
        .collect()
}

/// A documented value of a parameter, in any case.
fn known<T: AsRef<str> + Clone>(
    key: &str,
    text: Option<&str>,
    known: &[T],
) -> Result<Option<T>, ErrorResponse> {
    let Some(text) = text else { return Ok(None) };
    let mut values = known.iter();
    let found = values.find(|value| value.as_ref().eq_ignore_ascii_case(text));
    found.cloned().map(Some).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let known = known.join(", ");
        let english = format!("must be one of {known}");
        ErrorResponse::parameter(key, &english, &format!("必须是以下之一：{known}"))
    })
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
