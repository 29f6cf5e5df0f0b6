//! The service and its gateway: from a request to a response.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::auth::metadata_token;
use super::faults::{Delivery, replacement};
use super::limits::checked_length;
use super::request::{Moment, Received, RecordedRequest, percent_decode};
use super::response::{ErrorResponse, Response};
use crate::header;
use crate::job::Language;

mod query;
mod state;

use query::PageQuery;
pub(super) use state::{Setup, State};

impl State {
    /// Returns the response to a request, after applying a fault, and records the request.
    pub(super) fn respond(
        &mut self,
        request: &RecordedRequest,
        body: &[u8],
        moment: Moment,
    ) -> Delivery {
        let request_id = self.next_request_id();
        let project_id = project_id(request.raw_path());
        // Requests without a project count for the first one.
        let project = project_id
            .as_deref()
            .and_then(|id| self.setup.find_project(id));
        let index = project.unwrap_or(0);
        let fault = self.projects.get_mut(index).and_then(|project| {
            project.request_count = project.request_count.saturating_add(1);
            let number = project.request_count;
            project.jobs.before_request(number, moment.elapsed);
            project.faults.next()
        });

        let language = Language::from(request.header(header::LANGUAGE).unwrap_or_default().trim());
        let replaced = fault.as_ref();
        let replaced = replaced.and_then(|fault| replacement(fault, &language, &request_id));
        let response = replaced.unwrap_or_else(|| {
            let received = Received {
                request,
                body,
                moment,
                request_id: &request_id,
            };
            self.dispatch(&received, project_id.as_deref())
                .unwrap_or_else(|error| error.to_response(&language, &request_id))
        });
        let mut delivery = Delivery::whole(response, self.setup.latency);
        if let Some(fault) = &fault {
            delivery.apply(fault);
        }
        self.log.push(index, request.clone(), delivery.status());
        let response = &mut delivery.response;
        response.push_header(header::REQUEST_ID, request_id);
        if let Some(now) = moment.wall {
            response.push_header(header::DATE, now.to_http_date());
        }
        delivery
    }

    fn dispatch(
        &mut self,
        received: &Received<'_>,
        project_id: Option<&str>,
    ) -> Result<Response, ErrorResponse> {
        const TOKENS: &str = "/v3/auth/tokens";
        const PROJECTS: &str = "/v3/projects";
        const METADATA_TOKEN: &str = "/meta-data/latest/api/token";
        const SECURITY_KEY: &str = "/openstack/latest/securitykey";

        let Self { access, setup, .. } = self;
        let projects = &setup.projects;
        match (received.request.method(), received.request.raw_path()) {
            ("POST", TOKENS) => Ok(access.log_in(projects, received)),
            ("GET", PROJECTS) => access.list_projects(projects, received, setup.limits),
            ("PUT", METADATA_TOKEN) => Ok(metadata_token(received)),
            ("GET", SECURITY_KEY) => Ok(access.issue_security_key(received)),
            (_, TOKENS) => Err(ErrorResponse::method_not_allowed("POST")),
            (_, METADATA_TOKEN) => Err(ErrorResponse::method_not_allowed("PUT")),
            (_, PROJECTS | SECURITY_KEY) => Err(ErrorResponse::method_not_allowed("GET")),
            (method, _) => match project_id {
                Some(project_id) if method == "GET" => self.list(received, project_id),
                Some(_) => Err(ErrorResponse::method_not_allowed("GET")),
                None => Err(ErrorResponse::no_such_path()),
            },
        }
    }

    /// `GET /v5/{project_id}/backup-migration-jobs`.
    fn list(
        &mut self,
        received: &Received<'_>,
        project_id: &str,
    ) -> Result<Response, ErrorResponse> {
        let setup = &self.setup;
        let (request, limits) = (received.request, setup.limits);
        let only_project = self.access.authenticate(received, limits)?;
        if !request.is_well_encoded() {
            return Err(ErrorResponse::badly_encoded());
        }
        checked_length("project_id", project_id, 128, limits)?;
        let is_other = |id: &str| id != project_id;
        let project = setup
            .find_project(project_id)
            .and_then(|index| self.projects.get_mut(index))
            .filter(|_| !only_project.as_deref().is_some_and(is_other))
            .filter(|_| !request.header(header::PROJECT_ID).is_some_and(is_other))
            .ok_or_else(ErrorResponse::wrong_project)?;
        if let Some(quota) = &mut project.quota {
            quota.take(received.moment.elapsed)?;
        }
        let query = PageQuery::new(request, limits)?;
        let range = (query.offset, query.limit.min(setup.page_cap.unwrap_or(512)));
        let page = project
            .jobs
            .page(&query.selection, range, received.moment.elapsed);
        let count = setup.count.report(page.total, page.jobs.len(), limits);
        let jobs: Vec<_> = page.jobs.iter().map(|emulated| &emulated.job).collect();
        // A job holds only texts, so serialization cannot fail. The members are in the order of the
        // service's example.
        let jobs = serde_json::to_string(&jobs).unwrap_or_default();
        let body = format!("{{\"jobs\":{jobs},\"count\":{count}}}");
        Ok(Response::new(200, "application/json", body))
    }
}

/// The project of `/v5/{project_id}/backup-migration-jobs`; empty if it is not percent-encoded UTF-8.
fn project_id(raw_path: &str) -> Option<String> {
    let id = raw_path.strip_prefix("/v5/")?;
    let id = id.strip_suffix("/backup-migration-jobs")?;
    let is_segment = !id.is_empty() && !id.contains('/');
    is_segment.then(|| percent_decode(id).unwrap_or_default())
}
