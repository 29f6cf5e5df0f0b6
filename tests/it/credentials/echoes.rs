//! No secret is shown, wherever and however a peer repeats it.
//!
//! Every secret × every place of a response × every encoding × every output, in process and over
//! HTTP. A planted gap in the matcher of `src/redact`, such as one encoding left out, fails here.

#![allow(
    clippy::format_collect,
    reason = "an encoding is shortest character by character"
)]

use super::*;
use drs_backup_jobs::AccessKey;
use std::fmt::Write as _;

const TOKEN: &str = "tok7-Zq/+9x\"\\<e>&'%41-Tail==";
const ISSUED: &str = "iss7-Qz/+8y\"\\<f>&'%42-Tail==";
const PASSWORD: &str = "pw7 \"Gr\\oß/<w>&'密码%43\t-Tail";
const KEY_ID: &str = "KID7QTWAOYTTINDUT2QV";
const SESSION: &str = "ses7-Wv/+7z\"\\<g>&'%44-Tail==";

type Encode = fn(&str) -> String;

/// The encodings that a peer may repeat a secret in.
const ENCODINGS: [(&str, Encode); 15] = [
    ("raw", str::to_owned),
    ("json", json),
    ("json, slashes", |text| json(text).replace('/', "\\/")),
    ("json, every character", |text| {
        let units = text.encode_utf16();
        units.map(|unit| format!("\\u{unit:04X}")).collect()
    }),
    ("percent", |text| {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }),
    ("html, named", |text| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&apos;")
    }),
    ("html, decimal", |text| {
        text.chars().map(|ch| format!("&#{};", ch as u32)).collect()
    }),
    ("html, hex", |text| {
        text.chars()
            .map(|ch| format!("&#x{:x};", ch as u32))
            .collect()
    }),
    ("base64 at 0", |text| base64(text.as_bytes())),
    ("base64 at 1", |text| base64(format!("u{text}!").as_bytes())),
    ("base64 at 2", |text| {
        base64(format!("u:{text}!!").as_bytes())
    }),
    ("base64, url", |text| {
        let text = base64(format!("user:{text}").as_bytes());
        text.replace('+', "-").replace('/', "_").replace('=', "")
    }),
    ("split by tabs", |text| split(text, "\t")),
    ("split by escapes", |text| split(text, "\u{1b}\u{0}")),
    ("split by direction marks", |text| split(text, "\u{202e}")),
];

fn json(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .trim_matches('"')
        .to_owned()
}

fn split(text: &str, by: &str) -> String {
    text.chars().map(|ch| format!("{ch}{by}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            let is_padding = digit > group.len();
            text.push(if is_padding {
                '='
            } else {
                DIGITS[value as usize] as char
            });
        }
    }
    text
}

/// Where in a response it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Message,
    Code,
    Key,
    JobId,
    RequestId,
    RequestIdOfSuccess,
    Location,
    Text,
    Html,
    Unfinished,
    ProjectName,
    Failure,
}

const PLACES: [Place; 12] = [
    Place::Message,
    Place::Code,
    Place::Key,
    Place::JobId,
    Place::RequestId,
    Place::RequestIdOfSuccess,
    Place::Location,
    Place::Text,
    Place::Html,
    Place::Unfinished,
    Place::ProjectName,
    Place::Failure,
];

/// A peer that accepts logins, or rejects them, and repeats `text`.
struct Echo {
    place: Place,
    text: String,
    rejects_logins: bool,
}

impl Transport for Echo {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let is_login = request.url().contains("/v3/auth/tokens");
        if is_login && !self.rejects_logins {
            let mut head = ResponseHead::new(201);
            head.push_header("X-Subject-Token", ISSUED);
            body.write(b"{}")?;
            return Ok(head);
        }
        let text = &*self.text;
        // As it stands in a JSON text: what is escaped already is not escaped again.
        let quoted: String = text
            .chars()
            .map(|ch| match ch {
                '"' if !text.contains("\\\"") => "\\\"".into(),
                ch if ch < ' ' => format!("\\u{:04x}", ch as u32),
                ch => ch.into(),
            })
            .collect();
        let (status, content) = match self.place {
            Place::Message => (
                400,
                format!(r#"{{"error_code":"DRS.1","error_msg":"bad {quoted}!"}}"#),
            ),
            Place::Code => (
                400,
                format!(r#"{{"error_code":"{quoted}","error_msg":"x"}}"#),
            ),
            Place::Key => (200, format!(r#"{{"jobs":[],"count":1,"{quoted}":[01]}}"#)),
            Place::JobId => (
                200,
                format!(r#"{{"jobs":[{{"id":"{quoted}","name":[}}],"count":1}}"#),
            ),
            Place::RequestId | Place::Location => (302, String::new()),
            Place::RequestIdOfSuccess => (200, r#"{"jobs":[],"count":0}"#.into()),
            Place::Text => (502, format!("upstream failed: {text}")),
            Place::Html => (503, format!("<html><p>failed: {text}</p></html>")),
            Place::Unfinished => (500, format!(r#"{{"error_msg":"{quoted}"#)),
            Place::ProjectName => (
                200,
                format!(
                    r#"{{"projects":[{{"id":"{quoted}","name":"{quoted}"}}],"token":{{"project":{{"name":"{quoted}"}}}}}}"#
                ),
            ),
            Place::Failure => {
                let kind = drs_backup_jobs::transport::TransportErrorKind::Protocol;
                let source = std::io::Error::other(format!("invalid status line {text}"));
                return Err(
                    TransportError::new(kind, format!("cannot parse {text}")).with_source(source)
                );
            }
        };
        let mut head = ResponseHead::new(status);
        head.push_header("X-Subject-Token", ISSUED);
        match self.place {
            Place::Location => head.push_header("Location", &format!("https://h/{text}/x")),
            Place::RequestId | Place::RequestIdOfSuccess => head.push_header("X-Request-Id", text),
            _ => {}
        }
        body.write(content.as_bytes())?;
        Ok(head)
    }
}

/// All that a program can print of a result.
fn outputs(client: &Client) -> String {
    let mut shown = format!("{client:?} {client:#?}");
    let error = match client.list(&ListJobs::new()) {
        Ok(page) => {
            write!(shown, "{page:?}").unwrap();
            return shown;
        }
        Err(error) => error,
    };
    write!(
        shown,
        "{error} {error:?} {error:#?} {:?} {:?} {:?} {:?} {:?} {:?}",
        error.hint(),
        error.url(),
        error.request_id(),
        error.api(),
        error.decode(),
        error.transport(),
    )
    .unwrap();
    let mut source = std::error::Error::source(&error);
    while let Some(below) = source {
        write!(shown, " {below} {below:?}").unwrap();
        source = below.source();
    }
    shown
}

/// Letters and digits only, so that escapes of `Debug` and splits make no difference.
fn essence(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Whether a part of the encoded secret that is long enough to be of use is shown.
fn is_shown(shown: &str, encoded: &str) -> bool {
    let encoded = essence(encoded);
    // The digits at the edges of base64 hold bits of what stands around the secret.
    let inner = encoded.get(3..encoded.len() - 3).unwrap();
    inner
        .as_bytes()
        .windows(10)
        .any(|part| shown.contains(std::str::from_utf8(part).unwrap()))
}

/// Every kind of credentials, with the secrets that they know.
fn planted() -> Vec<(Credentials, Vec<&'static str>)> {
    vec![
        (Credentials::token(TOKEN), vec![TOKEN]),
        (
            Credentials::token_provider(|| Ok::<_, Error>(TOKEN)),
            vec![TOKEN],
        ),
        (
            Login::new("a", "u", PASSWORD).into(),
            vec![PASSWORD, ISSUED],
        ),
        (
            AccessKey::new(KEY_ID, "secret-key-is-not-sent")
                .security_token(SESSION)
                .into(),
            vec![KEY_ID, SESSION],
        ),
    ]
}

fn client_of(credentials: Credentials, transport: impl Transport + 'static) -> Option<Client> {
    Client::builder()
        .region(REGION)
        .project_id("p")
        .credentials(credentials)
        .transport(transport)
        .clock(ManualClock::new())
        .retry(RetryPolicy::none())
        .build()
        .ok()
}

#[test]
fn no_output_shows_a_secret_that_a_peer_repeats_in_any_place_and_encoding() {
    let mut checked = 0;
    for (credentials, secrets) in planted() {
        for secret in secrets {
            for (encoding, encode) in ENCODINGS {
                let text = encode(secret);
                for place in PLACES {
                    for rejects_logins in [false, true] {
                        // Where IAM issued no token, nobody knows this one to be secret.
                        let is_issued = place != Place::Failure || !rejects_logins;
                        if secret == ISSUED && !is_issued {
                            continue;
                        }
                        let echo = Echo {
                            place,
                            text: text.clone(),
                            rejects_logins,
                        };
                        let client = client_of(credentials.clone(), echo).unwrap();
                        let shown = essence(&outputs(&client));
                        assert!(
                            !is_shown(&shown, &text),
                            "{place:?}, {encoding}, {text:?}: {shown}"
                        );
                        checked += 1;
                    }
                }
            }
        }
    }
    let all = 6 * ENCODINGS.len() * PLACES.len() * 2;
    assert_eq!(checked, all - ENCODINGS.len());
}

/// Responses that repeat a text in the places that only HTTP has.
fn raw_responses(text: &str) -> [String; 10] {
    // What no HTTP parser accepts is covered in process.
    let header: String = text
        .chars()
        .filter(|ch| *ch >= ' ' || *ch == '\t')
        .collect();
    [
        format!("HTTP/1.1 400 {header}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/9.9 {header}\r\n\r\n"),
        format!("{header}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {header}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{header}\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: {header}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n"),
        format!("HTTP/1.1 302 Found\r\nLocation: /{header}\r\nContent-Length: 0\r\n\r\n"),
        format!("HTTP/1.1 500 x\r\nX-Request-Id: {header}\r\nContent-Length: 0\r\n\r\n"),
        format!(
            "HTTP/1.1 500 x\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ),
    ]
}

/// The places that only HTTP has, over a real connection of every transport.
#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn no_transport_shows_a_secret_that_a_peer_repeats_over_http() {
    use crate::server::Server;

    for (at, (name, transport)) in crate::transport::transports().enumerate() {
        // The matcher is one for all transports: the others need only show which texts reach it.
        let every = if at == 0 { 1 } else { 12 };
        for (encoding, encode) in ENCODINGS.into_iter().step_by(every) {
            let text = encode(TOKEN);
            for response in raw_responses(&text) {
                let server = Server::responding(response.clone());
                let client = Client::builder()
                    .endpoint(server.url())
                    .project_id("p")
                    .token(TOKEN)
                    .transport(transport.clone())
                    .retry(RetryPolicy::none())
                    .build()
                    .unwrap();
                let shown = essence(&outputs(&client));
                assert!(
                    !is_shown(&shown, &text),
                    "{name}, {encoding}: {response:?}: {shown}"
                );
            }
        }
    }
}

/// What the command prints, its log lines (`-v`) included.
#[cfg(feature = "cli")]
#[test]
fn the_command_shows_no_secret_that_a_peer_repeats() {
    use crate::server::Server;

    for (encoding, encode) in ENCODINGS {
        let text = encode(TOKEN);
        for response in raw_responses(&text) {
            let server = Server::responding(response.clone());
            let mut command = crate::command::command(&[
                "list",
                "-v",
                "--endpoint",
                &server.url(),
                "--project-id",
                "p",
                "--retries",
                "0",
            ]);
            let output = command.env("HW_AUTH_TOKEN", TOKEN).output().unwrap();
            let printed = [output.stdout, output.stderr].concat();
            let shown = essence(&String::from_utf8_lossy(&printed));
            assert!(shown.contains("error"), "{encoding}: {response:?}: {shown}");
            assert!(
                !is_shown(&shown, &text),
                "{encoding}: {response:?}: {shown}"
            );
        }
    }
}
