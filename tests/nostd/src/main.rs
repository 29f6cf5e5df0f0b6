//! A program without the standard library that encodes a query, decodes the service's example and
//! lists jobs through an in-memory transport. It provides what such a program must provide: an
//! allocator, a panic handler, a clock. The C library gives it an entry point and `write`, as
//! firmware would.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::fmt::Write as _;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{Client, Clock, JobPage, ListJobs, SortKey, Transport};

/// Gives memory out and never takes it back.
struct Bump {
    heap: UnsafeCell<[u8; 1 << 20]>,
    used: AtomicUsize,
}

// SAFETY: no two allocations overlap, since `used` only grows and is advanced atomically.
unsafe impl Sync for Bump {}

// SAFETY: each block lies within the heap, is aligned, and is given out once.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let heap = self.heap.get().cast::<u8>();
        let room = layout.size() + layout.align();
        let start = self.used.fetch_add(room, Ordering::Relaxed);
        if start + room > 1 << 20 {
            return core::ptr::null_mut();
        }
        // SAFETY: `start` and the padding lie within the heap, as was just checked.
        let block = unsafe { heap.add(start) };
        // SAFETY: the padding is less than the alignment, for which there is room.
        unsafe { block.add(block.align_offset(layout.align())) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: Bump = Bump {
    heap: UnsafeCell::new([0; 1 << 20]),
    used: AtomicUsize::new(0),
};

unsafe extern "C" {
    fn write(fd: i32, bytes: *const u8, length: usize) -> isize;
    fn abort() -> !;
}

fn print(text: &str) {
    // SAFETY: the pointer and the length are those of a live string.
    unsafe { write(1, text.as_ptr(), text.len()) };
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    print(&format!("{info}\n"));
    // SAFETY: it takes nothing and does not come back.
    unsafe { abort() }
}

// The prebuilt `alloc` can unwind; this program cannot.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: it takes nothing and does not come back.
    unsafe { abort() }
}

/// A list of this many jobs.
struct List(usize);

impl Transport for List {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let number = |name: &str| -> usize {
            let after = request
                .url()
                .split_once(name)
                .map_or("", |(_, after)| after);
            after
                .split('&')
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        let (offset, limit) = (number("offset="), number("limit="));
        let mut text = format!("{{\"count\":{},\"jobs\":[", self.0);
        for id in offset..self.0.min(offset + limit) {
            let comma = if id == offset { "" } else { "," };
            let _ = write!(text, "{comma}{{\"id\":\"{id}\"}}");
        }
        text.push_str("]}");
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

/// A clock that stands still.
struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

const EXAMPLE: &[u8] = br#"{
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

fn run() -> Result<String, String> {
    let mut out = String::new();
    let query = ListJobs::new()
        .name("备份")
        .sort_key(SortKey::CreatedAt)
        .limit(1);
    query
        .write_path_and_query("p", &mut out)
        .map_err(|error| format!("{error}"))?;
    out.push('\n');

    let page = JobPage::parse(EXAMPLE).map_err(|error| format!("{error}"))?;
    for job in &page.jobs {
        let _ = writeln!(
            out,
            "{} {} {:?}, of {}",
            job.id,
            job.status,
            job.duration(),
            page.count
        );
    }

    let client = Client::builder()
        .region("cn-north-4")
        .project_id("p")
        .token("t")
        .transport(List(250))
        .clock(Still)
        .jitter(|| 0.5)
        .build()
        .map_err(|error| format!("{error}"))?;
    let mut listed = 0;
    for job in client.jobs(ListJobs::new()) {
        job.map_err(|error| format!("{error}"))?;
        listed += 1;
    }
    let _ = writeln!(out, "{listed} jobs listed");
    Ok(out)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    match run() {
        Ok(text) => {
            print(&text);
            0
        }
        Err(text) => {
            print(&text);
            1
        }
    }
}
