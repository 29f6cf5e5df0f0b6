//! The filters of the command line: the query that the service receives.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed literally"
)]

use clap::Args;
use drs_backup_jobs::{JobStatus, Language, ListJobs, SortDir, SortKey, Timestamp};

use super::values;
use crate::failure::{Failure, print_message};
use crate::selection::Selection;
use crate::time::{Moment, Zone};

/// Filters that a job's own fields decide, so that they apply to saved jobs too.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct JobFilters {
    /// Jobs whose name contains this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,

    /// Jobs of these statuses: TRANSFERRING, SUCCESS, FAILED, PRECHECK-FAILED
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        value_parser = values::statuses(),
        hide_possible_values = true
    )]
    status: Vec<String>,

    /// Jobs that failed: FAILED and PRECHECK FAILED
    #[arg(long)]
    failed: bool,

    /// Jobs that ran after this time: 24h (ago), 22:30, 2024-08-19, 2024-08-19T02:27
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,

    /// Jobs that ran before this time; a date includes that day
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,

    /// Jobs with this description
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,

    /// Jobs of this enterprise project; 0 is the default one
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise_project_id: Option<String>,

    /// Sort by created_at, name, db_type, inst_id, ip, description, tag_value
    #[arg(long, value_name = "KEY", value_parser = values::sort_keys(), hide_possible_values = true)]
    pub(crate) sort_key: Option<String>,

    /// Sort direction: asc, desc
    #[arg(long, value_name = "DIRECTION", value_parser = values::sort_directions(), hide_possible_values = true)]
    pub(crate) sort_dir: Option<String>,
}

impl JobFilters {
    /// The statuses to list, each once; empty for all.
    pub(crate) fn statuses(&self) -> Vec<JobStatus> {
        let failed = [JobStatus::Failed, JobStatus::PrecheckFailed];
        // A comma at the end of a list names no status; an empty status alone is sent.
        let is_named = |text: &&String| !text.is_empty() || self.status.len() == 1;
        let given = self.status.iter().filter(is_named).map(|text| status(text));
        let mut statuses: Vec<JobStatus> = Vec::new();
        for status in given.chain(failed.into_iter().filter(|_| self.failed)) {
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
        statuses
    }

    /// The jobs that ran within `--since` and `--until`; several statuses.
    ///
    /// # Errors
    ///
    /// `--until` before `--since`.
    pub(crate) fn selection(&self, now: Timestamp, zone: &Zone) -> Result<Selection, Failure> {
        let since = self.since.map(|moment| moment.start(now, zone));
        let until = self.until.map(|moment| moment.end(now, zone, since));
        if let (Some(since), Some(until)) = (since, until)
            && until < since
        {
            return Err(Failure::usage(format!(
                "invalid --until {}: must not be before --since {}",
                zone.second(until),
                zone.second(since)
            )));
        }
        let mut statuses = self.statuses();
        if statuses.len() == 1 {
            // The service selects it.
            statuses.clear();
        }
        Ok(Selection {
            since,
            until,
            statuses,
            ..Selection::default()
        })
    }

    /// Every filter, decided by the job's own fields: for saved jobs.
    ///
    /// # Errors
    ///
    /// As for [`selection`](Self::selection).
    pub(crate) fn selection_of_saved(
        &self,
        now: Timestamp,
        zone: &Zone,
    ) -> Result<Selection, Failure> {
        let lower = |part: &Option<String>| part.as_ref().map(|part| part.to_lowercase());
        Ok(Selection {
            statuses: self.statuses(),
            name: lower(&self.name),
            description: lower(&self.description),
            enterprise_project_id: self.enterprise_project_id.clone(),
            ..self.selection(now, zone)?
        })
    }
}

/// All filters of the operation, under the service's names.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct Filters {
    #[command(flatten)]
    pub(crate) jobs: JobFilters,

    /// Jobs of these database instances
    #[arg(
        long,
        value_name = "ID",
        value_delimiter = ',',
        alias = "dbs-instance-id"
    )]
    dbs_instance_ids: Vec<String>,

    /// Jobs created at this time, sent unchanged
    #[arg(long, value_name = "TIME")]
    create_at: Option<String>,

    /// Jobs completed at this time, sent unchanged
    #[arg(long, value_name = "TIME")]
    completed_at: Option<String>,

    /// Jobs with these tags, sent unchanged
    #[arg(long)]
    tags: Option<String>,

    /// Language of the service's messages: en-us, zh-cn
    #[arg(long, value_parser = values::languages(), hide_possible_values = true)]
    language: Option<String>,
}

impl Filters {
    /// The query, without paging. A single status is sent; several are selected by the client,
    /// because the operation takes one.
    pub(crate) fn query(&self) -> ListJobs {
        let jobs = &self.jobs;
        let mut query = ListJobs::new().dbs_instance_ids(&self.dbs_instance_ids);
        if let Some(name) = &jobs.name {
            query = query.name(name);
        }
        if let [status] = &*jobs.statuses() {
            query = query.status(status.clone());
        }
        if let Some(description) = &jobs.description {
            query = query.description(description);
        }
        if let Some(time) = &self.create_at {
            query = query.create_at(time);
        }
        if let Some(time) = &self.completed_at {
            query = query.completed_at(time);
        }
        if let Some(id) = &jobs.enterprise_project_id {
            query = query.enterprise_project_id(id);
        }
        if let Some(tags) = &self.tags {
            query = query.tags(tags);
        }
        if let Some(key) = &jobs.sort_key {
            query = query.sort_key(key.as_str());
        }
        if let Some(direction) = &jobs.sort_dir {
            query = query.sort_dir(direction.as_str());
        }
        if let Some(language) = &self.language {
            query = query.language(language.as_str());
        }
        query
    }

    /// Notes values that this version does not know: they are sent, but may be typos.
    pub(crate) fn note_unknown_values(&self) {
        self.jobs.note_unknown_values();
        let language = |text: &str| Language::from(text);
        note_unknown(
            "--language",
            self.language.as_deref(),
            language,
            Language::KNOWN,
        );
    }
}

impl JobFilters {
    pub(crate) fn note_unknown_values(&self) {
        for text in self.status.iter().filter(|text| !text.is_empty()) {
            note_unknown("--status", Some(text), status, JobStatus::KNOWN);
        }
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
    }
}

fn note_unknown<T: AsRef<str> + PartialEq>(
    flag: &str,
    given: Option<&str>,
    parse: impl Fn(&str) -> T,
    known: &[T],
) {
    if let Some(given) = given.filter(|text| !known.contains(&parse(text))) {
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        print_message(
            "note",
            &format!(
                "unknown {flag} {given:?}; documented values: {}",
                known.join(", ")
            ),
        );
    }
}

/// The status a text names: `precheck-failed` needs no quotes in a shell.
fn status(text: &str) -> JobStatus {
    let spaced = JobStatus::from(text.trim().replace(['-', '_'], " "));
    if JobStatus::KNOWN.contains(&spaced) {
        spaced
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(filters: &Filters) -> String {
        let request = filters.query().request("https://h", "p").unwrap();
        request
            .url()
            .trim_start_matches("https://h/v5/p/backup-migration-jobs")
            .to_owned()
    }

    fn of_statuses(status: &[&str], failed: bool) -> Filters {
        let jobs = JobFilters {
            status: status.iter().map(|text| (*text).to_owned()).collect(),
            failed,
            ..JobFilters::default()
        };
        Filters {
            jobs,
            ..Filters::default()
        }
    }

    #[test]
    fn recognises_a_status_in_any_case_and_without_its_space() {
        for (text, expected) in [
            ("failed", "FAILED"),
            ("PRECHECK FAILED", "PRECHECK FAILED"),
            ("precheck-failed", "PRECHECK FAILED"),
            ("Precheck_Failed", "PRECHECK FAILED"),
            ("on-hold", "on-hold"),
        ] {
            assert_eq!(status(text).as_str(), expected);
        }
    }

    #[test]
    fn sends_one_status_and_selects_several_by_itself() {
        for (status, failed, sent) in [
            (&[][..], false, ""),
            (&["failed"], false, "?status=FAILED"),
            (&["failed", "FAILED"], false, "?status=FAILED"),
            (&["failed", "success"], false, ""),
            (&["failed", ""], false, "?status=FAILED"),
            (&[""], false, "?status="),
            (&[], true, ""),
        ] {
            assert_eq!(url(&of_statuses(status, failed)), sent, "{status:?}");
        }
    }

    #[test]
    fn unites_status_and_failed() {
        let filters = of_statuses(&["success", "failed"], true);
        assert_eq!(
            filters.jobs.statuses(),
            [
                JobStatus::Success,
                JobStatus::Failed,
                JobStatus::PrecheckFailed
            ]
        );
    }
}
