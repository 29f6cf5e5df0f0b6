//! Servers of other projects, started by a test on a loopback port.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::transport::LONG;

/// A running server, stopped when it is dropped, and the folder with its files.
pub(crate) struct Daemon {
    process: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Daemon {
    /// nginx with this inside its `server {…}`, beside the line `listen`, which `tls` completes.
    /// Files are written to its folder first.
    pub(crate) fn nginx(tls: &str, server: &str, files: &[(&str, &str)]) -> Option<Self> {
        Self::start(
            "nginx",
            "TLS",
            &["-p", "{folder}", "-c", "{folder}/conf"],
            files,
            &|port| {
                format!(
                    "daemon off; master_process off; pid pid; error_log error.log;\n\
                 events {{}}\n\
                 http {{ access_log off; client_body_temp_path tmp; proxy_temp_path tmp;\n\
                 fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;\n\
                 server {{ listen 127.0.0.1:{port} {tls}; {server} }} }}\n"
                )
            },
        )
    }

    /// tinyproxy with these lines in its configuration.
    pub(crate) fn tinyproxy(lines: &str) -> Option<Self> {
        Self::start(
            "tinyproxy",
            "proxies",
            &["-d", "-c", "{folder}/conf"],
            &[],
            &|port| format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\n{lines}\n"),
        )
    }

    /// `None`, with a notice, if the program is not installed; in CI (`CI=true`) a failure.
    fn start(
        program: &str,
        subject: &str,
        arguments: &[&str],
        files: &[(&str, &str)],
        configuration: &dyn Fn(u16) -> String,
    ) -> Option<Self> {
        // Debian installs daemons outside the usual path.
        let places = [program.into(), format!("/usr/sbin/{program}")];
        let is_there = |place: &&String| {
            let version = Command::new(place)
                .arg("-v")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            version.is_ok()
        };
        let Some(program) = places.iter().find(is_there) else {
            crate::not_checked(subject, program);
            return None;
        };
        // A port that is free now may be taken by the time the server binds it.
        (0..5)
            .find_map(|_| Self::try_start(program, arguments, files, configuration))
            .or_else(|| panic!("{program} does not start"))
    }

    fn try_start(
        program: &str,
        arguments: &[&str],
        files: &[(&str, &str)],
        configuration: &dyn Fn(u16) -> String,
    ) -> Option<Self> {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let n = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = format!("drs-backup-jobs-{}-{n}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(folder.join("tmp")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        std::fs::write(folder.join("conf"), configuration(address.port())).unwrap();
        for (name, content) in files {
            std::fs::write(folder.join(name), content).unwrap();
        }
        let place = folder.to_str().unwrap();
        let process = Command::new(program)
            .args(
                arguments
                    .iter()
                    .map(|argument| argument.replace("{folder}", place)),
            )
            .current_dir(&folder)
            .stdout(log(&folder))
            .stderr(log(&folder))
            .spawn()
            .unwrap();
        let mut daemon = Self {
            process,
            address,
            folder,
        };
        daemon.accepts_connections().then_some(daemon)
    }

    fn accepts_connections(&mut self) -> bool {
        let give_up_at = Instant::now() + LONG;
        while Instant::now() < give_up_at {
            let is_up = TcpStream::connect(self.address).is_ok();
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if is_up {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it wrote to its standard output and error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }
}

fn log(folder: &Path) -> Stdio {
    let file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"));
    file.unwrap().into()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
