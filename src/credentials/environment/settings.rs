//! Variables for endpoints and projects, and the variables that are refused.

use alloc::format;
use alloc::string::String;

use super::Environment;
use super::names::{
    AGENCY, AUTH_URL, CLOUD, IAM_ENDPOINT, INSECURE, Names, PROJECT_ID, PROJECT_NAME, REGION,
};
use crate::clean::{Rule, clean};
use crate::error::Error;
use crate::region::{Region, is_domain};
use crate::url::{Endpoint, SplitUrl};

impl Environment {
    pub(crate) fn checked_region(&self) -> Result<Option<String>, Error> {
        self.setting(
            REGION,
            Rule::Word,
            |text| Region::new(text).is_ok().then(|| text.into()),
            "must be a region such as cn-north-4: lower-case letters, digits and hyphens",
        )
    }

    pub(crate) fn checked_cloud_domain(&self) -> Result<Option<String>, Error> {
        self.setting(
            CLOUD,
            Rule::Word,
            |text| is_domain(text).then(|| text.into()),
            "must be a domain such as myhuaweicloud.com",
        )
    }

    pub(crate) fn checked_endpoint(&self, region: &str) -> Result<Option<String>, Error> {
        let region = region.replace('-', "_").to_ascii_uppercase();
        let name = format!("HUAWEICLOUD_SDK_REGION_DRS_{region}");
        let Some(value) = self.variables.get(&name, Rule::Word)? else {
            return Ok(None);
        };
        match Endpoint::parse(value.as_str()) {
            Ok(_) => Ok(Some(value.as_str().into())),
            Err(_) => {
                Err(value.invalid("must be a URL such as https://drs.cn-north-4.myhuaweicloud.com"))
            }
        }
    }

    pub(crate) fn checked_iam_endpoint(&self) -> Result<Option<String>, Error> {
        const RULE: &str = "must be a URL such as https://iam.cn-north-4.myhuaweicloud.com";
        let given = self.setting(
            IAM_ENDPOINT,
            Rule::Word,
            |text| Endpoint::parse(text).is_ok().then(|| text.into()),
            RULE,
        )?;
        if given.is_some() {
            return Ok(given);
        }
        self.setting(
            AUTH_URL,
            Rule::Word,
            |text| {
                // Terraform's URL names a version of the API in its path.
                let url = SplitUrl::new(text)?;
                let origin = format!("{}://{}", url.scheme, url.authority);
                Endpoint::parse(&origin).ok().map(|_| origin)
            },
            RULE,
        )
    }

    pub(crate) fn checked_project_id(&self) -> Result<Option<String>, Error> {
        let id = self.variables.first(PROJECT_ID, Rule::Word)?;
        Ok(id.map(|id| id.as_str().into()))
    }

    pub(crate) fn checked_project_name(&self) -> Result<Option<String>, Error> {
        let name = self.variables.first(PROJECT_NAME, Rule::Text)?;
        Ok(name.map(|name| name.as_str().into()))
    }

    /// Refuses variables that request what this client cannot do.
    pub(crate) fn check_supported(&self) -> Result<(), Error> {
        let is_set = |name: &&str| {
            let value = self.variables.raw(name);
            value.is_some_and(|value| !clean(&value.to_string_lossy()).text.is_empty())
        };
        if let Some(name) = AGENCY.iter().copied().find(is_set) {
            return Err(Error::credentials(
                format!(
                    "cannot use {name}: this client cannot act for an agency (assume a role); \
                     unset it and set a token or the temporary access key of the agency"
                ),
                None,
            ));
        }
        let is_true = |name: &&str| {
            let value = self.variables.raw(name).unwrap_or_default();
            let value = value.to_string_lossy().to_ascii_lowercase();
            // What Go, and so Terraform, parses as false.
            !matches!(clean(&value).text, "" | "0" | "f" | "false")
        };
        if let Some(name) = INSECURE.iter().copied().find(is_true) {
            return Err(Error::credentials(
                format!(
                    "cannot use {name}: this client always verifies certificates; unset it and \
                     configure the certificate authority to trust (root_certificates, --ca-file)"
                ),
                None,
            ));
        }
        Ok(())
    }

    /// The first of these variables that is set, if `parse` accepts its value; else an error.
    fn setting(
        &self,
        names: Names,
        rule: Rule,
        parse: impl FnOnce(&str) -> Option<String>,
        expected: &str,
    ) -> Result<Option<String>, Error> {
        let Some(value) = self.variables.first(names, rule)? else {
            return Ok(None);
        };
        match parse(value.as_str()) {
            Some(text) => Ok(Some(text)),
            None => Err(value.invalid(expected)),
        }
    }
}
