//! The admin interface: jobs, faults and requests of an emulator, as JSON over HTTP.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde_json::{Value, json};

use crate::emulator::faults::Faults;
use crate::emulator::handle::{AdminAccess, Emulator};
use crate::emulator::jobs::{Change, EmulatedJob};
use crate::emulator::request::RecordedRequest;
use crate::emulator::response::Response;
use crate::header;

/// A status and the reason; for 405 the methods that are allowed.
type Rejected = (u16, String);

/// The response to a request of the admin interface; `None` for any other request, or if the
/// interface is off.
pub(super) fn respond(
    emulator: &Emulator,
    request: &RecordedRequest,
    body: &[u8],
    peer: IpAddr,
) -> Option<Response> {
    let path = request.path().strip_prefix("/__admin/")?;
    let outcome = match emulator.admin_access() {
        AdminAccess::Off => return None,
        AdminAccess::Loopback if !peer.to_canonical().is_loopback() => Err((
            403,
            "the admin interface accepts requests from this machine only".into(),
        )),
        _ => scope(emulator, request)
            .and_then(|emulator| dispatch(&emulator, request.method(), path, body)),
    };
    let mut response = match outcome {
        Ok((status, body)) => Response::json(status, &body),
        Err((405, allowed)) => {
            let error = format!("method not allowed: must be {allowed}");
            let mut response = Response::json(405, &json!({"error": error}));
            response.push_header(header::ALLOW, allowed);
            response
        }
        Err((status, error)) => Response::json(status, &json!({"error": error})),
    };
    // For terminals, where the next prompt follows.
    response.body.push(b'\n');
    Some(response)
}

/// The emulator, or one project of it if the query has `project`.
fn scope(emulator: &Emulator, request: &RecordedRequest) -> Result<Emulator, Rejected> {
    if !request.is_well_encoded() {
        return Err(invalid(
            "path and query must be percent-encoded UTF-8".into(),
        ));
    }
    match request.param("project") {
        None => Ok(emulator.clone()),
        Some(id) => emulator
            .for_project(id)
            .map_err(|error| (404, format!("{error}"))),
    }
}

fn dispatch(
    emulator: &Emulator,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<(u16, Value), Rejected> {
    let (path, id) = match path.split_once('/') {
        Some(("jobs", id)) if !id.is_empty() => ("jobs/ID", id),
        _ => (path, ""),
    };
    let one = |job: Option<EmulatedJob>| match job {
        Some(job) => Ok((200, job.to_json())),
        None => Err((404, format!("no job with the id {id:?}"))),
    };
    let allowed = match (path, method) {
        ("jobs", "GET") => {
            let jobs = emulator.jobs();
            return Ok((200, list_of("jobs", jobs.iter().map(EmulatedJob::to_json))));
        }
        ("jobs", "POST") => return Ok((201, add_jobs(emulator, body)?)),
        ("jobs", _) => "GET, POST",
        ("jobs/ID", "PATCH") => return one(patch_job(emulator, id, body)?),
        ("jobs/ID", "DELETE") => return one(emulator.remove(id)),
        ("jobs/ID", _) => "PATCH, DELETE",
        ("faults", "PUT") => {
            let faults = faults(body)?;
            let text = format!("{faults}");
            emulator.set_faults(faults);
            return Ok((200, json!({"faults": text})));
        }
        ("faults", _) => "PUT",
        ("requests", "GET") => {
            let requests = emulator.requests();
            let requests = requests.iter().map(RecordedRequest::to_json);
            return Ok((200, list_of("requests", requests)));
        }
        ("requests", "DELETE") => {
            emulator.clear_requests();
            return Ok((200, json!({})));
        }
        ("requests", _) => "GET, DELETE",
        ("reset", "POST") => {
            emulator.reset();
            return Ok((200, json!({})));
        }
        ("reset", _) => "POST",
        _ => return Err((404, format!("no such path: /__admin/{path}"))),
    };
    Err((405, allowed.into()))
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
    // All jobs are checked before the first is added.
    let jobs = jobs
        .into_iter()
        .map(|job| new_job(emulator, job, &now).map_err(invalid))
        .collect::<Result<Vec<_>, _>>()?;
    let added = list_of("jobs", jobs.iter().map(EmulatedJob::to_json));
    emulator.apply(Change::add_all(jobs));
    Ok(added)
}

/// A job with these members; other fields are those of a job that has just been created.
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

/// The changed job; `None` if it is not listed.
fn patch_job(emulator: &Emulator, id: &str, body: &[u8]) -> Result<Option<EmulatedJob>, Rejected> {
    let Value::Object(patch) = parse(body)? else {
        return Err(invalid("invalid patch: must be an object".into()));
    };
    if patch.get("id").is_some_and(|new| new != id) {
        return Err(invalid("invalid patch: the id cannot be changed".into()));
    }
    let now = emulator.wall_clock();
    let mut changed = Ok(None);
    emulator.update(id, |job| {
        changed = job.clone().patched(&patch, &now).map(Some);
        changed.clone().ok().flatten().unwrap_or(job)
    });
    changed.map_err(invalid)
}

/// The text form of faults, as it is or as a JSON string.
fn faults(body: &[u8]) -> Result<Faults, Rejected> {
    let text = match serde_json::from_slice(body) {
        Ok(Value::String(text)) => text,
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    text.parse().map_err(|error| (400, format!("{error}")))
}
