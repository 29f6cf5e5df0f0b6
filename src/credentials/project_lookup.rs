//! The lookup of a project's id by its name at IAM, for access keys: they belong to no project.

use alloc::string::String;
use alloc::sync::Arc;

use super::authenticator::{Authenticator, Context};
use super::iam;
use super::login::Project;
use super::session::{ResolveProject, Session, SessionConfig};
use super::single_flight::SingleFlight;
use crate::error::Error;
use crate::url::Endpoint;

/// Finds the project once and caches its id.
struct ProjectLookup {
    key: Arc<dyn Authenticator>,
    iam_endpoint: Endpoint,
    name: String,
    id: SingleFlight<Arc<str>>,
}

/// The session of an access key: IAM finds its project where only the name is known.
pub(super) fn start(key: Arc<dyn Authenticator>, config: &SessionConfig) -> Session {
    let session = Session::new(key.clone());
    match config.clone() {
        SessionConfig {
            iam_endpoint: Some(iam_endpoint),
            project: Some(Project::Name(name)),
        } => session.with_project(Arc::new(ProjectLookup {
            key,
            iam_endpoint,
            name,
            id: SingleFlight::new(),
        })),
        _ => session,
    }
}

impl ResolveProject for ProjectLookup {
    fn project_id(&self, context: &Context<'_>) -> Result<Arc<str>, Error> {
        let remaining = context.deadline.remaining(context.clock);
        let id = self.id.get(
            |_| true,
            remaining,
            || iam::find_project(&self.iam_endpoint, &self.name, &*self.key, context),
        )?;
        Ok(Arc::clone(&id))
    }
}
