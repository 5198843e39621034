//! `promo` as its users call it: every flag that the scenarios rely on stands here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cosign::{Keys, PASSWORD};
use xtask::error::{OnPath, Result};
use xtask::process;

/// The type of promo's own attestations.
pub(crate) const PROMOTION_TYPE: &str = "https://k8s.io/promo-tools/promotion/v1";

/// Our command, with an empty home and no settings but the flags.
#[derive(Debug)]
pub(crate) struct Promo {
    program: PathBuf,
    folder: PathBuf,
}

/// What a promotion is asked to do.
#[derive(Debug)]
pub(crate) struct Promotion<'a> {
    pub(crate) tree: &'a Path,
    pub(crate) keys: &'a Keys,
    pub(crate) authfile: &'a Path,
    /// The key that every staging image must be signed with.
    pub(crate) staging_key: Option<&'a Path>,
    /// A file for an in-toto link, and the key that signs it.
    pub(crate) link: Option<(&'a Path, &'a Path)>,
}

/// With which sigstore, and as whom, evidence is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeylessPromo<'a> {
    pub(crate) documents: Documents<'a>,
    /// A file with the identity token.
    pub(crate) token: &'a Path,
}

/// Where it is said which sigstore signs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Documents<'a> {
    Files {
        signing_config: &'a Path,
        trusted_root: &'a Path,
    },
    /// A TUF repository, and the root by which it is believed.
    Repository { url: &'a str, root: &'a Path },
}

impl KeylessPromo<'_> {
    /// Adds the flags that say so.
    pub(crate) fn add_to<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.arg("--keyless");
        match self.documents {
            Documents::Files {
                signing_config,
                trusted_root,
            } => {
                command.arg("--signing-config").arg(signing_config);
                command.arg("--trusted-root").arg(trusted_root);
            }
            Documents::Repository { url, root } => {
                command.args(["--tuf-repository", url]);
                command.arg("--tuf-root").arg(root);
            }
        }
        command
            .arg("--identity-token")
            .arg(format!("file:{}", self.token.display()))
    }
}

impl Promo {
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// The program itself.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// `promo promote --confirm …`, not yet started.
    pub(crate) fn promote(&self, promotion: &Promotion<'_>) -> Command {
        let mut command = self.command(&["promote", "--confirm", "--thin-manifest-dir"]);
        command
            .arg(promotion.tree)
            .arg("--key")
            .arg(&promotion.keys.private);
        command.arg("--authfile").arg(promotion.authfile);
        match promotion.staging_key {
            Some(key) => command
                .args(["--staging-signatures", "require", "--staging-key"])
                .arg(key),
            None => command.args(["--staging-signatures", "off"]),
        };
        if let Some((file, key)) = promotion.link {
            command.arg("--link").arg(file).arg("--link-key").arg(key);
        }
        command
    }

    /// `promo promote --confirm --no-sign …`, not yet started.
    pub(crate) fn promote_unsigned(&self, tree: &Path, authfile: &Path) -> Command {
        let mut command = self.command(&["promote", "--confirm", "--no-sign"]);
        command.args(["--staging-signatures", "off"]);
        command.arg("--thin-manifest-dir").arg(tree);
        command.arg("--authfile").arg(authfile);
        command
    }

    /// `promo sign --confirm --key … --signature-formats FORMAT IMAGE`
    pub(crate) fn sign(&self, image: &str, keys: &Keys, format: &str) -> Result<()> {
        let mut command =
            self.command(&["sign", "--confirm", "--signature-formats", format, "--key"]);
        process::capture(command.arg(&keys.private).arg(image))?
            .success()
            .map(drop)
    }

    /// `promo attest --confirm --key … --source … IMAGE`
    pub(crate) fn attest(&self, image: &str, keys: &Keys, source: &str) -> Result<()> {
        let mut command = self.command(&["attest", "--confirm", "--source", source, "--key"]);
        process::capture(command.arg(&keys.private).arg(image))?
            .success()
            .map(drop)
    }

    /// `promo sign --confirm --keyless … IMAGE`
    pub(crate) fn sign_keyless(
        &self,
        image: &str,
        keyless: KeylessPromo<'_>,
        format: &str,
    ) -> Result<process::Output> {
        let mut command = self.command(&["sign", "--confirm", "--signature-formats", format]);
        process::capture(keyless.add_to(&mut command).arg(image))
    }

    /// `promo attest --confirm --keyless --source … IMAGE`
    pub(crate) fn attest_keyless(
        &self,
        image: &str,
        keyless: KeylessPromo<'_>,
        source: &str,
    ) -> Result<()> {
        let mut command = self.command(&["attest", "--confirm", "--source", source]);
        process::capture(keyless.add_to(&mut command).arg(image))?
            .success()
            .map(drop)
    }

    /// `promo promote --confirm --keyless …`
    pub(crate) fn promote_keyless(
        &self,
        tree: &Path,
        keyless: KeylessPromo<'_>,
    ) -> Result<process::Output> {
        let mut command = self.command(&["promote", "--confirm", "--thin-manifest-dir"]);
        command.arg(tree).args(["--staging-signatures", "off"]);
        process::capture(keyless.add_to(&mut command))
    }

    /// `promo verify --key … IMAGE`
    pub(crate) fn verify(
        &self,
        image: &str,
        public_key: &Path,
        authfile: &Path,
    ) -> Result<process::Output> {
        let mut command = self.command(&["verify", "--key"]);
        process::capture(
            command
                .arg(public_key)
                .arg("--authfile")
                .arg(authfile)
                .arg(image),
        )
    }

    /// `promo verify --trust FILE --attestation-type TYPE IMAGE`
    pub(crate) fn verify_by(
        &self,
        trust: &Path,
        attestation_type: &str,
        image: &str,
    ) -> Result<process::Output> {
        let mut command = self.command(&["verify", "--explain", "--trust"]);
        command.arg(trust);
        process::capture(command.args(["--attestation-type", attestation_type, image]))
    }

    /// `promo verify --trust FILE IMAGE`
    pub(crate) fn verify_signature_by(&self, trust: &Path, image: &str) -> Result<process::Output> {
        let mut command = self.command(&["verify", "--explain", "--trust"]);
        process::capture(command.arg(trust).arg(image))
    }

    /// `promo verify --trust FILE …`, not yet started.
    pub(crate) fn verifying(&self, trust: &Path) -> Command {
        let mut command = self.command(&["verify", "--trust"]);
        command.arg(trust);
        command
    }

    /// `promo promote --confirm --complete …` without a signer, not yet started.
    pub(crate) fn complete(&self, tree: &Path) -> Command {
        let mut command = self.command(&["promote", "--confirm", "--complete"]);
        command.args(["--staging-signatures", "off"]);
        command.arg("--thin-manifest-dir").arg(tree);
        command
    }

    /// Writes promo.toml.
    pub(crate) fn write_settings(&self, text: &str) -> Result<()> {
        write(&self.folder.join("promo.toml"), text)
    }

    /// `promo plan --edges --manifest FILE`: lines of JSON, however the plan looks.
    pub(crate) fn edges(&self, manifest: &Path) -> Result<String> {
        let mut command = self.command(&["plan", "--edges", "--manifest"]);
        let output = process::capture(command.arg(manifest))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `promo plan --manifest FILE …`, not yet started.
    pub(crate) fn plan(&self, manifest: &str) -> Command {
        self.command(&["plan", "--manifest", manifest])
    }

    /// `promo cip --manifest FILE`
    pub(crate) fn cip(&self, manifest: &Path) -> Result<process::Output> {
        let mut command = self.command(&["cip", "--manifest"]);
        process::capture(command.arg(manifest))
    }

    /// `promo registry serve --listen ADDRESS`, not yet started.
    pub(crate) fn serve(&self, address: &str) -> Command {
        self.command(&["registry", "serve", "--listen", address])
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear();
        command
            .env("HOME", &self.folder)
            .env("COSIGN_PASSWORD", PASSWORD);
        command
    }
}

/// Writes a tree of one thin manifest: `images` are name, digest and tags.
pub(crate) fn write_tree(
    folder: &Path,
    source: &str,
    destinations: &[&str],
    images: &[(&str, &str, &[&str])],
) -> Result<()> {
    let mirrors: Vec<String> = destinations
        .iter()
        .map(|destination| format!("- name: {destination}\n"))
        .collect();
    let registries = format!(
        "registries:\n- name: {source}\n  src: true\n{}",
        mirrors.concat()
    );
    let entry = |(name, digest, tags): &(&str, &str, &[&str])| {
        format!("- name: {name}\n  dmap:\n    \"{digest}\": {tags:?}\n")
    };
    let images: Vec<String> = images.iter().map(entry).collect();
    write(
        &folder.join("manifests/team/promoter-manifest.yaml"),
        &registries,
    )?;
    write(&folder.join("images/team/images.yaml"), &images.concat())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.with_file_name("");
    fs::create_dir_all(&folder).on("create", &folder)?;
    fs::write(path, text).on("write", path)
}
