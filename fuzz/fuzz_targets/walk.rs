#![no_main]

#[path = "../../tests/it/fuzz/walk.rs"]
mod body;
#[path = "../../tests/it/model.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod model;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
