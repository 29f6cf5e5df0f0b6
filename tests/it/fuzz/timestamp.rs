//! Any text as a time: it is none, or one that prints and reads back.

use drs_backup_jobs::Timestamp;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(time) = Timestamp::parse(text) else {
        return;
    };
    let printed = time.to_string();
    assert_eq!(Timestamp::parse(&printed), Some(time), "{printed}");
    assert!(matches!(printed.len(), 20 | 24), "{printed}");
    assert_eq!(Timestamp::from_unix_millis(time.unix_millis()), Some(time));
    assert!(text.is_ascii(), "{text}");
    assert_eq!(
        serde_json::from_str::<Timestamp>(&format!("\"{text}\"")).ok(),
        Some(time)
    );
}
