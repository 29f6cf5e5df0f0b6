//! Any key, endpoint, project and values: signing gives a signature or an error, sends what was to
//! be sent, and does not hang on the order of the query.

use std::time::Duration;

use drs_backup_jobs::{AccessKey, ErrorKind, ListJobs};

/// The bytes, cut at zeros, are the key's id, its secret, its token, the endpoint's path, the
/// project, the name, and ids.
pub(crate) fn run(data: &[u8]) {
    let mut texts = data
        .split(|&byte| byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned());
    let mut next = || texts.next().unwrap_or_default();
    let mut key = AccessKey::new(next(), next());
    let token = next();
    if !token.is_empty() {
        key = key.security_token(token);
    }
    let endpoint = format!("https://h/{}", next());
    let (project, name) = (next(), next());
    let ids: Vec<String> = texts.take(10).collect();

    let query = |ids: Vec<String>| ListJobs::new().dbs_instance_ids(ids).name(&name).limit(1);
    let backwards = ids.iter().rev().cloned().collect();
    let signed = [ids, backwards].map(|ids| {
        let mut request = query(ids).request(&endpoint, &project).ok()?;
        let url = request.url().to_owned();
        match key.sign(&mut request, &project, Duration::from_secs(1_734_312_607)) {
            Ok(()) => {}
            Err(error) => {
                let kind = error.kind();
                let is_refusal =
                    kind == ErrorKind::Credentials || error.parameter() == Some("project_id");
                assert!(is_refusal, "{error:?}");
                return None;
            }
        }
        assert_eq!(request.url(), url);
        request.headers().get("Authorization").map(str::to_owned)
    });
    let [forwards, backwards] = signed;
    assert_eq!(forwards, backwards);
    if let Some(authorization) = forwards {
        let (head, signature) = authorization.rsplit_once("Signature=").unwrap();
        assert!(head.starts_with("SDK-HMAC-SHA256 Access="), "{head}");
        assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
