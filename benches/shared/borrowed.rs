//! What one would write with serde: derived structs that borrow every text without an escape.

use std::borrow::Cow;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(transparent)]
#[allow(dead_code, reason = "only decoded, to be measured")]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[allow(dead_code, reason = "only decoded, to be measured")]
pub(crate) struct Job<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    engine_type: Text<'a>,
    #[serde(borrow)]
    create_time: Text<'a>,
    #[serde(borrow)]
    error_log: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    finish_time: Option<Text<'a>>,
    #[serde(borrow)]
    enterprise_project_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only decoded, to be measured")]
pub(crate) struct Page<'a> {
    count: u64,
    #[serde(borrow)]
    jobs: Vec<Job<'a>>,
}
