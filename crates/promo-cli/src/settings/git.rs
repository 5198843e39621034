//! What git says about the tree: which repository, which commit. It goes into attestations.
//!
//! git is asked, never told: nothing is fetched, no hook runs. Without git, or outside a work tree, the
//! attestation names no commit.

use std::path::Path;
use std::process::{Command, Stdio};

use promo_core::ports::RecordedManifest;

/// The tree in `path` (a file or a folder) as attestations record it: its folder within the work tree, the
/// repository's `git+https://…` address, and the commit. The commit is named only if the tree is as it is
/// in that commit: an attestation must not vouch for what was never committed.
pub(crate) fn recorded_manifest(path: &Path) -> Option<RecordedManifest> {
    let folder = if path.is_dir() { path } else { path.parent()? };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let prefix = git(folder, &["rev-parse", "--show-prefix"])?;
    let commit = git(folder, &["rev-parse", "--verify", "HEAD"]).filter(|text| is_commit(text));
    let changes = git(
        folder,
        &["status", "--porcelain", "--untracked-files=all", "--", "."],
    );
    let clean = changes.is_some_and(|changes| changes.is_empty());
    let uri = git(folder, &["config", "--get", "remote.origin.url"]).and_then(|url| address(&url));
    Some(RecordedManifest {
        name: prefix.trim_end_matches('/').to_owned(),
        uri,
        git_commit: commit.filter(|_| clean),
    })
}

/// What git answers, without the line end; nothing if it fails.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        // A tree from elsewhere must not have its own program run by asking it for its state.
        .args(["-c", "core.fsmonitor=false"])
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim_end().to_owned())
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A remote's URL as `git+https://HOST/PATH`, without user and password; nothing for local paths.
pub(super) fn address(remote: &str) -> Option<String> {
    let rest = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.to_owned(),
        Some(_) => return None,
        // `git@HOST:PATH`
        None => {
            let (host, path) = remote.split_once(':')?;
            format!("{host}/{path}")
        }
    };
    let (authority, path) = rest.split_once('/')?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let path = path.trim_end_matches('/').trim_end_matches(".git");
    (!host.is_empty() && !path.is_empty()).then(|| format!("git+https://{host}/{path}"))
}
