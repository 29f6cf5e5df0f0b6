//! Endpoint and credentials of the command: options, environment, files; and that no secret is printed.

use std::fs;

use drs_backup_jobs::emulator::Emulator;

use crate::command::{Run, TOKEN, command, command_for, serve};

fn emulator(jobs: u32) -> Emulator {
    Emulator::builder().jobs(jobs).build()
}

#[test]
fn demo_needs_no_configuration_and_ignores_proxies() {
    let mut list = command(&["list", "--demo", "--output", "json"]);
    for variable in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "all_proxy",
    ] {
        list.env(variable, "http://127.0.0.1:1");
    }
    let run = Run::of(list);
    let page: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(page["count"], 35);
    run.done();
}

#[test]
fn reports_a_rejected_token_with_a_hint() {
    let emulator = Emulator::builder().jobs(3).token("another").build();
    let server = serve(&emulator);
    let run = Run::of(command_for(&server, &["list"]));
    run.assert_refused(
        1,
        &["error: the gateway responded 401", "hint: ", "request id"],
    );
    assert_eq!(run.stdout, "");
    assert_eq!(emulator.request_count(), 1, "a 401 is not sent again");
}

#[test]
fn takes_a_token_from_a_file_and_from_standard_input() {
    let emulator = Emulator::builder().jobs(3).token("from-a-file").build();
    let server = serve(&emulator);
    let url = server.url();
    let arguments = [
        "list",
        "--endpoint",
        &url,
        "--project-id",
        "p",
        "--token-file",
    ];
    let file = std::env::temp_dir().join(format!("drs-token-{}", std::process::id()));
    fs::write(&file, "from-a-file\n").unwrap();

    let mut from_file = command(&arguments);
    from_file.arg(&file);
    assert_eq!(Run::of(from_file).done().lines().count(), 3);
    fs::remove_file(&file).unwrap();
    let mut from_nowhere = command(&arguments);
    from_nowhere.arg(&file);
    let named = file.display().to_string();
    Run::of(from_nowhere).assert_refused(2, &[&named]);

    let mut from_input = command(&arguments);
    from_input.arg("-");
    let run = Run::with_input(from_input, b"from-a-file\n");
    assert_eq!(run.done().lines().count(), 3);
}

#[test]
fn reports_everything_missing_with_what_to_set() {
    Run::of(command(&["list"])).assert_refused(
        2,
        &[
            "error: no region, no credentials: ",
            "--region",
            "--project-id",
            "HW_AUTH_TOKEN",
            "/nonexistent/.huaweicloud/credentials",
            "list --demo",
        ],
    );
    let mut without_project = command(&["list", "--region", "cn-north-4"]);
    without_project.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(without_project).assert_refused(2, &["missing project ID", "--project-id"]);
    let mut with_a_token_alone = command(&["list"]);
    with_a_token_alone.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(with_a_token_alone).assert_refused(2, &["no region, no project ID", "--project-id"]);
    let mut half = command(&["list", "--region", "cn-north-4"]);
    half.env("HUAWEICLOUD_SDK_AK", "AK");
    Run::of(half).assert_refused(2, &["HUAWEICLOUD_SDK_SK"]);
    let empty = command(&[
        "list",
        "--endpoint",
        "https://h",
        "--project-id",
        "p",
        "--token-file",
        "-",
    ]);
    Run::with_input(empty, b" \n")
        .assert_refused(2, &["invalid token in the token input: must not be empty"]);
}

#[test]
fn dry_run_uses_a_placeholder_only_when_there_are_no_credentials() {
    let arguments = [
        "list",
        "--dry-run",
        "--endpoint",
        "https://h",
        "--project-id",
        "p",
    ];
    let run = Run::of(command(&arguments));
    assert!(run.stderr.contains("note: no credentials: "), "{run:#?}");
    assert!(
        run.stderr.contains("; a placeholder token is used\n"),
        "{run:#?}"
    );
    assert!(run.done().contains("X-Auth-Token: ***"));

    // A directory cannot be read as a file.
    let directory = std::env::temp_dir();
    let unreadable = format!("cannot read the profile file {}: ", directory.display());
    for (name, value, expected) in [
        (
            "HUAWEICLOUD_SDK_AK",
            "AK".as_ref(),
            "HUAWEICLOUD_SDK_SK is not",
        ),
        (
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
            directory.as_os_str(),
            unreadable.as_str(),
        ),
    ] {
        for arguments in [&arguments[..], &["list", "--region", "cn-north-4"]] {
            let mut list = command(arguments);
            list.env(name, value);
            let run = Run::of(list);
            run.assert_refused(2, &["error: ", expected]);
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn names_invalid_input_by_its_option() {
    for (arguments, expected) in [
        (&["--region", "no region"][..], "region (--region"),
        (&["--endpoint", "http://10.0.0.1"], "endpoint (--endpoint)"),
        (&["--endpoint", "http://10.0.0.1"], "only for this machine"),
        (
            &["--endpoint", "https://h", "--ca-file", "/dev/null"],
            "certificate authorities (--ca-file)",
        ),
    ] {
        let mut list = command(&[&["list", "--project-id", "p"], arguments].concat());
        list.env("HW_AUTH_TOKEN", TOKEN);
        let run = Run::of(list);
        run.assert_refused(2, &[expected]);
        assert!(!run.stderr.contains("allow_http"), "{run:#?}");
    }
}

#[test]
fn rejects_a_plain_http_iam_endpoint_with_what_is_accepted() {
    let mut list = command(&["list", "--region", "cn-north-4"]);
    list.env("HW_USER_NAME", "u")
        .env("HW_USER_PASSWORD", "p")
        .env("HW_DOMAIN_NAME", "d")
        .env("HUAWEICLOUD_SDK_IAM_ENDPOINT", "http://10.0.0.1");
    let run = Run::of(list);
    run.assert_refused(
        2,
        &[
            "IAM endpoint (HUAWEICLOUD_SDK_IAM_ENDPOINT, HW_AUTH_URL): must begin with https://",
            "https://iam.",
            "only for this machine",
        ],
    );
    assert!(!run.stderr.contains("allow_http"), "{run:#?}");
}

#[test]
fn a_project_name_replaces_the_id_only_where_iam_resolves_it() {
    for (variables, expected) in [
        (
            &[("HW_AUTH_TOKEN", TOKEN)][..],
            "error: no region, no project ID\n",
        ),
        (
            &[("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "s")],
            "error: no region\n",
        ),
    ] {
        let mut list = command(&["list"]);
        list.env("HW_PROJECT_NAME", "cn-north-4_p")
            .envs(variables.iter().copied());
        Run::of(list).assert_refused(2, &[expected]);
    }
}

#[test]
fn does_not_blame_a_region_that_an_endpoint_overrides() {
    // Nobody listens on the port of a server that has stopped.
    let server = serve(&emulator(1));
    let mut list = command_for(&server, &["list", "--retries", "0"]);
    server.stop();
    list.env("HW_REGION_NAME", "cn-nort-4");
    let run = Run::of(list);
    run.assert_refused(1, &["error: cannot connect to"]);
    assert!(!run.stderr.contains("cn-nor"), "{run:#?}");
}

#[test]
fn an_access_key_signs_and_is_not_printed() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    let url = server.url();
    let arguments = ["list", "-v", "--endpoint", &url, "--project-id", "p"];
    let mut list = command(&arguments);
    list.env("HUAWEICLOUD_SDK_AK", "planted-ak")
        .env("HUAWEICLOUD_SDK_SK", "planted-sk");
    let run = Run::of(list);
    assert!(!format!("{run:?}").contains("planted"), "{run:#?}");
    assert_eq!(run.done().lines().count(), 3);
    let sent = format!("{:?}", emulator.requests());
    assert!(sent.to_lowercase().contains("authorization"), "{sent}");
}

#[test]
fn dry_run_prints_every_request_and_no_secret() {
    let arguments = [
        "list",
        "--dry-run",
        "-v",
        "--region",
        "cn-north-4",
        "--limit",
        "1",
    ];
    let mut with_key = command(&arguments);
    with_key
        .env("HW_ACCESS_KEY", "planted-ak")
        .env("HW_SECRET_KEY", "planted-sk")
        .env("HW_SECURITY_TOKEN", "planted-token");
    let run = Run::of(with_key);
    assert!(!format!("{run:?}").contains("planted"), "{run:#?}");
    let printed = run.done();
    for line in [
        "GET https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
        "GET https://drs.cn-north-4.myhuaweicloud.com/v5/ID-FROM-IAM/backup-migration-jobs?limit=1",
        "X-Security-Token: ***",
        "Authorization: ***",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }

    let mut with_password = command(&arguments);
    with_password
        .env("HW_USER_NAME", "planted-user")
        .env("HW_USER_PASSWORD", "planted-password")
        .env("HW_DOMAIN_NAME", "planted-account");
    let run = Run::of(with_password);
    assert!(!format!("{run:?}").contains("planted"), "{run:#?}");
    let printed = run.done();
    for line in [
        "POST https://iam.cn-north-4.myhuaweicloud.com/v3/auth/tokens?nocatalog=true",
        "X-Auth-Token: ***",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }
}

#[test]
fn ecs_metadata_takes_the_key_of_the_agency() {
    let arguments = [
        "list",
        "--dry-run",
        "--ecs-metadata",
        "--region",
        "cn-north-4",
        "--project-id",
        "p",
    ];
    let printed = Run::of(command(&arguments)).done();
    for line in [
        "GET http://169.254.169.254/openstack/latest/securitykey",
        "GET https://drs.cn-north-4.myhuaweicloud.com/v5/p/backup-migration-jobs?",
        "Authorization: ***",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }
    assert!(!printed.contains("from-metadata"), "{printed}");
    let with_token = [&arguments[..], &["--token-file", "t"]].concat();
    Run::of(command(&with_token)).assert_refused(2, &["cannot be used with"]);
}

#[test]
fn takes_the_named_profile_before_the_environment() {
    let file = std::env::temp_dir().join(format!("drs-profiles-{}", std::process::id()));
    fs::write(
        &file,
        "[basic]\nak = a\nsk = s\n[prod]\nak = planted-ak\nsk = planted-sk\nproject_id = of-prod\n",
    )
    .unwrap();
    let list = |profile| {
        let mut list = command(&[
            "list",
            "--dry-run",
            "--region",
            "cn-north-4",
            "--profile",
            profile,
        ]);
        list.env("HUAWEICLOUD_SDK_CREDENTIALS_FILE", &file)
            .env("HW_AUTH_TOKEN", TOKEN);
        Run::of(list)
    };
    let printed = list("prod").done();
    assert!(printed.contains("/v5/of-prod/"), "{printed}");
    assert!(
        printed.contains("Authorization: ***") && !printed.contains("planted"),
        "{printed}"
    );
    list("staging").assert_refused(2, &["staging"]);
    fs::remove_file(&file).unwrap();
}

#[test]
fn finds_the_credentials_file_in_the_home_directory() {
    let home = std::env::temp_dir().join(format!("drs-home-{}", std::process::id()));
    fs::create_dir_all(home.join(".huaweicloud")).unwrap();
    fs::write(
        home.join(".huaweicloud/credentials"),
        "[basic]\nak = planted-ak\nsk = planted-sk\nproject_id = of-the-profile\n",
    )
    .unwrap();
    let mut list = command(&["list", "--dry-run", "--region", "cn-north-4"]);
    list.env("HOME", &home);
    let printed = Run::of(list).done();
    fs::remove_dir_all(&home).unwrap();
    assert!(printed.contains("/v5/of-the-profile/"), "{printed}");
    assert!(printed.contains("Authorization: ***"), "{printed}");
    assert!(!printed.contains("planted"), "{printed}");
}

#[test]
fn suggests_the_nearest_region() {
    let mut list = command(&["list", "--project-id", "p", "--region", "CN_North_4"]);
    list.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(list).assert_refused(2, &["region", "cn-north-4"]);
}

#[test]
fn never_prints_the_token() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    for arguments in [&["list", "-v"][..], &["list", "-v", "--dry-run"]] {
        let run = Run::of(command_for(&server, arguments));
        assert!(
            !run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN),
            "{run:#?}"
        );
        run.done();
    }
    let refusing = Emulator::builder().token("another").build();
    let server = serve(&refusing);
    let run = Run::of(command_for(&server, &["list", "-v"]));
    assert!(
        run.stderr.contains("debug: GET http://127.0.0.1"),
        "{run:#?}"
    );
    assert!(!run.stderr.contains(TOKEN), "{run:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_token_is_not_in_the_process_list() {
    let emulator = emulator(1);
    let server = serve(&emulator);
    let arguments = ["watch", "--interval", "1h", "--output", "lines"];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    let line = crate::command::first_line(&mut child);
    assert!(line.contains("added"), "{line}");
    let seen = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert!(
        seen.contains("--endpoint") && !seen.contains(TOKEN),
        "{seen}"
    );
}
