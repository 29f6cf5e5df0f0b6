//! The request of the operation: twelve query parameters and the language.

use alloc::string::String;
use alloc::vec::Vec;

use crate::error::Error;
use crate::header;
use crate::job::{JobStatus, Language, SortDir, SortKey};
use crate::percent;
use crate::text;
use crate::transport::{Headers, Method, RequestParts};
use crate::url::Endpoint;

/// The maximum number of instance ids in one request, by the service's API page.
pub const MAX_INSTANCE_IDS: usize = 10;

/// The query of `GET /v5/{project_id}/backup-migration-jobs` ([API page]).
///
/// The setters have the names of the query parameters. Unset parameters are not sent; an empty
/// string is sent as `key=`. Only the number of instance ids is checked before sending: the
/// documented lengths have changed before, and the service checks them itself.
///
/// ```
/// use drs_backup_jobs::{JobStatus, ListJobs, SortKey};
///
/// let failed = ListJobs::new().status(JobStatus::Failed).sort_key(SortKey::CreatedAt).limit(50);
/// let request = failed.request("https://drs.cn-north-4.myhuaweicloud.com", "0123abc")?;
/// assert_eq!(
///     request.url(),
///     "https://drs.cn-north-4.myhuaweicloud.com/v5/0123abc/backup-migration-jobs\
///      ?status=FAILED&limit=50&sort_key=created_at"
/// );
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
///
/// [API page]: https://support.huaweicloud.com/intl/en-us/api-drs/en-us_topic_0000002060148284.html
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[must_use = "a query does nothing until a client sends it"]
pub struct ListJobs {
    name: Option<String>,
    status: Option<JobStatus>,
    dbs_instance_ids: Vec<String>,
    description: Option<String>,
    create_at: Option<String>,
    completed_at: Option<String>,
    enterprise_project_id: Option<String>,
    tags: Option<String>,
    limit: Option<u32>,
    offset: Option<u32>,
    sort_key: Option<SortKey>,
    sort_dir: Option<SortDir>,
    language: Option<Language>,
}

impl ListJobs {
    /// Creates a query without filters, in the service's own order.
    pub fn new() -> Self {
        Self::default()
    }

    /// Filters by name, with a fuzzy match.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Filters by status.
    pub fn status(mut self, status: impl Into<JobStatus>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Adds instance ids to filter by: at most [ten](MAX_INSTANCE_IDS) in one request, any number
    /// with [`Client::jobs`](crate::Client::jobs).
    pub fn dbs_instance_ids<I>(mut self, ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.dbs_instance_ids
            .extend(ids.into_iter().map(Into::into));
        self
    }

    /// Filters by description.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Filters by creation time; the service documents no format.
    pub fn create_at(mut self, create_at: impl Into<String>) -> Self {
        self.create_at = Some(create_at.into());
        self
    }

    /// Filters by completion time; the service documents no format.
    pub fn completed_at(mut self, completed_at: impl Into<String>) -> Self {
        self.completed_at = Some(completed_at.into());
        self
    }

    /// Filters by enterprise project; `0` is the default one.
    pub fn enterprise_project_id(mut self, id: impl Into<String>) -> Self {
        self.enterprise_project_id = Some(id.into());
        self
    }

    /// Filters by tags; the service documents no format.
    pub fn tags(mut self, tags: impl Into<String>) -> Self {
        self.tags = Some(tags.into());
        self
    }

    /// Sets the maximum number of jobs in the response. The service's default is 10, its maximum
    /// 512.
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Skips this many jobs; default 0.
    pub fn offset(mut self, offset: u32) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Sets the field to sort by.
    pub fn sort_key(mut self, key: impl Into<SortKey>) -> Self {
        self.sort_key = Some(key.into());
        self
    }

    /// Sets the direction to sort in.
    pub fn sort_dir(mut self, direction: impl Into<SortDir>) -> Self {
        self.sort_dir = Some(direction.into());
        self
    }

    /// Sets the language of the service's messages (`X-Language`). Takes precedence over the
    /// client's.
    pub fn language(mut self, language: impl Into<Language>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Returns the request, not yet authenticated: add `X-Auth-Token`, or sign it
    /// (`AccessKey::sign`), and send it with any HTTP client. Do not follow redirects: they would
    /// carry the token to another host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `endpoint` is not an `http`
    /// or `https` URL, `project_id` is empty or contains white space or control characters, or
    /// there are more than ten instance ids.
    pub fn request(
        &self,
        endpoint: impl AsRef<str>,
        project_id: &str,
    ) -> Result<RequestParts, Error> {
        self.request_to(&Endpoint::parse(endpoint.as_ref())?, project_id, None)
    }

    /// Like [`request`](Self::request), to a parsed endpoint; `language` is the default.
    pub(crate) fn request_to(
        &self,
        endpoint: &Endpoint,
        project_id: &str,
        language: Option<&Language>,
    ) -> Result<RequestParts, Error> {
        // A line end from a file would go out as `%0D`, to a project that does not exist.
        if project_id.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(Error::input(
                "project_id",
                "must not contain white space or control characters",
            ));
        }
        let mut url = String::with_capacity(256);
        url.push_str(endpoint.as_str());
        self.write_path_and_query(project_id, &mut url)?;
        let mut headers = Headers::new();
        headers.push(header::CONTENT_TYPE, "application/json")?;
        if let Some(language) = self.language.as_ref().or(language) {
            headers.push(header::LANGUAGE, language.as_str())?;
        }
        Ok(RequestParts::new(Method::Get, url, headers))
    }

    /// Appends path and query to `out`: `/v5/{project_id}/backup-migration-jobs?…`, the parameters
    /// in the order of the service's page, ids in the order given. On an error, `out` is unchanged.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `project_id` is empty or
    /// there are more than ten instance ids.
    pub fn write_path_and_query(&self, project_id: &str, out: &mut String) -> Result<(), Error> {
        if project_id.is_empty() {
            return Err(Error::input(
                "project_id",
                "must not be empty; each region has its own",
            ));
        }
        self.check_instance_ids()?;
        out.push_str("/v5/");
        percent::encode_into(out, project_id);
        out.push_str("/backup-migration-jobs");

        let mut query = Query {
            out,
            separator: "?",
        };
        query.text("name", self.name.as_deref());
        query.text("status", self.status.as_ref().map(JobStatus::as_str));
        for id in &self.dbs_instance_ids {
            query.text("dbs_instance_ids", Some(id));
        }
        query.text("description", self.description.as_deref());
        query.text("create_at", self.create_at.as_deref());
        query.text("completed_at", self.completed_at.as_deref());
        query.text(
            "enterprise_project_id",
            self.enterprise_project_id.as_deref(),
        );
        query.text("tags", self.tags.as_deref());
        query.number("limit", self.limit);
        query.number("offset", self.offset);
        query.text("sort_key", self.sort_key.as_ref().map(SortKey::as_str));
        query.text("sort_dir", self.sort_dir.as_ref().map(SortDir::as_str));
        Ok(())
    }

    fn check_instance_ids(&self) -> Result<(), Error> {
        let given = self.dbs_instance_ids.len();
        if given <= MAX_INSTANCE_IDS {
            return Ok(());
        }
        let mut rule = String::from("must be at most 10 ids in a request, found ");
        text::push_number(&mut rule, given);
        rule.push_str("; Client::jobs accepts any number");
        Err(Error::input("dbs_instance_ids", rule))
    }
}

/// Access for listing all pages and for watching.
impl ListJobs {
    /// The first of `limit` and `offset` that is set.
    pub(crate) fn limit_or_offset(&self) -> Option<&'static str> {
        self.limit
            .map(|_| "limit")
            .or_else(|| self.offset.map(|_| "offset"))
    }

    /// Removes and returns the filters that a job stops matching when it finishes.
    pub(crate) fn take_completion_filters(&mut self) -> (Option<JobStatus>, Option<String>) {
        (self.status.take(), self.completed_at.take())
    }

    pub(crate) fn sort_key_or_none(&self) -> Option<&SortKey> {
        self.sort_key.as_ref()
    }

    pub(crate) fn take_instance_ids(&mut self) -> Vec<String> {
        core::mem::take(&mut self.dbs_instance_ids)
    }
}

/// Writes `?key=value&key=value…`.
struct Query<'a> {
    out: &'a mut String,
    separator: &'static str,
}

impl Query<'_> {
    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key);
            percent::encode_into(self.out, value);
        }
    }

    fn number(&mut self, key: &str, value: Option<u32>) {
        if let Some(value) = value {
            self.key(key);
            text::push_number(self.out, value as usize);
        }
    }

    fn key(&mut self, key: &str) {
        self.out.push_str(self.separator);
        self.out.push_str(key);
        self.out.push('=');
        self.separator = "&";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use alloc::format;
    use alloc::string::ToString as _;

    #[track_caller]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a query reads best in the call"
    )]
    fn assert_query(query: ListJobs, expected: &str) {
        let mut out = String::new();
        query.write_path_and_query("p", &mut out).unwrap();
        assert_eq!(
            out.strip_prefix("/v5/p/backup-migration-jobs"),
            Some(expected)
        );
    }

    #[test]
    fn encodes_the_example_of_the_api_page_byte_for_byte() {
        let request = ListJobs::new()
            .limit(1)
            .request(
                "https://drs.cn-north-4.myhuaweicloud.com",
                "054ba152d480d55b2f5dc0069e7ddef0",
            )
            .unwrap();
        assert_eq!(
            request.url(),
            "https://drs.cn-north-4.myhuaweicloud.com/v5/054ba152d480d55b2f5dc0069e7ddef0/backup-migration-jobs?limit=1"
        );
        assert_eq!(
            alloc::format!("{:?}", request.headers()),
            r#"{"Content-Type": "application/json"}"#
        );
    }

    #[test]
    fn encodes_each_parameter_under_its_wire_name() {
        assert_query(ListJobs::new(), "");
        assert_query(ListJobs::new().name("DRS-6813"), "?name=DRS-6813");
        assert_query(
            ListJobs::new().status(JobStatus::PrecheckFailed),
            "?status=PRECHECK%20FAILED",
        );
        assert_query(ListJobs::new().status("paused"), "?status=paused");
        assert_query(
            ListJobs::new().dbs_instance_ids(["b", "a"]),
            "?dbs_instance_ids=b&dbs_instance_ids=a",
        );
        assert_query(
            ListJobs::new().description("备份"),
            "?description=%E5%A4%87%E4%BB%BD",
        );
        assert_query(
            ListJobs::new().create_at("2024-08-19T02:27:15Z"),
            "?create_at=2024-08-19T02%3A27%3A15Z",
        );
        assert_query(ListJobs::new().completed_at("x"), "?completed_at=x");
        assert_query(
            ListJobs::new().enterprise_project_id(""),
            "?enterprise_project_id=",
        );
        assert_query(ListJobs::new().tags("a=b,c/d"), "?tags=a%3Db%2Cc%2Fd");
        assert_query(ListJobs::new().limit(u32::MAX), "?limit=4294967295");
        assert_query(ListJobs::new().offset(0), "?offset=0");
        assert_query(
            ListJobs::new().sort_key(SortKey::CreatedAt),
            "?sort_key=created_at",
        );
        assert_query(ListJobs::new().sort_dir("desc"), "?sort_dir=desc");
        assert_query(ListJobs::new().language(Language::ZhCn), "");
    }

    #[test]
    fn encodes_parameters_in_the_order_of_the_api_page() {
        assert_query(
            ListJobs::new()
                .sort_dir(SortDir::Asc)
                .sort_key("ip")
                .offset(4)
                .limit(3)
                .tags("t")
                .enterprise_project_id("0")
                .completed_at("c2")
                .create_at("c1")
                .description("d")
                .dbs_instance_ids(["i1"])
                .dbs_instance_ids(["i2".to_string()])
                .status("SUCCESS")
                .name("n"),
            "?name=n&status=SUCCESS&dbs_instance_ids=i1&dbs_instance_ids=i2&description=d&create_at=c1\
             &completed_at=c2&enterprise_project_id=0&tags=t&limit=3&offset=4&sort_key=ip&sort_dir=asc",
        );
    }

    #[test]
    fn accepts_ten_instance_ids_and_rejects_eleven() {
        let ids = |n: u32| ListJobs::new().dbs_instance_ids((0..n).map(|i| format!("i{i}")));
        let mut out = String::from("kept");
        ids(10).write_path_and_query("p", &mut out).unwrap();
        assert_eq!(out.matches("dbs_instance_ids=").count(), 10);

        let mut out = String::from("kept");
        let error = ids(11).write_path_and_query("p", &mut out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            "invalid dbs_instance_ids: must be at most 10 ids in a request, found 11; Client::jobs accepts any number"
        );
        assert_eq!(out, "kept");
    }

    #[test]
    fn rejects_a_project_id_with_white_space_before_sending() {
        for id in ["p\r", "p\n", " p", "a b", "\t", "p\u{7f}"] {
            let error = ListJobs::new().request("https://h", id).unwrap_err();
            assert_eq!(error.parameter(), Some("project_id"), "{id:?}");
        }
    }

    #[test]
    fn rejects_an_empty_project_id_and_encodes_any_other() {
        let mut out = String::new();
        let error = ListJobs::new()
            .write_path_and_query("", &mut out)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(
            error
                .to_string()
                .starts_with("invalid project_id: must not be empty"),
            "{error}"
        );
        ListJobs::new()
            .write_path_and_query("../a b?\n", &mut out)
            .unwrap();
        assert_eq!(out, "/v5/..%2Fa%20b%3F%0A/backup-migration-jobs");
    }

    #[test]
    fn the_language_of_the_query_takes_precedence_over_the_clients() {
        let endpoint = Endpoint::parse("https://h").unwrap();
        let request = |query: ListJobs, language| {
            let parts = query.request_to(&endpoint, "p", language).unwrap();
            parts.headers().get("x-language").map(String::from)
        };
        assert_eq!(request(ListJobs::new(), None), None);
        assert_eq!(
            request(ListJobs::new(), Some(&Language::EnUs)).as_deref(),
            Some("en-us")
        );
        assert_eq!(
            request(ListJobs::new().language("zh-cn"), Some(&Language::EnUs)).as_deref(),
            Some("zh-cn")
        );
    }
}
