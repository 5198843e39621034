//! What git says about the tree: which repository, which commit. It goes into attestations.
//!
//! Without git, or outside a work tree, the attestation names no commit.

use std::path::{Component, Path};

use promo_core::ports::RecordedManifest;

use super::Git;
use crate::tree::TreeSource;

impl Git {
    /// The promoter manifests as attestations record them: what their names stand below in the repository, the
    /// repository's `git+https://…` address, and the commit. The commit is named only if they are as they are
    /// in that commit: an attestation must not vouch for what was never committed.
    pub fn recorded_manifest(&self, source: &TreeSource) -> Option<RecordedManifest> {
        let (folder, manifests) = match source {
            TreeSource::Thin(folder) => (folder.as_path(), Path::new(".")),
            // The name of a plain manifest is its path as it was given: only below here can it be completed.
            TreeSource::Plain(file) if is_below_here(file) => (Path::new("."), file.as_path()),
            TreeSource::Plain(_) => return None,
        };
        let ask = |arguments: &[&str]| self.text(folder, arguments).ok();
        let name = ask(&["rev-parse", "--show-prefix"])?;
        let commit = ask(&["rev-parse", "--verify", "HEAD"]).filter(|text| is_commit(text));
        let status = ["status", "--porcelain", "--untracked-files=all", "--"];
        let changes = ask(&[&status[..], &[&*manifests.to_string_lossy()]].concat());
        let clean = changes.is_some_and(|changes| changes.is_empty());
        let uri = ask(&["config", "--get", "remote.origin.url"]).and_then(|url| address(&url));
        Some(RecordedManifest {
            name,
            uri,
            git_commit: commit.filter(|_| clean),
        })
    }
}

fn is_below_here(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
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
