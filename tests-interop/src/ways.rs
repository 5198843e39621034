//! The ways in which registries are reached, and registries that are started for one of them.

use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::access_log::AccessLog;
use crate::login;
use crate::servers::{Server, free_address};
use crate::tools;
use xtask::error::{Error, OnPath, Result};
use xtask::{process, workspace};

/// How long a registry may take to write a line of its log.
const LOGGED: Duration = Duration::from_secs(20);

/// Whose registry it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    /// docker-registry 2.8 of Debian.
    DockerRegistry,
    /// distribution 3.
    Distribution,
    /// The registry of go-containerregistry, which knows neither TLS nor logins: both are put before it.
    Ggcr,
    /// The embedded one.
    Embedded,
}

/// One way to reach a registry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Way {
    /// `plain`, `http1` or `http2`, the latter two over TLS.
    pub(crate) transport: &'static str,
    /// `none`, `basic` or `token`.
    pub(crate) login: &'static str,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::DockerRegistry,
        Self::Distribution,
        Self::Ggcr,
        Self::Embedded,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DockerRegistry => "docker-registry",
            Self::Distribution => "distribution",
            Self::Ggcr => "ggcr",
            Self::Embedded => "embedded",
        }
    }
}

impl Way {
    pub(crate) fn all() -> Vec<Self> {
        let transports = ["plain", "http1", "http2"];
        let with = |transport| ["none", "basic", "token"].map(|login| Self { transport, login });
        transports.into_iter().flat_map(with).collect()
    }

    pub(crate) fn is_encrypted(self) -> bool {
        self.transport != "plain"
    }
}

/// The programs, and the certificates of all servers.
#[derive(Debug)]
pub(crate) struct Workshop {
    servers: PathBuf,
    distribution: PathBuf,
    ggcr: PathBuf,
    folder: PathBuf,
}

/// A registry that is reached in one way, with its log; what belongs to it ends with it.
#[derive(Debug)]
pub(crate) struct Registry {
    server: Server,
    log: PathBuf,
    _behind: Option<Server>,
}

impl Workshop {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let (distribution, ggcr) = tools::registries()?;
        let servers = build_servers()?;
        let folder = folder.join("certificates");
        fs::create_dir_all(&folder).on("create", &folder)?;
        let mut make = Command::new(&servers);
        process::capture(make.arg("certificates").arg(&folder))?.success()?;
        Ok(Self {
            servers,
            distribution,
            ggcr,
            folder,
        })
    }

    /// The authority of all certificates.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A server that gives tokens to registries of distribution's kinds; the others have their own.
    pub(crate) fn token_server(&self, kind: Kind, way: Way) -> Result<Option<Server>> {
        let needed = matches!(kind, Kind::DockerRegistry | Kind::Distribution);
        if way.login != "token" || !needed {
            return Ok(None);
        }
        let address = free_address()?;
        let mut command = self.ours("tokens", &address);
        command.arg(way.transport).stdout(Stdio::null());
        Server::start_listening(&mut command, address).map(Some)
    }

    /// Starts a registry that keeps everything in `folder/name`.
    pub(crate) fn start(
        &self,
        kind: Kind,
        way: Way,
        (folder, name): (&Path, &str),
        tokens: Option<&Server>,
    ) -> Result<Registry> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).on("create", &folder)?;
        let address = free_address()?;
        let (command, behind) = match kind {
            Kind::DockerRegistry | Kind::Distribution => {
                let text = self.configure(&folder, &address, way, tokens);
                (
                    self.distribution(kind, &folder.join("config.yml"), &text)?,
                    None,
                )
            }
            Kind::Ggcr => {
                let behind = self.ggcr()?;
                let mut command = self.ours("front", &address);
                command.args([way.transport, way.login, behind.address()]);
                (command, Some(behind))
            }
            Kind::Embedded => {
                let mut command = self.ours("embedded", &address);
                command.args([way.transport, way.login]);
                (command, None)
            }
        };
        Registry::start(command, address, folder.join("log"), behind)
    }

    /// Starts a second server for everybody over what one of distribution's kinds keeps in `folder/name`: it is for those
    /// who refuse the token server.
    pub(crate) fn start_beside(
        &self,
        kind: Kind,
        way: Way,
        (folder, name): (&Path, &str),
    ) -> Result<Registry> {
        let folder = folder.join(name);
        let address = free_address()?;
        let way = Way {
            login: "none",
            ..way
        };
        let text = self.configure(&folder, &address, way, None);
        let command = self.distribution(kind, &folder.join("beside.yml"), &text)?;
        Registry::start(command, address, folder.join("beside-log"), None)
    }

    /// Starts one of distribution's kinds whose requests are seen as they are answered.
    pub(crate) fn start_watched(
        &self,
        kind: Kind,
        way: Way,
        (folder, name): (&Path, &str),
    ) -> Result<(Server, AccessLog)> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).on("create", &folder)?;
        let address = free_address()?;
        let text = self.configure(&folder, &address, way, None);
        let mut command = self.distribution(kind, &folder.join("config.yml"), &text)?;
        let errors = folder.join("errors");
        let errors = File::create(&errors).on("create", &errors)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        let mut server = Server::start_listening(&mut command, address)?;
        let output = server.take_output();
        let output = output.ok_or_else(|| Error::unmet("a registry has no output"))?;
        Ok((server, AccessLog::of(output)))
    }

    /// The command of a registry of distribution's kinds, with its configuration written.
    fn distribution(&self, kind: Kind, configuration: &Path, text: &str) -> Result<Command> {
        fs::write(configuration, text).on("write", configuration)?;
        let accounts = configuration.with_file_name("htpasswd");
        fs::write(&accounts, login::HTPASSWD).on("write", &accounts)?;
        let mut command = match kind {
            Kind::Distribution => Command::new(&self.distribution),
            _ => Command::new("docker-registry"),
        };
        command.arg("serve").arg(configuration);
        command.env("OTEL_TRACES_EXPORTER", "none");
        Ok(command)
    }

    fn ggcr(&self) -> Result<Server> {
        let address = free_address()?;
        let port = address.rsplit(':').next().unwrap_or_default();
        let mut command = Command::new(&self.ggcr);
        command.args(["-port", port]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Server::start_listening(&mut command, address)
    }

    fn ours(&self, what: &str, address: &str) -> Command {
        let mut command = Command::new(&self.servers);
        command.arg(what).arg(&self.folder).arg(address);
        command
    }

    fn configure(&self, folder: &Path, address: &str, way: Way, tokens: Option<&Server>) -> String {
        let (folder, certificates) = (folder.display(), self.folder.display());
        let scheme = if way.is_encrypted() { "https" } else { "http" };
        let tls = if way.is_encrypted() {
            let disabled = way.transport == "http1";
            format!(
                "  tls:\n    certificate: {certificates}/server.pem\n    key: {certificates}/server.key\n  \
                 http2:\n    disabled: {disabled}\n"
            )
        } else {
            String::new()
        };
        let auth = match (way.login, tokens) {
            ("basic", _) => {
                format!("auth:\n  htpasswd:\n    realm: interop\n    path: {folder}/htpasswd\n")
            }
            ("token", Some(tokens)) => format!(
                "auth:\n  token:\n    realm: {scheme}://{}/token\n    service: interop\n    issuer: interop\n    \
                 rootcertbundle: {certificates}/ca.pem\n",
                tokens.address()
            ),
            _ => String::new(),
        };
        format!(
            "version: 0.1\nlog:\n  level: warn\n  accesslog:\n    disabled: false\n\
             storage:\n  filesystem:\n    rootdirectory: {folder}/storage\n  delete:\n    enabled: true\n\
             http:\n  addr: {address}\n{tls}{auth}"
        )
    }
}

impl Registry {
    fn start(
        mut command: Command,
        address: String,
        log: PathBuf,
        behind: Option<Server>,
    ) -> Result<Self> {
        let output = File::create(&log).on("create", &log)?;
        let errors = output.try_clone().on("share", &log)?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        Ok(Self {
            server: Server::start_listening(&mut command, address)?,
            log,
            _behind: behind,
        })
    }

    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    /// The requests that changed something or tried to. `mark` was asked for last, so the log is whole when it is there.
    pub(crate) fn writes(&self, mark: &str) -> Result<Vec<String>> {
        let started = Instant::now();
        loop {
            let text = fs::read_to_string(&self.log).on("read", &self.log)?;
            if text.contains(mark) {
                let requests = text.lines().filter(|line| !line.starts_with("time="));
                let requests = requests.filter_map(|line| line.split('"').nth(1));
                let is_write = |request: &&str| {
                    ["PUT ", "POST ", "PATCH ", "DELETE "]
                        .iter()
                        .any(|method| request.starts_with(method))
                };
                return Ok(requests.filter(is_write).map(str::to_owned).collect());
            }
            if started.elapsed() > LOGGED {
                let log = self.log.display();
                return Err(Error::unmet(format!("{log} shows no {mark}:\n{text}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Builds the servers that the matrix needs.
fn build_servers() -> Result<PathBuf> {
    let mut command = workspace::cargo();
    command.args(["build", "--locked", "--package", "promo-testkit"]);
    command.args(["--features", "certificates", "--example", "interop"]);
    process::run(&mut command)?;
    Ok(workspace::target_folder().join("debug/examples/interop"))
}
