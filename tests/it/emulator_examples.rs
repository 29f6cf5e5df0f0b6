//! The examples of "Testing your code" in other languages, run as they are printed.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../src/emulator/testing_your_code.md");

/// The code blocks of a language, in the order of the page.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let begins = PAGE.split(&fence).skip(1);
    begins
        .map(|rest| rest.split("```").next().unwrap())
        .collect()
}

/// An interpreter that finds the command in its path.
fn interpreter(program: &str, arguments: &[&str]) -> Command {
    let command = Path::new(env!("CARGO_BIN_EXE_drs-backup-jobs"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut interpreter = Command::new(program);
    interpreter
        .args(arguments)
        .env(
            "PATH",
            format!("{}:{path}", command.parent().unwrap().display()),
        )
        .stdin(Stdio::null());
    for variable in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] {
        interpreter.env_remove(variable);
    }
    interpreter
}

fn is_installed(program: &str, arguments: &[&str]) -> bool {
    let output = interpreter(program, arguments).output();
    output.is_ok_and(|output| output.status.success())
}

#[track_caller]
fn assert_runs(mut interpreter: Command, code: &str) {
    let output = interpreter.arg(code).output().unwrap();
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (shown(&output.stdout), shown(&output.stderr));
    assert!(output.status.success(), "{code}\n{stdout}\n{stderr}");
}

#[test]
fn shell_examples_run() {
    let examples = blocks("bash");
    assert_eq!(examples.len(), 2);
    if !is_installed("bash", &["-c", "command -v curl"]) {
        return crate::not_checked("the shell examples", "curl");
    }
    for example in examples {
        assert_runs(interpreter("bash", &["-euo", "pipefail", "-c"]), example);
    }
}

/// The page has a line for each route.
#[test]
fn each_admin_route_has_a_curl_line() {
    for (route, line) in [
        ("GET /__admin/jobs", "curl \"$url/__admin/jobs\""),
        ("POST /__admin/jobs", "curl -d '{"),
        ("PATCH /__admin/jobs/ID", "curl -X PATCH -d"),
        (
            "DELETE /__admin/jobs/ID",
            "curl -X DELETE \"$url/__admin/jobs/",
        ),
        ("PUT /__admin/faults", "curl -X PUT -d"),
        ("GET /__admin/requests", "curl \"$url/__admin/requests\""),
        (
            "DELETE /__admin/requests",
            "curl -X DELETE \"$url/__admin/requests\"",
        ),
        ("POST /__admin/reset", "curl -X POST \"$url/__admin/reset\""),
    ] {
        assert!(PAGE.contains(&format!("| `{route}` |")), "{route}");
        assert!(PAGE.contains(line), "{line}");
    }
}

#[test]
fn python_examples_run() {
    let examples = blocks("python");
    assert_eq!(examples.len(), 2);
    for example in examples {
        // The official SDK is not in every environment, nor are its modules in a distribution.
        let module = if example.contains("huaweicloudsdkdrs") {
            "import requests, huaweicloudsdkdrs"
        } else {
            "import requests"
        };
        if is_installed("python3", &["-c", module]) {
            assert_runs(interpreter("python3", &["-c"]), example);
        } else {
            let notice = format!("NOT CHECKED: a Python example, because `{module}` fails\n");
            std::io::stderr().write_all(notice.as_bytes()).unwrap();
        }
    }
}
