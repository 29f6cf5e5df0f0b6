//! Any values: what was encoded, read by an independent decoder, is what went in.

use drs_backup_jobs::ListJobs;

/// The bytes, cut at zeros, are the project and the values of the parameters in turn.
pub(crate) fn run(data: &[u8]) {
    let mut texts = data
        .split(|&byte| byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned());
    let Some(project) = texts.next() else {
        return;
    };
    let mut query = ListJobs::new();
    let mut expected: Vec<(&str, String)> = Vec::new();
    for (index, text) in texts.take(24).enumerate() {
        let (key, set): (_, fn(ListJobs, String) -> ListJobs) = match index {
            0 => ("name", ListJobs::name),
            1 => ("status", ListJobs::status),
            2 => ("description", ListJobs::description),
            3 => ("create_at", ListJobs::create_at),
            4 => ("completed_at", ListJobs::completed_at),
            5 => ("enterprise_project_id", ListJobs::enterprise_project_id),
            6 => ("tags", ListJobs::tags),
            7 => ("sort_key", ListJobs::sort_key),
            8 => ("sort_dir", ListJobs::sort_dir),
            _ => ("dbs_instance_ids", |query, id| query.dbs_instance_ids([id])),
        };
        query = set(query, text.clone());
        expected.push((key, text));
    }
    let ids = expected
        .iter()
        .filter(|(key, _)| *key == "dbs_instance_ids")
        .count();
    let mut out = String::new();
    let written = query.write_path_and_query(&project, &mut out);
    if project.is_empty() || ids > 10 {
        assert!(written.is_err());
        assert_eq!(out, "");
        return;
    }
    written.unwrap();
    check(&out, &project, &expected);
}

fn check(out: &str, project: &str, expected: &[(&str, String)]) {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?&=%".contains(&byte);
    assert!(out.bytes().all(kept), "{out}");
    let (path, query) = out.split_once('?').unwrap_or((out, ""));
    let encoded = path
        .strip_prefix("/v5/")
        .and_then(|path| path.strip_suffix("/backup-migration-jobs"))
        .unwrap();
    assert!(!encoded.contains('/'), "{out}");
    assert_eq!(decoded(encoded), project);
    let mut read: Vec<(&str, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(key, value)| (key, decoded(value)))
        .collect();
    let mut expected: Vec<_> = expected
        .iter()
        .map(|(key, text)| (*key, folded(key, text)))
        .collect();
    // Stable, so that ids keep their order.
    read.sort_by_key(|(key, _)| *key);
    expected.sort_by_key(|(key, _)| *key);
    assert_eq!(read, expected);
}

/// Known values of these keys are written as the service writes them, whatever their case was.
fn folded(key: &str, text: &str) -> String {
    let known: &[&str] = match key {
        "status" => &["TRANSFERRING", "SUCCESS", "FAILED", "PRECHECK FAILED"],
        "sort_key" => &[
            "name",
            "db_type",
            "inst_id",
            "ip",
            "created_at",
            "description",
            "tag_value",
        ],
        "sort_dir" => &["asc", "desc"],
        _ => &[],
    };
    known
        .iter()
        .find(|known| known.eq_ignore_ascii_case(text))
        .map_or_else(|| text.to_owned(), ToString::to_string)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(&behind[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &behind[2..];
        } else {
            bytes.push(byte);
            rest = behind;
        }
    }
    String::from_utf8(bytes).unwrap()
}
