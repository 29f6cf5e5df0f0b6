//! Every source of input × everything that people and tools leave around a value: the value is
//! used, or an error names the source and the rule. Nothing else is sent.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use super::*;
use drs_backup_jobs::AccessKey;
use drs_backup_jobs::credentials::Environment;

/// Stands in every value, and in no error.
const MARK: &str = "hunter2";
const TOKEN: &str = "MII-hunter2-token";
const KEY_ID: &str = "AK-hunter2";
const SECRET_KEY: &str = "SK-hunter2-secret";
const SESSION: &str = "ST-hunter2-session";
const PROJECT: &str = "project-hunter2";
const USER: &str = "user-hunter2";
const PASSWORD: &str = "pass-hunter2-wörd";

/// One source of input, whose raw bytes the test chooses.
#[derive(Clone, Copy)]
struct Source {
    /// What errors must name.
    name: &'static str,
    value: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A variable, with those that complete it.
    Variable(&'static [(&'static str, &'static str)]),
    /// A key of a profile file, with the other keys.
    Profile(&'static str),
    /// The same, with the whole file in another encoding.
    ProfileFile,
    TokenFile,
    TokenReader,
}

const fn variable(
    name: &'static str,
    value: &'static str,
    others: &'static [(&'static str, &'static str)],
) -> Source {
    Source {
        name,
        value,
        kind: Kind::Variable(others),
    }
}

const fn profile(name: &'static str, value: &'static str, others: &'static str) -> Source {
    Source {
        name,
        value,
        kind: Kind::Profile(others),
    }
}

const SOURCES: [Source; 20] = [
    variable("HW_AUTH_TOKEN", TOKEN, &[]),
    variable("OS_AUTH_TOKEN", TOKEN, &[]),
    variable(
        "HUAWEICLOUD_SDK_AK",
        KEY_ID,
        &[
            ("HUAWEICLOUD_SDK_SK", SECRET_KEY),
            ("HUAWEICLOUD_SDK_SECURITY_TOKEN", SESSION),
        ],
    ),
    variable(
        "HUAWEICLOUD_SDK_SK",
        SECRET_KEY,
        &[
            ("HUAWEICLOUD_SDK_AK", KEY_ID),
            ("HUAWEICLOUD_SDK_SECURITY_TOKEN", SESSION),
        ],
    ),
    variable(
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        SESSION,
        &[
            ("HUAWEICLOUD_SDK_AK", KEY_ID),
            ("HUAWEICLOUD_SDK_SK", SECRET_KEY),
        ],
    ),
    variable(
        "HW_ACCESS_KEY",
        KEY_ID,
        &[
            ("OS_SECRET_KEY", SECRET_KEY),
            ("HW_SECURITY_TOKEN", SESSION),
        ],
    ),
    variable(
        "HW_SECRET_KEY",
        SECRET_KEY,
        &[("HW_ACCESS_KEY", KEY_ID), ("HW_SECURITY_TOKEN", SESSION)],
    ),
    variable(
        "HW_SECURITY_TOKEN",
        SESSION,
        &[("HW_ACCESS_KEY", KEY_ID), ("HW_SECRET_KEY", SECRET_KEY)],
    ),
    variable("HUAWEICLOUD_SDK_PROJECT_ID", PROJECT, WITH_TOKEN),
    variable("HW_PROJECT_ID", PROJECT, WITH_TOKEN),
    variable(
        "HW_USER_NAME",
        USER,
        &[("HW_USER_PASSWORD", PASSWORD), ("HW_DOMAIN_NAME", "a")],
    ),
    variable("HW_USER_ID", USER, &[("HW_USER_PASSWORD", PASSWORD)]),
    variable(
        "HW_USER_PASSWORD",
        PASSWORD,
        &[("HW_USER_NAME", USER), ("HW_DOMAIN_ID", "a")],
    ),
    profile(
        "ak",
        KEY_ID,
        "sk = SK-hunter2-secret\nsecurity_token = ST-hunter2-session\n",
    ),
    profile(
        "sk",
        SECRET_KEY,
        "ak = AK-hunter2\nsecurity_token = ST-hunter2-session\n",
    ),
    profile(
        "security_token",
        SESSION,
        "ak = AK-hunter2\nsk = SK-hunter2-secret\n",
    ),
    profile(
        "project_id",
        PROJECT,
        "ak = AK-hunter2\nsk = SK-hunter2-secret\nsecurity_token = ST-hunter2-session\n",
    ),
    Source {
        name: "profile file",
        value: "[basic]\nak = AK-hunter2\nsk = SK-hunter2-secret\nsecurity_token = ST-hunter2-session",
        kind: Kind::ProfileFile,
    },
    Source {
        name: "token file",
        value: TOKEN,
        kind: Kind::TokenFile,
    },
    Source {
        name: "token input",
        value: TOKEN,
        kind: Kind::TokenReader,
    },
];
const WITH_TOKEN: &[(&str, &str)] = &[("HW_AUTH_TOKEN", TOKEN)];

/// What must come of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Used,
    /// Refused, with the name of the source and this rule.
    Refused(&'static str),
    /// As if it was not set: refused where it is needed.
    Missing,
}
use Outcome::{Missing, Refused, Used};

const ASCII: &str = "must be printable ASCII without spaces";
const QUOTES: &str = "must not begin or end with a quotation mark";

impl Source {
    fn is_file(self) -> bool {
        matches!(
            self.kind,
            Kind::ProfileFile | Kind::TokenFile | Kind::TokenReader
        )
    }

    fn is_profile(self) -> bool {
        matches!(self.kind, Kind::Profile(_) | Kind::ProfileFile)
    }

    /// Whether it may hold any text: a user's name, a password.
    fn is_text(self) -> bool {
        matches!(
            self.name,
            "HW_USER_NAME" | "HW_USER_PASSWORD" | "HW_PROJECT_NAME"
        )
    }

    /// The inputs that this source can hold, and what must come of them.
    fn inputs(self) -> Vec<(&'static str, Vec<u8>, Outcome)> {
        let value = self.value;
        let around = |before: &str, after: &str| format!("{before}{value}{after}").into_bytes();
        let mut inputs = vec![
            ("as it is", around("", ""), Used),
            ("trailing CR", around("", "\r"), Used),
            ("trailing LF", around("", "\n"), Used),
            ("trailing CRLF", around("", "\r\n"), Used),
            ("spaces", around(" \t", "  "), Used),
            ("byte order mark", around("\u{feff}", ""), Used),
            ("all of it", around("\u{feff} ", " \r\n\r\n"), Used),
        ];
        if self.is_file() {
            inputs.extend(self.in_utf16());
        }
        if self.kind == Kind::ProfileFile {
            let upper = value.replace("ak =", "AK =").replace("basic", "BASIC");
            let comment = value.replace(']', "] # comment");
            inputs.extend([
                ("upper case", upper.into(), Used),
                ("comment", comment.into(), Used),
                (
                    "comment not UTF-8",
                    [around("", "\n# "), vec![0xff]].concat(),
                    Used,
                ),
                ("empty", Vec::new(), Missing),
            ]);
            return inputs;
        }
        let split = |by: &[u8]| {
            let (head, tail) = value.as_bytes().split_at(3);
            [head, by, tail].concat()
        };
        let word = |rule| if self.is_text() { Used } else { Refused(rule) };
        let control = if self.is_text() {
            Refused("must not contain control characters")
        } else {
            Refused(ASCII)
        };
        let not_utf8 = match self.kind {
            Kind::Variable(_) => Refused("must be UTF-8"),
            _ => Refused(ASCII),
        };
        inputs.extend([
            ("double quotes", around("\"", "\""), Used),
            ("single quotes", around("'", "'"), Used),
            ("quotes and CRLF", around("\"", "\"\r\n"), Used),
            ("empty", Vec::new(), Missing),
            ("empty quotes", b"\"\"".to_vec(), Missing),
            ("CRLF alone", b"\r\n".to_vec(), Missing),
            ("not UTF-8", split(b"\xff"), not_utf8),
            ("control character", split(b"\x01"), control),
            ("DEL", split(b"\x7f"), control),
        ]);
        if !self.is_profile() {
            inputs.push(("CRLF in quotes", around("\"", "\r\n\""), Used));
        }
        if !self.is_text() {
            inputs.extend([
                ("space", split(b" "), Refused(ASCII)),
                (
                    "zero-width space",
                    split("\u{200b}".as_bytes()),
                    Refused(ASCII),
                ),
                ("one quote", around("\"", ""), word(QUOTES)),
                ("two pairs of quotes", around("\"'", "'\""), word(QUOTES)),
                (
                    "space in quotes",
                    around("'a ", "'"),
                    Refused(
                        "must be printable ASCII without spaces (one pair of quotes around the \
                         value was removed)",
                    ),
                ),
            ]);
            let comment = if self.is_profile() {
                Used
            } else {
                Refused(ASCII)
            };
            inputs.extend([
                ("comment", around("", " # comment"), comment),
                ("comment with semicolon", around("", "\t; comment"), comment),
            ]);
        }
        inputs
    }

    /// The value as Windows tools write it.
    fn in_utf16(self) -> [(&'static str, Vec<u8>, Outcome); 4] {
        let units: Vec<u16> = format!("{}\r\n", self.value).encode_utf16().collect();
        let bytes = |to: fn(u16) -> [u8; 2], mark: bool| {
            let mark = mark.then_some(0xfeff);
            let units = mark.into_iter().chain(units.iter().copied());
            units.flat_map(to).collect::<Vec<u8>>()
        };
        [
            ("UTF-16 LE", bytes(u16::to_le_bytes, true), Used),
            ("UTF-16 BE", bytes(u16::to_be_bytes, true), Used),
            (
                "UTF-16 LE without mark",
                bytes(u16::to_le_bytes, false),
                Used,
            ),
            (
                "UTF-16 BE without mark",
                bytes(u16::to_be_bytes, false),
                Used,
            ),
        ]
    }

    /// Lists the jobs with credentials from this source.
    fn list(
        self,
        emulator: &Emulator,
        input: &[u8],
        file: &std::path::Path,
    ) -> Result<usize, Error> {
        let client = Client::builder()
            .endpoint(Emulator::ENDPOINT)
            .iam_endpoint(Emulator::ENDPOINT)
            .transport(emulator.clone());
        let mut variables = vec![(
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
            OsString::from(file.as_os_str()),
        )];
        let client = match self.kind {
            Kind::Variable(others) => {
                variables.push((self.name, OsString::from_vec(input.to_vec())));
                let others = others.iter();
                variables.extend(others.map(|(name, value)| (*name, OsString::from(value))));
                client
            }
            Kind::Profile(others) => {
                let line = [self.name.as_bytes(), b" = ", input, b"\n"].concat();
                let text = [b"[basic]\n", others.as_bytes(), &line].concat();
                std::fs::write(file, text).unwrap();
                client
            }
            Kind::ProfileFile => {
                std::fs::write(file, input).unwrap();
                client
            }
            Kind::TokenFile => {
                std::fs::write(file, input).unwrap();
                client.token_file(file)
            }
            Kind::TokenReader => {
                let input = std::io::Cursor::new(input.to_vec());
                client.credentials(Credentials::token_reader(input))
            }
        };
        let environment = Environment::from_os_fn(move |name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.clone())
        });
        let client = client.environment(&environment)?;
        // A missing project id is not a separate error here.
        let client = match self.name {
            "HUAWEICLOUD_SDK_PROJECT_ID" | "HW_PROJECT_ID" | "project_id" => client,
            _ => client.project_id(PROJECT),
        };
        list(&client.build()?)
    }
}

#[test]
fn every_source_uses_a_value_or_names_the_source_and_the_rule() {
    let file = std::env::temp_dir().join(format!("drs-backup-jobs-{}-input", std::process::id()));
    for source in SOURCES {
        for (name, input, expected) in source.inputs() {
            let case = format!("{} with {name}", source.name);
            let emulator = emulator()
                .token(TOKEN)
                .access_key(AccessKey::new(KEY_ID, SECRET_KEY).security_token(SESSION))
                .user("a", USER, PASSWORD)
                .project_id(PROJECT)
                .build();
            let result = source.list(&emulator, &input, &file);
            let _ = std::fs::remove_file(&file);
            let error = match (result, expected) {
                (Ok(jobs), Used) => {
                    assert_eq!(jobs, 3, "{case}");
                    continue;
                }
                // A temporary key without its token is a key that the service does not know.
                (Err(error), Missing) if source.value == SESSION => {
                    assert_eq!(error.kind(), ErrorKind::Authentication, "{case}");
                    continue;
                }
                (Err(error), Refused(rule)) => {
                    let text = error.to_string();
                    assert!(text.contains(source.name), "{case}: {text}");
                    assert!(text.contains(rule), "{case}: {text}");
                    error
                }
                (Err(error), Missing) => error,
                (result, expected) => panic!("{case}: {result:?} instead of {expected:?}"),
            };
            let shown = format!("{error} {error:?} {error:#?}");
            assert!(!shown.contains(MARK), "{case}: {shown}");
            assert_eq!(emulator.request_count(), 0, "{case}: {error}");
        }
    }
}

/// A setting, its value and how to read it.
type Setting = (Source, fn(&Environment) -> Option<String>);

#[test]
fn every_setting_uses_a_value_or_names_the_variable_and_the_rule() {
    const REGION_SET: &[(&str, &str)] = &[("HW_REGION_NAME", "xx-hunter2-1")];
    let endpoint = |environment: &Environment| environment.endpoint("xx-hunter2-1");
    let settings: [Setting; 7] = [
        (
            variable("HW_REGION_NAME", "xx-hunter2-1", &[]),
            Environment::region,
        ),
        (
            variable("HW_CLOUD", "hunter2.example.com", &[]),
            Environment::cloud_domain,
        ),
        (
            variable(
                "HUAWEICLOUD_SDK_REGION_DRS_XX_HUNTER2_1",
                "https://hunter2.example.com",
                REGION_SET,
            ),
            endpoint,
        ),
        (
            variable(
                "HUAWEICLOUD_SDK_IAM_ENDPOINT",
                "https://hunter2.example.com",
                &[],
            ),
            Environment::iam_endpoint,
        ),
        (
            variable("OS_AUTH_URL", "https://hunter2.example.com", &[]),
            Environment::iam_endpoint,
        ),
        (
            variable("OS_PROJECT_ID", PROJECT, &[]),
            Environment::project_id,
        ),
        (
            variable("HW_PROJECT_NAME", "name-hunter2", &[]),
            Environment::project_name,
        ),
    ];
    for (source, read) in settings {
        let Kind::Variable(others) = source.kind else {
            continue;
        };
        for (name, input, expected) in source.inputs() {
            let case = format!("{} with {name}", source.name);
            let environment = Environment::from_os_fn(move |name| {
                if name == source.name {
                    return Some(OsString::from_vec(input.clone()));
                }
                let found = others.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| OsString::from(value))
            });
            let value = read(&environment);
            let built = Client::builder().token("t").environment(&environment);
            match (expected, built) {
                (Used, Ok(_)) => {
                    assert_eq!(value.as_deref(), Some(source.value), "{case}");
                }
                (Missing, Ok(_)) => assert_eq!(value, None, "{case}"),
                (Refused(rule), Err(error)) => {
                    assert_eq!(value, None, "{case}");
                    let text = error.to_string();
                    assert!(text.contains(source.name), "{case}: {text}");
                    assert!(text.contains(rule), "{case}: {text}");
                    let shown = text.replace(source.name, "");
                    assert!(!shown.contains(MARK), "{case}: {error:?}");
                }
                (expected, built) => panic!("{case}: {built:?} instead of {expected:?}"),
            }
        }
    }
}
