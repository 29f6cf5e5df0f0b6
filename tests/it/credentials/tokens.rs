//! Tokens: fixed, from a provider, in a file, in a pipe.

use super::*;

#[test]
fn sends_an_expired_token_once() {
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
fn calls_a_provider_once_more_after_a_401_and_repeats_the_request_with_its_token() {
    let emulator = emulator().token("new").build();
    let calls = Arc::new(AtomicU32::new(0));
    let count = calls.clone();
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
    assert_eq!(calls.load(Ordering::SeqCst), 0, "building requests nothing");
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 2);
}

#[test]
fn repeats_no_request_if_the_provider_has_no_other_token() {
    let emulator = emulator().token("new").build();
    let client = emulator
        .client()
        .token_provider(|| Ok::<_, Error>("old"))
        .build()
        .unwrap();
    assert_eq!(list(&client).unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(emulator.request_count(), 1);
}

/// A new directory, removed after the test.
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
fn reads_a_file_again_only_when_it_changed_or_its_token_is_rejected() {
    let folder = Folder::new("token");
    let file = folder.0.join("token");
    let emulator = emulator().token("one").build();
    let client = emulator.client().token_file(&file).build().unwrap();

    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(
        error.to_string(),
        format!("cannot read the token file {}", file.display())
    );

    std::fs::write(&file, " one\r\n").unwrap();
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.requests()[0].header("X-Auth-Token"), Some("one"));

    // Changed: read before the request.
    emulator.revoke_token("one");
    emulator.accept_token("three", None);
    std::fs::write(&file, "three").unwrap();
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 2);

    // Changed without a sign of it: read after the rejection.
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    let set_modified = || {
        let file = std::fs::File::options().write(true).open(&file).unwrap();
        file.set_modified(modified).unwrap();
    };
    std::fs::write(&file, "seven").unwrap();
    set_modified();
    assert_eq!(list(&client).unwrap(), 3, "the first token is still cached");
    assert_eq!(emulator.request_count(), 3);
    emulator.revoke_token("three");
    emulator.accept_token("seven", None);
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 5);
}

#[test]
fn refuses_a_file_without_a_token_by_name_and_without_its_text() {
    let folder = Folder::new("no-token");
    let file = folder.0.join("token");
    let emulator = emulator().build();
    let client = emulator
        .client()
        .credentials(Credentials::token_file(&file))
        .build()
        .unwrap();
    for (text, expected) in [
        (&b"\n"[..], "must not be empty"),
        (
            b"hunter2\r\nX-Evil: 1",
            "must be printable ASCII without spaces",
        ),
        (b"hunter2\0", "must be printable ASCII without spaces"),
        (b"hunter2\xff", "must be printable ASCII without spaces"),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = list(&client).unwrap_err();
        let file = file.display();
        assert_eq!(
            error.to_string(),
            format!("invalid token in the token file {file}: {expected}")
        );
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    std::fs::write(&file, "x".repeat(300_000)).unwrap();
    let error = list(&client).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "it is longer than 262144 bytes");
    assert_eq!(emulator.request_count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn reads_a_pipe_once_and_keeps_its_token() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    let emulator = emulator().token("t").build();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let path = format!("/dev/fd/{}", reader.as_raw_fd());
    let client = emulator.client().token_file(&path).build().unwrap();
    writer.write_all(b"t\r\n").unwrap();
    drop(writer);
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(list(&client.clone()).unwrap(), 3);
    // The path may lead elsewhere by now.
    drop(reader);
    assert_eq!(list(&client).unwrap(), 3);

    // There is no other token to renew it with.
    emulator.revoke_token("t");
    assert_eq!(list(&client).unwrap_err().kind(), ErrorKind::Authentication);
    assert_eq!(emulator.request_count(), 4);
}

#[test]
fn reads_a_reader_once_and_keeps_its_token() {
    let emulator = emulator().token("t").build();
    let credentials = Credentials::token_reader(&b"\"t\"\n"[..]);
    let client = emulator.client().credentials(credentials).build().unwrap();
    for _ in 0..3 {
        assert_eq!(list(&client).unwrap(), 3);
    }
    let credentials = Credentials::token_reader(std::io::empty());
    let client = client.with_credentials(credentials).unwrap();
    assert_eq!(
        list(&client).unwrap_err().to_string(),
        "invalid token in the token input: must not be empty"
    );
}

#[test]
fn a_pipe_that_is_not_closed_times_out_and_is_used_when_it_is() {
    use std::io::Write as _;
    let emulator = emulator().token("t").build();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let client = |timeout| {
        let client = emulator.client().timeout(timeout);
        client.credentials(Credentials::token("x")).build().unwrap()
    };
    let credentials = Credentials::token_reader(reader);
    let short = client(Duration::from_millis(1));
    let short = short.with_credentials(credentials.clone()).unwrap();
    for _ in 0..3 {
        let error = list(&short).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(
            error.to_string(),
            "cannot read the token input: its writer did not close it before the deadline"
        );
    }
    assert_eq!(emulator.request_count(), 0);
    writer.write_all(b"t").unwrap();
    drop(writer);
    let long = client(HOUR).with_credentials(credentials).unwrap();
    assert_eq!(list(&long).unwrap(), 3);
}

#[test]
fn cancelling_ends_the_wait_for_a_pipe() {
    use drs_backup_jobs::CancelToken;
    use std::sync::mpsc;

    /// Says when it is read: the request waits for it from then on.
    struct Announced(std::io::PipeReader, mpsc::Sender<()>);
    impl std::io::Read for Announced {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1.send(()).unwrap();
            self.0.read(buffer)
        }
    }

    let emulator = emulator().build();
    let (reader, writer) = std::io::pipe().unwrap();
    let (announce, is_read) = mpsc::channel();
    let reader = Announced(reader, announce);
    let token = CancelToken::new();
    let client = emulator
        .client()
        .timeout(24 * HOUR)
        .cancel_token(token.clone())
        .credentials(Credentials::token_reader(reader))
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| list(&client).unwrap_err().kind());
        is_read.recv().unwrap();
        token.cancel();
        assert_eq!(waiting.join().unwrap(), ErrorKind::Cancelled);
    });
    drop(writer);
    assert_eq!(emulator.request_count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_input_is_read_up_to_the_limit() {
    let emulator = emulator().build();
    let client = emulator.client().token_file("/dev/zero").build().unwrap();
    let error = list(&client).unwrap_err();
    assert_eq!(error.to_string(), "cannot read the token file /dev/zero");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "it is longer than 262144 bytes");
}

#[cfg(unix)]
#[test]
fn a_fifo_without_a_writer_times_out() {
    let folder = Folder::new("fifo");
    let path = folder.0.join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    let emulator = emulator().token("t").build();
    let client = emulator.client().timeout(Duration::from_millis(1));
    let client = client.token_file(&path).build().unwrap();
    for _ in 0..2 {
        let error = list(&client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.to_string().contains("fifo: its writer"), "{error}");
    }
    // Ends the thread that waits for a writer.
    std::fs::write(&path, "t").unwrap();
    assert_eq!(emulator.request_count(), 0);
}
