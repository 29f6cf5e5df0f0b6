//! Writes the emulator's answers. By hand, so that the decoder is tested against something that
//! shares no line with it.

use alloc::string::String;
use core::fmt::Write as _;

use crate::job::Job;
use crate::json::quote_into;
use crate::timestamp::Timestamp;

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As the service documents it.
    Documented,
    /// With types that drifted, as [`Fault::TypeDrift`](super::Fault::TypeDrift) has them.
    Drifted,
    /// With a count that is none.
    Mistyped,
    /// With fields that nobody knows.
    Unknown,
}

const UNKNOWN: &str = "\"x_unknown\":{\"nested\":[1,-2.5e3,true,null,\"备\"]},";

/// `{"jobs":[…],"count":…}`, in the order of the service's example.
pub(super) fn page<'a>(
    jobs: impl Iterator<Item = &'a Job<'a>>,
    count: u64,
    style: Style,
) -> String {
    let mut out = String::with_capacity(4096);
    out.push('{');
    if style == Style::Unknown {
        out.push_str(UNKNOWN);
    }
    out.push_str("\"jobs\":[");
    for (at, job) in jobs.enumerate() {
        if at > 0 {
            out.push(',');
        }
        match style {
            Style::Drifted => drifted(&mut out, job),
            _ => self::job(&mut out, job, style),
        }
    }
    out.push_str("],\"count\":");
    let written = match style {
        Style::Documented | Style::Unknown => write!(out, "{count}}}"),
        Style::Drifted => write!(out, "\"{count}\"}}"),
        Style::Mistyped => write!(out, "{{}}}}"),
    };
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
    out
}

fn job(out: &mut String, job: &Job<'_>, style: Style) {
    out.push('{');
    if style == Style::Unknown {
        out.push_str(UNKNOWN);
    }
    out.push_str("\"id\":");
    quote_into(out, &job.id);
    let mut member = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            out.push_str(",\"");
            out.push_str(key);
            out.push_str("\":");
            quote_into(out, value);
        }
    };
    member("name", Some(&job.name));
    member("status", Some(job.status.as_str()));
    member("description", job.description.as_deref());
    member("error_log", job.error_log.as_deref());
    member("engine_type", Some(job.engine_type.as_str()));
    member("create_time", Some(&job.create_time));
    member("finish_time", job.finish_time.as_deref());
    member(
        "enterprise_project_id",
        job.enterprise_project_id.as_deref(),
    );
    out.push('}');
}

fn drifted(out: &mut String, job: &Job<'_>) {
    out.push_str("{\"id\":");
    quote_into(out, &job.id);
    out.push_str(",\"status\":");
    quote_into(out, &job.status.as_str().to_ascii_lowercase());
    out.push_str(",\"name\":null,\"description\":null,\"error_log\":null,\"engine_type\":");
    quote_into(out, &job.engine_type.as_str().to_ascii_uppercase());
    out.push_str(",\"create_time\":");
    let millis = job.created_at().map_or(0, Timestamp::unix_millis);
    let written = write!(out, "{millis},\"finish_time\":");
    debug_assert!(written.is_ok(), "writing to a String cannot fail");
    match &job.finish_time {
        Some(time) => quote_into(out, &time.replacen('T', " ", 1)),
        None => out.push_str("null"),
    }
    out.push_str(",\"enterprise_project_id\":0}");
}

/// An object of texts.
pub(super) fn object(members: &[(&str, &str)]) -> String {
    let mut out = String::from("{");
    for (at, (key, value)) in members.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        quote_into(&mut out, key);
        out.push(':');
        quote_into(&mut out, value);
    }
    out.push('}');
    out
}
