//! The service and its gateway: from a request to a response.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::faults::{Delivery, replacement};
use super::limits::checked_length;
use super::request::{RecordedRequest, percent_decode};
use super::response::{ErrorResponse, Response};
use crate::header;
use crate::job::Language;
use crate::timestamp::Timestamp;

mod query;
mod state;

use query::PageQuery;
pub(super) use state::{Setup, State};

/// When a request was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By the clock's `now`.
    pub(super) elapsed: Duration,
    /// By the wall clock; `None` beyond the year 9999.
    pub(super) wall: Option<Timestamp>,
}

/// A request, when it was received, and the id of its response.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) request: &'a RecordedRequest,
    pub(super) body: &'a [u8],
    pub(super) moment: Moment,
    pub(super) request_id: &'a str,
}

impl State {
    /// The response to a request, with the fault it suffers, recorded.
    pub(super) fn respond(
        &mut self,
        setup: &Setup,
        request: RecordedRequest,
        body: &[u8],
        moment: Moment,
    ) -> Delivery {
        let request_id = self.next_request_id(setup.seed(0));
        let project_id = project_id(request.raw_path());
        // Requests that name no project count for the first one.
        let project = project_id.as_deref().and_then(|id| setup.find_project(id));
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
                request: &request,
                body,
                moment,
                request_id: &request_id,
            };
            self.dispatch(setup, &received, project_id.as_deref())
                .unwrap_or_else(|error| error.to_response(&language, &request_id))
        });
        let mut delivery = Delivery::whole(response, setup.latency);
        if let Some(fault) = &fault {
            delivery.apply(fault);
        }
        self.log.push(index, request, delivery.status());
        complete(delivery, request_id, moment)
    }

    /// The response to bytes that are not a request.
    pub(super) fn reject(
        &mut self,
        setup: &Setup,
        error: &ErrorResponse,
        moment: Moment,
    ) -> Delivery {
        let request_id = self.next_request_id(setup.seed(0));
        let response = error.to_response(&Language::EnUs, &request_id);
        let delivery = Delivery::whole(response, Duration::ZERO);
        complete(delivery, request_id, moment)
    }

    fn dispatch(
        &mut self,
        setup: &Setup,
        received: &Received<'_>,
        project_id: Option<&str>,
    ) -> Result<Response, ErrorResponse> {
        let access = &mut self.access;
        let method = |method| match received.request.method() {
            sent if sent == method => Ok(()),
            _ => Err(ErrorResponse::method_not_allowed(method)),
        };
        match (project_id, received.request.raw_path()) {
            (Some(project_id), _) => {
                method("GET")?;
                self.list(setup, received, project_id)
            }
            (_, "/v3/auth/tokens") => {
                method("POST")?;
                Ok(access.log_in(&setup.projects, received))
            }
            (_, "/v3/projects") => {
                method("GET")?;
                access.list_projects(&setup.projects, received, setup.limits)
            }
            (_, "/meta-data/latest/api/token") => {
                method("PUT")?;
                Ok(access.issue_metadata_token(received))
            }
            (_, "/openstack/latest/securitykey") => {
                method("GET")?;
                Ok(access.issue_security_key(received))
            }
            _ => Err(ErrorResponse::no_such_path()),
        }
    }

    /// `GET /v5/{project_id}/backup-migration-jobs`.
    fn list(
        &mut self,
        setup: &Setup,
        received: &Received<'_>,
        project_id: &str,
    ) -> Result<Response, ErrorResponse> {
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
        let range = (query.offset, query.limit.min(setup.page_cap()));
        let page = project
            .jobs
            .page(&query.selection, range, received.moment.elapsed);
        let count = setup.count.report(page.total, page.jobs.len(), limits);
        let jobs: Vec<_> = page.jobs.iter().map(|emulated| &emulated.job).collect();
        // Only texts: serialization cannot fail. In the order of the service's example.
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

/// Adds the headers that every response has.
fn complete(mut delivery: Delivery, request_id: String, moment: Moment) -> Delivery {
    let response = &mut delivery.response;
    response.push_header(header::REQUEST_ID, request_id);
    if let Some(now) = moment.wall {
        response.push_header(header::DATE, now.to_http_date());
    }
    delivery
}
