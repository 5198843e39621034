//! `promo init`: a first promo.toml and tree. Nothing that exists is overwritten.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use promo::files::{self, Access};
use promo_core::manifest;
use promo_core::oci::RegistryPath;

use super::snapshot;
use crate::args::InitArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::output::Outcome;
use crate::terminal::Terminal;

/// What stands in for registries that nobody named: nobody's names.
const STAGING: &str = "staging.example.com/team";
const PRODUCTION: &str = "registry.example.com/team";

/// Where the images are listed.
const IMAGES_FILE: &str = "tree/images/team/images.yaml";

/// Writes the files that are not there yet, and says which are.
pub(crate) async fn run(args: &InitArgs, context: &Context) -> Result<Outcome> {
    let staging = match args.from.as_ref().or(args.staging.as_ref()) {
        Some(text) => registry(text)?,
        None => registry(&asked("Staging registry", STAGING))?,
    };
    let production = if args.production.is_empty() {
        let said = asked("Production registries, separated by spaces", PRODUCTION);
        let named: Result<Vec<_>> = said
            .split([' ', ','])
            .filter(|text| !text.is_empty())
            .map(registry)
            .collect();
        named?
    } else {
        args.production
            .iter()
            .map(|text| registry(text))
            .collect::<Result<Vec<_>>>()?
    };
    let (images, exit) = images(args, &staging, context).await?;
    let mut told = String::new();
    for (name, text) in files(&staging, &production, images)? {
        let path = match args.dir.as_os_str().to_str() {
            Some(".") => PathBuf::from(name),
            _ => args.dir.join(name),
        };
        let what = if create(&path, &text)? {
            "wrote"
        } else {
            "kept "
        };
        let _ = writeln!(told, "{what} {}", path.display());
    }
    let place = match args.dir.as_os_str().to_str() {
        Some(".") => "Next".to_owned(),
        _ => format!("In {}", args.dir.display()),
    };
    let _ = write!(told, "\n{place}:\n{NEXT}");
    Ok(Outcome { text: told, exit })
}

/// What somebody says on a terminal, else what stands in for it.
fn asked(what: &str, otherwise: &str) -> String {
    Terminal::ask(&format!("{what} [{otherwise}]: ")).unwrap_or_else(|| otherwise.to_owned())
}

/// The text of the images file, and how the command ends: what staging holds, or how entries are written.
async fn images(
    args: &InitArgs,
    staging: &RegistryPath,
    context: &Context,
) -> Result<(String, Exit)> {
    let is_there = args.dir.join(IMAGES_FILE).symlink_metadata().is_ok();
    if args.from.is_none() || is_there {
        return Ok((IMAGES.to_owned(), Exit::Done));
    }
    let snapshot = snapshot::take(staging.clone(), false, context).await?;
    snapshot::tell_unreadable(&snapshot, context);
    let exit = if snapshot.unreadable().is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    };
    let listed = snapshot::manifest_text(snapshot, context);
    let text = if listed.is_empty() {
        IMAGES.to_owned()
    } else {
        listed
    };
    Ok((text, exit))
}

/// What comes next, a command in a line.
const NEXT: &str =
    "  promo login REGISTRY        # if docker, podman or skopeo is not logged in there already
  promo manifest add IMAGE    # an image of staging with its digest, under its tag
  promo key generate          # a key pair to sign with
  promo manifest check        # are the promoter manifests well formed?
  promo plan --offline        # what do they want?
  promo promote               # a dry run; add --confirm --key cosign.key to promote
";

fn registry(text: &str) -> Result<RegistryPath> {
    text.parse().map_err(|error| Error::Usage {
        message: format!("{text}: {error}"),
        hint: "a registry is written HOST or HOST/PATH, such as `registry.example.com/team`"
            .to_owned(),
    })
}

fn files(
    staging: &RegistryPath,
    production: &[RegistryPath],
    images: String,
) -> Result<[(&'static str, String); 3]> {
    let mut registries = format!("registries:\n- name: {staging}\n  src: true\n");
    for registry in production {
        let _ = writeln!(registries, "- name: {registry}");
    }
    let manifest = "tree/manifests/team/promoter-manifest.yaml";
    // Some names need quotes, and `promo manifest format` shall have nothing to do.
    let registries = manifest::format(manifest, registries.as_bytes())?;
    Ok([
        ("promo.toml", SETTINGS.to_owned()),
        (manifest, registries),
        (IMAGES_FILE, images),
    ])
}

/// Every line here is a setting as it is by default, or an example that is commented out.
const SETTINGS: &str = r#"# Settings of promo for this project; paths are relative to this file.
# `promo settings show` says what holds and why.

thin-manifest-dir = "tree"

# The public name of images, if it is not the destination itself.
# [[identity]]
# match = "us.registry.example.com/team"
# name = "registry.example.com/team"

[sign]
# key = "cosign.key"
formats = ["bundle", "sig"]

[verify]
# staging-keys = ["staging.pub"]
# staging-signatures = "require"
"#;

const IMAGES: &str = r#"# One entry for each image: its digests, and the tags that each digest gets.
#
# - name: app
#   dmap:
#     "sha256:0000000000000000000000000000000000000000000000000000000000000000": ["v1.0.0"]
#
# `promo manifest add IMAGE` writes them.
"#;

/// Creates a file with its folders; false if it exists.
fn create(path: &Path, text: &str) -> Result<bool> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|error| Error::file("create", folder, error))?;
    }
    match files::create(path, text, Access::Everybody) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::file("create", path, error)),
    }
}
