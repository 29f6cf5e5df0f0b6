//! Damaged texts and drifted types: in every place, by every decoder, and through the client.

use drs_backup_jobs::decode::Decoder;
use drs_backup_jobs::{ApiError, Job, JobPage};

pub(crate) const DECODERS: &[Decoder] = &[
    Decoder::BuiltIn,
    #[cfg(feature = "serde_json")]
    Decoder::SerdeJson,
    #[cfg(feature = "miniserde")]
    Decoder::Miniserde,
];

const FFFD: char = char::REPLACEMENT_CHARACTER;

/// What stands between the quotes of a JSON string, and the text it is.
fn damaged_texts() -> Vec<(Vec<u8>, String)> {
    let mut texts: Vec<(Vec<u8>, String)> = Vec::new();
    // Surrogates, by the standard library's reference.
    for units in [
        &[0xd83d][..],
        &[0xde00],
        &[0xde00, 0xd83d],
        &[0xd83d, 0xd83d, 0xde00],
        &[0xd83d, 0x41],
        &[0xdbff, 0xe000],
        &[0xdfff, 0xdc00],
        &[0xd83d, 0xde00],
    ] {
        let per_unit: Vec<String> = units.iter().map(|unit| format!("\\u{unit:04X}")).collect();
        let escaped = per_unit.concat();
        let text = String::from_utf16_lossy(units);
        for (before, after) in [("", ""), ("cut ", ""), ("", " end"), ("备\\n", "\\\"")] {
            let around = |text: &str| text.replace("\\n", "\n").replace("\\\"", "\"");
            texts.push((
                format!("{before}{escaped}{after}").into_bytes(),
                format!("{}{text}{}", around(before), around(after)),
            ));
        }
    }
    texts.push((br"\ud83d\n".into(), format!("{FFFD}\n")));
    // UTF-8 cut after each byte, GBK, and what UTF-8 never contains.
    for bytes in [
        &b"\xc3"[..],
        b"\xe5",
        b"\xe5\xa4",
        b"\xf0",
        b"\xf0\x9f",
        b"\xf0\x9f\x98",
        b"\x98\x80",
        b"\xb1\xb8\xb7\xdd",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xff\xfe",
    ] {
        for (before, after) in [("", ""), ("cut ", ""), ("", " end"), ("备\u{1f600}", "份")] {
            let text = [before.as_bytes(), bytes, after.as_bytes()].concat();
            let lossy = String::from_utf8_lossy(&text).into_owned();
            texts.push((text, lossy));
        }
    }
    // Odd, but valid.
    texts.push((br"\u0000".into(), "\0".into()));
    texts.push((
        "\u{feff}a\u{7f}\u{80}".into(),
        "\u{feff}a\u{7f}\u{80}".into(),
    ));
    texts
}

fn concat(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[track_caller]
fn decode(decoder: Decoder, body: &[u8]) -> JobPage<'_> {
    decoder
        .decode(body)
        .unwrap_or_else(|error| panic!("{decoder:?}: {error}\n{}", String::from_utf8_lossy(body)))
}

#[test]
fn a_damaged_text_affects_nothing_else() {
    for (raw, text) in damaged_texts() {
        for &decoder in DECODERS {
            // In the first job, and in the third, whose layout is predicted.
            for before in ["", r#"{"id":"a","name":"n"},{"id":"b","name":"n"},"#] {
                for field in ["name", "status", "error_log", "create_time", "finish_time"] {
                    let head = format!(r#"{{"count":9,"jobs":[{before}{{"id":"x","{field}":""#);
                    let tail = br#"","description":"d"},{"id":"y"}]}"#;
                    let body = concat(&[head.as_bytes(), &raw, tail]);
                    let page = decode(decoder, &body);
                    let jobs = page.jobs.len();
                    let job = &page.jobs[jobs - 2];
                    let value = job.fields().find(|(name, _)| *name == field);
                    assert_eq!(value, Some((field, Some(&*text))), "{decoder:?}");
                    assert_eq!(job.description.as_deref(), Some("d"));
                    assert_eq!((page.count, &*page.jobs[jobs - 1].id), (9, "y"));
                }
            }
            // As an id, in unknown members, as a key.
            let body = concat(&[br#"{"count":1,"jobs":[{"id":"x"#, &raw, br#""}]}"#]);
            assert_eq!(decode(decoder, &body).jobs[0].id, format!("x{text}"));
            for (head, tail) in [
                (r#"{"x":""#, r#"","count":1,"jobs":[{"id":"a"}]}"#),
                (r#"{"count":1,"jobs":[{"x":""#, r#"","id":"a"}]}"#),
                (r#"{"count":1,"jobs":[{"id":"a","x":[{"y":""#, r#""}]}]}"#),
                (r#"{""#, r#"x":1,"count":1,"jobs":[{"id":"a"}]}"#),
                (r#"{"count":1,"jobs":[{"id":"a",""#, r#"x":1}]}"#),
                (r#"{"count":1,"jobs":[{"id":"a","x":{""#, r#"":1}}]}"#),
            ] {
                let body = concat(&[head.as_bytes(), &raw, tail.as_bytes()]);
                let page = decode(decoder, &body);
                assert_eq!(page.jobs[0], Job::new("a"), "{decoder:?} {head}");
            }
        }
        let body = concat(&[br#"{"id":"a","name":""#, &raw, br#""}"#]);
        assert_eq!(Job::parse(&body).unwrap().name, text);
        let body = concat(&[b"[", &body, b"]"]);
        assert_eq!(Job::parse_array(&body).unwrap()[0].name, text);
    }
}

#[test]
fn an_error_body_with_a_damaged_text_keeps_code_and_request_id() {
    for (raw, text) in damaged_texts() {
        for (head, tail) in [
            (
                r#"{"error_msg":""#,
                r#"","error_code":"APIGW.0301","request_id":"r"}"#,
            ),
            (
                r#"{"error_code":"APIGW.0301","request_id":"r","error_msg":""#,
                r#""}"#,
            ),
            (
                r#"{"error":{"message":""#,
                r#"","code":"APIGW.0301"},"request_id":"r"}"#,
            ),
        ] {
            let body = concat(&[head.as_bytes(), &raw, tail.as_bytes()]);
            let error = ApiError::parse(503, &body);
            assert_eq!(error.code.as_deref(), Some("APIGW.0301"), "{error:?}");
            assert_eq!(error.request_id.as_deref(), Some("r"), "{error:?}");
            let shown: String = text
                .chars()
                .map(|ch| {
                    if ch.is_control() || ch == '\u{feff}' {
                        ' '
                    } else {
                        ch
                    }
                })
                .collect();
            assert_eq!(error.message, shown.trim(), "{error:?}");
        }
    }
}

#[test]
fn a_byte_order_mark_is_skipped_before_the_body_only() {
    let page = br#" {"count":1,"jobs":[{"id":"a"}]}"#;
    for &decoder in DECODERS {
        let body = concat(&[b"\xef\xbb\xbf", page]);
        assert_eq!(decode(decoder, &body).jobs[0].id, "a");
        for body in [
            concat(&[b"\xef\xbb\xbf\xef\xbb\xbf", page]),
            concat(&[b" \xef\xbb\xbf", page]),
            concat(&[page, b"\xef\xbb\xbf"]),
        ] {
            assert!(decoder.decode(&body).is_err(), "{decoder:?}");
        }
    }
}

#[test]
fn offsets_count_the_bytes_of_the_damaged_body() {
    let head = b"\xef\xbb\xbf{\"x\":\"\xff\xe5\xa4\",\"jobs\":[{\"id\":\"\xf0\x9f\",\"name\":";
    for &decoder in DECODERS {
        let body = concat(&[head, b"?"]);
        let error = decoder.decode(&body).unwrap_err();
        assert_eq!(error.offset(), head.len());
        assert_eq!(error.path(), "jobs[0].name");
        assert_eq!(error.job_id(), Some("\u{fffd}"));
        let error = decoder.decode(&body[..head.len() - 9]).unwrap_err();
        assert_eq!(error.offset(), head.len() - 9);
        assert!(error.is_truncated());
    }
}

/// A JSON value that is not a string, and the text a field keeps of it.
const DRIFTED: &[(&str, Option<&str>)] = &[
    ("null", None),
    ("0", Some("0")),
    ("-0", Some("-0")),
    ("-5", Some("-5")),
    ("1716879012121", Some("1716879012121")),
    ("18446744073709551615", Some("18446744073709551615")),
    ("18446744073709551616", Some("18446744073709551616")),
    ("-9223372036854775809", Some("-9223372036854775809")),
    ("1.7E12", Some("1.7E12")),
    ("1.50", Some("1.50")),
    ("1e400", Some("1e400")),
    ("true", Some("true")),
    ("false", Some("false")),
    ("{}", Some("{}")),
    ("[]", Some("[]")),
    (r#"{"a":1}"#, Some(r#"{"a":1}"#)),
    (
        r#"{ "a" : [ "\ud83d", "b" ] }"#,
        Some(r#"{ "a" : [ "\ud83d", "b" ] }"#),
    ),
    (r#"["x","\u5907"]"#, Some(r#"["x","\u5907"]"#)),
];

#[test]
fn any_json_value_instead_of_a_string_is_kept_as_its_text() {
    for &(value, text) in DRIFTED {
        for field in Job::FIELD_NAMES.into_iter().filter(|name| *name != "id") {
            let expected = match (text, field) {
                (None, "name" | "status" | "engine_type" | "create_time") => Some(""),
                _ => text,
            };
            for before in ["", r#"{"id":"a","name":"n"},{"id":"b","name":"n"},"#] {
                let body = format!(
                    r#"{{"count":1,"jobs":[{before}{{"id":"x", "{field}" : {value} }},{{"id":"y"}}]}}"#
                );
                for &decoder in DECODERS {
                    let page = decode(decoder, body.as_bytes());
                    let job = &page.jobs[page.jobs.len() - 2];
                    let found = job.fields().find(|(name, _)| *name == field);
                    assert_eq!(found, Some((field, expected)), "{decoder:?}: {body}");
                    let empty = Job::new("x");
                    for (found, expected) in job.fields().zip(empty.fields()) {
                        assert!(found == expected || found.0 == field, "{decoder:?}: {body}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_id_is_a_string_or_an_integer() {
    for &decoder in DECODERS {
        for integer in ["0", "-0", "7", "-5", "18446744073709551616"] {
            let body = format!(r#"{{"count":1,"jobs":[{{"id":{integer}}}]}}"#);
            assert_eq!(decode(decoder, body.as_bytes()).jobs[0].id, integer);
        }
        for value in ["null", "true", "1.5", "1e2", "1.0", "{}", "[1]", "\"\""] {
            for name in ["", r#""name":"n","#] {
                let body = format!(r#"{{"count":1,"jobs":[{{"id":"a"}},{{{name}"id":{value}}}]}}"#);
                let error = decoder.decode(body.as_bytes()).unwrap_err();
                assert_eq!(error.path(), "jobs[1].id", "{value}");
                assert_eq!(
                    error.expected(),
                    "an id: a string that is not empty, or an integer"
                );
                assert_eq!(error.offset(), body.rfind(value).unwrap());
            }
        }
    }
}

#[test]
fn every_decoder_takes_the_same_counts_and_missing_jobs() {
    for (page, count) in [
        (r#"{"jobs":[],"count":"35"}"#, 35),
        (r#"{"jobs":[],"count":35.0}"#, 35),
        (r#"{"jobs":null,"count":35}"#, 35),
        (r#"{"count":0}"#, 0),
    ] {
        for &decoder in DECODERS {
            let page = decode(decoder, page.as_bytes());
            assert_eq!((page.count, page.jobs.len()), (count, 0), "{decoder:?}");
        }
    }
}

/// Each of the other decoders really decodes: it accepts what the built-in one rejects, a skipped
/// value nested 200 deep.
#[cfg(all(feature = "serde_json", feature = "miniserde"))]
#[test]
fn the_other_decoders_do_not_depend_on_the_built_in_one() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let body = format!(r#"{{"count":1,"jobs":[{{"id":"a","x":{deep}}}]}}"#);
    assert!(Decoder::BuiltIn.decode(body.as_bytes()).is_err());
    for decoder in [Decoder::SerdeJson, Decoder::Miniserde] {
        assert_eq!(decode(decoder, body.as_bytes()).jobs[0].id, "a");
    }
}

#[cfg(feature = "std")]
mod through_the_client {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use drs_backup_jobs::transport::{Method, Request, ResponseBody, ResponseHead, TransportError};
    use drs_backup_jobs::{
        Client, ClientBuilder, Clock, Error, ErrorKind, ListJobs, Login, RetryPolicy, Transport,
    };

    use super::*;

    /// Responds with the bodies in turn, then with the last of them; to a login with `iam`.
    #[derive(Default)]
    struct Scripted {
        status: u16,
        bodies: Vec<Vec<u8>>,
        iam: Vec<u8>,
        requests: std::sync::Arc<AtomicUsize>,
    }

    impl Transport for Scripted {
        fn send(
            &self,
            request: &Request<'_>,
            body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            if request.method() == Method::Post {
                body.write(&self.iam)?;
                let mut head = ResponseHead::new(201);
                head.push_header("X-Subject-Token", "a-token-of-iam");
                return Ok(head);
            }
            let at = self.requests.fetch_add(1, Ordering::Relaxed);
            body.write(&self.bodies[at.min(self.bodies.len() - 1)])?;
            Ok(ResponseHead::new(self.status))
        }
    }

    /// Time passes only while something sleeps.
    #[derive(Default)]
    struct Stopped(Mutex<Duration>);

    impl Clock for Stopped {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn unix_time(&self) -> Duration {
            Duration::from_secs(1_724_034_435)
        }

        fn sleep(&self, duration: Duration) {
            *self.0.lock().unwrap() += duration;
        }
    }

    fn builder(transport: Scripted) -> ClientBuilder {
        Client::builder()
            .endpoint("https://drs.example.com")
            .clock(Stopped::default())
            .jitter(|| 1.0)
            .transport(transport)
    }

    fn list(status: u16, bodies: &[&[u8]], decoder: Decoder) -> (Result<usize, Error>, usize) {
        let requests = std::sync::Arc::default();
        let transport = Scripted {
            status,
            bodies: bodies.iter().map(|body| body.to_vec()).collect(),
            requests: std::sync::Arc::clone(&requests),
            ..Scripted::default()
        };
        let client = builder(transport)
            .project_id("p")
            .token("a-token-of-the-test")
            .decoder(decoder)
            .build()
            .unwrap();
        let page = client.list(&ListJobs::new());
        (
            page.map(|page| page.jobs.len()),
            requests.load(Ordering::Relaxed),
        )
    }

    #[test]
    fn the_client_uses_the_decoder_it_is_given() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let body = format!(r#"{{"count":1,"jobs":[{{"id":"a","x":{deep}}}]}}"#);
        for &decoder in DECODERS {
            let (page, _) = list(200, &[body.as_bytes()], decoder);
            assert_eq!(page.is_ok(), decoder != Decoder::BuiltIn, "{decoder:?}");
            for (raw, _) in damaged_texts() {
                let body = concat(&[
                    br#"{"count":1,"jobs":[{"id":"a","name":""#,
                    &raw,
                    br#""}]}"#,
                ]);
                assert_eq!(list(200, &[&body], decoder).0.unwrap(), 1);
            }
        }
    }

    #[test]
    fn a_truncated_page_is_retried_and_any_other_damage_is_not() {
        let whole = br#"{"count":1,"jobs":[{"id":"a","name":"n"}]}"#;
        for &decoder in DECODERS {
            for length in 0..whole.len() {
                let (page, requests) = list(200, &[&whole[..length], whole], decoder);
                assert_eq!((page.unwrap(), requests), (1, 2), "{length}");
            }
            for body in [&b"<html></html>"[..], br#"{"count":1,"jobs":[1]}"#, b"[]"] {
                let (page, requests) = list(200, &[body, whole], decoder);
                let error = page.unwrap_err();
                assert_eq!((error.kind(), requests), (ErrorKind::Decode, 1));
                assert!(error.to_string().contains("cannot decode the response: "));
            }
        }
    }

    #[test]
    fn a_refused_key_is_not_retried_however_the_refusal_is_written() {
        for body in [
            &br#"{"error_code":"APIGW.0301","error_msg":"m"}"#[..],
            b"{\"error_msg\":\"two\r\nlines\",\"error_code\":\"APIGW.0301\"}",
            b"\xef\xbb\xbf{\"error_code\":\"APIGW.0301\"}",
            b"{\"error_code\":\"APIGW.0301\"}\0\0trailing",
            br#"{"error_msg":"\ud83d","error_code":"APIGW.0301"}"#,
            b"{\"error_msg\":\"\xb1\xb8\",\"error_code\":\"APIGW.0301\"}",
            br#"{"error_msg":"\x","error_code":"APIGW.0301"}"#,
            br#"{"error_code":"APIGW\u002e0301","error_msg":"cut o"#,
            br#"{"message":"{\"error_code\":\"APIGW.0301\"}"}"#,
            br#"[{"error_code":"APIGW.0301"}]"#,
            b"<html><body>APIGW.0301: incorrect signature</body></html>",
            b"error_code=APIGW.0301",
            b"{'error_code': 'apigw.0301'}",
            b"\xff\xfe{\0\"\0e\0r\0r\0o\0r\0_\0c\0o\0d\0e\0\"\0:\0\"\0A\0P\0I\0G\0W\0.\x000\x003\x000\x001\0\"\0}\0",
            br#"{"error":{"code":401,"message":"m"}}"#,
        ] {
            let (page, requests) = list(503, &[body], Decoder::BuiltIn);
            let error = page.unwrap_err();
            let text = String::from_utf8_lossy(body);
            assert_eq!(error.kind(), ErrorKind::Authentication, "{text}");
            assert_eq!(requests, 1, "{text}");
        }
        let (page, requests) = list(503, &[b"busy"], Decoder::BuiltIn);
        assert_eq!(page.unwrap_err().kind(), ErrorKind::Service);
        assert!(requests > 1);
    }

    #[test]
    fn a_success_that_quotes_a_code_is_not_an_error_of_the_service() {
        let body = br#"{"count":1,"code":0,"jobs":[{"id":"a","error_log":"DRS.M00202","name":]}"#;
        let (page, _) = list(200, &[body], Decoder::BuiltIn);
        assert_eq!(page.unwrap_err().kind(), ErrorKind::Decode);
        for body in [
            &br#"{"error_code":"DRS.M00202","error_msg":"m"}"#[..],
            br#"{"count":0,"error_code":"DRS.M00202"}"#,
            b"\xef\xbb\xbf{\"error_code\":\"DRS.M00202\",\"error_msg\":\"a\nb\"} ",
        ] {
            let (page, _) = list(200, &[body], Decoder::BuiltIn);
            let error = page.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BadRequest);
            let code = error.api().and_then(|error| error.code.as_deref());
            assert_eq!(code, Some("DRS.M00202"));
        }
    }

    #[test]
    fn a_page_holds_at_most_65535_jobs() {
        for &decoder in DECODERS {
            for (jobs, is_accepted) in [(65_535, true), (65_536, false)] {
                let mut body = String::from(r#"{"count":1,"jobs":[{"id":1}"#);
                body.push_str(&r#",{"id":1}"#.repeat(jobs - 1));
                body.push_str("]}");
                let (page, requests) = list(200, &[body.as_bytes()], decoder);
                assert_eq!(requests, 1);
                match page {
                    Ok(found) => assert!(is_accepted && found == jobs),
                    Err(error) => {
                        assert!(!is_accepted);
                        let error = error.decode().unwrap();
                        assert_eq!(error.path(), "jobs[65535]");
                        assert_eq!(error.expected(), "at most 65535 jobs in a page");
                    }
                }
                assert_eq!(JobPage::parse(body.as_bytes()).unwrap().jobs.len(), jobs);
            }
        }
    }

    #[test]
    fn the_id_of_a_job_in_an_error_is_redacted() {
        let body = br#"{"count":1,"jobs":[{"id":"a-token-of-the-test","name":x}]}"#;
        let (page, _) = list(200, &[body], Decoder::BuiltIn);
        let error = page.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("a-token-of-the-test"));
        assert!(error.decode().unwrap().job_id().is_some());
    }

    #[test]
    fn a_login_succeeds_despite_a_damaged_text() {
        for (raw, _) in damaged_texts() {
            let iam = concat(&[
                br#"{"token":{"expires_at":"2024-08-20T02:27:15Z","user":{"name":""#,
                &raw,
                br#""},"project":{"id":"p4","name":"n"}}}"#,
            ]);
            for iam in [iam.clone(), concat(&[b"\xef\xbb\xbf", &iam])] {
                let transport = Scripted {
                    status: 200,
                    bodies: vec![br#"{"count":0}"#.to_vec()],
                    iam,
                    ..Scripted::default()
                };
                let client = builder(transport)
                    .iam_endpoint("https://iam.example.com")
                    .project_name("n")
                    .credentials(Login::new("account", "user", "password"))
                    .retry(RetryPolicy::none())
                    .build()
                    .unwrap();
                assert_eq!(client.list(&ListJobs::new()).unwrap().jobs.len(), 0);
                assert_eq!(client.resolve_project_id().unwrap(), "p4");
            }
        }
    }
}
