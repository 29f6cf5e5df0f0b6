//! The built-in parser: what it accepts, what it rejects, and where it reports an error.

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
fn rejected(text: impl AsRef<[u8]>) -> DecodeError {
    let text = text.as_ref();
    match JobPage::parse(text) {
        Ok(page) => panic!("{} is accepted as {page:?}", String::from_utf8_lossy(text)),
        Err(error) => error,
    }
}

#[test]
fn decodes_the_example_of_the_api_page() {
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
fn decodes_a_job_by_itself() {
    let job = Job::parse(br#" {"id": "a", "name": "n"} "#).unwrap();
    assert_eq!((&*job.id, &*job.name), ("a", "n"));
    let error = Job::parse(br#"{"id": "a"} {}"#).unwrap_err();
    assert_eq!((error.path(), error.offset()), ("", 12));
    let error = Job::parse(br#"{"id": ""}"#).unwrap_err();
    assert_eq!((error.path(), error.offset()), ("id", 7));
}

#[test]
fn accepts_keys_in_any_order_and_skips_unknown_ones() {
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
fn a_key_with_escapes_is_the_same_key() {
    let page = page(r#"{"\u006aobs":[{"i\u0064":"a","x\/":1}],"c\u006Funt":1}"#);
    assert_eq!((page.count, &*page.jobs[0].id), (1, "a"));
    let error = rejected(r#"{"count":1,"jobs":[{"id":"a","\u0069d":"b"}]}"#);
    assert_eq!((error.path(), error.offset()), ("jobs[0].id", 29));
}

#[test]
fn rejects_a_repeated_known_key() {
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
            let error = rejected(format!(
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
        assert!(
            rejected(text).expected().starts_with("a key that"),
            "{text}"
        );
    }
}

#[test]
fn missing_jobs_are_an_empty_list_only_if_count_is_zero() {
    for text in [
        r#"{"count":0}"#,
        r#"{"count":"0","x":[]}"#,
        r#"{"count":0,"error_code":null}"#,
        r#"{"count":0,"jobs":null}"#,
        r#"{"jobs":[ ],"count":0}"#,
    ] {
        let page = page(text);
        assert_eq!((page.count, page.jobs), (0, vec![]), "{text}");
    }
    assert_eq!(page(r#"{"count":7,"jobs":null}"#).jobs, []);
    for text in [
        r#"{"count":1}"#,
        r#"{"count":0,"error_code":"DRS.M00202"}"#,
        r#"{"error":{"code":401},"count":0}"#,
        "{ }",
    ] {
        assert_eq!(rejected(text).expected(), "a member `jobs` in this object");
    }
    assert_eq!(
        rejected(r#"{"jobs":[]}"#).expected(),
        "a member `count` in this object"
    );
    assert_eq!(rejected(r"{ }").offset(), 2);
}

#[test]
fn a_count_is_an_integer_also_in_a_string_or_with_a_fraction_of_zeros() {
    for (text, count) in [
        ("0", 0),
        ("35", 35),
        ("35.0", 35),
        ("35.000", 35),
        ("\"35\"", 35),
        ("\"35.0\"", 35),
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
        "-0.0",
        "1.5",
        "1e2",
        "18446744073709551616",
        "[1]",
        "{}",
        "\"\"",
        "\".0\"",
        "\"1.\"",
        "\" 1\"",
        "\"+1\"",
        "\"-1\"",
        "\"01\"",
        "\"1.5\"",
        "\"1 \"",
        "\"١\"",
        "\"18446744073709551616\"",
    ] {
        let error = rejected(format!(r#"{{"jobs":[],"count":{text}}}"#));
        assert_eq!((error.path(), error.offset()), ("count", 19), "{text}");
    }
    assert_eq!(rejected(r#"{"jobs":[],"count":01}"#).offset(), 20);
}

#[test]
fn rejects_a_job_without_an_id() {
    for (members, path, offset) in [
        ("", "jobs[0]", 20),
        (r#""name":"n" "#, "jobs[0]", 31),
        (r#""id":"""#, "jobs[0].id", 25),
        (r#""id":null"#, "jobs[0].id", 25),
    ] {
        let error = rejected(format!(r#"{{"count":1,"jobs":[{{{members}}}]}}"#));
        assert_eq!((error.path(), error.offset()), (path, offset), "{members}");
    }
}

#[test]
fn missing_and_null_required_fields_are_empty() {
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
fn statuses_and_engines_match_case_insensitively_and_others_keep_their_text() {
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
fn borrows_texts_without_an_escape() {
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
fn decodes_every_escape() {
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
fn rejects_arrays_and_scalars_where_objects_are_documented() {
    for (text, offset) in [
        ("[]", 0),
        (r#"[[{"id":"a"}],1]"#, 0),
        ("null", 0),
        (r#"{"count":1,"jobs":{}}"#, 18),
        (r#"{"count":1,"jobs":[["a"]]}"#, 19),
        (r#"{"count":1,"jobs":[null]}"#, 19),
        (r#"{"count":1,"jobs":"[]"}"#, 18),
    ] {
        assert_eq!(rejected(text).offset(), offset, "{text}");
    }
}

#[test]
fn an_error_has_path_offset_and_expectation() {
    for (text, path, offset, expected) in [
        ("", "", 0, "an object"),
        (" \n", "", 2, "an object"),
        ("\u{feff}[]", "", 3, "an object"),
        (" \u{feff}{}", "", 1, "an object"),
        (r#"{"jobs":["#, "jobs[0]", 9, "an object"),
        (r#"{"jobs":[7]}"#, "jobs[0]", 9, "an object"),
        (r#"{"jobs":[ {"id":"a"},7]}"#, "jobs[1]", 21, "an object"),
        (
            r#"{"jobs":[{"id":"a","name":"x" "y"}]}"#,
            "jobs[0]",
            30,
            "`,` or `}`",
        ),
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
            r#"{"jobs":[{"id":"a"},{"id":"b","status":[tru"#,
            "jobs[1].status[0]",
            40,
            "a value",
        ),
        (
            r#"{"jobs":[{"id":"a","x":{"y z":[1,{"w":tru}]}}]"#,
            "jobs[0].*.*[1].*",
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
            "an escape instead of a control character",
        ),
        (r#"{"jobs":[],"count":1}x"#, "", 21, "the end of the text"),
        (r#"{"jobs":[],"count":1}{}"#, "", 21, "the end of the text"),
    ] {
        let error = rejected(text);
        assert_eq!(
            (error.path(), error.offset(), error.expected()),
            (path, offset, expected),
            "{text}"
        );
    }
}

#[test]
fn a_path_shows_known_keys_only() {
    let key = "k".repeat(1_000_000);
    let error = rejected(format!(r#"{{"{key}":{{"\u001b\u009b[31m":x"#));
    assert_eq!(error.path(), "*.*");
    let error = rejected(r#"{"count":1,"jobs":[{"id":"a","gAAAAAB-token":x}]}"#);
    assert_eq!(error.path(), "jobs[0].*");
    assert_eq!(
        error.to_string(),
        "cannot decode the response: jobs[0].* (id a) at byte 45: expected a value"
    );
}

#[test]
fn an_error_has_the_id_of_the_job_if_it_comes_before() {
    for (jobs, id) in [
        (r#"{"id":"a"},{"id":"b","name":"n"]"#, Some("b")),
        (r#"{"id":7,"name":x}"#, Some("7")),
        (r#"{"i\u0064":"\u0061\n","name":x}"#, Some("a ")),
        (r#"{"id":"a","x":[{"id":"c","y":x}]}"#, Some("a")),
        (r#"{"name":x,"id":"a"}"#, None),
        // Of no job, or of another one.
        (r#"{"id":"a"} {"id":"b"}"#, None),
        (r#"{"id":"a"},{"name":"n"}"#, None),
        (r#"{"id":"a"},{"id":""}"#, None),
        (r#"{"id":"a"},7"#, None),
    ] {
        let error = rejected(format!(
            r#"{{"x":[[{{"id":"z"}}]],"count":1,"jobs":[{jobs}]}}"#
        ));
        assert_eq!(error.job_id(), id, "{jobs}: {error}");
        let error = Job::parse_array(format!("[{jobs}]").as_bytes()).unwrap_err();
        assert_eq!(error.job_id(), id, "{jobs}: {error}");
    }
    let error = Job::parse(br#"{"x":0,"id":"a","name":x}"#).unwrap_err();
    assert_eq!(error.job_id(), Some("a"));
    let long = "x".repeat(1000);
    let error = rejected(format!(r#"{{"jobs":[{{"id":"{long}"]"#));
    assert_eq!(error.job_id(), Some(&long[..128]));
}

#[test]
fn a_prefix_of_a_response_is_truncated_and_nothing_else_is() {
    let body = r#" {"x":[true,-1.5e+3,null,"\ud83d\ude00\n"],"jobs":[{"id":"备","name":null},{"id":5,"y":false}],"count":"35"}"#;
    for length in 0..body.len() {
        let error = rejected(&body.as_bytes()[..length]);
        assert!(error.is_truncated(), "{error}: {}", &body[..length.min(9)]);
        assert!(!error.is_html());
    }
    for text in [
        r#"{"jobs":[}"#,
        r#"{"jobs":[],"count":1}x"#,
        r#"{"jobs":[{"id":"a","name":"\x"#,
        r#"{"jobs":[{"id":"a","name":"\u12g"#,
        r#"{"jobs":[tru]"#,
        r#"{"jobs":[trux"#,
        r#"{"jobs":[],"count":-1}"#,
        "<html>",
    ] {
        assert!(!rejected(text).is_truncated(), "{text}");
    }
}

#[test]
fn html_is_named() {
    for body in ["<html>", "\u{feff}\r\n <!DOCTYPE html><p>Log in</p>", "<"] {
        let error = rejected(body);
        assert!(error.is_html());
        assert_eq!(
            error.to_string(),
            "cannot decode the response: the response is HTML, not JSON \
             (a proxy or a login page responded)"
        );
    }
    assert!(!rejected("upstream timed out").is_html());
}

#[test]
fn skipped_values_nest_at_most_128_deep() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = if open.starts_with("[{") { 64 } else { 128 };
        let deep = |levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let in_job = |value: String| format!(r#"{{"count":1,"jobs":[{{"id":"a","x":{value}}}]}}"#);
        let in_page = |value: String| format!(r#"{{"x":{value},"count":1,"jobs":[]}}"#);
        page(&in_job(deep(levels)));
        page(&in_page(deep(levels)));
        for text in [in_job(deep(levels + 1)), in_page(deep(levels + 1))] {
            assert_eq!(rejected(text).expected(), "a value nested at most 128 deep");
        }
    }
}

#[test]
fn no_nesting_needs_more_than_a_small_stack() {
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
                    rejected(&body);
                    drop(drs_backup_jobs::ApiError::parse(400, &body));
                    body.push(0xff);
                    rejected(&body);
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn decodes_an_array_of_jobs_by_the_rules_of_a_page() {
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
            "an id: a string that is not empty, or an integer",
        ),
    ] {
        let error = Job::parse_array(body.as_bytes()).unwrap_err();
        let found = (error.path(), error.offset(), error.expected());
        assert_eq!(found, (path, offset, expected), "{body}");
    }
    let of_page = JobPage::parse(br#"{"jobs":5}"#).unwrap_err();
    assert_eq!(
        (of_page.path(), of_page.expected()),
        ("jobs", "an array or null")
    );
}

#[test]
fn requires_commas_between_members_whatever_layout_was_learned() {
    // From the third job on the parser predicts the layout of the second.
    let read = |second: &str, third: &str| {
        // Nothing is predicted near the end of a text.
        let body = format!(
            r#"{{"count":3,"jobs":[{{"id":"a"}},{second},{third}]}}{:99}"#,
            ""
        );
        JobPage::parse(body.as_bytes()).map(|page| page.jobs.len())
    };
    let at_the_start = r#"{"id":"b","name":"n"}"#;
    let behind_unknown = r#"{"x":1,"id":"b","name":"n"}"#;
    let behind_name = r#"{"name":"n","x":[],"id":"b"}"#;
    for second in [at_the_start, behind_unknown, behind_name] {
        for third in [at_the_start, behind_unknown, behind_name] {
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
