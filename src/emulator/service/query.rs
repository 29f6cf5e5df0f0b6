//! The query of a list request, checked against the documented limits.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::emulator::jobs::{Filter, Selection, TimeFilter};
use crate::emulator::limits::{Limits, checked_length};
use crate::emulator::message::{ErrorResponse, Parameter};
use crate::job::{JobStatus, SortDir, SortKey};
use crate::list_jobs::MAX_INSTANCE_IDS;

/// The largest `limit` and `offset`.
const MOST_PAGING: u64 = 65_534;
/// The service's default for `limit`.
const DEFAULT_LIMIT: u64 = 10;

/// The parameters that are texts, with their documented lengths; cheap filters first.
const TEXTS: &[(&str, usize)] = &[
    ("status", 128),
    ("enterprise_project_id", 128),
    ("create_at", 128),
    ("completed_at", 128),
    ("name", 128),
    ("description", 512),
    ("tags", 512),
    ("sort_key", 128),
    ("sort_dir", 128),
];

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
        let number = |key: &'static str, default: u64| match first(key) {
            Some(value) => paging(key, value, limits),
            None => Ok(default),
        };
        let mut filters = instance_ids(pairs, limits)?;
        let (mut sort_key, mut sort_dir) = (None, None);
        for (key, most) in TEXTS {
            let Some(value) = first(key) else { continue };
            checked_length(key, value, *most, limits)?;
            filters.push(match *key {
                "sort_key" => {
                    sort_key = Some(known(key, value, SortKey::known, SortKey::KNOWN)?);
                    continue;
                }
                "sort_dir" => {
                    sort_dir = Some(known(key, value, SortDir::known, SortDir::KNOWN)?);
                    continue;
                }
                "status" => Filter::Status(known(key, value, JobStatus::known, JobStatus::KNOWN)?),
                "enterprise_project_id" => Filter::EnterpriseProjectId(value.into()),
                "create_at" => Filter::Created(TimeFilter::new(value)),
                "completed_at" => Filter::Completed(TimeFilter::new(value)),
                "name" => Filter::Name(value.to_lowercase()),
                "description" => Filter::Description(value.to_lowercase()),
                _ => Filter::Tags(tags(value)),
            });
        }
        let is_sorted = sort_key.is_some() || sort_dir.is_some();
        let sort = is_sorted.then(|| {
            let key = sort_key.unwrap_or(SortKey::CreatedAt);
            (key, sort_dir.unwrap_or(SortDir::Desc))
        });
        let limit = number("limit", DEFAULT_LIMIT)?;
        let offset = number("offset", 0)?;
        Ok(Self {
            selection: Selection { filters, sort },
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

/// The filter on instance ids, if there is one.
fn instance_ids(pairs: &[Parameter<'_>], limits: Limits) -> Result<Vec<Filter>, ErrorResponse> {
    let given = || pairs.iter().filter(|(key, _)| key == "dbs_instance_ids");
    if given().count() > MAX_INSTANCE_IDS {
        return Err(ErrorResponse::parameter(
            "dbs_instance_ids",
            &format!("holds more than {MAX_INSTANCE_IDS} ids"),
            &format!("超过{MAX_INSTANCE_IDS}个"),
        ));
    }
    let ids = given()
        .filter(|(_, id)| !id.is_empty())
        .map(|(_, id)| checked_length("dbs_instance_ids", id, 128, limits).map(String::from))
        .collect::<Result<Vec<_>, _>>()?;
    let filter = (!ids.is_empty()).then_some(Filter::InstanceIds(ids));
    Ok(filter.into_iter().collect())
}

/// A documented value of a parameter.
fn known<T: AsRef<str>>(
    key: &str,
    text: &str,
    parse: fn(&str) -> Option<T>,
    known: &[T],
) -> Result<T, ErrorResponse> {
    parse(text).ok_or_else(|| {
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
