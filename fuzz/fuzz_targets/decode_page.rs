#![no_main]

#[path = "../../tests/it/fuzz/decode_page.rs"]
mod body;
#[path = "../../tests/it/fuzz/page_builder.rs"]
mod page_builder;
#[path = "../../tests/it/fuzz/reference.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
