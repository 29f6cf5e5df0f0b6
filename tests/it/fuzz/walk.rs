//! Any history of a list: the walk keeps its promise, or says that it cannot.

use crate::model::{Chance, check_promise};

pub(crate) fn run(data: &[u8]) {
    check_promise(&Chance::bytes(data));
}
