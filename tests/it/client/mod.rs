//! The client over real HTTP, against a mock of the service.

use std::sync::Mutex;

use drs_backup_jobs::{Client, ClientBuilder, RetryPolicy};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};

mod building;
mod requests;
mod responses;
mod retries;

const PROJECT: &str = "054ba152d480d55b2f5dc0069e7ddef0";
const TOKEN: &str = "MIIQmAYJKoZIhvcNAQcCoIIQiTCCEIUCAQExDTALBglghkgBZQMEAgEw";

/// The service's own example of a response.
const EXAMPLE: &str = r#"{
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

fn builder(server: &MockServer) -> ClientBuilder {
    Client::builder()
        .endpoint(server.base_url())
        .project_id(PROJECT)
        .token(TOKEN)
}

fn client(server: &MockServer) -> Client {
    builder(server).retry(RetryPolicy::none()).build().unwrap()
}

/// Responds to every request with `responses` in turn, then with the last of them; `None` closes the
/// connection.
fn respond_in_turn(server: &MockServer, responses: Vec<Option<HttpMockResponse>>) {
    let turn = Mutex::new(0);
    server.mock(|when, then| {
        when.any_request();
        then.respond_with(move |_: &HttpMockRequest| {
            let mut turn = turn
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let response = responses[(*turn).min(responses.len() - 1)].clone();
            *turn += 1;
            drop(turn);
            response.unwrap_or_else(|| panic!("the connection is closed on purpose"))
        });
    });
}

fn response(status: u16, body: &str) -> HttpMockResponse {
    HttpMockResponse::builder()
        .status(status)
        .body(body)
        .build()
}
