//! From a request to an answer: the way through gateway and service.

use super::delivery;
use super::fault::Fault;
use super::iam;
use super::incoming::{Incoming, decode};
use super::query::{PageQuery, checked_length};
use super::refusal::{Refusal, Tongue};
use super::reply::Reply;
use super::state::State;
use super::write_json::{self, Style};
use crate::header;
use crate::timestamp::Timestamp;

/// What a path leads to.
enum Route<'a> {
    /// The one operation, with its project id as it was sent.
    Jobs(&'a str),
    /// A login at IAM.
    Tokens,
    /// IAM's list of projects.
    Projects,
}

impl<'a> Route<'a> {
    fn of(path: &'a str) -> Option<Self> {
        match path {
            "/v3/auth/tokens" => return Some(Self::Tokens),
            "/v3/projects" => return Some(Self::Projects),
            _ => {}
        }
        let project_id = path
            .strip_prefix("/v5/")?
            .strip_suffix("/backup-migration-jobs")?;
        (!project_id.is_empty() && !project_id.contains('/')).then_some(Self::Jobs(project_id))
    }
}

/// The answer to a request, but for the headers that every answer carries. Faults that are part of
/// an answer are in it.
pub(super) fn answer(
    state: &mut State,
    incoming: &Incoming<'_>,
    fault: Option<&Fault>,
    request_id: &str,
    now: Option<Timestamp>,
) -> Reply {
    let tongue = Tongue::of(incoming.header(header::LANGUAGE));
    if let Some(reply) = fault.and_then(|fault| delivery::instead(fault, tongue, request_id)) {
        return reply;
    }
    let style = match fault {
        Some(Fault::TypeDrift) => Style::Drifted,
        Some(Fault::InvalidCount) => Style::Mistyped,
        Some(Fault::UnknownFields) => Style::Unknown,
        _ => Style::Documented,
    };
    let answered = match Route::of(incoming.path) {
        Some(Route::Jobs(project_id)) => jobs(state, incoming, project_id, style, now),
        Some(Route::Tokens) => iam::log_in(state, incoming, request_id, now),
        Some(Route::Projects) => iam::projects(state, incoming, now),
        None => Err(Refusal::no_such_path()),
    };
    answered.unwrap_or_else(|refusal| refusal.reply(tongue, request_id))
}

fn jobs(
    state: &mut State,
    incoming: &Incoming<'_>,
    project_id: &str,
    style: Style,
    now: Option<Timestamp>,
) -> Result<Reply, Refusal> {
    if incoming.method != "GET" {
        return Err(Refusal::method("GET"));
    }
    let visitor = state.gate.admit(incoming, now, state.limits)?;
    let project_id = decode(project_id, false)
        .ok_or_else(|| Refusal::unreadable(400, "the path is not percent-encoded UTF-8"))?;
    checked_length("project_id", &project_id, 128, state.limits)?;
    let signed_for = incoming.header(header::PROJECT_ID);
    if !state.iam.has_project(&project_id)
        || !visitor.may_see(&project_id)
        || signed_for.is_some_and(|id| id != project_id)
    {
        return Err(Refusal::project());
    }
    let query = PageQuery::read(&incoming.query_pairs()?, state.limits)?;
    let cut = state.list.cut(&query, state.page_cap);
    let count = state.count_cap.map_or(cut.total, |cap| cut.total.min(cap));
    let body = write_json::page(cut.jobs.iter().map(|job| &job.job), count, style);
    Ok(Reply::json(200, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::Emulator;
    use crate::emulator::random::Random;
    use alloc::string::String;
    use alloc::vec::Vec;

    const TARGETS: &[&str] = &[
        "/v5/p/backup-migration-jobs?limit=3&offset=1&sort_key=tag_value&sort_dir=asc",
        "/v5/%E5%A4%87/backup-migration-jobs?name=%E5%A4%87&tags=env=prod,team",
        "https://h/v5/p/backup-migration-jobs?dbs_instance_ids=a&dbs_instance_ids=b&status=FAILED",
        "/v5/p/backup-migration-jobs?create_at=2024-08-19T02:27:15Z&completed_at=2024&limit=%31",
    ];

    #[test]
    fn whatever_is_asked_the_answer_is_sound_json_of_a_documented_status() {
        let emulator = Emulator::demo();
        let mut random = Random::new(3);
        let mut seen = [0_u32; 600];
        for _ in 0..3_000 {
            let mut target: Vec<char> = random.pick(TARGETS).unwrap().chars().collect();
            for _ in 0..random.below(4) {
                let at = usize::try_from(random.below(target.len() as u64)).unwrap();
                let other: Vec<char> = "%+&=?#/,-:09aZ \0\u{7f}备😀".chars().collect();
                target[at] = *random.pick(&other).unwrap();
            }
            let target: String = target.into_iter().collect();
            let token = *random.pick(&["", "t", "t", "t"]).unwrap();
            let headers = [("X-Auth-Token", token), ("X-Language", "zh-cn")].into();
            let asked = Incoming::new("GET", &target, headers, b"");
            let reply = emulator.answer(&asked).reply;
            let body: ::serde_json::Value = ::serde_json::from_slice(&reply.body).unwrap();
            match reply.status {
                200 => assert!(
                    body["jobs"].is_array() && body["count"].is_u64(),
                    "{target}"
                ),
                400 | 401 | 404 => assert!(body["error_code"].is_string(), "{target}"),
                other => panic!("{other} to {target}"),
            }
            seen[usize::from(reply.status)] += 1;
        }
        for status in [200, 400, 401, 404] {
            assert!(seen[status] > 20, "{status} only {} times", seen[status]);
        }
    }
}
