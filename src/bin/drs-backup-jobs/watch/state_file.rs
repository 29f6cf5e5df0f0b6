//! `--state FILE`: the jobs as the last poll listed them, for the next run.
//!
//! The file is a page of the service with a first line that says whose jobs they are, so
//! `drs-backup-jobs decode FILE` prints it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use drs_backup_jobs::{Job, JobPage};

use crate::failure::Failure;

/// A file that is replaced as a whole: a reader gets the last poll or the previous one.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    /// Endpoint, project and filters, which must be the same in each run.
    scope: String,
}

impl StateFile {
    /// Opens the file. Returns it with the jobs of the previous run; `None` if there was none.
    pub(super) fn open(
        path: &Path,
        scope: String,
    ) -> Result<(Self, Option<Vec<Job<'static>>>), Failure> {
        // A rename would replace a symbolic link instead of the file it points to.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let file = Self { path, scope };
        let jobs = file.load()?;
        Ok((file, jobs))
    }

    fn load(&self) -> Result<Option<Vec<Job<'static>>>, Failure> {
        let path = self.path.display();
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot("read", &self.path, &error)),
            Ok(metadata) if !metadata.is_file() => {
                return Err(Failure::usage(format!(
                    "invalid --state {path}: must be a regular file"
                )));
            }
            Ok(_) => {}
        }
        let bytes = fs::read(&self.path).map_err(|error| cannot("read", &self.path, &error))?;
        // As `mktemp` leaves it.
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let Some(scope) = scope_of(&bytes) else {
            return Err(Failure::usage(format!(
                "invalid --state {path}: not written by drs-backup-jobs watch"
            )));
        };
        if scope != self.scope {
            return Err(Failure::usage(format!(
                "invalid --state {path}: written by another watch: {scope}"
            ))
            .with_hint(format!("this watch is: {}", self.scope))
            .with_hint("use one state file for each combination of project and filters"));
        }
        let page = JobPage::parse(&bytes)
            .map_err(|error| Failure::usage(format!("cannot read --state {path}: {error}")))?;
        Ok(Some(page.jobs.into_iter().map(Job::into_owned).collect()))
    }

    /// Replaces the file.
    pub(super) fn save<'a>(
        &self,
        jobs: impl Iterator<Item = &'a Job<'static>>,
    ) -> Result<(), Failure> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = self.path.with_file_name(name);
        self.write(&temporary, jobs)
            .and_then(|()| fs::rename(&temporary, &self.path))
            .map_err(|error| {
                // It may not have been created.
                let _ = fs::remove_file(&temporary);
                let path = self.path.display();
                Failure::refused(format!("cannot write --state {path}: {error}"))
            })
    }

    fn write<'a>(
        &self,
        temporary: &Path,
        jobs: impl Iterator<Item = &'a Job<'static>>,
    ) -> io::Result<()> {
        let jobs: Vec<_> = jobs.collect();
        let mut out = BufWriter::new(File::create(temporary)?);
        writeln!(out, "{START}{},", serde_json::to_string(&self.scope)?)?;
        write!(out, "\"count\":{},\"jobs\":[", jobs.len())?;
        for (index, job) in jobs.iter().enumerate() {
            let separator = if index == 0 { "\n" } else { ",\n" };
            out.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut out, job)?;
        }
        out.write_all(b"]}\n")?;
        // On the disk before the rename: a crash must not leave a file without its content.
        out.into_inner()?.sync_all()
    }
}

const START: &str = "{\"watch\":";

fn scope_of(bytes: &[u8]) -> Option<String> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let scope = line.strip_prefix(START.as_bytes())?.strip_suffix(b",")?;
    serde_json::from_slice(scope).ok()
}

fn cannot(verb: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot {verb} --state {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{REFUSED, USAGE};

    /// A new folder, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn jobs() -> Vec<Job<'static>> {
        ["a", "备份\n\"\u{202e}"]
            .into_iter()
            .map(|id| {
                let mut job = Job::new(id);
                job.error_log = Some("no\nspace".into());
                job
            })
            .collect()
    }

    #[track_caller]
    fn message(failure: Result<(StateFile, Option<Vec<Job<'static>>>), Failure>) -> String {
        match failure {
            Err(Failure::Message {
                code: USAGE,
                message,
                ..
            }) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn saved_jobs_are_loaded_by_the_next_run() {
        let folder = Folder::new("state-file-round");
        let path = folder.0.join("state.json");
        let (file, before) = StateFile::open(&path, "project p".into()).unwrap();
        assert_eq!(before, None);
        for saved in [jobs(), Vec::new(), jobs()] {
            file.save(saved.iter()).unwrap();
            let (_, loaded) = StateFile::open(&path, "project p".into()).unwrap();
            assert_eq!(loaded, Some(saved));
        }
        // No temporary file is left.
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    }

    #[test]
    fn rejects_the_state_of_another_watch_and_files_of_others() {
        let folder = Folder::new("state-file-other");
        let path = folder.0.join("state.json");
        let (file, _) = StateFile::open(&path, "project p".into()).unwrap();
        file.save(jobs().iter()).unwrap();
        let refused = message(StateFile::open(&path, "project q".into()));
        assert!(refused.contains("another watch: project p"), "{refused}");

        fs::write(&path, "{\"jobs\":[]}").unwrap();
        let refused = message(StateFile::open(&path, String::new()));
        assert!(refused.contains("not written by"), "{refused}");

        let refused = message(StateFile::open(&folder.0, String::new()));
        assert!(refused.contains("regular file"), "{refused}");

        fs::write(&path, "{\"watch\":\"p\",\n\"count\":1,\"jobs\":[").unwrap();
        let refused = message(StateFile::open(&path, "p".into()));
        assert!(refused.starts_with("cannot read --state"), "{refused}");

        fs::write(&path, "").unwrap();
        let (_, loaded) = StateFile::open(&path, String::new()).unwrap();
        assert_eq!(loaded, None);
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_stays_a_link() {
        let folder = Folder::new("state-file-link");
        let (target, link) = (folder.0.join("target"), folder.0.join("link"));
        fs::write(&target, "").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let (file, _) = StateFile::open(&link, "p".into()).unwrap();
        file.save(jobs().iter()).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::metadata(&target).unwrap().len() > 0);
    }

    #[test]
    fn a_failed_save_keeps_the_file_and_leaves_nothing_behind() {
        let missing = std::env::temp_dir().join("no-such-folder/state.json");
        let (file, _) = StateFile::open(&missing, "p".into()).unwrap();
        assert!(matches!(
            file.save(jobs().iter()),
            Err(Failure::Message { code: REFUSED, .. })
        ));
    }
}
