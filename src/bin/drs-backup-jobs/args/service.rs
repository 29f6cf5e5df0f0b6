//! Where the service is, who sends the requests, and how long they may take.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed literally"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;
use crate::time::Moment;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ServiceArgs {
    /// Region, such as cn-north-4 [env: HW_REGION_NAME]
    #[arg(long, value_name = "REGION", value_parser = values::regions(), hide_possible_values = true)]
    pub(crate) region: Option<String>,

    /// Endpoint; overrides the region's [env: HUAWEICLOUD_SDK_REGION_DRS_<REGION>]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// Project ID (each region has its own) [env: HUAWEICLOUD_SDK_PROJECT_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) project_id: Option<String>,

    /// File with a token, - for standard input [env: HW_AUTH_TOKEN (the token)]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Section of the profile file to use [default: basic]
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    pub(crate) profile: Option<String>,

    /// Use the temporary access key of this ECS instance's agency
    #[arg(long, conflicts_with_all = ["token_file", "profile"])]
    pub(crate) ecs_metadata: bool,

    /// PEM file of certificate authorities, to trust instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Maximum retries per request after transient failures; 0 disables retries
    /// [default: 4]
    #[arg(long, value_name = "N", default_value = "4", hide_default_value = true, value_parser = values::number)]
    pub(crate) retries: u32,

    /// Time limit of one request with its retries [default: 60s]
    #[arg(long, value_name = "DURATION", default_value = "60s", hide_default_value = true, value_parser = values::positive_duration)]
    pub(crate) request_timeout: Duration,

    /// Use sample data of a built-in emulator; needs no account
    #[arg(
        long,
        conflicts_with_all = ["region", "endpoint", "project_id", "token_file", "profile", "ecs_metadata", "ca_file"]
    )]
    pub(crate) demo: bool,

    /// Current time of the sample data, for repeatable output
    #[arg(long, value_name = "TIME", requires = "demo", value_parser = Moment::parse)]
    pub(crate) now: Option<Moment>,

    /// Print the requests with secrets as *** and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
