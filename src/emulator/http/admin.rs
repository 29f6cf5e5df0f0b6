//! The admin interface: jobs, faults and requests of an emulator, as JSON over HTTP.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::emulator::faults::Faults;
use crate::emulator::handle::{AdminAccess, Emulator};
use crate::emulator::jobs::EmulatedJob;
use crate::emulator::message::{Request, Response, percent_decode};
use crate::emulator::service::RecordedRequest;
use crate::header;

const PREFIX: &str = "/__admin/";

/// A status and why it is not 200.
type Rejected = (u16, String);

/// The response to a request of the admin interface; `None` if it is another one, or if the
/// interface is off.
pub(super) fn respond(emulator: &Emulator, request: &Request<'_>) -> Option<Response> {
    let path = request.path.strip_prefix(PREFIX)?;
    let is_local = |peer: IpAddr| peer.to_canonical().is_loopback();
    let outcome = match emulator.admin_access() {
        AdminAccess::Off => return None,
        AdminAccess::Loopback if !request.peer.is_some_and(is_local) => Err((
            403,
            "the admin interface accepts requests from this machine only".into(),
        )),
        _ => dispatch(emulator, request, path),
    };
    Some(match outcome {
        Ok((status, body)) => Response::json(status, &body),
        Err((status, error)) => {
            let mut response = Response::json(status, &json!({"error": error}));
            if status == 405 {
                response.push_header(header::ALLOW, allowed(path));
            }
            response
        }
    })
}

/// The methods of a path; empty if there is no such path.
fn allowed(path: &str) -> &'static str {
    match path {
        "jobs" => "GET, POST",
        "faults" => "PUT",
        "requests" => "GET, DELETE",
        "reset" => "POST",
        _ if path.strip_prefix("jobs/").is_some_and(|id| !id.is_empty()) => "PATCH, DELETE",
        _ => "",
    }
}

fn dispatch(
    emulator: &Emulator,
    request: &Request<'_>,
    path: &str,
) -> Result<(u16, Value), Rejected> {
    let allowed = allowed(path);
    if allowed.is_empty() {
        return Err((404, format!("no such path: {PREFIX}{path}")));
    }
    if !allowed.split(", ").any(|method| method == request.method) {
        return Err((405, format!("method not allowed: must be {allowed}")));
    }
    let emulator = &scope(emulator, request)?;
    Ok(match (request.method, path) {
        ("GET", "jobs") => (
            200,
            list_of("jobs", emulator.jobs().iter().map(EmulatedJob::to_json)),
        ),
        ("POST", "jobs") => (201, add_jobs(emulator, request.body)?),
        ("PUT", "faults") => {
            let faults = faults(request.body)?;
            let text = format!("{faults}");
            emulator.set_faults(faults);
            (200, json!({"faults": text}))
        }
        ("GET", "requests") => {
            let requests = emulator.requests();
            (
                200,
                list_of("requests", requests.iter().map(RecordedRequest::to_json)),
            )
        }
        ("DELETE", "requests") => {
            emulator.clear_requests();
            (200, json!({}))
        }
        ("POST", "reset") => {
            emulator.reset();
            (200, json!({}))
        }
        (method, path) => {
            let id = path.trim_start_matches("jobs/");
            let id = percent_decode(id).ok_or_else(|| (400, String::from("invalid job id")))?;
            let job = match method {
                "PATCH" => patch_job(emulator, &id, request.body)?,
                _ => emulator.remove(&id),
            };
            let job = job.ok_or_else(|| (404, format!("no job with the id {id:?}")))?;
            (200, job.to_json())
        }
    })
}

/// The emulator, or one project of it if the query has `project`.
fn scope(emulator: &Emulator, request: &Request<'_>) -> Result<Emulator, Rejected> {
    let parameters = request.parameters().unwrap_or_default();
    let project = parameters.iter().find(|(key, _)| key == "project");
    match project {
        None => Ok(emulator.clone()),
        Some((_, id)) => emulator
            .for_project(id)
            .map_err(|error| (404, format!("{error}"))),
    }
}

/// `{"count":…,"NAME":[…]}`, like a page of the service.
fn list_of(name: &str, items: impl Iterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.collect();
    json!({"count": items.len(), name: items})
}

fn invalid(error: String) -> Rejected {
    (400, error)
}

fn parse(body: &[u8]) -> Result<Value, Rejected> {
    serde_json::from_slice(body).map_err(|error| (400, format!("invalid JSON: {error}")))
}

/// Adds one job or an array of jobs, the first of which comes first in the list.
fn add_jobs(emulator: &Emulator, body: &[u8]) -> Result<Value, Rejected> {
    let body = match parse(body)? {
        // A page of the service, or of this interface.
        Value::Object(mut page) if page.contains_key("jobs") => {
            page.remove("jobs").unwrap_or_default()
        }
        body => body,
    };
    let jobs = match body {
        Value::Array(jobs) => jobs,
        job => Vec::from([job]),
    };
    let now = emulator.wall_clock();
    // All are checked before the first is added.
    let jobs = jobs
        .into_iter()
        .map(|job| new_job(emulator, job, &now).map_err(invalid))
        .collect::<Result<Vec<_>, _>>()?;
    for job in jobs.iter().rev() {
        emulator.add(job.clone());
    }
    Ok(list_of("jobs", jobs.iter().map(EmulatedJob::to_json)))
}

/// A job with these members; without them it is one that has just been created.
fn new_job(emulator: &Emulator, job: Value, now: &str) -> Result<EmulatedJob, String> {
    let Value::Object(members) = job else {
        return Err("invalid job: must be an object".into());
    };
    let id = match members.get("id") {
        None => emulator.new_id(),
        Some(Value::String(id)) if !id.is_empty() => id.clone(),
        Some(_) => return Err("invalid id: must be a string that is not empty".into()),
    };
    EmulatedJob::new(id).create_time(now).patched(&members, now)
}

fn patch_job(emulator: &Emulator, id: &str, body: &[u8]) -> Result<Option<EmulatedJob>, Rejected> {
    let Value::Object(patch) = parse(body)? else {
        return Err(invalid("invalid patch: must be an object".into()));
    };
    let keeps_id = |patch: &Map<String, Value>| patch.get("id").is_none_or(|new| new == id);
    if !keeps_id(&patch) {
        return Err(invalid("invalid patch: the id cannot be changed".into()));
    }
    let changed = emulator.try_update(id, |job, now| job.patched(&patch, now));
    changed.transpose().map_err(invalid)
}

/// The text form of faults, as it is or as a JSON string.
fn faults(body: &[u8]) -> Result<Faults, Rejected> {
    let text = match serde_json::from_slice(body) {
        Ok(Value::String(text)) => text,
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    text.parse().map_err(|error| (400, format!("{error}")))
}
