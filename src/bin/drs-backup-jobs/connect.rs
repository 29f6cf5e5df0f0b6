//! The client that options, environment and profile describe.

use std::path::Path;
use std::sync::Arc;

use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::credentials::{EcsMetadata, Environment};
use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::transport::{Proxies, Ureq};
use drs_backup_jobs::{
    Client, ClientBuilder, Clock, Credentials, Error, ErrorKind, Region, RetryPolicy, Timestamp,
};

use crate::args::ServiceArgs;
use crate::demo::Demo;
use crate::dry_run::DryRun;
use crate::failure::{Failure, print_message, with_causes};
use crate::request_count::{Counted, RequestCount};
use crate::run_limit::{Limited, RunLimit};
use crate::time;

/// A client, and what it was built with.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The recorded requests of a dry run.
    pub(crate) dry_run: Option<DryRun>,
    region: Option<String>,
    /// How many requests for jobs were sent.
    pub(crate) requests: RequestCount,
    /// The clock of the service.
    pub(crate) clock: Arc<dyn Clock>,
    /// The time limit of the whole run.
    limit: Option<RunLimit>,
    /// The emulator that serves the sample data.
    _demo: Option<Demo>,
}

impl Connection {
    /// The time on the clock of the service.
    pub(crate) fn now(&self) -> Timestamp {
        time::now(&*self.clock)
    }

    /// The failure of the run if its time limit has expired.
    pub(crate) fn timed_out(&self) -> Option<Failure> {
        timed_out(self.limit.as_ref())
    }

    /// Why a request failed; an unknown region is the likely reason that no host was found.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let kind = error.kind();
        if matches!(kind, ErrorKind::Cancelled | ErrorKind::Timeout)
            && let Some(failure) = self.timed_out()
        {
            return failure;
        }
        let failure = Failure::from(error);
        let nearest = self.region.as_deref().and_then(nearest_regions);
        match nearest {
            Some(hint) if kind == ErrorKind::Connect => failure.with_hint_instead(hint),
            _ => failure,
        }
    }
}

fn timed_out(limit: Option<&RunLimit>) -> Option<Failure> {
    limit
        .filter(|limit| limit.is_reached())
        .map(RunLimit::failure)
}

/// Builds the client. `limit` limits the whole run; the sample data of a demo change by `script`.
pub(crate) fn connect(
    args: &ServiceArgs,
    limit: Option<RunLimit>,
    script: Script,
) -> Result<Connection, Failure> {
    let demo = args
        .demo
        .then(|| Demo::start(args.now, script))
        .transpose()?;
    let mut environment = match &demo {
        Some(_) => Environment::from_fn(|_| None),
        None => Environment::from_process(),
    };
    if let Some(profile) = &args.profile {
        environment = environment.profile(profile);
    }
    let clock = demo.as_ref().map_or_else(
        || Arc::new(SystemClock::new()) as Arc<dyn Clock>,
        Demo::clock,
    );
    let dry_run = args.dry_run.then(DryRun::default);
    let region = match &args.endpoint {
        Some(_) => None,
        None => args.region.clone().or_else(|| environment.region()),
    };

    let requests = RequestCount::default();
    let mut builder = Client::builder()
        .timeout(args.request_timeout)
        .retry(RetryPolicy::default().retries(args.retries));
    if let Some(limit) = &limit {
        builder = builder.cancel_token(limit.cancel_token());
    }
    builder = match &dry_run {
        Some(dry_run) => builder.transport(dry_run.clone()),
        None => builder.transport(Limited::new(
            Counted::new(transport(args)?, requests.clone()),
            limit.clone(),
        )),
    };
    builder = match &demo {
        Some(demo) => builder
            .endpoint(demo.url())
            .project_id("demo")
            .token("demo"),
        // Only a profile that is a pipe takes time.
        None => configure(builder, args, &environment, dry_run.as_ref())
            .map_err(|failure| timed_out(limit.as_ref()).unwrap_or(failure))?,
    };
    let client = builder.build().map_err(|error| {
        let hint = match error.parameter() {
            Some("region") => region.as_deref().and_then(nearest_regions),
            Some("project_id") => Some(PROJECT_HINT.into()),
            Some("endpoint") => Some(ENDPOINT_HINT.into()),
            Some("iam_endpoint") => Some(IAM_HINT.into()),
            _ => None,
        };
        let failure = Failure::from(error);
        match hint {
            Some(hint) => failure.with_hint_instead(hint),
            None => failure,
        }
    })?;
    Ok(Connection {
        client,
        dry_run,
        region,
        requests,
        clock,
        limit,
        _demo: demo,
    })
}

const PROJECT_HINT: &str =
    "the console displays the project ID of each region under My Credentials";
const ENDPOINT_HINT: &str = "use an endpoint such as https://drs.cn-north-4.myhuaweicloud.com; plain http is accepted only for this machine, such as http://127.0.0.1:8080";
const IAM_HINT: &str = "use an IAM endpoint such as https://iam.cn-north-4.myhuaweicloud.com; plain http is accepted only for this machine, such as http://127.0.0.1:8080";

/// Applies options, then the environment, then the profile. Everything that is missing is reported
/// at once.
fn configure(
    mut builder: ClientBuilder,
    args: &ServiceArgs,
    environment: &Environment,
    dry_run: Option<&DryRun>,
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
        builder = builder.credentials(if file == Path::new("-") {
            Credentials::token_reader(std::io::stdin())
        } else {
            Credentials::token_file(file)
        });
    }
    if args.ecs_metadata {
        builder = builder.credentials(match dry_run {
            Some(dry_run) => EcsMetadata::new().transport(dry_run.clone()).into(),
            None => Credentials::ecs_metadata(),
        });
    }
    let has_region =
        args.region.is_some() || args.endpoint.is_some() || environment.region().is_some();
    let configured = match builder.clone().environment(environment) {
        Ok(configured) => configured,
        Err(error) if error.kind() != ErrorKind::NoCredentials => return Err(error.into()),
        Err(error) if dry_run.is_some() => {
            print_message("note", &format!("{error}; a placeholder token is used"));
            builder.token("placeholder").environment(environment)?
        }
        // Whether a project ID is needed depends on the credentials.
        Err(error) if has_region => {
            return Err(Failure::usage(with_causes(&error))
                .with_hint(format!("{CREDENTIALS_HINT}; {DEMO_HINT}")));
        }
        Err(error) => {
            return Err(
                Failure::usage(format!("no region, {}", with_causes(&error))).with_hint(format!(
                    "{REGION_HINT}, and {CREDENTIALS_HINT}; {DEMO_HINT}"
                )),
            );
        }
    };
    if has_region {
        return Ok(configured);
    }
    // With these credentials, and a region like any other.
    let rejected = configured.region("cn-north-4").build().err();
    if rejected.and_then(|error| error.parameter()) == Some("project_id") {
        return Err(
            Failure::usage("no region, no project ID").with_hint(format!(
                "{REGION_HINT}, and --project-id or HUAWEICLOUD_SDK_PROJECT_ID; {PROJECT_HINT}"
            )),
        );
    }
    Err(Failure::usage("no region").with_hint(format!("{REGION_HINT}; {DEMO_HINT}")))
}

const REGION_HINT: &str = "set --region or HW_REGION_NAME, such as cn-north-4";
const CREDENTIALS_HINT: &str = "set an access key (HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK), or a token (HW_AUTH_TOKEN or --token-file) and --project-id";
const DEMO_HINT: &str = "to try sample data: drs-backup-jobs list --demo";

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

/// The known regions that an unknown region may be a typo of.
fn nearest_regions(region: &str) -> Option<String> {
    let nearest = Region::nearest(&region.to_lowercase().replace('_', "-"));
    if Region::KNOWN.iter().any(|known| known.as_str() == region) {
        return None;
    }
    let nearest = nearest.first()?;
    Some(format!(
        "unknown region {region:?}; did you mean {nearest}?"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::failure::USAGE;

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

    /// Endpoint and project of a client, or why there is none.
    fn client(args: &ServiceArgs, variables: &[(&str, &str)]) -> Result<String, Failure> {
        let variables: Vec<(String, String)> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let environment = Environment::from_fn(move |name| {
            let found = variables.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone())
        });
        let client = configure(Client::builder(), args, &environment, None)?.build()?;
        assert!(!format!("{client:?}").contains("s3cret"));
        Ok(format!(
            "{} {}",
            client.endpoint(),
            client.resolve_project_id()?
        ))
    }

    #[test]
    fn the_environment_suffices() {
        assert_eq!(
            client(&args(), &COMPLETE).unwrap(),
            "https://drs.cn-north-4.myhuaweicloud.com p"
        );
    }

    #[test]
    fn options_override_the_environment() {
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
    fn takes_the_endpoint_of_a_region_from_its_variable() {
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
    fn reports_everything_missing_at_once_with_what_to_set() {
        for (given, expected, hint) in [
            (
                &COMPLETE[..0],
                "no region, no credentials: ",
                "HW_REGION_NAME",
            ),
            (
                &COMPLETE[..0],
                "no region, no credentials: ",
                "HW_AUTH_TOKEN",
            ),
            (&COMPLETE[1..], "no region", "HW_REGION_NAME"),
            (&COMPLETE[2..], "no region, no project ID", "--project-id"),
            (&COMPLETE[..2], "no credentials: ", "HUAWEICLOUD_SDK_AK"),
        ] {
            let Err(Failure::Message {
                code: USAGE,
                message,
                hints,
            }) = client(&args(), given)
            else {
                panic!("{expected} is expected")
            };
            assert!(message.starts_with(expected), "{message}");
            assert_eq!(hints.len(), 1);
            assert!(hints[0].contains(hint), "{hints:?}");
        }
    }

    #[test]
    fn reports_half_an_access_key_before_anything_missing() {
        let Err(Failure::Message {
            code: USAGE,
            message,
            ..
        }) = client(&args(), &[("HUAWEICLOUD_SDK_AK", "a")])
        else {
            panic!("half of a key is refused")
        };
        assert!(message.contains("HUAWEICLOUD_SDK_SK"), "{message}");
        assert!(!message.contains("region"), "{message}");
    }
}
