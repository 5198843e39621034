//! The one account of the registries that ask for a password, in the three forms in which it is needed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use xtask::error::{OnPath, Result};

/// For the registry: user and bcrypt hash, as `htpasswd` writes it.
pub(crate) const HTPASSWD: &str =
    "promo:$2y$05$UA7QLMDvPltWY410iOf1feG.a/RLzGdITmq.r5hiwyGjVOaQ1dKU6\n";

/// What a person types.
pub(crate) const PASSWORD: &str = "interop-only";

/// For clients: base64 of user and password.
pub(crate) const BASIC: &str = "cHJvbW86aW50ZXJvcC1vbmx5";

/// Writes a `config.json` that Docker's clients, skopeo and promo read, for registries at these addresses.
pub(crate) fn write_config(folder: &Path, addresses: &[&str]) -> Result<PathBuf> {
    fs::create_dir_all(folder).on("create", folder)?;
    let accounts: serde_json::Map<_, _> = addresses
        .iter()
        .map(|address| ((*address).to_owned(), json!({ "auth": BASIC })))
        .collect();
    let path = folder.join("config.json");
    fs::write(&path, json!({ "auths": accounts }).to_string()).on("write", &path)?;
    Ok(path)
}
