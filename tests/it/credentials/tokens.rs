//! Tokens that are given, by a function or in a file.

use super::*;

#[test]
fn an_expired_token_is_refused_once_and_not_sent_again() {
    let clock = ManualClock::new();
    let end = Timestamp::parse("2024-08-19T00:00:00Z").unwrap();
    let emulator = emulator()
        .clock(clock.clone())
        .token_expiring_at("old", end)
        .build();
    let client = emulator.client().token("old").build().unwrap();
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("token expires"), "{error}");
    assert_eq!(emulator.request_count(), 1);
}

#[test]
fn a_function_is_asked_once_more_and_the_request_repeated_if_the_token_changed() {
    let emulator = emulator().token("new").build();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let client = emulator
        .client()
        .token_provider(move || {
            Ok::<_, Error>(match count.fetch_add(1, Ordering::SeqCst) {
                0 => "old",
                _ => "new",
            })
        })
        .build()
        .unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 0, "building asks for nothing");
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 2);
}

#[test]
fn a_function_that_has_no_other_token_is_not_the_cause_of_a_second_request() {
    let emulator = emulator().token("new").build();
    let client = emulator
        .client()
        .token_provider(|| Ok::<_, Error>("old"))
        .build()
        .unwrap();
    assert_eq!(list(&client).unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(emulator.request_count(), 1);
}

/// A directory of its own, gone with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("drs-backup-jobs-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_is_read_anew_for_each_request() {
    let folder = Folder::new("token");
    let file = folder.0.join("token");
    let emulator = emulator().token("one").build();
    let client = emulator.client().token_file(&file).build().unwrap();

    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(
        error.to_string(),
        format!("the token file {} cannot be read", file.display())
    );

    std::fs::write(&file, " one\r\n").unwrap();
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.requests()[0].header("X-Auth-Token"), Some("one"));

    emulator.revoke_token("one");
    emulator.accept_token("two", None);
    std::fs::write(&file, "two").unwrap();
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 2);
}

#[test]
fn a_file_that_holds_no_token_is_refused_with_its_name_and_without_its_text() {
    let folder = Folder::new("no-token");
    let file = folder.0.join("token");
    let emulator = emulator().build();
    let client = emulator
        .client()
        .credentials(Credentials::token_file(&file))
        .build()
        .unwrap();
    for (text, expected) in [
        (&b"\n"[..], "gave an empty token"),
        (
            b"hunter2\r\nX-Evil: 1",
            "gave no token: it holds a space, a control character or one that is not ASCII",
        ),
        (
            b"hunter2\0",
            "gave no token: it holds a space, a control character or one that is not ASCII",
        ),
        (b"hunter2\xff", "cannot be read"),
        ("x".repeat(300_000).as_bytes(), "cannot be read"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = list(&client).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the token file {} {expected}", file.display())
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    assert_eq!(emulator.request_count(), 0);
}
