//! The filters of the command line, as the query that the service gets.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed as they stand"
)]

use clap::Args;
use drs_backup_jobs::{JobStatus, Language, ListJobs, SortDir, SortKey};

use crate::failure::say;

/// Which jobs: the operation's own parameters, under their own names.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filters {
    /// Jobs whose name holds this
    #[arg(long)]
    name: Option<String>,

    /// Jobs of this status: TRANSFERRING, SUCCESS, FAILED, PRECHECK-FAILED, in any case
    #[arg(long)]
    status: Option<String>,

    /// Jobs of this instance; can be given any number of times
    #[arg(long, value_name = "ID")]
    dbs_instance_id: Vec<String>,

    /// Jobs with this description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Jobs created at this time, in the service's own form
    #[arg(long, value_name = "TIME")]
    create_at: Option<String>,

    /// Jobs completed at this time, in the service's own form
    #[arg(long, value_name = "TIME")]
    completed_at: Option<String>,

    /// Jobs of this enterprise project; 0 is the default one
    #[arg(long, value_name = "ID")]
    enterprise_project_id: Option<String>,

    /// Jobs with these tags, in the service's own form
    #[arg(long)]
    tags: Option<String>,

    /// What to sort by: created_at, name, db_type, inst_id, ip, description, tag_value
    #[arg(long, value_name = "KEY")]
    sort_key: Option<String>,

    /// Which way to sort: asc, desc
    #[arg(long, value_name = "DIRECTION")]
    sort_dir: Option<String>,

    /// The language of the service's messages: en-us, zh-cn
    #[arg(long)]
    language: Option<String>,
}

impl Filters {
    /// The query, without paging.
    pub(crate) fn query(&self) -> ListJobs {
        let mut query = ListJobs::new().dbs_instance_ids(&self.dbs_instance_id);
        if let Some(name) = &self.name {
            query = query.name(name);
        }
        if let Some(text) = &self.status {
            query = query.status(status(text));
        }
        if let Some(description) = &self.description {
            query = query.description(description);
        }
        if let Some(time) = &self.create_at {
            query = query.create_at(time);
        }
        if let Some(time) = &self.completed_at {
            query = query.completed_at(time);
        }
        if let Some(id) = &self.enterprise_project_id {
            query = query.enterprise_project_id(id);
        }
        if let Some(tags) = &self.tags {
            query = query.tags(tags);
        }
        if let Some(key) = &self.sort_key {
            query = query.sort_key(key.as_str());
        }
        if let Some(direction) = &self.sort_dir {
            query = query.sort_dir(direction.as_str());
        }
        if let Some(language) = &self.language {
            query = query.language(language.as_str());
        }
        query
    }

    /// The query of a walk: by a key that does not change under it, unless another is asked for.
    pub(crate) fn query_of_walk(&self) -> ListJobs {
        let query = self.query();
        if self.sort_key.is_some() {
            query
        } else {
            query.sort_key(SortKey::CreatedAt)
        }
    }

    /// Says which values this version does not know: they are sent, but may be slips of the pen.
    pub(crate) fn note_unknown_values(&self) {
        note_unknown("--status", self.status.as_deref(), status, JobStatus::KNOWN);
        let sort_key = |text: &str| SortKey::from(text);
        note_unknown(
            "--sort-key",
            self.sort_key.as_deref(),
            sort_key,
            SortKey::KNOWN,
        );
        let sort_dir = |text: &str| SortDir::from(text);
        note_unknown(
            "--sort-dir",
            self.sort_dir.as_deref(),
            sort_dir,
            SortDir::KNOWN,
        );
        let language = |text: &str| Language::from(text);
        note_unknown(
            "--language",
            self.language.as_deref(),
            language,
            Language::KNOWN,
        );
    }
}

fn note_unknown<T: AsRef<str> + PartialEq>(
    flag: &str,
    given: Option<&str>,
    read: impl Fn(&str) -> T,
    known: &[T],
) {
    if let Some(given) = given.filter(|text| !known.contains(&read(text))) {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        say(
            "note",
            &format!(
                "{flag} {given:?} is sent as it is, but the service documents {}",
                known.join(", ")
            ),
        );
    }
}

/// The status that is meant: `precheck-failed` needs no quotes in a shell.
fn status(text: &str) -> JobStatus {
    let spaced = JobStatus::from(text.replace(['-', '_'], " "));
    if JobStatus::KNOWN.contains(&spaced) {
        spaced
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(query: &ListJobs) -> String {
        let request = query.request("https://h", "p").unwrap();
        request
            .url()
            .trim_start_matches("https://h/v5/p/backup-migration-jobs")
            .to_owned()
    }

    #[test]
    fn a_status_is_known_whatever_its_case_and_without_its_space() {
        for (text, meant) in [
            ("failed", "FAILED"),
            ("PRECHECK FAILED", "PRECHECK FAILED"),
            ("precheck-failed", "PRECHECK FAILED"),
            ("Precheck_Failed", "PRECHECK FAILED"),
            ("on-hold", "on-hold"),
        ] {
            assert_eq!(status(text).as_str(), meant);
        }
    }

    #[test]
    fn a_walk_is_sorted_by_creation_unless_told_otherwise() {
        let plain = Filters::default();
        assert_eq!(url(&plain.query()), "");
        assert_eq!(url(&plain.query_of_walk()), "?sort_key=created_at");
        let by_name = Filters {
            sort_key: Some("name".into()),
            ..Filters::default()
        };
        assert_eq!(url(&by_name.query_of_walk()), "?sort_key=name");
    }
}
