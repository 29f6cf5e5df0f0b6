//! Nothing that the crate prints holds a secret.

use super::*;
use drs_backup_jobs::{AccessKey, ErrorKind, Secret};
use std::fmt::Write as _;
use std::sync::Mutex;

/// Begins every secret that is planted, and stands nowhere else: a secret of which the end is cut
/// off is a secret still.
const MARK: &str = "MARK7f3a";
const TOKEN: &str = "MARK7f3a-token-with-a-tail";
const ISSUED: &str = "MARK7f3a-issued-with-a-tail";
const PASSWORD: &str = "MARK7f3a\"pass\\word\u{1}";
const KEY_ID: &str = "MARK7f3a-id-with-a-tail";
const SECRET_KEY: &str = "MARK7f3a-key-with-a-tail";
const SESSION: &str = "MARK7f3a-session-with-a-tail";

#[track_caller]
fn assert_clean(shown: &str, what: &str) {
    assert!(!shown.contains(MARK), "{what} shows a secret: {shown}");
}

/// All that an error can print, down to its last source.
fn printed(error: &Error) -> String {
    let mut shown = format!("{error} {error:?} {error:#?} {:?}", error.hint());
    if let Some(api) = error.api() {
        write!(shown, " {api} {api:?} {api:#?}").unwrap();
    }
    if let Some(transport) = error.transport() {
        write!(shown, " {transport} {transport:?}").unwrap();
    }
    let mut source = std::error::Error::source(error);
    while let Some(below) = source {
        write!(shown, " {below} {below:?}").unwrap();
        source = below.source();
    }
    shown
}

/// What the crate logs, over all tests of this binary.
#[cfg(feature = "log")]
mod lines {
    use super::*;
    use std::sync::PoisonError;

    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

    struct Listener;

    impl log::Log for Listener {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            if record.target().starts_with("drs_backup_jobs") {
                let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(record.args().to_string());
            }
        }

        fn flush(&self) {}
    }

    pub(super) fn listen() {
        if log::set_logger(&Listener).is_ok() {
            log::set_max_level(log::LevelFilter::Trace);
        }
    }

    pub(super) fn heard() -> Vec<String> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A service that repeats what it is sent, in the given shape, and keeps what `Debug` says
/// of the request.
#[derive(Clone, Default)]
struct Parrot {
    shape: Shape,
    /// How much comes before what is repeated in a long text.
    filler: usize,
    seen: Arc<Mutex<String>>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Shape {
    #[default]
    Json,
    Nested,
    EscapedJson,
    Success,
    Text,
    LongText,
    Html,
    Redirect,
    NoJson,
    Unsent,
    /// A sound page: what is repeated stands in the head.
    Page,
}

impl Shape {
    const ALL: [Self; 10] = [
        Self::Json,
        Self::Nested,
        Self::EscapedJson,
        Self::Success,
        Self::Text,
        Self::LongText,
        Self::Html,
        Self::Redirect,
        Self::NoJson,
        Self::Unsent,
    ];
}

impl Transport for Parrot {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let mut seen = self.seen.lock().unwrap();
        write!(seen, "{request:?} {request:#?} {:?} ", request.headers()).unwrap();
        drop(seen);
        let sent_body = String::from_utf8_lossy(request.body());
        let mut sent = format!("{} {sent_body}", request.url());
        for (name, value) in request.headers().iter() {
            write!(sent, " {name}: {}", value.as_str()).unwrap();
        }
        // The password as IAM reads it, too, and the key's id as the gateway does.
        if !sent_body.is_empty() {
            write!(sent, " {PASSWORD}").unwrap();
        }
        if let Some(authorization) = request.headers().get("Authorization") {
            let id = authorization.split(['=', ',']).nth(1).unwrap();
            write!(sent, " verify aksk signature fail, ak {id} not exist").unwrap();
        }
        let text = serde_json::to_string(&sent).unwrap();
        let mut head = ResponseHead::new(401);
        let response = match self.shape {
            Shape::Json => format!(
                r#"{{"error_code":"APIGW.0301","error_msg":{text},"request_id":{text},"encoded_authorization_message":{text}}}"#
            ),
            Shape::Nested => {
                format!(r#"{{"error":{{"code":{text},"message":{text},"title":{text}}}}}"#)
            }
            Shape::EscapedJson => {
                let mut escaped = String::new();
                for unit in sent.encode_utf16() {
                    write!(escaped, "\\u{unit:04x}").unwrap();
                }
                format!(r#"{{"error_code":"APIGW.0301","error_msg":"{escaped}"}}"#)
            }
            Shape::Success => {
                head = ResponseHead::new(200);
                format!(r#"{{"error_code":"APIGW.0301","error_msg":{text}}}"#)
            }
            Shape::Text => sent.clone(),
            Shape::Page => {
                head = ResponseHead::new(200);
                r#"{"jobs":[],"count":0}"#.into()
            }
            Shape::LongText => format!("{} {sent}", "x".repeat(self.filler)),
            Shape::Html => format!("<html><b>{sent}</b></html>"),
            Shape::Redirect => {
                head = ResponseHead::new(302);
                head.push_header("Location", &format!("https://h/{sent}?{sent}"));
                String::new()
            }
            Shape::NoJson => {
                head = ResponseHead::new(200);
                sent.clone()
            }
            Shape::Unsent => {
                return Err(TransportError::new(
                    drs_backup_jobs::transport::TransportErrorKind::ConnectionLost,
                    "broken",
                ));
            }
        };
        head.push_header("X-Subject-Token", ISSUED);
        // A head knows no secret but the token it brings: its other headers are shown as they are.
        if head.location().is_none() {
            let mut seen = self.seen.lock().unwrap();
            write!(seen, "{head:?} {head:#?} ").unwrap();
        }
        head.push_header("X-Request-Id", &format!("{sent} {ISSUED}"));
        body.write(response.as_bytes())?;
        Ok(head)
    }
}

/// Every kind of credentials, each with a secret in it.
fn planted() -> Vec<Credentials> {
    vec![
        Credentials::token(TOKEN),
        Credentials::token_provider(|| Ok::<_, Error>(TOKEN)),
        Credentials::token_reader(TOKEN.as_bytes()),
        Credentials::access_key_provider(|| {
            Ok::<_, Error>(AccessKey::new(KEY_ID, SECRET_KEY).security_token(SESSION))
        }),
        Login::new("account", "user", PASSWORD).into(),
        Login::new("account", "user", PASSWORD)
            .project_id("p")
            .into(),
        Credentials::access_key(KEY_ID, SECRET_KEY),
        AccessKey::new(KEY_ID, SECRET_KEY)
            .security_token(SESSION)
            .into(),
    ]
}

#[test]
fn no_error_shows_a_secret_though_the_service_repeats_all_it_is_sent() {
    #[cfg(feature = "log")]
    lines::listen();
    for credentials in planted() {
        // An excerpt of a long text is cut, at one filler or another within a secret.
        let cut = (0..250).map(|filler| (Shape::LongText, filler));
        for (shape, filler) in Shape::ALL.map(|shape| (shape, 0)).into_iter().chain(cut) {
            let parrot = Parrot {
                shape,
                filler,
                seen: Arc::default(),
            };
            let client = Client::builder()
                .region(REGION)
                .credentials(credentials.clone())
                .project_id("p")
                .transport(parrot.clone())
                .retry(RetryPolicy::none())
                .build()
                .unwrap();
            let error = list(&client).unwrap_err();
            assert_clean(&printed(&error), &format!("{shape:?} with {credentials:?}"));
            assert_clean(&parrot.seen.lock().unwrap(), "the request or the head");
            assert_clean(&format!("{client:?} {client:#?}"), "the client");
            // All pages, the same.
            for result in client.jobs(ListJobs::new()) {
                assert_clean(&printed(&result.unwrap_err()), "a listing");
            }
        }
    }
    #[cfg(feature = "log")]
    {
        let heard = lines::heard();
        let is_login = |line: &&String| line.contains("/v3/auth/tokens");
        let login = heard.iter().find(is_login).unwrap();
        // What the service repeats stands behind it.
        let request = login.split(" returned ").next().unwrap();
        assert!(!request.contains('?'), "{login}");
        assert_clean(&heard.join("\n"), "a log line");
    }
}

#[test]
fn no_page_shows_a_secret_though_its_request_id_repeats_all_that_was_sent() {
    for credentials in planted() {
        let client = Client::builder()
            .region(REGION)
            .credentials(credentials)
            .project_id("p")
            .transport(Parrot {
                shape: Shape::Page,
                ..Parrot::default()
            })
            .build()
            .unwrap();
        let page = client.list(&ListJobs::new()).unwrap();
        let id = page.request_id.as_deref().unwrap();
        assert!(id.chars().count() <= 128, "{id}");
        assert_clean(&format!("{page:?}"), "a page");
    }
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn no_type_shows_a_secret_that_it_holds() {
    let mut shown = String::new();
    let mut show = |value: &dyn std::fmt::Debug| write!(shown, "{value:?} {value:#?} ").unwrap();
    for credentials in planted() {
        show(&credentials);
        let builder = Client::builder().credentials(credentials).region(REGION);
        show(&builder);
        let client = builder.project_id("p").build().unwrap();
        show(&client);
        show(&client.with_project("q"));
        show(&client.jobs(ListJobs::new()));
        show(&client.jobs(ListJobs::new()).pages());
        show(&client.watch(ListJobs::new()));
    }
    show(&Secret::new(TOKEN));
    show(&Login::new("account", "user", PASSWORD));
    let key = AccessKey::new(KEY_ID, SECRET_KEY).security_token(SESSION);
    show(&key);
    let mut request = ListJobs::new().request("https://h", "p").unwrap();
    key.sign(&mut request, "p", HOUR).unwrap();
    show(&request);
    show(request.headers());
    show(&drs_backup_jobs::credentials::Environment::from_fn(|_| {
        Some(TOKEN.into())
    }));

    let emulator = emulator()
        .token(TOKEN)
        .user("account", "user", PASSWORD)
        .access_key(AccessKey::new(KEY_ID, SECRET_KEY).security_token(SESSION));
    show(&emulator);
    let emulator = emulator.build();
    for credentials in planted() {
        let client = Client::builder()
            .endpoint(Emulator::ENDPOINT)
            .iam_endpoint(Emulator::ENDPOINT)
            .project_id("p")
            .transport(emulator.clone())
            .credentials(credentials);
        let _ = list(&client.build().unwrap());
    }
    show(&emulator);
    show(&emulator.requests());
    assert!(emulator.request_count() >= 6);
    assert_clean(&shown, "a type");
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn credentials_and_their_client_show_their_kind() {
    let provider = || Ok::<_, Error>(AccessKey::new(KEY_ID, SECRET_KEY));
    for (credentials, kind) in [
        (Credentials::token(TOKEN), "token ***"),
        (
            Credentials::token_provider(|| Ok::<_, Error>(TOKEN)),
            "token from a provider",
        ),
        (
            Credentials::access_key(KEY_ID, SECRET_KEY),
            "AccessKey(***)",
        ),
        (
            Credentials::access_key_provider(provider),
            "access key from the access key provider",
        ),
        (
            Credentials::ecs_metadata(),
            "access key from the ECS metadata service",
        ),
        (Login::new("account", "user", PASSWORD).into(), "Login"),
    ] {
        let shown = format!("{credentials:?}");
        assert!(shown.contains(kind), "{shown}");
        let client = Client::builder().credentials(credentials).region(REGION);
        let shown = format!("{:?}", client.project_id("p").build().unwrap());
        assert!(shown.contains(kind), "{shown}");
    }
}

#[test]
fn no_error_of_the_environment_shows_a_secret() {
    use drs_backup_jobs::credentials::Environment;
    const NAMES: [&str; 10] = [
        "HW_AUTH_TOKEN",
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
        "HW_ACCESS_KEY",
        "HW_SECRET_KEY",
        "HW_SECURITY_TOKEN",
        "HW_USER_NAME",
        "HW_USER_PASSWORD",
        "HW_DOMAIN_NAME",
    ];
    // Every subset of the variables, well formed and not.
    let mut logins = 0;
    for value in [TOKEN, "bad MARK7f3a\n", "MARK7f3a,="] {
        for set in 0_u32..1 << NAMES.len() {
            let environment = Environment::from_fn(move |name| {
                let at = NAMES.iter().position(|known| *known == name)?;
                let value = match name {
                    // No secrets: a login shows who it is for.
                    "HW_USER_NAME" | "HW_DOMAIN_NAME" => "me",
                    _ => value,
                };
                (set & 1 << at != 0).then(|| value.into())
            });
            let built = Client::builder()
                .region(REGION)
                .project_id("p")
                .transport(Parrot::default())
                .environment(&environment)
                .inspect_err(|error| {
                    let kinds = [ErrorKind::Credentials, ErrorKind::NoCredentials];
                    assert!(kinds.contains(&error.kind()), "{error:?}");
                })
                .and_then(ClientBuilder::build);
            match built {
                Ok(client) => {
                    let shown = format!("{client:?}");
                    logins += usize::from(shown.contains("Login"));
                    assert_clean(&shown, "a client");
                }
                Err(error) => assert_clean(&printed(&error), "the environment"),
            }
        }
    }
    assert!(logins > 0, "no login was built");
}
