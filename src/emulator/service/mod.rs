//! The service and its gateway: from a request to a response.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use super::auth::{list_projects, log_in};
use super::auth::{metadata_token, security_key};
use super::faults::{Delivery, Fault, replacement};
use super::jobs::{EmulatedJob, members};
use super::limits::checked_length;
use super::message::{ErrorResponse, Request, Response, percent_decode};
use crate::header;
use crate::job::{Job, Language};
use crate::timestamp::Timestamp;

mod query;
mod request_log;
mod state;

use query::PageQuery;
pub use request_log::RecordedRequest;
pub(super) use state::{Setup, State};

/// When a request was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By the clock's `now`.
    pub(super) elapsed: Duration,
    /// By the wall clock; `None` beyond the year 9999.
    pub(super) wall: Option<Timestamp>,
}

/// What a path leads to.
enum Route<'a> {
    /// The operation, with the project id as sent.
    Jobs(&'a str),
    /// A login at IAM.
    Tokens,
    /// IAM's list of projects.
    Projects,
    /// A token for the metadata service of a cloud server.
    MetadataToken,
    /// A key from the metadata service.
    SecurityKey,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        match path {
            "/v3/auth/tokens" => return Some(Self::Tokens),
            "/v3/projects" => return Some(Self::Projects),
            "/meta-data/latest/api/token" => return Some(Self::MetadataToken),
            "/openstack/latest/securitykey" => return Some(Self::SecurityKey),
            _ => {}
        }
        let project_id = path
            .strip_prefix("/v5/")?
            .strip_suffix("/backup-migration-jobs")?;
        (!project_id.is_empty() && !project_id.contains('/')).then_some(Self::Jobs(project_id))
    }
}

impl State {
    /// The response to a request, with the fault it suffers, recorded.
    pub(super) fn respond(
        &mut self,
        setup: &Setup,
        request: &Request<'_>,
        moment: Moment,
    ) -> Delivery {
        let request_id = self.next_request_id(setup.seed(0));
        let route = Route::of(request.path);
        // Requests that name no project count for the first one.
        let project = match route {
            Some(Route::Jobs(id)) => percent_decode(id).and_then(|id| setup.find_project(&id)),
            _ => None,
        };
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
            let names = (&setup.users, setup.projects.as_slice());
            let response = match route {
                Some(Route::Jobs(id)) => self.list(setup, request, id, fault.as_ref(), moment),
                Some(Route::Tokens) => {
                    log_in(names, &mut self.access, request, &request_id, moment.wall)
                }
                Some(Route::Projects) => {
                    let access = &mut self.access;
                    list_projects(names.1, access, request, moment.wall, setup.limits)
                }
                Some(Route::MetadataToken) => {
                    metadata_token(&mut self.access, request, &request_id, moment.wall)
                }
                Some(Route::SecurityKey) => {
                    security_key(&mut self.access, request, &request_id, moment.wall)
                }
                None => Err(ErrorResponse::no_such_path()),
            };
            response.unwrap_or_else(|error| error.to_response(&language, &request_id))
        });
        let mut delivery = Delivery::whole(response, setup.latency);
        if let Some(fault) = &fault {
            delivery.apply(fault);
        }
        let recorded = RecordedRequest::new(request, delivery.status());
        self.log.push(index, recorded);
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
        complete(
            Delivery::whole(response, Duration::ZERO),
            request_id,
            moment,
        )
    }

    /// `GET /v5/{project_id}/backup-migration-jobs`.
    fn list(
        &mut self,
        setup: &Setup,
        request: &Request<'_>,
        project_id: &str,
        fault: Option<&Fault>,
        moment: Moment,
    ) -> Result<Response, ErrorResponse> {
        if request.method != "GET" {
            return Err(ErrorResponse::method_not_allowed("GET"));
        }
        let limits = setup.limits;
        let only_project = self.access.authenticate(request, moment.wall, limits)?;
        let project_id = percent_decode(project_id).ok_or_else(|| {
            ErrorResponse::bad_request(400, "the path is not percent-encoded UTF-8")
        })?;
        checked_length("project_id", &project_id, 128, limits)?;
        let is_other = |id: &str| id != project_id;
        let project = setup
            .find_project(&project_id)
            .and_then(|index| self.projects.get_mut(index))
            .filter(|_| !only_project.as_deref().is_some_and(is_other))
            .filter(|_| !request.header(header::PROJECT_ID).is_some_and(is_other))
            .ok_or_else(ErrorResponse::wrong_project)?;
        if let Some(quota) = &mut project.quota {
            quota.take(moment.elapsed)?;
        }
        let parameters = request
            .parameters()
            .ok_or_else(ErrorResponse::invalid_query)?;
        let query = PageQuery::new(&parameters, limits)?;
        let range = (query.offset, query.limit.min(setup.page_cap.0));
        let page = project.jobs.page(&query.selection, range, moment.elapsed);
        let count = setup.count.report(page.total, page.jobs.len(), limits);
        let body = page_body(&page.jobs, count, fault);
        Ok(Response::new(200, "application/json", body))
    }
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

/// `{"jobs":[…],"count":…}`, in the order of the service's example, or as the fault alters it.
fn page_body(jobs: &[EmulatedJob], count: u64, fault: Option<&Fault>) -> String {
    let jobs = jobs.iter().map(|emulated| &emulated.job);
    let page = match fault {
        Some(Fault::TypeDrift) => {
            let jobs: Vec<Value> = jobs.map(drifted).collect();
            json!({"count": format!("{count}"), "jobs": jobs})
        }
        Some(Fault::InvalidCount) => json!({"count": {}, "jobs": jobs.collect::<Vec<_>>()}),
        Some(Fault::UnknownFields) => {
            let unknown = json!({"nested": [1, -2.5e3, true, null, "备"]});
            let with_unknown = |job: &Job<'_>| {
                let mut members = members(job);
                members.insert("x_unknown".into(), unknown.clone());
                Value::from(members)
            };
            let jobs: Vec<Value> = jobs.map(with_unknown).collect();
            json!({"x_unknown": unknown, "count": count, "jobs": jobs})
        }
        _ => {
            // Only texts: serialization cannot fail.
            let jobs = serde_json::to_string(&jobs.collect::<Vec<_>>()).unwrap_or_default();
            return format!("{{\"jobs\":{jobs},\"count\":{count}}}");
        }
    };
    page.to_string()
}

fn drifted(job: &Job<'_>) -> Value {
    json!({
        "id": job.id,
        "status": job.status.as_str().to_ascii_lowercase(),
        "name": null,
        "description": null,
        "error_log": null,
        "engine_type": job.engine_type.as_str().to_ascii_uppercase(),
        "create_time": job.created_at().map_or(0, Timestamp::unix_millis),
        "finish_time": job.finish_time.as_ref().map(|time| time.replacen('T', " ", 1)),
        "enterprise_project_id": 0,
    })
}
