//! From flags and environment to a client.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::transport::{Proxies, Ureq};
use drs_backup_jobs::{Client, Clock, Credentials, Error, ErrorKind, Region, RetryPolicy};

use crate::args::ServiceArgs;
use crate::demo::Demo;
use crate::dry_run::DryRun;
use crate::failure::{Failure, say};

/// A client, and what it was made with.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// What would have been sent, in a dry run.
    pub(crate) dry_run: Option<DryRun>,
    region: Option<String>,
    /// What time it is where the service is.
    pub(crate) clock: Arc<dyn Clock>,
    /// The service that is asked, if it is one of our own.
    _demo: Option<Demo>,
}

impl Connection {
    /// Why a request failed, with what its place suggests.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let kind = error.kind();
        let failure = Failure::from(error);
        match &self.region {
            Some(region) if matches!(kind, ErrorKind::Connect | ErrorKind::Tls) => {
                with_nearest_regions(failure, region)
            }
            _ => failure,
        }
    }
}

/// The client that flags and environment describe; each page has `timeout`. The list of a demo
/// changes by `life`.
pub(crate) fn connect(
    args: &ServiceArgs,
    timeout: Duration,
    life: Script,
) -> Result<Connection, Failure> {
    let demo = args.demo.then(|| Demo::start(life)).transpose()?;
    let settings = match &demo {
        Some(demo) => Settings::of_demo(demo),
        None => Settings::new(args, &environment)?,
    };
    let mut builder = Client::builder()
        .timeout(timeout)
        .retry(RetryPolicy::default().retries(args.retries))
        .credentials(settings.credentials);
    if let Some(endpoint) = settings.endpoint {
        builder = builder.endpoint(endpoint);
    }
    if let Some(region) = &settings.region {
        builder = builder.region(region);
    }
    if let Some(project_id) = settings.project_id {
        builder = builder.project_id(project_id);
    }
    let dry_run = args.dry_run.then(DryRun::default);
    builder = match &dry_run {
        Some(dry_run) => builder.transport(dry_run.clone()),
        None => builder.transport(transport(args)?),
    };
    let client = builder.build().map_err(|error| {
        let is_region = error.parameter() == Some("region");
        let failure = Failure::from(error);
        match &settings.region {
            Some(region) if is_region => with_nearest_regions(failure, region),
            _ => failure,
        }
    })?;
    Ok(Connection {
        client,
        dry_run,
        region: settings.region,
        clock: demo.as_ref().map_or_else(
            || Arc::new(SystemClock::new()) as Arc<dyn Clock>,
            Demo::clock,
        ),
        _demo: demo,
    })
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
    if Region::KNOWN.contains(&region) || nearest.is_empty() {
        return failure;
    }
    failure.with_hint(format!(
        "{region:?} is no region this version knows; near it are {}",
        nearest.join(", ")
    ))
}

/// A variable that is set and not empty.
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where the service is and who asks.
#[derive(Debug)]
struct Settings {
    region: Option<String>,
    endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Credentials,
}

impl Settings {
    fn of_demo(demo: &Demo) -> Self {
        Self {
            region: None,
            endpoint: Some(demo.url()),
            project_id: Some("demo".into()),
            credentials: Credentials::token("demo"),
        }
    }

    /// Flags first, then the environment; all that is missing is told at once.
    fn new(args: &ServiceArgs, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let region = args.region.clone().or_else(|| lookup("HW_REGION_NAME"));
        let endpoint = args
            .endpoint
            .clone()
            .or_else(|| lookup(&endpoint_variable(region.as_deref()?)));
        let project_id = args
            .project_id
            .clone()
            .or_else(|| lookup("HUAWEICLOUD_SDK_PROJECT_ID"));
        let credentials = match &args.token_file {
            Some(file) => Some(token_of(file)?),
            None => lookup("HW_AUTH_TOKEN").map(Credentials::token),
        };

        let mut missing = Vec::new();
        if region.is_none() && endpoint.is_none() {
            missing.push((
                "region",
                "name the region with --region or HW_REGION_NAME, such as cn-north-4",
            ));
        }
        if project_id.is_none() {
            missing.push((
                "project id",
                "name the project in that region with --project-id or HUAWEICLOUD_SDK_PROJECT_ID: \
                 the console shows it under My Credentials",
            ));
        }
        if credentials.is_none() && !args.dry_run {
            missing.push((
                "token",
                "put a token of IAM into HW_AUTH_TOKEN, or into a file for --token-file",
            ));
        }
        if !missing.is_empty() {
            let what: Vec<&str> = missing.iter().map(|(what, _)| *what).collect();
            let failure = Failure::usage(format!("no {} to ask with", what.join(", no ")));
            return Err(missing
                .iter()
                .fold(failure, |failure, (_, hint)| failure.with_hint(*hint)));
        }
        Ok(Self {
            region,
            endpoint,
            project_id,
            credentials: credentials.unwrap_or_else(|| {
                say(
                    "note",
                    "there is no token yet: set HW_AUTH_TOKEN or --token-file to send this",
                );
                Credentials::token("none")
            }),
        })
    }
}

/// `cn-north-4` → `HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4`: where the official SDKs look.
fn endpoint_variable(region: &str) -> String {
    format!(
        "HUAWEICLOUD_SDK_REGION_DRS_{}",
        region.replace('-', "_").to_uppercase()
    )
}

/// The token in a file, which may be renewed while a watch runs; standard input is read but once.
fn token_of(file: &Path) -> Result<Credentials, Failure> {
    if file == Path::new("-") {
        let mut token = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut token)
            .map_err(|error| {
                Failure::usage(format!("cannot read a token from standard input: {error}"))
            })?;
        return Ok(Credentials::token(token.trim()));
    }
    Ok(Credentials::token_file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(args: &ServiceArgs, variables: &[(&str, &str)]) -> Result<Settings, Failure> {
        Settings::new(args, &|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn args() -> ServiceArgs {
        ServiceArgs {
            region: None,
            endpoint: None,
            project_id: None,
            token_file: None,
            ca_file: None,
            retries: 4,
            demo: false,
            dry_run: false,
        }
    }

    const COMPLETE: [(&str, &str); 3] = [
        ("HW_REGION_NAME", "cn-north-4"),
        ("HUAWEICLOUD_SDK_PROJECT_ID", "p"),
        ("HW_AUTH_TOKEN", "t"),
    ];

    #[test]
    fn the_environment_is_enough() {
        let found = settings(&args(), &COMPLETE).unwrap();
        assert_eq!(found.region.as_deref(), Some("cn-north-4"));
        assert_eq!(found.project_id.as_deref(), Some("p"));
        assert_eq!(found.endpoint, None);
    }

    #[test]
    fn flags_go_before_the_environment() {
        let args = ServiceArgs {
            region: Some("cn-east-3".into()),
            project_id: Some("q".into()),
            ..args()
        };
        let found = settings(&args, &COMPLETE).unwrap();
        assert_eq!(found.region.as_deref(), Some("cn-east-3"));
        assert_eq!(found.project_id.as_deref(), Some("q"));
    }

    #[test]
    fn an_endpoint_can_be_set_for_each_region() {
        let mut variables = COMPLETE.to_vec();
        variables.push((
            "HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4",
            "https://drs.inside",
        ));
        let found = settings(&args(), &variables).unwrap();
        assert_eq!(found.endpoint.as_deref(), Some("https://drs.inside"));
        let elsewhere = ServiceArgs {
            region: Some("cn-east-3".into()),
            ..args()
        };
        assert_eq!(settings(&elsewhere, &variables).unwrap().endpoint, None);
    }

    #[test]
    fn all_that_is_missing_is_told_at_once_with_what_to_do() {
        let Err(Failure::Usage { message, hints }) = settings(&args(), &[]) else {
            panic!("nothing is set")
        };
        assert_eq!(message, "no region, no project id, no token to ask with");
        for name in ["--region", "--project-id", "HW_AUTH_TOKEN"] {
            assert!(hints.iter().any(|hint| hint.contains(name)), "{name}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let shown = format!(
            "{:?}",
            settings(
                &args(),
                &[("HW_AUTH_TOKEN", "s3cret"), COMPLETE[0], COMPLETE[1]]
            )
        );
        assert!(!shown.contains("s3cret"));
    }
}
