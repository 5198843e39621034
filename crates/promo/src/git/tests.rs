use std::fs;

use super::recorded::address;
use super::*;
use crate::TreeSource;

fn git_here() -> Git {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Git::find(&std::env::split_paths(&path).collect::<Vec<_>>())
}

#[test]
fn git_is_not_looked_for_in_relative_folders() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder
        .path()
        .join(format!("git{}", std::env::consts::EXE_SUFFIX));
    fs::write(&program, "").unwrap();
    let found = Git::find(&["bin".into(), ".".into(), folder.path().to_owned()]);
    assert_eq!(found.program, Some(program));
    assert_eq!(Git::find(&["bin".into(), ".".into()]).program, None);
}

#[test]
fn remotes_lose_their_secrets_and_their_form() {
    let expected = Some("git+https://github.com/org/repo".to_owned());
    for remote in [
        "https://github.com/org/repo.git",
        "https://user:secret@github.com/org/repo",
        "ssh://git@github.com/org/repo.git",
        "git@github.com:org/repo.git",
    ] {
        assert_eq!(address(remote), expected, "{remote}");
    }
    for local in ["/srv/repo", "../repo", "file:///srv/repo"] {
        assert_eq!(address(local), None, "{local}");
    }
}

#[test]
fn attestations_name_a_commit_only_if_the_tree_is_as_committed() {
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let mut git = Command::new("git");
        let git = git
            .current_dir(folder.path())
            .args(identity)
            .args(arguments);
        assert!(git.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["remote", "add", "origin", "git@example.com:org/repo.git"]);
    let tree = folder.path().join("registry/tree");
    fs::create_dir_all(tree.join("images")).unwrap();
    fs::write(tree.join("images/a.yaml"), "[]").unwrap();
    git(&["add", "."]);
    git(&["commit", "-qm", "a"]);
    let recorded = git_here()
        .recorded_manifest(&TreeSource::Thin(tree.clone()))
        .unwrap();
    assert_eq!(recorded.name, "registry/tree/");
    assert_eq!(
        recorded.uri.as_deref(),
        Some("git+https://example.com/org/repo")
    );
    assert_eq!(recorded.git_commit.map(|commit| commit.len()), Some(40));
    // What was changed and not committed is no commit's, and neither is a new file.
    fs::write(tree.join("images/b.yaml"), "[]").unwrap();
    let recorded = git_here()
        .recorded_manifest(&TreeSource::Thin(tree))
        .unwrap();
    assert_eq!(recorded.git_commit, None);
    let outside = tempfile::tempdir().unwrap();
    let outside = TreeSource::Thin(outside.path().to_owned());
    assert_eq!(git_here().recorded_manifest(&outside), None);
}
