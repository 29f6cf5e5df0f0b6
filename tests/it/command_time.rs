//! Local time: the zone of `TZ`, days of 23 and 25 hours, and times of day.

use std::fmt::Write as _;

use crate::command::{Run, command};

/// A job for each hour of four days around a change of the clocks, as one job a line; each runs for
/// twenty minutes, and is named after its hour in UTC.
fn hourly(first: &str, hours: i64) -> String {
    let start = drs_backup_jobs::Timestamp::parse(first)
        .unwrap()
        .unix_millis();
    let mut lines = String::new();
    for hour in 0..hours {
        let at = |minutes: i64| {
            let millis = start + hour * 3_600_000 + minutes * 60_000;
            drs_backup_jobs::Timestamp::from_unix_millis(millis).unwrap()
        };
        writeln!(
            lines,
            "{{\"id\":\"{0}\",\"name\":\"{0}\",\"status\":\"SUCCESS\",\"create_time\":\"{0}\",\"finish_time\":\"{1}\"}}",
            at(0),
            at(20)
        )
        .unwrap();
    }
    lines
}

#[track_caller]
fn decode(zone: &str, saved: &str, options: &[&str]) -> String {
    let mut decode = command(&[&["decode"], options].concat());
    decode.env("TZ", zone);
    Run::with_input(decode, saved.as_bytes()).done()
}

#[test]
fn a_local_day_has_as_many_hours_as_its_clocks() {
    for (zone, first, day, hours, from, to) in [
        // Summer time ends, and begins.
        (
            "America/New_York",
            "2024-11-02T00:00:00Z",
            "2024-11-03",
            25,
            "2024-11-03T04:00:00Z",
            "2024-11-04T04:00:00Z",
        ),
        (
            "America/New_York",
            "2024-03-09T00:00:00Z",
            "2024-03-10",
            23,
            "2024-03-10T05:00:00Z",
            "2024-03-11T03:00:00Z",
        ),
        (
            "America/New_York",
            "2024-08-18T00:00:00Z",
            "2024-08-19",
            24,
            "2024-08-19T04:00:00Z",
            "2024-08-20T03:00:00Z",
        ),
        // No summer time since 1991.
        (
            "Asia/Shanghai",
            "2024-11-02T00:00:00Z",
            "2024-11-03",
            24,
            "2024-11-02T16:00:00Z",
            "2024-11-03T15:00:00Z",
        ),
        // Half an hour of summer time; a zone off the hour; midnight that does not exist.
        (
            "Australia/Lord_Howe",
            "2024-04-05T00:30:00Z",
            "2024-04-07",
            24,
            "2024-04-06T13:30:00Z",
            "2024-04-07T12:30:00Z",
        ),
        (
            "Asia/Kolkata",
            "2024-08-18T00:00:00Z",
            "2024-08-19",
            24,
            "2024-08-18T19:00:00Z",
            "2024-08-19T18:00:00Z",
        ),
        (
            "Africa/Cairo",
            "2024-04-24T00:00:00Z",
            "2024-04-26",
            23,
            "2024-04-25T22:00:00Z",
            "2024-04-26T20:00:00Z",
        ),
        (
            "UTC",
            "2024-11-02T00:00:00Z",
            "2024-11-03",
            24,
            "2024-11-03T00:00:00Z",
            "2024-11-03T23:00:00Z",
        ),
        (
            "",
            "2024-11-02T00:00:00Z",
            "2024-11-03",
            24,
            "2024-11-03T00:00:00Z",
            "2024-11-03T23:00:00Z",
        ),
        (
            "EST5EDT,M3.2.0,M11.1.0",
            "2024-11-02T00:00:00Z",
            "2024-11-03",
            25,
            "2024-11-03T04:00:00Z",
            "2024-11-04T04:00:00Z",
        ),
    ] {
        let saved = hourly(first, 96);
        let options = [
            "--since",
            day,
            "--until",
            day,
            "--columns",
            "id",
            "-o",
            "tsv",
            "--no-headers",
        ];
        let listed = decode(zone, &saved, &options);
        let listed: Vec<&str> = listed.lines().collect();
        let found = (listed.len(), listed[0], listed[listed.len() - 1]);
        assert_eq!(found, (hours, from, to), "{zone} {day}");
    }
}

#[test]
fn times_that_clocks_show_twice_or_never_lose_no_job() {
    let autumn = hourly("2024-11-03T03:00:00Z", 8);
    let spring = hourly("2024-03-10T05:00:00Z", 5);
    let options = |since, until| {
        [
            "--since",
            since,
            "--until",
            until,
            "--columns",
            "id",
            "-o",
            "tsv",
            "--no-headers",
        ]
    };
    // 01:00 comes at 05:00Z and at 06:00Z.
    let twice = decode(
        "America/New_York",
        &autumn,
        &options("2024-11-03T01:00", "2024-11-03T01:00"),
    );
    assert_eq!(twice, "2024-11-03T05:00:00Z\n2024-11-03T06:00:00Z\n");
    // 02:10 is skipped: 10 minutes after 02:00 is 03:10, 07:10Z.
    let never = decode(
        "America/New_York",
        &spring,
        &options("2024-03-10T02:10", "2024-03-10T02:10"),
    );
    assert_eq!(never, "2024-03-10T07:00:00Z\n");
}

#[test]
fn tables_show_local_time_and_name_the_zone() {
    let saved = hourly("2024-11-03T05:00:00Z", 2);
    let table = |zone, options: &[&str]| {
        let common = ["--columns", "create_time,finish_time", "-o", "table"];
        decode(zone, &saved, &[&common, options].concat())
    };
    assert_eq!(
        table("America/New_York", &[]),
        "\
CREATED (America/New_York)  FINISHED (America/New_York)
2024-11-03 01:00 EDT        2024-11-03 01:20 EDT
2024-11-03 01:00 EST        2024-11-03 01:20 EST
"
    );
    assert_eq!(
        table("Asia/Shanghai", &[]),
        "\
CREATED (Asia/Shanghai)  FINISHED (Asia/Shanghai)
2024-11-03 13:00         2024-11-03 13:20
2024-11-03 14:00         2024-11-03 14:20
"
    );
    for (zone, options) in [
        ("Asia/Shanghai", &["--utc"][..]),
        ("UTC", &[]),
        ("", &[]),
        ("Etc/UTC", &[]),
    ] {
        assert_eq!(
            table(zone, options),
            "\
CREATED (UTC)     FINISHED (UTC)
2024-11-03 05:00  2024-11-03 05:20
2024-11-03 06:00  2024-11-03 06:20
",
            "{zone}"
        );
    }
    assert!(table("CST-8", &[]).starts_with("CREATED (CST)"));
    assert!(table("CST-8", &[]).contains("2024-11-03 13:00"));
}

#[test]
fn machine_formats_keep_the_service_text_in_every_zone() {
    let saved = hourly("2024-11-03T05:00:00Z", 1);
    for format in ["json", "jsonl", "csv", "tsv"] {
        let local = decode("America/New_York", &saved, &["-o", format]);
        assert!(local.contains("2024-11-03T05:00:00Z"), "{local}");
        assert_eq!(local, decode("UTC", &saved, &["-o", format]));
    }
}

#[test]
fn an_unknown_zone_is_noted_and_replaced_by_utc() {
    for zone in ["Mars/Olympus", "/nonexistent/zone"] {
        let mut decode = command(&["decode", "-o", "table"]);
        decode.env("TZ", zone);
        let run = Run::with_input(decode, hourly("2024-11-03T05:00:00Z", 1).as_bytes());
        assert!(
            run.stderr
                .starts_with(&format!("note: unknown time zone TZ={zone}")),
            "{run:#?}"
        );
        assert!(run.done().contains("CREATED (UTC)"));
    }
}

#[test]
fn a_time_of_day_is_the_latest_and_until_follows_since() {
    let listed = |since: &str, until: &str| {
        let mut list = command(&[
            "list",
            "--demo",
            "--now",
            "2024-08-19T12:00:00Z",
            "--since",
            since,
            "--until",
            until,
            "--columns",
            "create_time",
            "-o",
            "tsv",
            "--no-headers",
            "--sort-dir",
            "asc",
        ]);
        list.env("TZ", "UTC");
        let printed = Run::of(list).done();
        let mut times: Vec<String> = printed.lines().map(str::to_owned).collect();
        times.sort();
        times
    };
    // At noon, 22:00 was yesterday, and 06:00 is today's.
    let night = listed("22:00", "06:00");
    assert!(
        night
            .iter()
            .all(|time| time.as_str() <= "2024-08-19T06:00:00Z"),
        "{night:?}"
    );
    assert!(
        night.iter().any(|time| time.starts_with("2024-08-18T22")),
        "{night:?}"
    );
    assert!(
        night.iter().any(|time| time.starts_with("2024-08-19T05")),
        "{night:?}"
    );
    // 11:00 was today; 18:00 is in the future, which is not an error.
    assert!(!listed("11:00", "18:00").is_empty());
}
