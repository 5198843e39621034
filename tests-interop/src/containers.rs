//! Images made and moved by others: umoci and buildah build them around Debian's busybox, skopeo pushes and reads them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::digest::sha256;
use crate::push::bytes_of;
use crate::tools::on_path;
use xtask::error::{OnPath, Result};
use xtask::process;

/// Builds and moves images; knows the passwords of the registries.
#[derive(Debug)]
pub(crate) struct Containers {
    folder: PathBuf,
    busybox: PathBuf,
    passwords: PathBuf,
}

impl Containers {
    /// `passwords` is a `config.json`, and may name no registry at all.
    pub(crate) fn new(folder: &Path, passwords: &Path) -> Result<Self> {
        let folder = folder.join("containers");
        fs::create_dir_all(&folder).on("create", &folder)?;
        Ok(Self {
            folder,
            busybox: on_path("busybox")?,
            passwords: passwords.to_owned(),
        })
    }

    /// Builds an image of one platform with umoci and pushes it. It shares busybox's layer with every other one and
    /// has a second layer of its own, `own_bytes` long.
    pub(crate) fn push_image(
        &self,
        name: &str,
        own_bytes: usize,
        destination: &str,
    ) -> Result<String> {
        let layout = self.folder.join("layout");
        if !layout.exists() {
            process::capture(
                Command::new("umoci")
                    .args(["init", "--layout"])
                    .arg(&layout),
            )?
            .success()?;
        }
        let image = format!("{}:{name}", layout.display());
        umoci(&["new", "--image", &image])?;
        insert(&image, &self.busybox, "/bin/busybox")?;
        let own = self.folder.join("own");
        fs::write(&own, bytes_of(name, own_bytes)).on("write", &own)?;
        insert(&image, &own, "/etc/own")?;
        umoci(&["config", "--image", &image, "--config.cmd", "/bin/busybox"])?;
        self.copy(&format!("oci:{image}"), &format!("docker://{destination}"))?;
        self.digest(destination)
    }

    /// Builds an index of two platforms with buildah and pushes it with its images.
    pub(crate) fn push_index(&self, name: &str, destination: &str) -> Result<String> {
        for architecture in ["amd64", "arm64"] {
            let container = self.buildah(&["from", "--arch", architecture, "scratch"])?;
            let container = container.trim();
            self.buildah(&[
                "copy",
                container,
                &self.busybox.to_string_lossy(),
                "/bin/busybox",
            ])?;
            self.buildah(&[
                "config",
                "--os",
                "linux",
                "--arch",
                architecture,
                "--cmd",
                "/bin/busybox",
                container,
            ])?;
            self.buildah(&["commit", "--manifest", name, container])?;
        }
        let target = format!("docker://{destination}");
        let passwords = self.passwords.to_string_lossy();
        self.buildah(&[
            "manifest",
            "push",
            "--all",
            "--tls-verify=false",
            "--authfile",
            &passwords,
            name,
            &target,
        ])?;
        self.digest(destination)
    }

    /// Copies an image with everything in it, in the form that it has.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<()> {
        let mut command = self.skopeo("copy");
        command.args([
            "--quiet",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
        ]);
        process::capture(command.args([from, to]))?
            .success()
            .map(drop)
    }

    /// Pulls an image with everything in it, which shows that nothing is missing.
    pub(crate) fn pull(&self, reference: &str) -> Result<()> {
        let folder = tempfile::tempdir_in(&self.folder).on("create a folder in", &self.folder)?;
        self.copy(
            &format!("docker://{reference}"),
            &format!("oci:{}:pulled", folder.path().display()),
        )
    }

    /// The manifest's very bytes, as skopeo gets them.
    pub(crate) fn raw_manifest(&self, reference: &str) -> Result<Vec<u8>> {
        let mut command = self.skopeo("inspect");
        command
            .args(["--raw", "--tls-verify=false"])
            .arg(format!("docker://{reference}"));
        process::capture(&mut command)?.success_bytes()
    }

    /// Asks for what isn't there, to be seen in the log of a registry.
    pub(crate) fn leave_mark(&self, reference: &str) -> Result<()> {
        let mut command = self.skopeo("inspect");
        command
            .args(["--raw", "--tls-verify=false"])
            .arg(format!("docker://{reference}"));
        process::capture(&mut command)?.refusal().map(drop)
    }

    /// The digest of [`Self::raw_manifest`].
    pub(crate) fn digest(&self, reference: &str) -> Result<String> {
        Ok(sha256(&self.raw_manifest(reference)?))
    }

    fn buildah(&self, arguments: &[&str]) -> Result<String> {
        let storage = self.folder.join("storage");
        let mut command = Command::new("buildah");
        command
            .args(["--storage-driver", "vfs", "--root"])
            .arg(storage.join("root"));
        command
            .arg("--runroot")
            .arg(storage.join("run"))
            .args(arguments);
        process::capture(&mut command)?.success()
    }

    fn skopeo(&self, verb: &str) -> Command {
        let mut command = Command::new("skopeo");
        command.arg(verb).arg("--authfile").arg(&self.passwords);
        command
    }
}

fn insert(image: &str, file: &Path, path: &str) -> Result<()> {
    umoci(&[
        "insert",
        "--rootless",
        "--image",
        image,
        &file.to_string_lossy(),
        path,
    ])
}

fn umoci(arguments: &[&str]) -> Result<()> {
    process::capture(Command::new("umoci").args(arguments))?
        .success()
        .map(drop)
}
