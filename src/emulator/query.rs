//! What a request asks for, checked against what the service documents.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::incoming::Pair;
use super::refusal::Refusal;
use crate::job::{JobStatus, SortDir, SortKey};
use crate::list_jobs::MAX_INSTANCE_IDS;
use crate::timestamp::Timestamp;

/// Which of the service's documented limits the emulator keeps to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limits {
    /// As the service's OpenAPI description has them: `limit` and `offset` below 65 535, `count`
    /// at most 9 998, texts of at most 128 characters (`description` and `tags`: 512), a token of
    /// at most 50 000.
    #[default]
    Documented,
    /// None of these, so that a list may be longer than the service could page through. Ten
    /// instance ids and 512 jobs a page stay the most.
    None,
}

/// The largest `limit` or `offset`.
const MOST_PAGING: u64 = 65_534;
/// The service's own default for `limit`.
const DEFAULT_LIMIT: u64 = 10;

/// One request for a page.
#[derive(Debug)]
pub(super) struct PageQuery {
    pub(super) selection: Selection,
    pub(super) limit: u64,
    pub(super) offset: u64,
}

/// Which jobs, in which order: the same for every page of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) filter: Filter,
    pub(super) sort: Option<(SortKey, SortDir)>,
}

/// Which jobs; what is `None` or empty lets every job pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// In lower case.
    pub(super) name: Option<String>,
    pub(super) status: Option<JobStatus>,
    pub(super) instance_ids: Vec<String>,
    /// In lower case.
    pub(super) description: Option<String>,
    pub(super) created: Option<TimeFilter>,
    pub(super) completed: Option<TimeFilter>,
    pub(super) enterprise_project_id: Option<String>,
    /// Keys, with the value each must have if one was given.
    pub(super) tags: Vec<(String, Option<String>)>,
}

/// A time as a filter gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeFilter {
    /// How the job's time must begin, written as `2024-08-19T02:27:15Z`.
    pub(super) prefix: String,
    /// The second the time lies in, if the text is a whole time.
    pub(super) second: Option<i64>,
}

impl PageQuery {
    /// Reads the pairs of a query. Unknown keys are ignored, an empty value is as good as none,
    /// and of a repeated key the first counts, but for `dbs_instance_ids`.
    pub(super) fn read(pairs: &[Pair<'_>], limits: Limits) -> Result<Self, Refusal> {
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
            created: text("create_at", 128)?.map(TimeFilter::read),
            completed: text("completed_at", 128)?.map(TimeFilter::read),
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
        Ok(Self {
            selection: Selection { filter, sort },
            limit: number("limit", DEFAULT_LIMIT)?,
            offset: number("offset", 0)?,
        })
    }
}

/// Refuses a value longer than the service documents.
pub(super) fn checked_length<'v>(
    key: &'static str,
    value: &'v str,
    most: usize,
    limits: Limits,
) -> Result<&'v str, Refusal> {
    if limits == Limits::Documented && value.chars().count() > most {
        return Err(Refusal::parameter(
            key,
            &format!("is longer than {most} characters"),
            &format!("的长度超过{most}个字符"),
        ));
    }
    Ok(value)
}

fn paging(key: &'static str, value: &str, limits: Limits) -> Result<u64, Refusal> {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let most = match limits {
        Limits::Documented => MOST_PAGING,
        Limits::None => u64::MAX,
    };
    match value.parse() {
        Ok(number) if is_number && number <= most => Ok(number),
        _ => Err(Refusal::paging(
            key,
            &format!("must be a number from 0 to {most}"),
            &format!("必须是0到{most}之间的整数"),
        )),
    }
}

fn instance_ids(pairs: &[Pair<'_>], limits: Limits) -> Result<Vec<String>, Refusal> {
    let given = || pairs.iter().filter(|(key, _)| key == "dbs_instance_ids");
    if given().count() > MAX_INSTANCE_IDS {
        return Err(Refusal::parameter(
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

fn status(text: &str) -> Result<JobStatus, Refusal> {
    JobStatus::known(text).ok_or_else(|| none_of("status", JobStatus::KNOWN))
}

fn sort_key(text: &str) -> Result<SortKey, Refusal> {
    SortKey::known(text).ok_or_else(|| none_of("sort_key", SortKey::KNOWN))
}

fn sort_dir(text: &str) -> Result<SortDir, Refusal> {
    SortDir::known(text).ok_or_else(|| none_of("sort_dir", SortDir::KNOWN))
}

fn none_of(key: &str, known: &[impl AsRef<str>]) -> Refusal {
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    let known = known.join(", ");
    Refusal::parameter(
        key,
        &format!("must be one of {known}"),
        &format!("必须是以下之一：{known}"),
    )
}

/// Reads `key=value,key`: every key must be there, with this value if one is given.
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

impl TimeFilter {
    fn read(text: &str) -> Self {
        Self {
            prefix: text.replacen(' ', "T", 1),
            second: Timestamp::parse(text).map(|time| time.unix_millis().div_euclid(1000)),
        }
    }
}
