//! cosign, with keys and without a transparency log: signing and judging as its users do it.

mod keyless;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{OnPath, Result};
use xtask::process::{self, Output};

pub(crate) use keyless::{Keyless, Wanted};

/// The password of every key made here.
pub(crate) const PASSWORD: &str = "interop-only";

/// Without it cosign fetches the public one even when only a key is to be believed.
const EMPTY_TRUSTED_ROOT: &str =
    r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

/// The type of the attestations that cosign itself makes here.
pub(crate) const CONTROL_TYPE: &str = "https://promo.example/control/v1";

/// Which generation of commands it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Generation {
    Two,
    Three,
}

/// How a signature is kept beside its image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// The tags `sha256-<hex>.sig` and `sha256-<hex>.att`.
    Tag,
    /// What stands under `.sig`, in a manifest that refers to the image.
    Referrer,
    /// A bundle that refers to the image.
    Bundle,
}

/// A key pair on disk.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) private: PathBuf,
    pub(crate) public: PathBuf,
}

/// A cosign with a home of its own.
#[derive(Debug)]
pub(crate) struct Cosign {
    program: PathBuf,
    pub(crate) generation: Generation,
    home: PathBuf,
    trusted_root: PathBuf,
    /// The authority of the registries that speak TLS.
    authority: Option<PathBuf>,
}

impl Cosign {
    /// `home` is also where it looks for a `config.json` with passwords.
    pub(crate) fn new(program: &Path, generation: Generation, home: &Path) -> Result<Self> {
        fs::create_dir_all(home).on("create", home)?;
        let trusted_root = home.join("trusted-root.json");
        fs::write(&trusted_root, EMPTY_TRUSTED_ROOT).on("write", &trusted_root)?;
        Ok(Self {
            program: program.to_owned(),
            generation,
            home: home.to_owned(),
            trusted_root,
            authority: None,
        })
    }

    /// Trusts registries with certificates by this authority.
    pub(crate) fn trusting(mut self, authority: &Path) -> Self {
        self.authority = Some(authority.to_owned());
        self
    }

    /// Makes `NAME.key` and `NAME.pub`.
    pub(crate) fn generate_keys(&self, folder: &Path, name: &str) -> Result<Keys> {
        let mut command = self.command("generate-key-pair");
        command
            .args(["--output-key-prefix", name])
            .current_dir(folder);
        process::capture(&mut command)?.success()?;
        Ok(Keys {
            private: folder.join(format!("{name}.key")),
            public: folder.join(format!("{name}.pub")),
        })
    }

    pub(crate) fn sign(&self, image: &str, keys: &Keys, form: Form) -> Result<()> {
        process::capture(&mut self.signing(image, keys, form))?
            .success()
            .map(drop)
    }

    /// As [`Self::sign`], not yet started.
    pub(crate) fn signing(&self, image: &str, keys: &Keys, form: Form) -> Command {
        let mut command = self.signing_command("sign", keys, form);
        command.arg(image);
        command
    }

    /// Signs an index and its children.
    pub(crate) fn sign_recursively(&self, image: &str, keys: &Keys, form: Form) -> Result<()> {
        let mut command = self.signing_command("sign", keys, form);
        process::capture(command.arg("--recursive").arg(image))?
            .success()
            .map(drop)
    }

    /// Attests an empty predicate of [`CONTROL_TYPE`].
    pub(crate) fn attest(&self, image: &str, keys: &Keys, form: Form) -> Result<()> {
        process::capture(&mut self.attesting(image, keys, form)?)?
            .success()
            .map(drop)
    }

    /// As [`Self::attest`], not yet started.
    pub(crate) fn attesting(&self, image: &str, keys: &Keys, form: Form) -> Result<Command> {
        let predicate = self.empty_predicate()?;
        let mut command = self.signing_command("attest", keys, form);
        command
            .args(["--type", CONTROL_TYPE, "--predicate"])
            .arg(predicate)
            .arg(image);
        Ok(command)
    }

    fn empty_predicate(&self) -> Result<PathBuf> {
        let predicate = self.home.join("predicate.json");
        fs::write(&predicate, "{}").on("write", &predicate)?;
        Ok(predicate)
    }

    /// Its judgement of an image's signature in one form.
    pub(crate) fn verify(&self, image: &str, public_key: &Path, form: Form) -> Result<Output> {
        let mut command = self.judging_command("verify", public_key);
        self.look_for(form, &mut command);
        process::capture(command.arg(image))
    }

    /// Its judgement of an image's signature where nobody says in which form it is.
    pub(crate) fn verify_any(&self, image: &str, public_key: &Path) -> Result<Output> {
        let mut command = self.judging_command("verify", public_key);
        process::capture(command.arg(image))
    }

    /// Its judgement of an image's attestation of one type, in one form.
    pub(crate) fn verify_attestation(
        &self,
        image: &str,
        public_key: &Path,
        predicate_type: &str,
        form: Form,
    ) -> Result<Output> {
        let mut command = self.judging_command("verify-attestation", public_key);
        self.look_for(form, &mut command);
        process::capture(command.args(["--type", predicate_type]).arg(image))
    }

    /// cosign 2 has to be told to look for bundles, and cosign 3 to look for nothing else where it finds any.
    fn look_for(&self, form: Form, command: &mut Command) {
        match form {
            Form::Tag => {
                command.arg("--new-bundle-format=false");
            }
            Form::Referrer => {
                command.args(["--new-bundle-format=false", "--experimental-oci11"]);
            }
            Form::Bundle if self.generation == Generation::Two => {
                command.args(["--new-bundle-format", "--trusted-root"]);
                command.arg(&self.trusted_root);
            }
            Form::Bundle => {}
        }
    }

    fn signing_command(&self, verb: &str, keys: &Keys, form: Form) -> Command {
        let mut command = self.command(verb);
        command
            .args([
                "--yes",
                "--allow-http-registry",
                "--tlog-upload=false",
                "--key",
            ])
            .arg(&keys.private);
        if self.generation == Generation::Three {
            command.arg("--use-signing-config=false");
        }
        match form {
            Form::Tag => command.arg("--new-bundle-format=false"),
            Form::Referrer => command.env("COSIGN_EXPERIMENTAL", "1").args([
                "--new-bundle-format=false",
                "--registry-referrers-mode=oci-1-1",
            ]),
            Form::Bundle => &mut command,
        };
        command
    }

    fn judging_command(&self, verb: &str, public_key: &Path) -> Command {
        let mut command = self.command(verb);
        command
            .args(["--allow-http-registry", "--insecure-ignore-tlog", "--key"])
            .arg(public_key);
        command
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(verb)
            .env_clear()
            .env("HOME", &self.home)
            .env("DOCKER_CONFIG", &self.home);
        command.env("COSIGN_PASSWORD", PASSWORD);
        if let Some(authority) = &self.authority {
            command.env("SSL_CERT_FILE", authority);
        }
        command
    }
}
