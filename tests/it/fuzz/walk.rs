//! Any history of a list: listing all jobs keeps its promise, or ends with an error.

use crate::model::{Chance, check_promise};

pub(crate) fn run(data: &[u8]) {
    check_promise(&Chance::bytes(data));
}
