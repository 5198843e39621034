//! `promo init`: a first promo.toml and tree. Nothing that exists is overwritten.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use promo::files::{self, Access};
use promo_core::oci::RegistryPath;

use crate::args::InitArgs;
use crate::error::{Error, Result};
use crate::output::Outcome;

/// Writes the files that are not there yet, and says which are.
pub(crate) fn run(args: &InitArgs) -> Result<Outcome> {
    let staging = registry("--staging", &args.staging)?;
    let production = args
        .production
        .iter()
        .map(|text| registry("--production", text))
        .collect::<Result<Vec<_>>>()?;
    let mut told = String::new();
    for (name, text) in files(&staging, &production) {
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
    told.push_str(NEXT);
    Ok(Outcome::done(told))
}

const NEXT: &str = "
Next:
  promo key generate          # a key pair to sign with
  promo manifest check        # are the promoter manifests well formed?
  promo plan --offline        # what do they want?
  promo promote               # a dry run; add --confirm --key cosign.key to promote
";

fn registry(flag: &str, text: &str) -> Result<RegistryPath> {
    text.parse().map_err(|error| Error::Usage {
        message: format!("{flag} {text}: {error}"),
        hint: "a registry is written HOST or HOST/PATH, such as `registry.example.com/team`"
            .to_owned(),
    })
}

fn files(staging: &RegistryPath, production: &[RegistryPath]) -> [(&'static str, String); 3] {
    let mut registries = format!("registries:\n- name: {staging}\n  src: true\n");
    for registry in production {
        let _ = writeln!(registries, "- name: {registry}");
    }
    [
        ("promo.toml", SETTINGS.to_owned()),
        ("tree/manifests/team/promoter-manifest.yaml", registries),
        ("tree/images/team/images.yaml", IMAGES.to_owned()),
    ]
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
[]
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
