use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::names::{AGENCY, AUTH_URL, INSECURE};
use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    Environment::from_fn(move |name| variables.get(name).cloned())
}

#[track_caller]
fn assert_found(variables: &[(&str, &str)], expected: &str) {
    let found = environment(variables).credentials().unwrap();
    assert_eq!(format!("{found:?}"), expected);
}

#[track_caller]
fn assert_refused(variables: &[(&str, &str)], expected: &str) {
    let error = environment(variables).credentials().unwrap_err();
    let is_missing = expected.starts_with("no credentials");
    let kinds = [
        crate::ErrorKind::Credentials,
        crate::ErrorKind::NoCredentials,
    ];
    assert_eq!(error.kind(), kinds[usize::from(is_missing)]);
    assert_eq!(error.to_string(), expected);
}

const BY_NAME: &str = "Credentials(Login { user: InAccount { account: \"a\", name: \"u\" }, \
                       password: ***, project: None })";

#[test]
fn finds_each_kind_under_each_of_its_names() {
    for token in TOKEN {
        assert_found(&[(token, "t")], "Credentials(token ***)");
    }
    for user in USER_NAME {
        for password in PASSWORD {
            for account in ACCOUNT_NAME {
                assert_found(&[(user, "u"), (password, "p"), (account, "a")], BY_NAME);
            }
            for account in ACCOUNT_ID {
                assert_found(
                    &[(user, "u"), (password, "p"), (account, "a")],
                    "Credentials(Login { user: InAccountId { account_id: \"a\", name: \"u\" }, \
                     password: ***, project: None })",
                );
            }
        }
    }
    for user in USER_ID {
        assert_found(
            &[(user, "u"), ("HW_USER_PASSWORD", "p")],
            "Credentials(Login { user: Id(\"u\"), password: ***, project: None })",
        );
    }
}

#[cfg(feature = "aksk")]
#[test]
fn finds_access_keys_under_each_of_their_names() {
    for [ids, secrets, tokens] in ACCESS_KEYS {
        for ((id, secret), token) in ids.iter().zip(secrets).zip(tokens) {
            assert_found(&[(id, "i"), (secret, "s")], "Credentials(AccessKey(***))");
            assert_found(
                &[(id, "i"), (secret, "s"), (token, "t")],
                "Credentials(AccessKey(***, temporary))",
            );
        }
    }
    // An account set for Terraform is not a login.
    assert_found(
        &[
            ("HW_ACCESS_KEY", "i"),
            ("HW_SECRET_KEY", "s"),
            ("HW_DOMAIN_NAME", "a"),
        ],
        "Credentials(AccessKey(***))",
    );
}

#[cfg(not(feature = "aksk"))]
#[test]
fn refuses_an_access_key_that_cannot_sign() {
    assert_refused(
        &[("HUAWEICLOUD_SDK_AK", "i"), ("HUAWEICLOUD_SDK_SK", "s")],
        "cannot sign with the access key in HUAWEICLOUD_SDK_AK: the feature aksk is not enabled",
    );
}

#[test]
fn a_token_takes_precedence_over_a_key_and_a_key_over_a_login() {
    let mut all = alloc::vec![
        ("HW_USER_NAME", "u"),
        ("HW_USER_ID", "i"),
        ("HW_USER_PASSWORD", "p"),
        ("HW_DOMAIN_NAME", "a"),
    ];
    assert_found(&all, BY_NAME);
    #[cfg(feature = "aksk")]
    {
        all.extend([("HW_ACCESS_KEY", "i"), ("HW_SECRET_KEY", "s")]);
        assert_found(&all, "Credentials(AccessKey(***))");
    }
    all.push(("HW_AUTH_TOKEN", "t"));
    assert_found(&all, "Credentials(token ***)");
}

#[test]
fn half_of_a_pair_is_an_error_that_names_the_other_half() {
    assert_refused(
        &[("HUAWEICLOUD_SDK_AK", "hunter2")],
        "HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not",
    );
    assert_refused(
        &[("OS_SECRET_KEY", "hunter2"), ("HW_ACCESS_KEY", "\"\"\r")],
        "OS_SECRET_KEY is set, but HW_ACCESS_KEY is not",
    );
    assert_refused(
        &[("HW_USER_PASSWORD", "hunter2"), ("HW_DOMAIN_NAME", "a")],
        "HW_USER_PASSWORD is set, but HW_USER_NAME is not",
    );
    assert_refused(
        &[("HW_USER_NAME", "u"), ("OS_PASSWORD", "hunter2")],
        "HW_USER_NAME and OS_PASSWORD are set, but neither HW_DOMAIN_NAME nor \
         HUAWEICLOUD_SDK_DOMAIN_ID, one of which must name the account",
    );
}

#[test]
fn no_credentials_is_an_error_that_names_what_was_searched() {
    const SEARCHED: &str = "no credentials: none of HW_AUTH_TOKEN, HUAWEICLOUD_SDK_AK and \
         HUAWEICLOUD_SDK_SK, HW_ACCESS_KEY and HW_SECRET_KEY, HW_USER_NAME and HW_USER_PASSWORD \
         is set";
    assert_refused(&[], SEARCHED);
    let error = |variables| {
        let error = environment(variables).credentials_or_profile();
        error.unwrap_err().to_string()
    };
    assert_eq!(
        error(&[]),
        format!(
            "{SEARCHED}; no profile file: neither HUAWEICLOUD_SDK_CREDENTIALS_FILE nor {HOME} is set"
        )
    );
    assert_eq!(
        error(&[(PROFILE_FILE, "'/nowhere/at/all'\r\n")]),
        format!("{SEARCHED}; no profile file /nowhere/at/all")
    );
}

// Not every Unix has files whose names are not UTF-8.
#[cfg(target_os = "linux")]
#[test]
fn refuses_a_value_that_is_not_utf_8_by_name_but_takes_such_a_path() {
    use std::os::unix::ffi::OsStringExt as _;
    const SET: [&str; 7] = [
        "HW_AUTH_TOKEN",
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "HW_SECRET_KEY",
        "HW_USER_NAME",
        "HW_USER_PASSWORD",
        "HW_DOMAIN_NAME",
    ];
    let latin_1 = |text: &str| OsString::from_vec([text.as_bytes(), b"\xe9"].concat());
    for broken in SET {
        let environment = Environment::from_os_fn(move |name| {
            // A login needs all of its variables to be set, and those before it not to be.
            let is_login = |name| SET[4..].contains(&name);
            if name == broken {
                Some(latin_1("hunter2"))
            } else {
                (is_login(name) && is_login(broken)).then(|| "x".into())
            }
        });
        let error = environment.credentials().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Credentials);
        assert_eq!(
            error.to_string(),
            format!("invalid {broken}: must be UTF-8")
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    let folder = format!("drs-backup-jobs-{}-", std::process::id());
    let file = std::env::temp_dir().join(latin_1(&folder));
    std::fs::write(&file, "[basic]\nak = only\n").unwrap();
    let path = OsString::from(&file);
    let environment =
        Environment::from_os_fn(move |name| (name == PROFILE_FILE).then(|| path.clone()));
    let error = environment.profile_credentials().unwrap_err();
    std::fs::remove_file(file).unwrap();
    assert!(error.to_string().contains("cannot find sk"), "{error}");
}

#[test]
fn settings_have_the_names_of_the_official_sdks_and_of_terraform() {
    let environment = environment(&[
        ("HW_REGION_NAME", " cn-north-4\r"),
        ("HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4", "https://drs\n"),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", "\"https://iam\""),
        ("HW_AUTH_URL", "https://other"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "\u{feff}p\r\n"),
        ("HW_PROJECT_ID", "q"),
        ("HW_PROJECT_NAME", ""),
    ]);
    assert_eq!(environment.region().as_deref(), Some("cn-north-4"));
    assert_eq!(
        environment.endpoint("cn-north-4").as_deref(),
        Some("https://drs")
    );
    assert_eq!(environment.endpoint("cn-north-1"), None);
    assert_eq!(environment.iam_endpoint().as_deref(), Some("https://iam"));
    assert_eq!(environment.project_id().as_deref(), Some("p"));
    assert_eq!(environment.project_name(), None);
    assert_eq!(environment.cloud_domain(), None);
}

#[test]
fn the_path_of_terraforms_auth_url_is_dropped() {
    for (url, expected) in [
        (
            "https://iam.cn-north-4.myhuaweicloud.com/v3",
            "https://iam.cn-north-4.myhuaweicloud.com",
        ),
        (
            "https://iam.example.com:5000/v3/?a=b",
            "https://iam.example.com:5000",
        ),
        ("'https://iam.example.com'\r\n", "https://iam.example.com"),
    ] {
        for name in AUTH_URL {
            let environment = environment(&[(name, url)]);
            assert_eq!(environment.iam_endpoint().as_deref(), Some(expected));
        }
    }
}

#[track_caller]
fn assert_setting_refused(variables: &[(&str, &str)], expected: &str) {
    let environment = environment(variables);
    let checks = [
        environment.checked_region(),
        environment.checked_cloud_domain(),
        environment.checked_endpoint("cn-north-4"),
        environment.checked_iam_endpoint(),
        environment.checked_project_id(),
        environment.checked_project_name(),
    ];
    let errors: Vec<_> = checks.into_iter().filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1, "{variables:?}");
    assert_eq!(errors[0].to_string(), expected, "{variables:?}");
}

#[test]
fn refuses_an_invalid_setting_by_name_without_showing_it() {
    for (name, value, rule) in [
        (
            "HW_REGION_NAME",
            "hunter 2",
            "must be printable ASCII without spaces",
        ),
        (
            "OS_REGION_NAME",
            "hunter2.evil.com",
            "must be a region such as cn-north-4: lower-case letters, digits and hyphens",
        ),
        (
            "HW_CLOUD",
            "hunter2.com/",
            "must be a domain such as myhuaweicloud.com",
        ),
        (
            "HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4",
            "hunter2",
            "must be a URL such as https://drs.cn-north-4.myhuaweicloud.com",
        ),
        (
            "HUAWEICLOUD_SDK_IAM_ENDPOINT",
            "hunter2",
            "must be a URL such as https://iam.cn-north-4.myhuaweicloud.com",
        ),
        (
            "HW_AUTH_URL",
            "https://hunter2@h",
            "must be a URL such as https://iam.cn-north-4.myhuaweicloud.com",
        ),
        (
            "HW_PROJECT_ID",
            "\"hunter\r2\"",
            "must be printable ASCII without spaces (one pair of quotes around the value was \
             removed)",
        ),
        (
            "HW_PROJECT_NAME",
            "hunter\u{7f}2",
            "must not contain control characters",
        ),
    ] {
        assert_setting_refused(&[(name, value)], &format!("invalid {name}: {rule}"));
    }
}

#[test]
fn refuses_what_this_client_cannot_do_for_terraform() {
    for name in AGENCY {
        let expected = format!(
            "cannot use {name}: this client cannot act for an agency (assume a role); unset it and \
             set a token or the temporary access key of the agency"
        );
        assert_refused(&[(name, "hunter2"), ("HW_AUTH_TOKEN", "t")], &expected);
    }
    for name in INSECURE {
        let expected = format!(
            "cannot use {name}: this client always verifies certificates; unset it and configure \
             the certificate authority to trust (root_certificates, --ca-file)"
        );
        for value in ["true", "1", "T", "TRUE\r\n", "yes"] {
            assert_refused(&[(name, value), ("HW_AUTH_TOKEN", "t")], &expected);
        }
        for value in ["false", "0", "f", "\"False\"", "", " \r\n"] {
            assert_found(
                &[(name, value), ("HW_AUTH_TOKEN", "t")],
                "Credentials(token ***)",
            );
        }
    }
}
