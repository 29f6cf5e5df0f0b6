//! Which jobs are printed, decided by their own fields.

use drs_backup_jobs::{Job, JobStatus, Timestamp};

/// The conditions for printing a job; the default selects every job.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// Jobs that ran at any moment from here on.
    pub(crate) since: Option<Timestamp>,
    /// Jobs that ran at any moment until here.
    pub(crate) until: Option<Timestamp>,
    /// Empty for all.
    pub(crate) statuses: Vec<JobStatus>,
    /// A part, in lower case.
    pub(crate) name: Option<String>,
    /// A part, in lower case.
    pub(crate) description: Option<String>,
    pub(crate) enterprise_project_id: Option<String>,
}

impl Selection {
    /// Whether every job is selected.
    pub(crate) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `job` is selected. A running job reaches to `now`.
    pub(crate) fn contains(&self, job: &Job<'_>, now: Timestamp) -> bool {
        let holds = |text: Option<&str>, part: &Option<String>| {
            part.as_deref()
                .is_none_or(|part| text.is_some_and(|text| text.to_lowercase().contains(part)))
        };
        // A status that this version does not know keeps the case in which it was written.
        let has_status =
            |status: &JobStatus| status.as_str().eq_ignore_ascii_case(job.status.as_str());
        (self.statuses.is_empty() || self.statuses.iter().any(has_status))
            && holds(Some(&job.name), &self.name)
            && holds(job.description.as_deref(), &self.description)
            && self
                .enterprise_project_id
                .as_deref()
                .is_none_or(|id| job.enterprise_project_id.as_deref() == Some(id))
            && self.contains_time_of(job, now)
    }

    /// Whether `--since` or `--until` is given and this job's times do not show whether it ran
    /// within them. Such a job is selected, so that no failure is left out because of a missing
    /// date.
    pub(crate) fn is_undecided(&self, job: &Job<'_>) -> bool {
        (self.since.is_some() || self.until.is_some()) && span(job, None).is_none()
    }

    fn contains_time_of(&self, job: &Job<'_>, now: Timestamp) -> bool {
        span(job, Some(now)).is_none_or(|(start, end)| {
            self.since.is_none_or(|since| end >= since)
                && self.until.is_none_or(|until| start <= until)
        })
    }
}

/// From when to when a job ran. A finished job without a finish time counts only at its creation;
/// `None` if neither time is known.
fn span(job: &Job<'_>, now: Option<Timestamp>) -> Option<(Timestamp, Timestamp)> {
    let finished = job.finished_at();
    let start = job.created_at().or(finished)?;
    let end = if job.is_finished() { finished } else { now };
    Some((start, end.unwrap_or(start).max(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn job(
        status: JobStatus,
        created: &'static str,
        finished: Option<&'static str>,
    ) -> Job<'static> {
        let mut job = Job::new("a");
        job.status = status;
        job.create_time = created.into();
        job.finish_time = finished.map(Into::into);
        job
    }

    #[test]
    fn selects_jobs_that_ran_at_any_moment_of_the_span() {
        let now = at("2024-08-19T12:00:00Z");
        let span = |since: &str, until: &str| {
            let bound = |text: &str| (!text.is_empty()).then(|| at(text));
            Selection {
                since: bound(since),
                until: bound(until),
                ..Selection::default()
            }
        };
        let finished = job(
            JobStatus::Success,
            "2024-08-19T02:00:00Z",
            Some("2024-08-19T04:00:00Z"),
        );
        let running = job(JobStatus::Transferring, "2024-08-19T02:00:00Z", None);
        let unended = job(JobStatus::Failed, "2024-08-19T02:00:00Z", None);
        let reversed = job(
            JobStatus::Failed,
            "2024-08-19T02:00:00Z",
            Some("2024-08-19T01:00:00Z"),
        );
        for (since, until, job, is_selected) in [
            ("", "", &finished, true),
            ("2024-08-19T03:00:00Z", "", &finished, true),
            ("2024-08-19T04:00:00Z", "", &finished, true),
            ("2024-08-19T04:00:01Z", "", &finished, false),
            ("", "2024-08-19T02:00:00Z", &finished, true),
            ("", "2024-08-19T01:59:59Z", &finished, false),
            (
                "2024-08-19T03:00:00Z",
                "2024-08-19T03:30:00Z",
                &finished,
                true,
            ),
            ("2024-08-19T11:00:00Z", "", &running, true),
            ("2024-08-19T12:00:00Z", "", &running, true),
            ("2024-08-19T12:00:01Z", "", &running, false),
            ("", "2024-08-19T01:00:00Z", &running, false),
            ("2024-08-19T02:00:01Z", "", &unended, false),
            ("2024-08-19T02:00:00Z", "", &unended, true),
            ("2024-08-19T02:00:00Z", "", &reversed, true),
        ] {
            let selection = span(since, until);
            assert_eq!(
                selection.contains(job, now),
                is_selected,
                "{since:?} to {until:?}: {job:?}"
            );
        }
    }

    #[test]
    fn selects_a_job_whose_times_cannot_be_parsed_and_reports_it() {
        let now = at("2024-08-19T12:00:00Z");
        let odd = job(JobStatus::Failed, "soon", None);
        let selection = Selection {
            since: Some(now),
            ..Selection::default()
        };
        assert!(selection.contains(&odd, now) && selection.is_undecided(&odd));
        assert!(!Selection::default().is_undecided(&odd));
        let known = job(JobStatus::Failed, "2024-08-19T02:00:00Z", None);
        assert!(!selection.is_undecided(&known));
    }

    #[test]
    fn compares_names_and_descriptions_by_parts_in_any_case() {
        let now = at("2024-08-19T12:00:00Z");
        let mut orders = job(JobStatus::Failed, "", None);
        orders.name = "Orders 备份".into();
        orders.enterprise_project_id = Some("0".into());
        let everything = Selection::default;
        let of_name = |part: &str| Selection {
            name: Some(part.into()),
            ..everything()
        };
        let of_description = |part: &str| Selection {
            description: Some(part.into()),
            ..everything()
        };
        let of_project = |id: &str| Selection {
            enterprise_project_id: Some(id.into()),
            ..everything()
        };
        let of_status = |status| Selection {
            statuses: vec![status],
            ..everything()
        };
        for (selection, is_selected) in [
            (everything(), true),
            (of_name("orders"), true),
            (of_name("备份"), true),
            (of_name("billing"), false),
            (of_description("x"), false),
            (of_project("0"), true),
            (of_project("1"), false),
            (of_status(JobStatus::Failed), true),
            (of_status(JobStatus::Success), false),
        ] {
            assert_eq!(
                selection.contains(&orders, now),
                is_selected,
                "{selection:?}"
            );
        }
    }
}
