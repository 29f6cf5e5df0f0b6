//! Allocations while decoding, counted.
#![allow(
    unsafe_code,
    reason = "the allocator of a program is an unsafe trait; the library itself forbids unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use drs_backup_jobs::{ApiError, JobPage, ListJobs};

struct Counting;

thread_local! {
    static COUNTED: Cell<Counted> = const { Cell::new(Counted { calls: 0, now: 0, most: 0 }) };
}

/// Allocations of one thread: other tests run beside it.
#[derive(Clone, Copy, Debug)]
struct Counted {
    calls: usize,
    now: isize,
    most: isize,
}

fn count(calls: usize, bytes: isize) {
    // Allocations of a thread that ends are not counted.
    let _ = COUNTED.try_with(|counted| {
        let mut sum = counted.get();
        sum.calls += calls;
        sum.now += bytes;
        sum.most = sum.most.max(sum.now);
        counted.set(sum);
    });
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(at, layout, size) }
    }
}

/// How many times `run` allocates, and the most bytes it holds at once.
fn counted<T>(run: impl FnOnce() -> T) -> (usize, usize) {
    COUNTED.set(Counted {
        calls: 0,
        now: 0,
        most: 0,
    });
    let value = run();
    let Counted { calls, most, .. } = COUNTED.get();
    drop(value);
    (calls, most.try_into().unwrap())
}

fn page(jobs: usize) -> String {
    let jobs: Vec<String> = (0..jobs)
        .map(|index| {
            format!(
                r#"{{"id":"0667845a-6291-4e2a-95b0-190c{index:08}","name":"备份-{index}","status":"SUCCESS","description":"rds-sqlserver2022","engine_type":"sqlserver","create_time":"2024-08-19T02:27:15Z","enterprise_project_id":"0"}}"#
            )
        })
        .collect();
    format!(r#"{{"jobs":[{}],"count":35}}"#, jobs.join(","))
}

#[test]
fn a_page_without_escapes_needs_one_allocation() {
    for jobs in [1, 2, 10, 100, 512] {
        let body = page(jobs);
        let (calls, most) = counted(|| JobPage::parse(body.as_bytes()).unwrap());
        assert_eq!(calls, 1, "{jobs} jobs");
        assert!(most <= 2 * body.len() + 512, "{most} for {}", body.len());
    }
    let (calls, _) = counted(|| JobPage::parse(br#"{"jobs":[],"count":0}"#).unwrap());
    assert_eq!(calls, 0);
}

#[test]
fn a_text_with_an_escape_needs_one_more_allocation() {
    let body = page(100).replacen("rds-sqlserver", "rds\\nsqlserver", 7);
    let (calls, _) = counted(|| JobPage::parse(body.as_bytes()).unwrap());
    assert_eq!(calls, 8);
}

#[test]
fn memory_is_proportional_to_any_body() {
    const MOST: usize = 48;

    let million = |text: &str| text.repeat(1_000_000 / text.len());
    let many = |text: &str| text.repeat(100_000 / text.len());
    for (name, body) in [
        ("braces", format!(r#"{{"jobs":[{}"#, million("{"))),
        ("brackets", format!(r#"{{"jobs":{}"#, million("["))),
        ("unsound brackets", format!("{}\u{0}", many("["))),
        ("empty jobs", format!(r#"{{"jobs":[{}"#, many("{},"))),
        (
            "short jobs",
            format!(r#"{{"jobs":[{}"#, many(r#"{"id":"a"},"#)),
        ),
        (
            "short jobs to the end",
            format!(
                r#"{{"jobs":[{}{{"id":"a"}}],"count":1}}"#,
                many(r#"{"id":"a"},"#)
            ),
        ),
        (
            "escapes",
            format!(
                r#"{{"jobs":[{}"#,
                many(r#"{"id":"\n","name":"\n","error_log":"\n"},"#)
            ),
        ),
        (
            "one long escape",
            format!(r#"{{"jobs":[{{"id":"{}"#, many("\\n")),
        ),
        ("one long key", format!(r#"{{"{}":x"#, many("k"))),
        ("one long odd key", format!(r#"{{"{}":x"#, many("\\u0001"))),
        ("many keys", format!("{{{}", many(r#""k":0,"#))),
        ("deep keys", many(r#"{"k":"#)),
        ("digits", format!(r#"{{"count":{}"#, many("7"))),
        (
            "an error",
            format!(r#"{{"error":{{"message":"{}"}}}}"#, many("\\u0001")),
        ),
        ("tags", many("<a>b")),
        ("open tags", many("<script>")),
    ] {
        let mut body = body.into_bytes();
        for unsound in [false, true] {
            if unsound {
                body.push(0xff);
            }
            let (_, most) = counted(|| JobPage::parse(&body));
            assert!(most <= MOST * body.len(), "{name}: {most} for a page");
            let (_, most) = counted(|| ApiError::parse(502, &body));
            assert!(most <= MOST * body.len(), "{name}: {most} for an error");
        }
    }
}

/// The client's limit of jobs in a page bounds what a hostile body costs.
#[cfg(feature = "std")]
#[test]
fn a_body_of_16_mib_of_the_smallest_jobs_costs_the_client_at_most_twice_its_size() {
    use drs_backup_jobs::decode::Decoder;
    use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
    use drs_backup_jobs::{Client, RetryPolicy, Transport};

    struct Fixed(String);

    impl Transport for Fixed {
        fn send(
            &self,
            _: &Request<'_>,
            body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            for chunk in self.0.as_bytes().chunks(64 * 1024) {
                body.write(chunk)?;
            }
            Ok(ResponseHead::new(200))
        }
    }

    let mut body = String::from(r#"{"count":1,"jobs":["#);
    while body.len() < ResponseBody::DEFAULT_LIMIT - 100 {
        body.push_str(r#"{"id":1},"#);
    }
    body.push_str(r#"{"id":1}]}"#);
    let size = body.len();
    let transport = std::sync::Arc::new(Fixed(body));
    {
        let decoder = Decoder::BuiltIn;
        let client = Client::builder()
            .endpoint("https://drs.example.com")
            .project_id("p")
            .token("a-token-of-the-test")
            .transport(std::sync::Arc::clone(&transport))
            .retry(RetryPolicy::none())
            .decoder(decoder)
            .build()
            .unwrap();
        let (_, most) = counted(|| client.list(&ListJobs::new()).unwrap_err());
        assert!(most <= 2 * size, "{decoder:?}: {most} for {size}");
        assert!(most > size, "{decoder:?}: the body itself is counted");
    }
}

#[test]
fn writing_a_query_into_a_reused_string_needs_no_allocation() {
    let query = ListJobs::new()
        .name("备份 a+b")
        .status("PRECHECK FAILED")
        .dbs_instance_ids((0..10).map(|index| format!("id {index}")))
        .description("d&d")
        .create_at("2024-08-19T02:27:15Z")
        .completed_at("c")
        .enterprise_project_id("0")
        .tags("a=b")
        .limit(u32::MAX)
        .offset(u32::MAX)
        .sort_key("created_at")
        .sort_dir("desc");
    let mut out = String::new();
    query.write_path_and_query("p", &mut out).unwrap();
    let (calls, _) = counted(|| {
        out.clear();
        query.write_path_and_query("p", &mut out).unwrap();
    });
    assert_eq!(calls, 0);
}
