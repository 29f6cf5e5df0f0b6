//! Whether three decoders are three: a fault planted in the built-in one must not reach the others.

extern crate std;

use alloc::borrow::Cow;
use core::cell::Cell;

std::thread_local! {
    static FAULT: Cell<bool> = const { Cell::new(false) };
}

/// What the built-in reader takes a text for: another one, while the fault is planted.
pub(super) fn with_fault(text: Option<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    if FAULT.get() {
        Some(Cow::Borrowed("planted"))
    } else {
        text
    }
}

#[cfg(all(feature = "serde_json", feature = "miniserde"))]
#[test]
fn a_fault_in_the_built_in_readers_values_makes_the_three_disagree() {
    use crate::JobPage;

    let body = br#"{"count":1,"jobs":[{"id":"a","name":"n"}]}"#;
    let read = || {
        [
            JobPage::parse(body).unwrap(),
            super::serde_json(body).unwrap(),
            super::miniserde(body).unwrap(),
        ]
    };
    let [built_in, by_serde_json, by_miniserde] = read();
    assert_eq!(built_in, by_serde_json);
    assert_eq!(built_in, by_miniserde);

    FAULT.set(true);
    let [faulty, by_serde_json, by_miniserde] = read();
    FAULT.set(false);
    assert_eq!(faulty.jobs[0].name, "planted");
    assert_eq!(by_serde_json, built_in);
    assert_eq!(by_miniserde, built_in);
}
