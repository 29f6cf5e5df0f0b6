//! The id of a region's project, looked up at IAM by its name: for access keys, which do not say
//! which project they are for.

use alloc::string::String;
use alloc::sync::Arc;

use super::AccessKey;
use super::authenticator::Context;
use super::iam;
use super::session::ResolveProject;
use super::single_flight::SingleFlight;
use crate::error::Error;
use crate::url::Endpoint;

/// Looks the project up once and keeps its id.
pub(super) struct ProjectLookup {
    key: AccessKey,
    iam_endpoint: Endpoint,
    name: String,
    id: SingleFlight<Arc<str>>,
}

impl ProjectLookup {
    pub(super) fn new(key: AccessKey, iam_endpoint: Endpoint, name: String) -> Self {
        Self {
            key,
            iam_endpoint,
            name,
            id: SingleFlight::new(),
        }
    }
}

impl ResolveProject for ProjectLookup {
    fn project_id(&self, context: &Context<'_>) -> Result<Arc<str>, Error> {
        let remaining = context.deadline.remaining(context.clock);
        let id = self.id.get(
            |_| true,
            remaining,
            || iam::project_named(&self.iam_endpoint, &self.name, &self.key, context),
        )?;
        Ok(Arc::clone(&id))
    }
}
