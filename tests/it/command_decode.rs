//! `drs-backup-jobs decode`: saved responses.

use crate::command::{Run, command};

const JOB: &str = r#"{"id":"a","name":"备份","status":"FAILED","engine_type":"sqlserver","error_log":"no \"space\"\nleft","create_time":"2024-08-19T02:27:15Z"}"#;

fn decode(body: &str) -> Run {
    Run::with_input(command(&["decode"]), body.as_bytes())
}

#[test]
fn decodes_a_page_an_array_a_job_and_jobs_line_by_line() {
    let pretty = JOB.replace(",\"", ",\n  \"");
    for (body, jobs) in [
        (format!(r#"{{"count":7,"jobs":[{JOB},{JOB}]}}"#), 2),
        (
            format!("\n{{\n \"jobs\" : [ {pretty} ],\n \"count\": \"35\"\n}}\n"),
            1,
        ),
        (format!(" [{JOB},\n{JOB},{JOB}]"), 3),
        (format!("{JOB}\n{JOB}\r\n\n{JOB}"), 3),
        (JOB.to_owned(), 1),
        (pretty.clone(), 1),
        ("[]".to_owned(), 0),
        (r#"{"count":0,"jobs":null}"#.to_owned(), 0),
        (String::new(), 0),
        (format!("\u{feff}[{JOB}]"), 1),
    ] {
        let printed = decode(&body).done();
        assert_eq!(printed.lines().count(), jobs, "{body}");
        for line in printed.lines() {
            let (read, given): (serde_json::Value, serde_json::Value) = (
                serde_json::from_str(line).unwrap(),
                serde_json::from_str(JOB).unwrap(),
            );
            assert_eq!(read, given, "{body}");
        }
    }
}

#[test]
fn decode_reads_what_list_prints() {
    for format in ["json", "jsonl"] {
        let listed = Run::of(command(&["list", "--demo", "--output", format])).done();
        let decoded = Run::with_input(command(&["decode", "--output", format]), listed.as_bytes());
        assert_eq!(decoded.done(), listed);
    }
}

#[test]
fn reports_line_and_column_of_invalid_input() {
    for (body, expected) in [
        (
            "{\"count\":1,\n \"jobs\":[{\"id\":\"a\",\n  \"name\":5x}]}",
            "line 3, column 11",
        ),
        (
            "[{\"id\":\"a\"},\n {\"id\":\"备份\", \"name\":x}]",
            "line 2, column 21: [1].name",
        ),
        (
            "{\"id\":\"a\"}\n\n{\"id\":\"b\",\"status\":tr}",
            "line 3, column 20: status",
        ),
        ("{\"id\":\"a\"}\n{\"id\":\"b\"", "line 2, column 10"),
        ("{\"count\":1}", "line 1"),
        ("[{\"id\":\"a\"}", "line 1, column 12"),
        ("<html>", "line 1, column 1"),
        ("{\"jobs\":[],\"count\":1} x", "line 1, column 23"),
        (
            "[{\"id\":\"a\"}], \"foo\": 1",
            "line 1, column 13: expected an object",
        ),
        ("[{\"id\":\"a\"}]}", "line 1, column 13: expected an object"),
        (
            "[{\"id\":\"a\"}],\"count\":1",
            "line 1, column 13: expected an object",
        ),
        ("{\"id\":\"a\",\"name\":x}", "line 1, column 18: name"),
        ("\u{feff}[1]", "line 1, column 2: [0]: expected an object"),
    ] {
        let run = decode(body);
        run.assert_refused(1, &["standard input: ", expected]);
    }
}

#[test]
fn notes_what_the_printed_jobs_leave_open() {
    let page = format!(r#"{{"count":7,"jobs":[{JOB},{JOB}]}}"#);
    let table = command(&["decode", "--output", "table"]);
    let run = Run::with_input(table, page.as_bytes());
    assert_eq!(
        run.stderr,
        "note: 2 jobs of 7\nnote: --errors prints why jobs failed\n"
    );
    run.done();
    assert_eq!(decode(&page).stderr, "", "jsonl is for programs");
}

#[test]
fn the_help_lists_the_exit_codes() {
    let help = Run::of(command(&["decode", "--help"])).done();
    assert!(help.contains("Exit codes: 0 done, 1 "), "{help}");
}

#[test]
fn prints_the_jobs_around_invalid_lines_and_names_each() {
    let run = decode(&format!("{JOB}\n{JOB}\nbroken\n{JOB}\n{{\"id\":\n{JOB}\n"));
    run.assert_refused(1, &["line 3, column 1", "line 5, column 7"]);
    assert_eq!(run.stdout.lines().count(), 4);
    let run = decode(&"broken\n{}\n".repeat(50));
    run.assert_refused(1, &["line 20, column 2", "80 more places"]);
}

#[test]
fn decodes_several_responses_in_any_encoding() {
    let page = format!(r#"{{"count":7,"jobs":[{JOB}]}}"#);
    for text in [
        format!("{page}\n{page}\n"),
        format!("{page}{page}"),
        format!("[{page},{page}]"),
        format!("{JOB}\n{page}"),
    ] {
        let utf_16 = || ["\u{feff}", &text].concat();
        let little: Vec<u8> = utf_16().encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = utf_16().encode_utf16().flat_map(u16::to_be_bytes).collect();
        for file in [
            text.clone().into_bytes(),
            utf_16().into_bytes(),
            little,
            big,
        ] {
            let printed = Run::with_input(command(&["decode"]), &file).done();
            assert_eq!(printed, format!("{JOB}\n{JOB}\n"), "{text}");
        }
    }
}

#[test]
fn damaged_texts_and_drifted_types_are_decoded() {
    let file = b"{\"count\":1,\"jobs\":[{\"id\":\"a\",\"name\":1.7E12,\"error_log\":\"\\ud83d \xe5\xa4\"}]}";
    let printed = Run::with_input(command(&["decode"]), file).done();
    assert!(printed.contains(r#""name":"1.7E12""#), "{printed}");
    assert!(
        printed.contains("\"error_log\":\"\u{fffd} \u{fffd}\""),
        "{printed}"
    );
}

#[test]
fn names_html_and_the_id_of_a_damaged_job() {
    let html = decode("<!DOCTYPE html>\n<html>\n{\n</html>\n");
    html.assert_refused(
        1,
        &["line 1, column 1: the response is HTML, not JSON (a proxy or a login page responded)"],
    );
    let job = decode(r#"{"count":1,"jobs":[{"id":"a","name":x}]}"#);
    job.assert_refused(1, &["jobs[0].name: expected a value (job a)"]);
}

#[test]
fn reports_an_error_response_as_such() {
    let run = decode(r#"{"error_code":"DRS.M00261","error_msg":"wrong project"}"#);
    run.assert_refused(
        1,
        &[
            "error: standard input: DRS responded DRS.M00261: wrong project\n",
            "hint: ",
        ],
    );
}

#[test]
fn errors_name_the_file() {
    let file = std::env::temp_dir().join(format!("drs-decode-{}.json", std::process::id()));
    std::fs::write(&file, "[1]").unwrap();
    let mut decode = command(&["decode"]);
    decode.arg(&file);
    let named = file.display().to_string();
    Run::of(decode).assert_refused(1, &[&named, "line 1, column 2: [0]: expected an object"]);
    std::fs::remove_file(&file).unwrap();
}
