//! The strict scan: whether a text keeps the rules that hold for every value of a page, whatever
//! it means.

use super::{Cursor, Expected};

/// Goes over a whole page. Values are told apart only as far as depth is counted: the page, its
/// `jobs` and each job are read, and what lies in them is skipped.
pub(crate) fn scan_page(cursor: &mut Cursor<'_>) -> Result<(), Expected> {
    if cursor.peek() != Some(b'{') {
        return cursor.skip_value();
    }
    each_member(cursor, |cursor, key| {
        if key != "jobs" || !cursor.eat("[") {
            return cursor.skip_value();
        }
        let mut first = true;
        while cursor.next_element(&mut first)? {
            if cursor.byte() == Some(b'{') {
                each_member(cursor, |cursor, _| cursor.skip_value())?;
            } else {
                cursor.skip_value()?;
            }
        }
        Ok(())
    })
}

/// Calls `read` at the value of each member of the object under the cursor.
fn each_member(
    cursor: &mut Cursor<'_>,
    read: impl Fn(&mut Cursor<'_>, &str) -> Result<(), Expected>,
) -> Result<(), Expected> {
    cursor.demand("{", Expected::Object)?;
    let mut first = true;
    while cursor.next_member(&mut first)? {
        let key = cursor.key()?;
        read(cursor, &key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{MAX_DEPTH, whole};
    use alloc::format;

    #[track_caller]
    fn assert_scans(text: &str, sound: bool) {
        let scanned = whole(text.as_bytes(), scan_page);
        assert_eq!(scanned.is_ok(), sound, "{text}: {scanned:?}");
    }

    #[test]
    fn depth_is_counted_from_the_value_that_is_skipped() {
        for (depth, sound) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_scans(&deep, sound);
            assert_scans(&format!(r#"{{"x":{deep},"jobs":[]}}"#), sound);
            assert_scans(&format!(r#"{{"jobs":[{{"x":{deep}}}]}}"#), sound);
            assert_scans(
                &format!(r#"{{"j\u006fbs":[{{"x":{deep}}},{deep}]}}"#),
                sound,
            );
        }
    }

    #[test]
    fn the_scan_knows_no_meaning_but_every_rule_of_the_text() {
        for text in [
            "null",
            "[]",
            "{}",
            r#"{"jobs":7}"#,
            r#"{"jobs":[1,{"id":[]}]}"#,
        ] {
            assert_scans(text, true);
        }
        for text in [
            "",
            "nul",
            "[1,]",
            "{,}",
            r#"{"jobs":[01]}"#,
            r#"{"jobs":[{"id":"\ud800"}]}"#,
        ] {
            assert_scans(text, false);
        }
    }
}
