//! `--dry-run`: prints the requests and sends nothing.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use drs_backup_jobs::Transport;
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};

/// A transport that records requests and returns minimal responses. It records what the client
/// built, including the signature, so it cannot differ from what would be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct DryRun {
    requests: Arc<Mutex<Vec<String>>>,
}

impl DryRun {
    /// Prints the recorded requests.
    pub(crate) fn print(&self) -> io::Result<()> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        io::stdout().write_all(requests.join("\n").as_bytes())
    }
}

impl Transport for DryRun {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let text = shown(request);
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(text);
        let (status, response) = response(request.url());
        body.write(response.as_bytes())?;
        let mut head = ResponseHead::new(status);
        if status == 201 {
            head.push_header("X-Subject-Token", "from-iam");
        }
        Ok(head)
    }
}

/// An empty list; for IAM, a token and a project whose ID is unknown without a request.
fn response(url: &str) -> (u16, &'static str) {
    let path = url.split('?').next().unwrap_or_default();
    if path.ends_with("/meta-data/latest/api/token") {
        // The response of a metadata service that issues no tokens.
        (404, "")
    } else if path.ends_with("/securitykey") {
        let key = r#"{"credential":{"access":"from-metadata","secret":"from-metadata","securitytoken":"from-metadata","expires_at":"9999-01-01T00:00:00.000000Z"}}"#;
        (200, key)
    } else if path.ends_with("/v3/auth/tokens") {
        let token =
            r#"{"token":{"expires_at":"9999-01-01T00:00:00Z","project":{"id":"ID-FROM-IAM"}}}"#;
        (201, token)
    } else if path.ends_with("/v3/projects") {
        (200, r#"{"projects":[{"id":"ID-FROM-IAM"}]}"#)
    } else {
        (200, r#"{"count":0,"jobs":[]}"#)
    }
}

/// Method, URL and headers; secrets as `***`.
fn shown(request: &Request<'_>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.url());
    for (name, value) in request.headers().iter() {
        let written = writeln!(text, "{name}: {value}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    }
    if !request.body().is_empty() {
        text.push_str("\n***\n");
    }
    text
}
