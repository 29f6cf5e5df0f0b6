//! Wall time where each request takes a while, beside the loop of the Terraform data source.

use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::Emulator;
use drs_backup_jobs::{Client, JobPage, ListJobs};

/// What the Terraform data source requests per page; the service returns at most 512.
const TERRAFORM_LIMIT: usize = 2000;

/// Lists each number of jobs with both loops and prints seconds and requests.
pub(crate) fn compare(latency: Duration, sizes: &[u32]) {
    for &jobs in sizes {
        let emulator = Emulator::builder().jobs(jobs).latency(latency).build();
        let server = emulator.serve("127.0.0.1:0").unwrap();
        let client = Client::builder()
            .endpoint(server.url())
            .project_id("p")
            .token("any")
            .build()
            .unwrap();
        let requests_of = |list: &dyn Fn() -> usize| {
            let before = emulator.request_count();
            let start = Instant::now();
            assert_eq!(list(), jobs as usize);
            (
                start.elapsed().as_secs_f64(),
                emulator.request_count() - before,
            )
        };
        let ours = requests_of(&|| client.jobs(ListJobs::new()).map(Result::unwrap).count());
        let terraform = requests_of(&|| terraform_loop(&server.url()));
        println!(
            "{jobs} jobs at {} ms a request: {:.2} s, {} requests; Terraform's loop {:.2} s, {} requests; {:.2} x",
            latency.as_millis(),
            ours.0,
            ours.1,
            terraform.0,
            terraform.1,
            ours.0 / terraform.0,
        );
    }
}

/// Advances by the records received until a page is empty.
fn terraform_loop(url: &str) -> usize {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut offset = 0;
    loop {
        let page = agent
            .get(format!(
                "{url}/v5/p/backup-migration-jobs?limit={TERRAFORM_LIMIT}&offset={offset}"
            ))
            .header("X-Auth-Token", "any")
            .call()
            .unwrap();
        let body = page.into_body().read_to_vec().unwrap();
        match JobPage::parse(&body).unwrap().jobs.len() {
            0 => return offset,
            received => offset += received,
        }
    }
}
