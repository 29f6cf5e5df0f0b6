//! Clients from environment variables and profiles.

use std::sync::Mutex;

use super::*;
use drs_backup_jobs::credentials::Environment;

/// Notes the URLs and bodies of requests; IAM and the service know everyone.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Transport for Recorder {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let id = request.headers().get("Authorization").unwrap_or_default();
        let id = id.split("Access=").nth(1).unwrap_or_default();
        let id = id.split(',').next().unwrap_or_default();
        let url = request.url().split("/backup").next().unwrap_or_default();
        self.0
            .lock()
            .unwrap()
            .push(format!("{url} {id}").trim_end().to_owned());
        if request.url().contains("/v5/") {
            body.write(br#"{"jobs":[],"count":0}"#)?;
            return Ok(ResponseHead::new(200));
        }
        body.write(br#"{"projects":[{"id":"FOUND"}],"token":{"project":{"id":"FOUND"}}}"#)?;
        let mut head = ResponseHead::new(200);
        head.push_header("X-Subject-Token", "t");
        Ok(head)
    }
}

fn environment(variables: &[(&'static str, &str)]) -> Environment {
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Environment::from_fn(move |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    })
}

/// The requests that list one page.
fn requests(client: ClientBuilder, environment: &Environment) -> Result<Vec<String>, Error> {
    let recorder = Recorder::default();
    let client = client
        .transport(recorder.clone())
        .environment(environment)?;
    list(&client.build()?)?;
    let requests = recorder.0.lock().unwrap().clone();
    Ok(requests)
}

const LOGIN: [(&str, &str); 3] = [
    ("HW_USER_NAME", "u"),
    ("HW_USER_PASSWORD", "p"),
    ("HW_DOMAIN_NAME", "a"),
];
const KEY: [(&str, &str); 2] = [("HW_ACCESS_KEY", "VARIABLE"), ("HW_SECRET_KEY", "s")];
const TOKENS: &str = "/v3/auth/tokens?nocatalog=true";

#[test]
fn terraforms_variables_decide_where_requests_go() {
    let region = ("HW_REGION_NAME", "cn-north-4");
    for (variables, iam, drs) in [
        (
            &[region][..],
            "https://iam.cn-north-4.myhuaweicloud.com",
            "https://drs.cn-north-4.myhuaweicloud.com/v5/FOUND",
        ),
        (
            &[region, ("HW_AUTH_URL", "https://iam.example.com:5000/v3")],
            "https://iam.example.com:5000",
            "https://drs.cn-north-4.myhuaweicloud.com/v5/FOUND",
        ),
        (
            &[region, ("HW_CLOUD", "cloud.example.com\r")],
            "https://iam.cn-north-4.cloud.example.com",
            "https://drs.cn-north-4.cloud.example.com/v5/FOUND",
        ),
        (
            &[
                ("OS_REGION_NAME", "eu-west-101"),
                ("OS_PROJECT_ID", "p"),
                (
                    "HUAWEICLOUD_SDK_IAM_ENDPOINT",
                    "https://iam.example.com/v3/",
                ),
            ],
            "https://iam.example.com",
            "https://drs.eu-west-101.myhuaweicloud.eu/v5/p",
        ),
    ] {
        let variables = [variables, &LOGIN].concat();
        let expected = [format!("{iam}{TOKENS}"), drs.to_owned()];
        assert_eq!(
            requests(Client::builder(), &environment(&variables)).unwrap(),
            expected
        );
    }
}

#[test]
fn setters_take_precedence_over_variables_even_over_invalid_ones() {
    let environment = environment(&[
        ("HW_REGION_NAME", "no region"),
        ("HW_CLOUD", "no domain"),
        ("HW_PROJECT_ID", "no id\r\n!"),
        ("HW_AUTH_TOKEN", "no token"),
        ("HW_AUTH_URL", "no URL"),
    ]);
    let client = Client::builder()
        .region("cn-north-4")
        .cloud_domain("cloud.example.com")
        .iam_endpoint("https://iam.example.com")
        .project_id("p")
        .token("t");
    assert_eq!(
        requests(client, &environment).unwrap(),
        ["https://drs.cn-north-4.cloud.example.com/v5/p"]
    );
}

#[test]
fn unsupported_terraform_settings_are_refused_even_with_a_token() {
    for name in ["HW_ASSUME_ROLE_AGENCY_NAME", "HW_INSECURE"] {
        let client = Client::builder().region(REGION).project_id("p").token("t");
        let error = client.environment(&environment(&[(name, "true")]));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let expected = format!("cannot use {name}: ");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[test]
fn the_error_of_a_rejected_login_says_that_quotes_were_removed() {
    let (emulator, _, _) = logged_in(|emulator| emulator.user("account", "user2", "right-pass"));
    let error = |user: &str, password: &str| {
        let variables = environment(&[
            ("HW_USER_NAME", user),
            ("HW_DOMAIN_NAME", "account"),
            ("OS_PASSWORD", password),
        ]);
        let client = Client::builder()
            .endpoint(Emulator::ENDPOINT)
            .iam_endpoint(Emulator::ENDPOINT)
            .project_name("missing")
            .transport(emulator.clone());
        let client = client.environment(&variables).unwrap().build().unwrap();
        list(&client).unwrap_err().to_string()
    };
    let quoted = error("user", "'hunter2-pass'\r\n");
    let note = "(one pair of quotes around OS_PASSWORD was removed, POST ";
    assert!(quoted.contains(note), "{quoted}");
    assert!(!error("user", "hunter2-pass").contains("quotes"));
    let other_error = error("user2", "'right-pass'");
    assert!(other_error.contains("missing"), "{other_error}");
    assert!(!other_error.contains("quotes"), "{other_error}");
}

/// A new profile file, removed after the test.
struct ProfileFile(std::path::PathBuf);

impl ProfileFile {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("drs-backup-jobs-{}-{name}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        std::fs::write(&file.0, text).unwrap();
        file
    }

    fn variables(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("HW_REGION_NAME", REGION),
            ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", self.0.to_str().unwrap()),
        ]
    }
}

impl Drop for ProfileFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

const PROFILES: &str = "\
[basic]
ak = BASIC
sk = s
project_id = basic-project
[prod] # comment
ak = PROD
sk = s
project_id = prod-project
iam_endpoint = https://iam.prod.example.com/v3
[bare]
ak = BARE
sk = s
";

#[test]
fn a_named_profile_takes_precedence_over_variables_and_the_default_one_does_not() {
    let file = ProfileFile::new("profiles", PROFILES);
    let drs = "https://drs.cn-north-4.myhuaweicloud.com/v5";
    let lookup = "https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4";
    for (profile, more, expected) in [
        (None, &[][..], vec![format!("{drs}/basic-project BASIC")]),
        (
            None,
            &KEY[..],
            vec![
                format!("{lookup} VARIABLE"),
                format!("{drs}/FOUND VARIABLE"),
            ],
        ),
        (
            Some("prod"),
            &[KEY[0], KEY[1], ("HW_PROJECT_ID", "other")],
            vec![format!("{drs}/prod-project PROD")],
        ),
        (Some("PROD"), &[], vec![format!("{drs}/prod-project PROD")]),
        (
            Some("bare"),
            &[("HW_PROJECT_ID", "variable-project")],
            vec![format!("{drs}/variable-project BARE")],
        ),
    ] {
        let mut environment = environment(&[&file.variables(), more].concat());
        if let Some(profile) = profile {
            environment = environment.profile(profile);
        }
        assert_eq!(
            requests(Client::builder(), &environment).unwrap(),
            expected,
            "{profile:?}"
        );
    }
    let environment = environment(&file.variables()).profile("staging");
    let error = requests(Client::builder(), &environment).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot find the section [staging] in the profile file {}: it has [basic], [prod], [bare]",
            file.0.display()
        )
    );
}

#[test]
fn the_iam_endpoint_of_a_profile_finds_the_project() {
    let text = PROFILES.replace("project_id = prod-project\n", "");
    let file = ProfileFile::new("profile-iam", &text);
    let environment = environment(&file.variables()).profile("prod");
    assert_eq!(
        requests(Client::builder(), &environment).unwrap(),
        [
            "https://iam.prod.example.com/v3/projects?name=cn-north-4 PROD",
            "https://drs.cn-north-4.myhuaweicloud.com/v5/FOUND PROD"
        ]
    );
}

#[test]
fn a_project_of_the_builder_takes_precedence_over_that_of_a_profile() {
    let file = ProfileFile::new("profile-project", PROFILES);
    let environment = environment(&file.variables()).profile("prod");
    let drs = "https://drs.cn-north-4.myhuaweicloud.com/v5";
    let by_id = Client::builder().project_id("mine");
    assert_eq!(
        requests(by_id, &environment).unwrap(),
        [format!("{drs}/mine PROD")]
    );
    let by_name = Client::builder().project_name("mine");
    assert_eq!(
        requests(by_name, &environment).unwrap(),
        [
            "https://iam.prod.example.com/v3/projects?name=mine PROD".to_owned(),
            format!("{drs}/FOUND PROD")
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_profile_file_that_is_a_pipe_is_read_once() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(PROFILES.as_bytes()).unwrap();
    drop(writer);
    let path = format!("/dev/fd/{}", reader.as_raw_fd());
    let environment = environment(&[
        ("HW_REGION_NAME", REGION),
        ("HUAWEICLOUD_SDK_CREDENTIALS_FILE", &path),
    ]);
    for _ in 0..2 {
        let requests = requests(Client::builder(), &environment).unwrap();
        assert!(requests[0].ends_with("BASIC"), "{requests:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_profile_file_without_a_writer_times_out() {
    let file = ProfileFile::new("profile-fifo", "");
    std::fs::remove_file(&file.0).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file.0).status();
    assert!(made.unwrap().success());
    let client = Client::builder().timeout(Duration::from_millis(1));
    let error = requests(client, &environment(&file.variables())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    // Ends the thread that waits for a writer.
    std::fs::write(&file.0, "").unwrap();
}
