//! The built-in reader: what it takes, what it refuses, and where it says the fault is.

use std::borrow::Cow;

use drs_backup_jobs::{DecodeError, EngineType, Job, JobPage, JobStatus};

/// The example of the service's API page, byte for byte.
pub(crate) const SEED: &str = r#"{
  "jobs" : [ {
    "id" : "0667845a-6291-4e2a-95b0-190c0abjb703",
    "name" : "DRS-6813",
    "status" : "SUCCESS",
    "description": "Destination RDS instance name: rds-sqlserver2022-stand",
    "engine_type" : "sqlserver",
    "create_time" : "2024-08-19T02:27:15Z",
    "finish_time" : "2024-08-19T02:29:03Z",
    "enterprise_project_id" : "0"
  } ],
  "count" : 35
}"#;

#[track_caller]
fn page(text: &str) -> JobPage<'_> {
    JobPage::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The one job of a page made of `members`.
#[track_caller]
fn job(members: &str) -> Job<'static> {
    let text = format!(r#"{{"count":1,"jobs":[{{{members}}}]}}"#);
    page(&text).into_owned().jobs.remove(0)
}

#[track_caller]
fn refused(text: impl AsRef<[u8]>) -> DecodeError {
    let text = text.as_ref();
    match JobPage::parse(text) {
        Ok(page) => panic!("{} is taken as {page:?}", String::from_utf8_lossy(text)),
        Err(error) => error,
    }
}

#[test]
fn the_seeds_example_is_read_whole() {
    let page = page(SEED);
    assert_eq!(
        (page.count, page.jobs.len(), page.request_id),
        (35, 1, None)
    );
    let job = &page.jobs[0];
    assert_eq!(job.id, "0667845a-6291-4e2a-95b0-190c0abjb703");
    assert_eq!(job.name, "DRS-6813");
    assert_eq!(job.status, JobStatus::Success);
    assert_eq!(job.engine_type, EngineType::SqlServer);
    assert_eq!(job.create_time, "2024-08-19T02:27:15Z");
    assert_eq!(job.finish_time.as_deref(), Some("2024-08-19T02:29:03Z"));
    assert_eq!(job.enterprise_project_id.as_deref(), Some("0"));
    assert_eq!(job.error_log, None);
    assert_eq!(
        job.description.as_deref(),
        Some("Destination RDS instance name: rds-sqlserver2022-stand")
    );
}

#[test]
fn a_saved_job_reads_by_itself() {
    let job = Job::parse(br#" {"id": "a", "name": "n"} "#).unwrap();
    assert_eq!((&*job.id, &*job.name), ("a", "n"));
    let error = Job::parse(br#"{"id": "a"} {}"#).unwrap_err();
    assert_eq!((error.path(), error.offset()), ("", 12));
    let error = Job::parse(br#"{"id": ""}"#).unwrap_err();
    assert_eq!((error.path(), error.offset()), ("id", 7));
}

#[test]
fn keys_come_in_any_order_and_unknown_ones_are_skipped() {
    let page = page(
        r#"{"x":[{"jobs":{}}],"count":2,"jobs":[
            {"zzz":null,"status":"FAILED","id":"a","i":{"id":"b","id":"c"}},
            {"id":"b","Id":"x","id2":1e400}],"y":-0.0}"#,
    );
    assert_eq!(page.jobs[0].id, "a");
    assert_eq!(page.jobs[0].status, JobStatus::Failed);
    assert_eq!(page.jobs[1].id, "b");
}

#[test]
fn a_key_written_with_escapes_is_the_same_key() {
    let page = page(r#"{"\u006aobs":[{"i\u0064":"a","x\/":1}],"c\u006Funt":1}"#);
    assert_eq!((page.count, &*page.jobs[0].id), (1, "a"));
    let error = refused(r#"{"count":1,"jobs":[{"id":"a","\u0069d":"b"}]}"#);
    assert_eq!((error.path(), error.offset()), ("jobs[0].id", 29));
}

#[test]
fn a_known_key_comes_once_in_an_object() {
    for key in [
        "id",
        "name",
        "status",
        "engine_type",
        "error_log",
        "description",
        "create_time",
        "finish_time",
        "enterprise_project_id",
    ] {
        for (first, second) in [("\"a\"", "\"b\""), ("null", "null"), ("\"a\"", "null")] {
            if key == "id" && first == "null" {
                continue;
            }
            let id = if key == "id" { "" } else { r#""id":"i","# };
            let error = refused(format!(
                r#"{{"count":1,"jobs":[{{{id}"{key}":{first},"{key}":{second}}}]}}"#
            ));
            assert_eq!(error.path(), format!("jobs[0].{key}"));
            assert_eq!(error.expected(), "a key that the object does not have yet");
        }
    }
    for text in [
        r#"{"count":1,"jobs":[],"count":1}"#,
        r#"{"jobs":null,"count":1,"jobs":[]}"#,
    ] {
        assert!(refused(text).expected().starts_with("a key that"), "{text}");
    }
}

#[test]
fn null_jobs_are_an_empty_list_and_missing_ones_an_error() {
    assert_eq!(page(r#"{"count":0,"jobs":null}"#).jobs, []);
    assert_eq!(page(r#"{"jobs":[ ],"count":0}"#).jobs, []);
    assert_eq!(
        refused(r#"{"count":0}"#).expected(),
        "a member `jobs` in this object"
    );
    assert_eq!(
        refused(r#"{"jobs":[]}"#).expected(),
        "a member `count` in this object"
    );
    assert_eq!(refused(r"{ }").offset(), 2);
}

#[test]
fn a_count_is_an_integer_that_fits_or_its_digits_in_a_string() {
    for (text, count) in [
        ("0", 0),
        ("35", 35),
        ("\"35\"", 35),
        ("\"0\"", 0),
        (r#""3\u0035""#, 35),
        ("18446744073709551615", u64::MAX),
        ("\"18446744073709551615\"", u64::MAX),
    ] {
        assert_eq!(
            page(&format!(r#"{{"jobs":[],"count":{text}}}"#)).count,
            count
        );
    }
    for text in [
        "null",
        "true",
        "-1",
        "-0",
        "1.0",
        "1e2",
        "18446744073709551616",
        "[1]",
        "{}",
        "\"\"",
        "\" 1\"",
        "\"+1\"",
        "\"-1\"",
        "\"01\"",
        "\"1.0\"",
        "\"1 \"",
        "\"١\"",
        "\"18446744073709551616\"",
    ] {
        let error = refused(format!(r#"{{"jobs":[],"count":{text}}}"#));
        assert_eq!((error.path(), error.offset()), ("count", 19), "{text}");
    }
    assert_eq!(refused(r#"{"jobs":[],"count":01}"#).offset(), 20);
}

#[test]
fn an_id_is_required_and_not_empty() {
    for (members, path, offset) in [
        ("", "jobs[0]", 20),
        (r#""name":"n" "#, "jobs[0]", 31),
        (r#""id":"""#, "jobs[0].id", 25),
        (r#""id":null"#, "jobs[0].id", 25),
    ] {
        let error = refused(format!(r#"{{"count":1,"jobs":[{{{members}}}]}}"#));
        assert_eq!((error.path(), error.offset()), (path, offset), "{members}");
    }
}

#[test]
fn what_is_missing_or_null_reads_as_empty_where_the_service_calls_it_required() {
    let missing = job(r#""id":"a""#);
    let null = job(
        r#""id":"a","name":null,"status":null,"engine_type":null,"create_time":null,"error_log":null,
           "description":null,"finish_time":null,"enterprise_project_id":null"#,
    );
    assert_eq!(missing, null);
    assert_eq!(missing, Job::new("a"));
    assert_eq!(missing.status, JobStatus::from(""));
    let empty = job(r#""id":"a","error_log":"""#);
    assert_eq!(empty.error_log.as_deref(), Some(""));
}

#[test]
fn an_integer_in_the_place_of_a_text_is_taken_as_its_digits() {
    for digits in [
        "0",
        "7",
        "1716879012121",
        "-5",
        "-9223372036854775808",
        "18446744073709551615",
    ] {
        let job = job(&format!(
            r#""id":{digits},"create_time":{digits},"status":{digits},"error_log":{digits}"#
        ));
        assert_eq!(job.id, digits);
        assert_eq!(job.create_time, digits);
        assert_eq!(job.status.as_str(), digits);
        assert_eq!(job.error_log.as_deref(), Some(digits));
    }
    for value in [
        "-0",
        "1.0",
        "1e2",
        "-9223372036854775809",
        "18446744073709551616",
        "true",
        "false",
        "[]",
        "{}",
        "[\"a\"]",
    ] {
        let error = refused(format!(
            r#"{{"count":1,"jobs":[{{"id":"a","name":{value}}}]}}"#
        ));
        assert_eq!(
            (error.path(), error.offset()),
            ("jobs[0].name", 36),
            "{value}"
        );
    }
}

#[test]
fn statuses_and_engines_match_whatever_their_case_and_others_keep_their_text() {
    for (text, status) in [
        ("SUCCESS", JobStatus::Success),
        ("success", JobStatus::Success),
        ("Failed", JobStatus::Failed),
        ("tRANSFERRING", JobStatus::Transferring),
        ("precheck failed", JobStatus::PrecheckFailed),
        (r"SUC\u0043ESS", JobStatus::Success),
        ("PRECHECK_FAILED", JobStatus::from("PRECHECK_FAILED")),
        ("paused", JobStatus::from("paused")),
        (r"SUCCESS\u0000", JobStatus::from("SUCCESS\0")),
        ("SUCCES", JobStatus::from("SUCCES")),
        ("\u{17f}uccess", JobStatus::from("\u{17f}uccess")),
    ] {
        assert_eq!(
            job(&format!(r#""id":"a","status":"{text}""#)).status,
            status
        );
    }
    let engine = |text| job(&format!(r#""id":"a","engine_type":"{text}""#)).engine_type;
    assert_eq!(engine("SQLServer"), EngineType::SqlServer);
    assert_eq!(engine("mysql"), EngineType::from("mysql"));
}

#[test]
fn texts_without_an_escape_are_borrowed_and_those_with_one_are_not() {
    let text =
        r#"{"count":1,"jobs":[{"id":"a","name":"数据库","error_log":"\u5907\n","create_time":5}]}"#;
    let page = page(text);
    let job = &page.jobs[0];
    assert!(matches!(job.id, Cow::Borrowed("a")));
    assert!(matches!(job.name, Cow::Borrowed("数据库")));
    assert!(matches!(job.create_time, Cow::Borrowed("5")));
    assert!(matches!(&job.error_log, Some(Cow::Owned(log)) if log == "备\n"));
}

#[test]
fn every_escape_is_read() {
    for (escaped, text) in [
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0000\u001f\u007F\u0080", "\0\u{1f}\u{7f}\u{80}"),
        (r"\uD7FF\uE000\uffff", "\u{d7ff}\u{e000}\u{ffff}"),
        (r"\ud800\udc00\uDBFF\uDFFF", "\u{10000}\u{10ffff}"),
        (r"a\uD83D\uDE00b\u0063", "a\u{1f600}bc"),
    ] {
        assert_eq!(job(&format!(r#""id":"{escaped}""#)).id, text);
        assert_eq!(job(&format!(r#""{escaped}":0,"id":"a""#)).id, "a");
    }
}

#[test]
fn objects_are_objects() {
    for (text, offset) in [
        ("[]", 0),
        (r#"[[{"id":"a"}],1]"#, 0),
        ("null", 0),
        (r#"{"count":1,"jobs":{}}"#, 18),
        (r#"{"count":1,"jobs":[["a"]]}"#, 19),
        (r#"{"count":1,"jobs":[null]}"#, 19),
        (r#"{"count":1,"jobs":"[]"}"#, 18),
    ] {
        assert_eq!(refused(text).offset(), offset, "{text}");
    }
}

#[test]
fn an_error_tells_the_path_the_byte_and_what_was_expected() {
    for (text, path, offset, expected) in [
        ("", "", 0, "an object"),
        (" \n", "", 2, "an object"),
        ("\u{feff}{}", "", 0, "an object"),
        ("{", "", 1, "a key in quotes"),
        ("{x", "", 1, "a key in quotes"),
        (r#"{"count"#, "", 7, "the closing quote of a string"),
        (r#"{"count" 1"#, "count", 9, "`:`"),
        (
            r#"{"count": "#,
            "count",
            10,
            "an integer from 0 to 18446744073709551615, or its digits in a string",
        ),
        (r#"{"count":1 "jobs""#, "", 11, "`,` or `}`"),
        (r#"{"count":1,}"#, "", 11, "a key in quotes"),
        (r#"{"jobs":[{"id":"a"},]"#, "jobs", 20, "a value"),
        (
            r#"{"jobs":[{"id":"a"} {"id":"b"}]"#,
            "jobs",
            20,
            "`,` or `]`",
        ),
        (
            r#"{"jobs":[{"id":"a"},{"id":"b","status":["#,
            "jobs[1].status",
            39,
            "a string, an integer or null",
        ),
        (
            r#"{"jobs":[{"id":"a","x":{"y z":[1,{"w":tru}]}}]"#,
            "jobs[0].x[\"y z\"][1].w",
            38,
            "a value",
        ),
        (
            r#"{"jobs":[{"id":"a"#,
            "jobs[0].id",
            17,
            "the closing quote of a string",
        ),
        (
            "{\"jobs\":[{\"id\":\"a\tb\"",
            "jobs[0].id",
            17,
            "an escape in place of a control character",
        ),
        (r#"{"jobs":[],"count":1}x"#, "", 21, "the end of the text"),
        (r#"{"jobs":[],"count":1}{}"#, "", 21, "the end of the text"),
    ] {
        let error = refused(text);
        assert_eq!(
            (error.path(), error.offset(), error.expected()),
            (path, offset, expected),
            "{text}"
        );
    }
    let error = refused(b"{\"jobs\":[{\"id\":\"\xff");
    assert_eq!(error.to_string(), "jobs[0].id at byte 16: expected UTF-8");
}

#[test]
fn a_path_shows_no_control_character_and_no_endless_key() {
    let key = "k".repeat(1_000_000);
    let error = refused(format!(r#"{{"{key}":{{"\u001b\u009b[31m":x"#));
    assert_eq!(
        error.path(),
        format!("{}…[\"\u{fffd}\u{fffd}[31m\"]", "k".repeat(64)),
    );
}

#[test]
fn what_is_skipped_nests_128_deep_and_no_deeper() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = if open.starts_with("[{") { 64 } else { 128 };
        let deep = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let in_job = |value: String| format!(r#"{{"count":1,"jobs":[{{"id":"a","x":{value}}}]}}"#);
        let in_page = |value: String| format!(r#"{{"x":{value},"count":1,"jobs":[]}}"#);
        page(&in_job(deep(levels)));
        page(&in_page(deep(levels)));
        for text in [in_job(deep(levels + 1)), in_page(deep(levels + 1))] {
            assert_eq!(refused(text).expected(), "a value nested at most 128 deep");
        }
    }
}

#[test]
fn no_depth_of_nesting_needs_more_than_a_small_stack() {
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(|| {
            for open in ["[", "{\"a\":", "[{\"a\":"] {
                let deep = open.repeat(1_000_000);
                for head in [
                    "",
                    "{\"x\":",
                    "{\"jobs\":[{\"id\":\"a\",\"x\":",
                    "{\"error\":",
                ] {
                    let mut body = format!("{head}{deep}").into_bytes();
                    refused(&body);
                    drop(drs_backup_jobs::ApiError::parse(400, &body));
                    body.push(0xff);
                    refused(&body);
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_bare_array_of_jobs_is_read_by_the_rules_of_a_page() {
    let jobs = Job::parse_array(br#" [{"id":"a","name":5},{"id":"b","x":[[]]}] "#).unwrap();
    assert_eq!(jobs.len(), 2);
    assert!(matches!(jobs[0].id, Cow::Borrowed("a")));
    assert_eq!(jobs[0].name, "5");
    assert!(Job::parse_array(b"[]").unwrap().is_empty());
    for (body, path, offset, expected) in [
        ("null", "", 0, "an array"),
        ("{}", "", 0, "an array"),
        ("[{\"id\":\"a\"}] x", "", 13, "the end of the text"),
        ("[{\"id\":\"a\"},]", "", 12, "a value"),
        (
            "[{\"id\":\"a\"},{\"id\":\"\"}]",
            "[1].id",
            18,
            "an id that is not empty",
        ),
    ] {
        let error = Job::parse_array(body.as_bytes()).unwrap_err();
        let told = (error.path(), error.offset(), error.expected());
        assert_eq!(told, (path, offset, expected), "{body}");
    }
    let of_page = JobPage::parse(br#"{"jobs":5}"#).unwrap_err();
    assert_eq!(
        (of_page.path(), of_page.expected()),
        ("jobs", "an array or null")
    );
}

#[test]
fn a_comma_stands_between_members_and_nowhere_else_whatever_the_jobs_before_were_like() {
    // From the third job on the reader expects what the second was like.
    let read = |second: &str, third: &str| {
        // Near its end nothing is expected, so the body does not end there.
        let body = format!(
            r#"{{"count":3,"jobs":[{{"id":"a"}},{second},{third}]}}{:99}"#,
            ""
        );
        JobPage::parse(body.as_bytes()).map(|page| page.jobs.len())
    };
    let at_the_head = r#"{"id":"b","name":"n"}"#;
    let behind_unknown = r#"{"x":1,"id":"b","name":"n"}"#;
    let behind_name = r#"{"name":"n","x":[],"id":"b"}"#;
    for second in [at_the_head, behind_unknown, behind_name] {
        for third in [at_the_head, behind_unknown, behind_name] {
            assert_eq!(read(second, third), Ok(3), "{second} {third}");
        }
        for third in [
            r#"{"x":[]"id":"c"}"#,
            r#"{"x":1"id":"c","name":"n"}"#,
            r#"{"x":{},"y":"z""id":"c"}"#,
            r#"{,"id":"c"}"#,
            r#"{,"name":"n","id":"c"}"#,
            r#"{"id":"c",,"name":"n"}"#,
            r#"{"id":"c""name":"n"}"#,
            r#"{"id":"c","x":1"name":"n"}"#,
            r#"{"name":"n""id":"c"}"#,
            r#"{"name":"n","x":1"id":"c"}"#,
        ] {
            assert!(read(second, third).is_err(), "{second} {third}");
        }
    }
}
