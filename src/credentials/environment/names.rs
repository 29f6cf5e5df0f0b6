//! The names of the variables, in order of precedence.

/// The names of one setting: the first variable that is set is used.
pub(super) type Names = &'static [&'static str];

pub(super) const REGION: Names = &["HW_REGION_NAME", "OS_REGION_NAME"];
pub(super) const CLOUD: Names = &["HW_CLOUD"];
pub(super) const IAM_ENDPOINT: Names = &["HUAWEICLOUD_SDK_IAM_ENDPOINT"];
pub(super) const AUTH_URL: Names = &["HW_AUTH_URL", "OS_AUTH_URL"];
pub(super) const PROJECT_ID: Names = &[
    "HUAWEICLOUD_SDK_PROJECT_ID",
    "HW_PROJECT_ID",
    "OS_PROJECT_ID",
    "OS_TENANT_ID",
];
pub(super) const PROJECT_NAME: Names = &["HW_PROJECT_NAME", "OS_PROJECT_NAME", "OS_TENANT_NAME"];
pub(super) const TOKEN: Names = &["HW_AUTH_TOKEN", "OS_AUTH_TOKEN"];
/// The parts of an access key: id, secret, and the security token of a temporary one.
pub(super) const ACCESS_KEYS: [[Names; 3]; 2] = [
    [
        &["HUAWEICLOUD_SDK_AK"],
        &["HUAWEICLOUD_SDK_SK"],
        &["HUAWEICLOUD_SDK_SECURITY_TOKEN"],
    ],
    [
        &["HW_ACCESS_KEY", "OS_ACCESS_KEY"],
        &["HW_SECRET_KEY", "OS_SECRET_KEY"],
        &["HW_SECURITY_TOKEN", "OS_SECURITY_TOKEN"],
    ],
];
pub(super) const USER_NAME: Names = &["HW_USER_NAME", "OS_USERNAME"];
pub(super) const USER_ID: Names = &["HW_USER_ID", "OS_USER_ID"];
pub(super) const PASSWORD: Names = &["HW_USER_PASSWORD", "OS_PASSWORD"];
pub(super) const ACCOUNT_NAME: Names = &[
    "HW_DOMAIN_NAME",
    "OS_DOMAIN_NAME",
    "OS_USER_DOMAIN_NAME",
    "OS_PROJECT_DOMAIN_NAME",
];
pub(super) const ACCOUNT_ID: Names = &[
    "HUAWEICLOUD_SDK_DOMAIN_ID",
    "HW_DOMAIN_ID",
    "OS_DOMAIN_ID",
    "OS_USER_DOMAIN_ID",
    "OS_PROJECT_DOMAIN_ID",
];
/// Variables that make Terraform act for another account. The client rejects them: if it ignored
/// them, it would list the jobs of the wrong account.
pub(super) const AGENCY: Names = &[
    "HW_ASSUME_ROLE_AGENCY_NAME",
    "HW_ASSUME_ROLE_DOMAIN_NAME",
    "HW_ASSUME_ROLE_DOMAIN_ID",
    "HW_ASSUME_ROLE_DURATION",
    "HW_ASSUME_ROLE_IDP_ID",
    "HW_ASSUME_ROLE_ID_TOKEN",
    "HW_ASSUME_ROLE_ID_TOKEN_FILE",
    "OS_ASSUME_ROLE_AGENCY_NAME",
    "OS_ASSUME_ROLE_DOMAIN_NAME",
    "OS_ASSUME_ROLE_DOMAIN_ID",
    "OS_AGENCY_NAME",
    "OS_AGENCY_DOMAIN_NAME",
    "OS_DELEGATED_PROJECT",
];
pub(super) const INSECURE: Names = &["HW_INSECURE", "OS_INSECURE"];
pub(super) const PROFILE_FILE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";
pub(super) const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
