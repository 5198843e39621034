//! What is measured on: an embedded registry with images, a whole sigstore, promo and cosign.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::super::cold;
use crate::cosign::{Cosign, Generation, Keys};
use crate::http::Client;
use crate::promo::{Documents, KeylessPromo, Promo, write_tree};
use crate::push;
use crate::servers::{Server, free_address};
use crate::sigstore_stack::{Log, Sigstore, WORKFLOW};
use crate::tools;
use xtask::error::{Error, OnPath, Result};
use xtask::workspace::{self, Profile};

pub(super) struct Stage {
    pub(super) sigstore: Sigstore,
    pub(super) cosign: Cosign,
    keys: Keys,
    promo: Promo,
    registry: Server,
    folder: tempfile::TempDir,
}

impl Stage {
    pub(super) fn prepare() -> Result<Self> {
        let folder = tempfile::tempdir().on("create", Path::new("a temporary folder"))?;
        let promo = Promo::new(&workspace::build_promo(Profile::Release)?, folder.path());
        let address = free_address()?;
        let registry = Server::start(&mut promo.serve(&address), address)?;
        let cosign_3 = tools::cosign_3()?;
        let sigstore = Sigstore::start(folder.path(), &tools::sigstore()?, &cosign_3)?;
        let cosign = Cosign::new(&cosign_3, Generation::Three, &folder.path().join("cosign"))?;
        Ok(Self {
            keys: cosign.generate_keys(folder.path(), "release")?,
            sigstore,
            cosign,
            promo,
            registry,
            folder,
        })
    }

    /// So many images in staging, by their digests.
    pub(super) fn images(&self, count: usize) -> Result<Vec<String>> {
        let client = Client::new(self.registry.address(), None);
        let image = |number| {
            let seed = format!("image {number}");
            let pushed = push::image(&client, "staging/app", &[(&seed, 1000)])?;
            let digest = pushed.get("digest").and_then(Value::as_str);
            Ok(digest.unwrap_or_default().to_owned())
        };
        (0..count).map(image).collect()
    }

    /// An image in production by its digest.
    pub(super) fn production(&self, name: &str, digest: &str) -> String {
        format!("{}/{name}/app@{digest}", self.registry.address())
    }

    /// How long it takes to sign and attest what was copied before.
    pub(super) fn prove_with_key(&self, images: &[String], name: &str) -> Result<Duration> {
        let tree = self.copied(images, name)?;
        let mut command = self.promo.complete(&tree);
        command.args(["--signature-formats", "bundle", "--key"]);
        self.timed(command.arg(&self.keys.private))
    }

    /// The same keyless, and what was asked of whom.
    pub(super) fn prove_keyless(&self, images: &[String], log: Log) -> Result<(Duration, String)> {
        let tree = self.copied(images, &format!("{log:?}").to_lowercase())?;
        let token = self.folder.path().join("token");
        fs::write(&token, self.sigstore.workflow()?).on("write", &token)?;
        let keyless = KeylessPromo {
            documents: Documents::Files {
                signing_config: &self.sigstore.signing_config(log),
                trusted_root: &self.sigstore.trusted_root(),
            },
            token: &token,
        };
        let report = self.folder.path().join("report.json");
        let mut command = self.promo.complete(&tree);
        keyless.add_to(&mut command).arg("--report").arg(&report);
        let took = self.timed(&mut command)?;
        Ok((took, self.asked(&report)?))
    }

    /// How long it takes to verify what [`Log::OneAlone`] has.
    pub(super) fn verify_keyless(&self, images: &[String]) -> Result<Duration> {
        let trust = self.folder.path().join("trust.toml");
        let root = self.sigstore.trusted_root();
        let issuer = self.sigstore.workflows();
        let text = format!(
            "schema = \"promo.trust/v1\"\nroots = [{:?}]\n[signer.release]\nissuer = {issuer:?}\n\
             subject = {WORKFLOW:?}\n[signatures]\nlog = true\n",
            root.to_string_lossy()
        );
        fs::write(&trust, text).on("write", &trust)?;
        let mut command = self.promo.verifying(&trust);
        let names = images.iter();
        command.args(names.map(|digest| self.production("onealone", digest)));
        self.timed(&mut command)
    }

    /// The tree of these images, which are copied without proof.
    fn copied(&self, images: &[String], name: &str) -> Result<PathBuf> {
        let tree = self.folder.path().join(format!("tree-{name}"));
        let address = self.registry.address();
        let (source, destination) = (format!("{address}/staging"), format!("{address}/{name}"));
        let tags: Vec<String> = (0..images.len())
            .map(|number| format!("v{number}"))
            .collect();
        let tags: Vec<[&str; 1]> = tags.iter().map(|tag| [tag.as_str()]).collect();
        let entries: Vec<(&str, &str, &[&str])> = images
            .iter()
            .zip(&tags)
            .map(|(digest, tags)| ("app", digest.as_str(), &tags[..]))
            .collect();
        write_tree(&tree, &source, &[&destination], &entries)?;
        let nowhere = self.folder.path().join("auth.json");
        fs::write(&nowhere, "{}").on("write", &nowhere)?;
        self.timed(&mut self.promo.promote_unsigned(&tree, &nowhere))?;
        if name == "key" {
            // cosign's images are the same, beside which nothing stands.
            self.copied_for_cosign(&source, &entries)?;
        }
        Ok(tree)
    }

    fn copied_for_cosign(&self, source: &str, entries: &[(&str, &str, &[&str])]) -> Result<()> {
        let tree = self.folder.path().join("tree-cosign");
        let destination = format!("{}/cosign", self.registry.address());
        write_tree(&tree, source, &[&destination], entries)?;
        let nowhere = self.folder.path().join("auth.json");
        self.timed(&mut self.promo.promote_unsigned(&tree, &nowhere))
            .map(drop)
    }

    fn timed(&self, command: &mut Command) -> Result<Duration> {
        let output = self.folder.path().join("output");
        Ok(cold::run(command, &output, &[0])?.time)
    }

    /// The requests to everything but the registry, from a report.
    fn asked(&self, report: &Path) -> Result<String> {
        let text = fs::read(report).on("read", report)?;
        let report: Value = serde_json::from_slice(&text)
            .map_err(|error| Error::document("a report", error.to_string()))?;
        let hosts = report.get("hosts").and_then(Value::as_array);
        let asked = hosts.into_iter().flatten().filter_map(|host| {
            let name = host.get("host")?.as_str()?;
            let count = host.get("requests")?.get("service")?.as_u64()?;
            let name = self.sigstore.name_of(name)?;
            Some(format!("{count} to {name}"))
        });
        Ok(asked.collect::<Vec<_>>().join(", "))
    }
}
