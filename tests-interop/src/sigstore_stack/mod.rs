//! A whole sigstore on loopback: an authority of certificates with their log, transparency logs of both generations, a
//! timestamp authority, and issuers of tokens for people and for GitHub's workflows.
//!
//! The programs are those that the public sigstore runs. What they can't do (turned clocks, forged parts) is not for
//! here. Fulcio's page of metrics is the one thing that listens on all interfaces: its program can't be told
//! otherwise.

mod configuration;
mod issuer;
mod keys;

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;

use self::configuration::Anchors;
use self::issuer::Issuer;
use self::keys::{Form, Pair};
use crate::http::Client;
use crate::servers::{Server, free_address};
use crate::tools::Programs;
use xtask::error::{Error, OnPath, Result};

/// The workflow that signs, as its certificate names it.
pub(crate) const WORKFLOW: &str =
    "https://github.com/example/app/.github/workflows/release.yml@refs/heads/main";
/// The person who signs.
pub(crate) const PERSON: &str = "release@promo.example";

/// Where Rekor v1 has its metrics, on all interfaces, whatever it is told; without the address it goes on without them.
const FIXED_METRICS: &str = "127.0.0.1:2112";
/// The origin of the log of certificates.
const CERTIFICATES_ORIGIN: &str = "certificates.promo.example";

/// Which logs a signature goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// Rekor v1, and the timestamp authority.
    One,
    /// Rekor v1, whose own time is all there is.
    OneAlone,
    /// Rekor v2, and the timestamp authority.
    Two,
}

/// Where everything listens, as `127.0.0.1:PORT`.
#[derive(Debug)]
struct Addresses {
    fulcio: String,
    certificates: String,
    rekor_1: String,
    rekor_2: String,
    timestamps: String,
}

/// The running stack; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Sigstore {
    folder: PathBuf,
    cosign: PathBuf,
    addresses: Addresses,
    people: Issuer,
    workflows: Issuer,
    /// In the order in which they end.
    servers: Vec<Server>,
}

impl Sigstore {
    /// Starts everything with new keys, below `folder`; `cosign` writes the trusted root.
    pub(crate) fn start(folder: &Path, programs: &Programs, cosign: &Path) -> Result<Self> {
        let folder = folder.join("sigstore");
        fs::create_dir_all(&folder).on("create", &folder)?;
        let mut stack = Self {
            cosign: cosign.to_owned(),
            addresses: Addresses::free()?,
            people: Issuer::start()?,
            workflows: Issuer::start()?,
            servers: Vec::new(),
            folder,
        };
        stack.start_authority(programs)?;
        stack.start_timestamps(programs)?;
        stack.start_rekor_2(programs)?;
        stack.start_rekor_1(programs)?;
        stack.write_trust()?;
        Ok(stack)
    }

    /// The trusted root with everything.
    pub(crate) fn trusted_root(&self) -> PathBuf {
        self.folder.join("trusted_root.json")
    }

    /// How to sign with a log: a signing configuration.
    pub(crate) fn signing_config(&self, log: Log) -> PathBuf {
        self.folder.join(match log {
            Log::One => "rekor-1.json",
            Log::OneAlone => "rekor-1-alone.json",
            Log::Two => "rekor-2.json",
        })
    }

    /// The public key of a part, as PEM.
    pub(crate) fn public_key(&self, of: &str) -> PathBuf {
        self.folder.join(format!("{of}.pub"))
    }

    /// The certificate of Fulcio's authority.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.join("fulcio.pem")
    }

    /// Where Fulcio is.
    pub(crate) fn fulcio(&self) -> String {
        url(&self.addresses.fulcio)
    }

    /// Where Rekor v1 is.
    pub(crate) fn rekor_1(&self) -> String {
        url(&self.addresses.rekor_1)
    }

    /// Where Rekor v2 is.
    pub(crate) fn rekor_2(&self) -> String {
        url(&self.addresses.rekor_2)
    }

    /// What listens at this address.
    pub(crate) fn name_of(&self, address: &str) -> Option<&'static str> {
        let Addresses {
            fulcio,
            rekor_1,
            rekor_2,
            timestamps,
            ..
        } = &self.addresses;
        let names = [
            (fulcio, "Fulcio"),
            (rekor_1, "Rekor v1"),
            (rekor_2, "Rekor v2"),
            (timestamps, "the timestamp authority"),
        ];
        let mut names = names.into_iter();
        let found = names.find(|(known, _)| known.as_str() == address);
        found.map(|(_, name)| name)
    }

    /// Who vouches for people.
    pub(crate) fn people(&self) -> &str {
        self.people.url()
    }

    /// Who vouches for workflows.
    pub(crate) fn workflows(&self) -> &str {
        self.workflows.url()
    }

    /// A token of a person with this address.
    pub(crate) fn person(&self, address: &str) -> Result<String> {
        let claims = json!({"email": address, "email_verified": true});
        self.people.token(address, &claims)
    }

    /// A token of a run of [`WORKFLOW`], as GitHub makes it.
    pub(crate) fn workflow(&self) -> Result<String> {
        let sha = "1f2e3d4c5b6a79880f1e2d3c4b5a69788796a5b4";
        let workflow = "example/app/.github/workflows/release.yml@refs/heads/main";
        let claims = json!({
            "event_name": "push",
            "sha": sha,
            "ref": "refs/heads/main",
            "workflow": "Release",
            "workflow_ref": workflow,
            "workflow_sha": sha,
            "job_workflow_ref": workflow,
            "job_workflow_sha": sha,
            "repository": "example/app",
            "repository_id": "1001",
            "repository_owner": "example",
            "repository_owner_id": "2002",
            "repository_visibility": "public",
            "runner_environment": "github-hosted",
            "environment": "production",
            "run_id": "3003",
            "run_attempt": "1",
        });
        self.workflows
            .token("repo:example/app:environment:production", &claims)
    }

    fn start_authority(&mut self, programs: &Programs) -> Result<()> {
        let pair = keys::p256(&self.folder, "fulcio", Form::Pkcs8)?;
        let authority = keys::authority(&self.folder, "fulcio", &pair)?;
        let Pair { private, public } = keys::p256(&self.folder, "certificates", Form::Sec1)?;
        let mut command = Command::new(&programs.tesseract);
        command
            .arg(option("-http_endpoint", &self.addresses.certificates))
            .arg(option("-origin", CERTIFICATES_ORIGIN))
            .arg(option_path(
                "-storage_dir",
                &self.folder.join("certificates"),
            ))
            .arg(option_path("-private_key", &private))
            .arg(option_path("-roots_pem_file", &authority))
            .arg("-checkpoint_interval=1s");
        let address = self.addresses.certificates.clone();
        self.serve("certificates", command, address)?;

        let issuers =
            configuration::write_issuers(&self.folder, self.people.url(), self.workflows.url())?;
        let (metrics, services) = (free_address()?, free_address()?);
        let mut command = Command::new(&programs.fulcio);
        command
            .args(["serve", "--ca=fileca", "--fileca-key-passwd="])
            .arg(option_path("--config-path", &issuers))
            .arg(option_path("--fileca-cert", &authority))
            .arg(option_path("--fileca-key", &pair.private))
            .arg(option("--ct-log-url", &url(&self.addresses.certificates)))
            .arg(option("--ct-log-origin", CERTIFICATES_ORIGIN))
            .arg(option_path("--ct-log-public-key-path", &public))
            .args(["--host=127.0.0.1", "--grpc-host=127.0.0.1"])
            .arg(option("--port", port(&self.addresses.fulcio)))
            .arg(option("--grpc-port", port(&services)))
            .arg(option("--metrics-port", port(&metrics)))
            .arg(option_path(
                "--legacy-unix-domain-socket",
                &self.folder.join("socket"),
            ));
        let address = self.addresses.fulcio.clone();
        self.serve("fulcio", command, address)
    }

    fn start_timestamps(&mut self, programs: &Programs) -> Result<()> {
        let address = self.addresses.timestamps.clone();
        let mut command = Command::new(&programs.timestamp);
        command.arg(option("-port", port(&address)));
        self.serve("timestamps", command, address)?;
        let client = Client::new(&self.addresses.timestamps, None);
        let chain = client.get_any("/api/v1/timestamp/certchain")?.found()?;
        let chain = chain.ok_or_else(|| Error::unmet("the timestamp authority has no chain"))?;
        let path = self.folder.join("timestamps.pem");
        fs::write(&path, chain).on("write", &path)
    }

    fn start_rekor_2(&mut self, programs: &Programs) -> Result<()> {
        let pair = keys::ed25519(&self.folder, "rekor-2")?;
        let (services, metrics) = (free_address()?, free_address()?);
        let mut command = Command::new(&programs.rekor_2);
        command
            .args([
                "serve",
                "--http-address=127.0.0.1",
                "--grpc-address=127.0.0.1",
            ])
            .arg(option("--http-port", port(&self.addresses.rekor_2)))
            .arg(option("--grpc-port", port(&services)))
            .arg(option("--http-metrics-port", port(&metrics)))
            // As clients find it in the URL, where a port doesn't count.
            .arg("--hostname=127.0.0.1")
            .arg(option_path("--storage-dir", &self.folder.join("rekor-2")))
            .arg(option_path("--signer-filepath", &pair.private))
            .args(["--checkpoint-interval=500ms", "--batch-max-age=100ms"]);
        let address = self.addresses.rekor_2.clone();
        self.serve("rekor-2", command, address)
    }

    fn start_rekor_1(&mut self, programs: &Programs) -> Result<()> {
        let pair = keys::p256(&self.folder, "rekor-1", Form::Pkcs8)?;
        let storage = free_address()?;
        let mut command = Command::new(&programs.trillian);
        command.arg(option("-listen", &storage));
        self.serve("trillian", command, storage.clone())?;

        // Whoever else has it already, Rekor gets it no more.
        let kept = TcpListener::bind(FIXED_METRICS);
        let mut command = Command::new(&programs.rekor_1);
        command
            .args(["serve", "--rekor_server.address=127.0.0.1", "--rekor_server.hostname=127.0.0.1"])
            .arg(option("--port", port(&self.addresses.rekor_1)))
            .arg(option_path("--rekor_server.signer", &pair.private))
            .arg(option("--trillian_log_server.port", port(&storage)))
            .arg("--enable_retrieve_api=false")
            .arg("--enabled_api_endpoints=createLogEntry,getLogEntryByIndex,getLogEntryByUUID,getLogInfo,getLogProof,getPublicKey,searchLogQuery");
        let address = self.addresses.rekor_1.clone();
        self.serve("rekor-1", command, address)?;
        drop(kept);
        Ok(())
    }

    fn write_trust(&self) -> Result<()> {
        let anchors = Anchors {
            authority: &self.authority(),
            certificates: &self.public_key("certificates"),
            rekor_1: &self.public_key("rekor-1"),
            rekor_2: &self.public_key("rekor-2"),
            timestamps: &self.folder.join("timestamps.pem"),
        };
        let root = self.trusted_root();
        configuration::write_trusted_root(&self.cosign, &root, &self.addresses, &anchors)?;
        for log in [Log::One, Log::OneAlone, Log::Two] {
            let path = self.signing_config(log);
            let issuer = self.people.url();
            configuration::write_signing_config(&self.cosign, &path, &self.addresses, issuer, log)?;
        }
        Ok(())
    }

    /// Starts a program that writes its log into the folder, and waits until it takes connections.
    fn serve(&mut self, name: &str, mut command: Command, address: String) -> Result<()> {
        let log = self.folder.join(format!("{name}.log"));
        let output = File::create(&log).on("create", &log)?;
        let errors = output.try_clone().on("share", &log)?;
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("HOME", &self.folder)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors);
        let server = Server::start_listening(&mut command, address)?;
        self.servers.push(server);
        Ok(())
    }
}

impl Addresses {
    fn free() -> Result<Self> {
        Ok(Self {
            fulcio: free_address()?,
            certificates: free_address()?,
            rekor_1: free_address()?,
            rekor_2: free_address()?,
            timestamps: free_address()?,
        })
    }

    fn timestamp_url(&self) -> String {
        format!("http://{}/api/v1/timestamp", self.timestamps)
    }
}

fn url(address: &str) -> String {
    format!("http://{address}")
}

fn port(address: &str) -> &str {
    address.rsplit(':').next().unwrap_or_default()
}

fn option(name: &str, value: &str) -> String {
    format!("{name}={value}")
}

fn option_path(name: &str, value: &Path) -> String {
    option(name, &value.to_string_lossy())
}
