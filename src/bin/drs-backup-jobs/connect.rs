//! From flags, environment and profile to a client.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::credentials::Environment;
use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::transport::{Proxies, Ureq};
use drs_backup_jobs::{
    CancelToken, Client, ClientBuilder, Clock, Credentials, Error, ErrorKind, Region, RetryPolicy,
    Timestamp,
};

use crate::args::ServiceArgs;
use crate::demo::Demo;
use crate::dry_run::DryRun;
use crate::failure::{Failure, say, with_causes};
use crate::output::text;
use crate::request_count::{Counted, RequestCount};
use crate::time;

/// A client, and what it was made with.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// What would have been sent, in a dry run.
    pub(crate) dry_run: Option<DryRun>,
    region: Option<String>,
    /// How many requests for jobs were sent.
    pub(crate) requests: RequestCount,
    /// The clock of the service.
    pub(crate) clock: Arc<dyn Clock>,
    /// The limit of the whole run, and whether it is over.
    timeout: Option<(Duration, CancelToken)>,
    /// The emulator that serves the sample data.
    _demo: Option<Demo>,
}

impl Connection {
    /// The time on the clock of the service.
    pub(crate) fn now(&self) -> Timestamp {
        time::now(&*self.clock)
    }

    /// Whether the time limit of the whole run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.timeout
            .as_ref()
            .is_some_and(|(_, token)| token.is_cancelled())
    }

    /// That the time limit of the whole run is over.
    pub(crate) fn timed_out(&self) -> Failure {
        let limit = self
            .timeout
            .as_ref()
            .map_or(Duration::ZERO, |(limit, _)| *limit);
        Failure::timeout(format!(
            "cannot finish within --timeout {}",
            text::took(limit)
        ))
    }

    /// Why a request failed, with what its place suggests.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let kind = error.kind();
        if kind == ErrorKind::Cancelled && self.is_over() {
            return self.timed_out();
        }
        let failure = Failure::from(error);
        match &self.region {
            Some(region) if matches!(kind, ErrorKind::Connect | ErrorKind::Tls) => {
                with_nearest_regions(failure, region)
            }
            _ => failure,
        }
    }
}

/// The client that flags, environment and profile describe. `timeout` limits the whole run; the
/// sample data of a demo change by `script`.
pub(crate) fn connect(
    args: &ServiceArgs,
    timeout: Option<Duration>,
    script: Script,
) -> Result<Connection, Failure> {
    let timeout = timeout.map(|limit| (limit, cancelled_after(limit)));
    let demo = args
        .demo
        .then(|| Demo::start(args.now, script))
        .transpose()?;
    let environment = match &demo {
        Some(_) => Environment::from_fn(|_| None),
        None => Environment::from_process(),
    };
    let clock = demo.as_ref().map_or_else(
        || Arc::new(SystemClock::new()) as Arc<dyn Clock>,
        Demo::clock,
    );
    let dry_run = args.dry_run.then(DryRun::default);
    // A region that an endpoint goes before is not to blame for anything.
    let region = match &args.endpoint {
        Some(_) => None,
        None => args.region.clone().or_else(|| environment.region()),
    };

    let requests = RequestCount::default();
    let mut builder = Client::builder()
        .timeout(args.request_timeout)
        .retry(RetryPolicy::default().retries(args.retries));
    if let Some((_, token)) = &timeout {
        builder = builder.cancel_token(token.clone());
    }
    builder = match &dry_run {
        Some(dry_run) => builder.transport(dry_run.clone()),
        None => builder.transport(Counted::new(transport(args)?, requests.clone())),
    };
    builder = match &demo {
        Some(demo) => builder
            .endpoint(demo.url())
            .project_id("demo")
            .token("demo"),
        None => described(builder, args, &environment)?,
    };
    let client = builder.build().map_err(|error| {
        let parameter = error.parameter();
        let failure = Failure::from(error);
        match (parameter, &region) {
            (Some("region"), Some(region)) => with_nearest_regions(failure, region),
            (Some("project_id"), _) => failure.with_hint(PROJECT_HINT),
            (Some("endpoint"), _) => failure.with_hint(ENDPOINT_HINT),
            (Some("iam_endpoint"), _) => failure.with_hint(IAM_HINT),
            _ => failure,
        }
    })?;
    Ok(Connection {
        client,
        dry_run,
        region,
        requests,
        clock,
        timeout,
        _demo: demo,
    })
}

const REGION_HINT: &str = "name the region with --region or HW_REGION_NAME, such as cn-north-4";
const PROJECT_HINT: &str = "name the project in that region with --project-id or HUAWEICLOUD_SDK_PROJECT_ID: the console shows it under My Credentials";
const ENDPOINT_HINT: &str = "name it like https://drs.cn-north-4.myhuaweicloud.com; plain http is for this machine alone, such as http://127.0.0.1:8080";
const IAM_HINT: &str = "name it like https://iam.cn-north-4.myhuaweicloud.com; plain http is for this machine alone, such as http://127.0.0.1:8080";
const TOKEN_HINT: &str = "put a token of IAM into HW_AUTH_TOKEN or into a file for --token-file, or an access key into HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK";
const DEMO_HINT: &str = "to look around first: drs-backup-jobs list --demo";

/// A token that cancels requests after `limit`.
fn cancelled_after(limit: Duration) -> CancelToken {
    let token = CancelToken::new();
    let timer = token.clone();
    // It ends with the program.
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        timer.cancel();
    });
    token
}

/// Flags first, then the environment, then the profile. All that is missing is told at once.
fn described(
    mut builder: ClientBuilder,
    args: &ServiceArgs,
    environment: &Environment,
) -> Result<ClientBuilder, Failure> {
    if let Some(region) = &args.region {
        builder = builder.region(region);
    }
    if let Some(endpoint) = &args.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(project_id) = &args.project_id {
        builder = builder.project_id(project_id);
    }
    if let Some(file) = &args.token_file {
        builder = builder.credentials(token_of(file)?);
    }
    let is_placed =
        args.region.is_some() || args.endpoint.is_some() || environment.region().is_some();
    let (filled, no_credentials) = match builder.clone().environment(environment) {
        Ok(filled) => (filled, None),
        Err(error) if args.dry_run && is_nothing_found(&error) => {
            say("note", &format!("{error}; a token stands in below"));
            let stand_in = builder.token("none").environment(environment)?;
            (stand_in, None)
        }
        Err(error) => (builder, Some(error)),
    };
    if is_placed && no_credentials.is_none() {
        return Ok(filled);
    }
    let needs_project = match &no_credentials {
        // With these credentials, and a region like any other.
        None => {
            let refusal = filled.region("cn-north-4").build().err();
            refusal.and_then(|error| error.parameter()) == Some("project_id")
        }
        Some(_) => {
            args.project_id.is_none()
                && environment.project_id().is_none()
                && environment.project_name().is_none()
        }
    };
    let mut missing = Vec::new();
    let mut hints = Vec::new();
    if !is_placed {
        missing.push("no region".to_owned());
        hints.push(REGION_HINT);
    }
    if needs_project {
        missing.push("no project id".to_owned());
        hints.push(PROJECT_HINT);
    }
    if let Some(error) = no_credentials {
        missing.push(with_causes(&error));
        hints.push(TOKEN_HINT);
    }
    hints.push(DEMO_HINT);
    let failure = Failure::usage(missing.join(", "));
    Err(hints.into_iter().fold(failure, Failure::with_hint))
}

/// Whether there are no credentials at all: half of some, or a profile that cannot be read, would
/// stop the real run, so it stops a dry run too.
fn is_nothing_found(error: &Error) -> bool {
    error.kind() == ErrorKind::NoCredentials
}

fn transport(args: &ServiceArgs) -> Result<Ureq, Failure> {
    let mut builder = Ureq::builder();
    if args.demo {
        builder = builder.proxies(Proxies::none());
    }
    if let Some(file) = &args.ca_file {
        let pem = std::fs::read(file).map_err(|error| {
            Failure::usage(format!("cannot read --ca-file {}: {error}", file.display()))
        })?;
        builder = builder.root_certificates(pem);
    }
    Ok(builder.build()?)
}

fn with_nearest_regions(failure: Failure, region: &str) -> Failure {
    let nearest = Region::nearest(&region.to_lowercase());
    if Region::KNOWN.iter().any(|known| known.as_str() == region) || nearest.is_empty() {
        return failure;
    }
    failure.with_hint(format!(
        "{region:?} is no region this version knows; near it are {}",
        nearest.join(", ")
    ))
}

/// The token in a file, which may be renewed while a watch runs; standard input is read but once.
fn token_of(file: &Path) -> Result<Credentials, Failure> {
    if file != Path::new("-") {
        return Ok(Credentials::token_file(file));
    }
    let mut token = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut token)
        .map_err(|error| {
            Failure::usage(format!("cannot read a token from standard input: {error}"))
        })?;
    match token.trim() {
        "" => Err(Failure::usage("standard input holds no token").with_hint(TOKEN_HINT)),
        token => Ok(Credentials::token(token)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> ServiceArgs {
        ServiceArgs {
            region: None,
            endpoint: None,
            project_id: None,
            token_file: None,
            ca_file: None,
            profile: None,
            ecs_metadata: false,
            retries: 4,
            request_timeout: Duration::from_secs(60),
            now: None,
            demo: false,
            dry_run: false,
        }
    }

    const COMPLETE: [(&str, &str); 3] = [
        ("HW_REGION_NAME", "cn-north-4"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "p"),
        ("HW_AUTH_TOKEN", "s3cret"),
    ];

    /// Where a client asks for what, or why there is none.
    fn client(args: &ServiceArgs, variables: &[(&str, &str)]) -> Result<String, Failure> {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let environment = Environment::from_fn(move |name| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        });
        let client = described(Client::builder(), args, &environment)?.build()?;
        assert!(!format!("{client:?}").contains("s3cret"));
        Ok(format!(
            "{} {}",
            client.endpoint(),
            client.resolve_project_id()?
        ))
    }

    #[test]
    fn the_environment_is_enough() {
        assert_eq!(
            client(&args(), &COMPLETE).unwrap(),
            "https://drs.cn-north-4.myhuaweicloud.com p"
        );
    }

    #[test]
    fn flags_go_before_the_environment() {
        let args = ServiceArgs {
            region: Some("cn-east-3".into()),
            project_id: Some("q".into()),
            ..args()
        };
        assert_eq!(
            client(&args, &COMPLETE).unwrap(),
            "https://drs.cn-east-3.myhuaweicloud.com q"
        );
    }

    #[test]
    fn an_endpoint_can_be_set_for_each_region() {
        let mut variables = COMPLETE.to_vec();
        variables.push((
            "HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4",
            "https://drs.inside",
        ));
        assert_eq!(client(&args(), &variables).unwrap(), "https://drs.inside p");
        let elsewhere = ServiceArgs {
            region: Some("cn-east-3".into()),
            ..args()
        };
        assert_eq!(
            client(&elsewhere, &variables).unwrap(),
            "https://drs.cn-east-3.myhuaweicloud.com p"
        );
    }

    #[test]
    fn all_that_is_missing_is_told_at_once_with_what_to_do() {
        for (given, told, hint) in [
            (&COMPLETE[1..], "no region", "--region"),
            (&COMPLETE[2..], "no region, no project id", "--region"),
            (&COMPLETE[..2], "no credentials", "HW_AUTH_TOKEN"),
        ] {
            let Err(Failure::Usage { message, hints }) = client(&args(), given) else {
                panic!("{told} is missing")
            };
            assert!(message.starts_with(told), "{message}");
            assert!(hints[0].contains(hint), "{hints:?}");
        }
        let Err(Failure::Usage { message, hints }) = client(&args(), &[]) else {
            panic!("nothing is set")
        };
        assert!(
            message.starts_with("no region, no project id, no credentials: "),
            "{message}"
        );
        assert_eq!(hints, [REGION_HINT, PROJECT_HINT, TOKEN_HINT, DEMO_HINT]);
    }
}
