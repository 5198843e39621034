//! The CNCF registry (`docker-registry`), started on a free loopback port and ended with its owner.

use std::fs;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http::Client;
use crate::login;
use xtask::error::{Error, OnPath, Result};
use xtask::process;

/// How long a server may take until it answers.
const READY: Duration = Duration::from_secs(20);

/// Who may use a registry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Access {
    Open,
    /// Basic authentication with the account of [`login`].
    Password,
}

/// A running server process; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    address: String,
}

impl Server {
    /// Starts `command`, and waits until something at `address` speaks HTTP.
    pub(crate) fn start(command: &mut Command, address: String) -> Result<Self> {
        let mut server = Self {
            process: process::spawn(command)?,
            address,
        };
        let client = Client::new(&server.address, None);
        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = server.process.try_wait() {
                return Err(Error::unmet(format!(
                    "`{}` ended at once ({status})",
                    process::shown(command)
                )));
            }
            match client.get("/v2/") {
                Ok(_) => return Ok(server),
                Err(error) if started.elapsed() > READY => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Starts `command`, and waits until something takes connections at `address`: what it speaks is its own affair.
    pub(crate) fn start_listening(command: &mut Command, address: String) -> Result<Self> {
        let mut server = Self {
            process: process::spawn(command)?,
            address,
        };
        let started = Instant::now();
        loop {
            if let Ok(Some(status)) = server.process.try_wait() {
                let command = process::shown(command);
                return Err(Error::unmet(format!(
                    "`{command}` ended at once ({status})"
                )));
            }
            match TcpStream::connect(&server.address) {
                Ok(_) => return Ok(server),
                Err(source) if started.elapsed() > READY => {
                    let address = server.address.clone();
                    return Err(Error::Connection { address, source });
                }
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it prints, if that goes to a pipe that nobody has taken yet.
    pub(crate) fn take_output(&mut self) -> Option<ChildStdout> {
        self.process.stdout.take()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that is gone already needs no ending.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A loopback address that was free a moment ago.
pub(crate) fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = listener.map_err(|source| Error::Connection {
        address: "127.0.0.1:0".to_owned(),
        source,
    })?;
    Ok(address.to_string())
}

/// A registry with its own storage and a log of every request.
#[derive(Debug)]
pub(crate) struct DockerRegistry {
    server: Server,
    access: Access,
    log: PathBuf,
}

impl DockerRegistry {
    /// Starts a registry that keeps everything in `folder/name`.
    pub(crate) fn start(folder: &Path, name: &str, access: Access) -> Result<Self> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).on("create", &folder)?;
        let address = free_address()?;
        let configuration = folder.join("config.yml");
        fs::write(&configuration, configure(&folder, &address, access))
            .on("write", &configuration)?;
        if access == Access::Password {
            let accounts = folder.join("htpasswd");
            fs::write(&accounts, login::HTPASSWD).on("write", &accounts)?;
        }
        let log = folder.join("log");
        let output = File::create(&log).on("create", &log)?;
        let errors = output.try_clone().on("share", &log)?;
        let mut command = Command::new("docker-registry");
        command
            .arg("serve")
            .arg(configuration)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        Ok(Self {
            server: Server::start(&mut command, address)?,
            access,
            log,
        })
    }

    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    /// A client that may do everything.
    pub(crate) fn client(&self) -> Client {
        Client::new(
            self.address(),
            (self.access == Access::Password).then_some(login::BASIC),
        )
    }

    /// The requests that changed something or tried to, since the registry began.
    pub(crate) fn writes(&self) -> Result<Vec<String>> {
        let requests = self.requests()?;
        let is_write = |request: &String| {
            ["PUT ", "POST ", "PATCH ", "DELETE "]
                .iter()
                .any(|method| request.starts_with(method))
        };
        Ok(requests.into_iter().filter(is_write).collect())
    }

    /// All requests since the registry began, as `METHOD PATH PROTOCOL`.
    pub(crate) fn requests(&self) -> Result<Vec<String>> {
        self.wait_for_log()?;
        let text = fs::read_to_string(&self.log).on("read", &self.log)?;
        // An access line is `ADDRESS - USER [TIME] "METHOD PATH PROTOCOL" STATUS …`; the others are `time=…`.
        let lines = text.lines().filter(|line| !line.starts_with("time="));
        Ok(lines
            .filter_map(|line| line.split('"').nth(1))
            .map(str::to_owned)
            .collect())
    }

    /// A line is written after its answer was sent: a request of our own, seen in the log, shows that it is complete.
    fn wait_for_log(&self) -> Result<()> {
        let length = fs::metadata(&self.log).on("read", &self.log)?.len();
        // The log only grows, so no two marks are the same.
        let mark = format!("/v2/?mark={length} ");
        self.client().get(mark.trim_end())?;
        let started = Instant::now();
        while !fs::read_to_string(&self.log)
            .on("read", &self.log)?
            .contains(&mark)
        {
            if started.elapsed() > READY {
                return Err(Error::unmet(format!(
                    "{} writes no access log",
                    self.address()
                )));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

fn configure(folder: &Path, address: &str, access: Access) -> String {
    let folder = folder.display();
    let accounts = match access {
        Access::Open => String::new(),
        Access::Password => {
            format!("auth:\n  htpasswd:\n    realm: interop\n    path: {folder}/htpasswd\n")
        }
    };
    format!(
        "version: 0.1\nlog:\n  level: warn\n  accesslog:\n    disabled: false\n\
         storage:\n  filesystem:\n    rootdirectory: {folder}/storage\n  delete:\n    enabled: true\n\
         http:\n  addr: {address}\n{accounts}"
    )
}
