//! The bodies of the fuzz targets, replayed here over their seeds and a fixed number of mutations
//! of them, so that `cargo test` runs them too.

use std::fs;
use std::path::Path;

use crate::model::Chance;

mod decode_error;
mod decode_page;
mod page_builder;
mod query;
mod reference;
#[cfg(feature = "aksk")]
mod sign;
mod timestamp;
mod walk;

/// A number below `end`, the same in every run.
fn below(chance: &mut Chance, end: usize) -> usize {
    chance.below(u32::try_from(end).unwrap()) as usize
}

fn data(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/fuzz")
        .join(path)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = fs::read_dir(data(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// The tokens of libFuzzer's dictionary: what stands between the quotes of each line.
fn dictionary() -> Vec<Vec<u8>> {
    fs::read_to_string(data("json.dict"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'))
        .map(|token| {
            token
                .replace("\\\"", "\"")
                .replace("\\\\", "\\")
                .into_bytes()
        })
        .collect()
}

fn mutated(chance: &mut Chance, seeds: &[Vec<u8>], tokens: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[below(chance, seeds.len())].clone();
    for _ in 0..=below(chance, 3) {
        let at = below(chance, bytes.len() + 1);
        let end = (at + below(chance, 8)).min(bytes.len());
        match below(chance, 6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, u8::try_from(below(chance, 256)).unwrap()),
            3 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << below(chance, 8);
                }
            }
            4 => {
                let token = &tokens[below(chance, tokens.len())];
                bytes.splice(at..end, token.iter().copied());
            }
            _ => {
                let copy = bytes[at..end].to_vec();
                let to = below(chance, bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
        }
    }
    bytes
}

#[track_caller]
fn replay(target: &str, mutations: usize, run: fn(&[u8])) {
    let seeds = seeds(target);
    let tokens = dictionary();
    assert!(!seeds.is_empty() && !tokens.is_empty());
    let mut chance = Chance::Seed(0x9e37_79b9_7f4a_7c15);
    let mutations = (0..mutations).map(|_| mutated(&mut chance, &seeds, &tokens));
    for input in seeds.iter().cloned().chain(mutations.collect::<Vec<_>>()) {
        assert!(
            std::panic::catch_unwind(|| run(&input)).is_ok(),
            "{target} fails on {:?}",
            String::from_utf8_lossy(&input)
        );
    }
}

#[test]
fn decoding_any_bytes_follows_the_reference() {
    replay("decode_page", 20_000, decode_page::run);
}

#[test]
fn decoding_built_pages_follows_the_reference() {
    let mut chance = Chance::Seed(1);
    for _ in 0..5_000 {
        let choices = (0..800).map(|_| u8::try_from(below(&mut chance, 256)).unwrap());
        let input: Vec<u8> = std::iter::once(0xff).chain(choices).collect();
        decode_page::run(&input);
    }
}

#[test]
fn any_error_body_gives_a_readable_error() {
    replay("decode_error", 20_000, decode_error::run);
}

#[test]
fn any_query_decodes_to_its_parameters() {
    replay("query", 10_000, query::run);
}

#[cfg(feature = "aksk")]
#[test]
fn any_request_is_signed_or_refused() {
    replay("sign", 5_000, sign::run);
}

#[test]
fn any_parsed_time_displays_and_parses_back() {
    replay("timestamp", 20_000, timestamp::run);
}

#[test]
fn any_history_is_listed_without_loss() {
    replay("walk", 2_000, walk::run);
}
