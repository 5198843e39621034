//! Symbolic links in trees on disk: what kpromo reads through them is read, within the tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::on_disk::{IMAGES, MANIFEST};
use super::*;

/// A sound tree with an image in it.
fn tree() -> tempfile::TempDir {
    on_disk::tree("[v1, '-']")
}

/// Puts a link to `target` in place of `path`; what was there is put to `kept`, relative to the tree.
fn link(dir: &tempfile::TempDir, path: &str, target: &str, kept: Option<&str>) {
    let place = dir.path().join(path);
    if let Some(kept) = kept {
        let kept = dir.path().join(kept);
        fs::create_dir_all(kept.parent().unwrap()).unwrap();
        fs::rename(&place, kept).unwrap();
    }
    symlink(target, place).unwrap();
}

#[test]
fn a_link_to_a_file_of_the_tree_is_that_file() {
    for (path, target, kept) in [
        (IMAGES, "../../shared/x.yaml", "shared/x.yaml"),
        (MANIFEST, "../../shared/x.yaml", "shared/x.yaml"),
        ("images/p", "q", "images/q"),
        ("images/p", "../shared/lists", "shared/lists"),
        ("images", "shared", "shared"),
        // Both files of a project in one folder.
        ("images", "manifests", "elsewhere"),
    ] {
        let sound = tree();
        let dir = tree();
        link(&dir, path, target, Some(kept));
        if target == "manifests" {
            let text = fs::read(dir.path().join("elsewhere/p/images.yaml")).unwrap();
            fs::write(dir.path().join("manifests/p/images.yaml"), text).unwrap();
        }
        let set = ManifestSet::load_thin(dir.path());
        // The finding names the path as it is written in the tree.
        let lines = found(&set);
        assert!(
            lines.contains(&"2:88 PROMO-M053".to_owned()),
            "{path} {target}: {lines:?}"
        );
        let set = set.unwrap();
        let bad = set
            .findings()
            .iter()
            .find(|f| f.code.as_str() == "PROMO-M053");
        assert_eq!(bad.unwrap().file.as_str(), IMAGES);
        assert_eq!(set.manifests()[0].file().as_str(), MANIFEST);
        assert_eq!(set.summary().edges, 1);
        // What a plan was made from is what was read, wherever it lies.
        let digest = |dir: &Path| {
            let files = TreeFiles::read(dir).unwrap();
            let read: Vec<_> = files
                .files()
                .filter(|(name, _)| [MANIFEST, IMAGES].contains(name))
                .collect();
            assert_eq!(read.len(), 2);
            let mut only = TreeFiles::new();
            for (name, bytes) in read {
                only.insert(name, bytes);
            }
            only.digest()
        };
        assert_eq!(digest(dir.path()), digest(sound.path()), "{path} {target}");
    }
}

#[test]
fn a_link_is_followed_by_any_name_of_the_folder() {
    let dir = tree();
    link(&dir, IMAGES, "../../x.yaml", Some("x.yaml"));
    let above = tempfile::tempdir().unwrap();
    let by_link = above.path().join("tree");
    symlink(dir.path(), &by_link).unwrap();
    for name in [
        by_link.clone(),
        by_link.join("."),
        by_link.join("images/.."),
    ] {
        assert_eq!(ManifestSet::load_thin(&name).unwrap().summary().edges, 1);
    }
}

#[test]
fn a_link_that_leads_to_no_file_of_the_tree_is_refused_where_one_is_read() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("images.yaml");
    fs::write(&secret, "a secret: outside").unwrap();
    let (secret, folder) = (secret.to_str().unwrap(), outside.path().to_str().unwrap());
    for (path, target) in [
        (IMAGES, secret),
        (MANIFEST, secret),
        (IMAGES, "nowhere"),
        (IMAGES, "images.yaml"),
        (IMAGES, "../../../etc/passwd"),
        (MANIFEST, "nowhere"),
        ("images/p", folder),
        ("images/p", "nowhere"),
        ("images/p", "p"),
        ("images", folder),
        ("images", "nowhere"),
        ("manifests", "elsewhere"),
        ("manifests", folder),
    ] {
        let dir = tree();
        link(&dir, path, target, Some("elsewhere"));
        let set = ManifestSet::load_thin(dir.path());
        let error = set.as_ref().unwrap_err();
        let findings: Vec<_> = error
            .findings()
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .collect();
        let of_link = |f: &&&Finding| f.code.as_str() == "PROMO-M002" && f.file.as_str() == path;
        assert!(
            findings.iter().any(|f| of_link(&f)),
            "{path} {target}: {findings:?}"
        );
        assert!(
            !format!("{error} {findings:?}").contains("a secret"),
            "{findings:?}"
        );
    }
    // What is no file can't be read behind a link either.
    let dir = tree();
    link(&dir, IMAGES, "../../elsewhere", Some("x.yaml"));
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    assert_eq!(
        found(&ManifestSet::load_thin(dir.path())),
        [format!("{IMAGES} PROMO-M006")]
    );
}

#[test]
fn links_to_folders_are_told_and_links_that_mean_nothing_stop_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().to_str().unwrap();
    for (path, target, told) in [
        ("manifests/q", "p", true),
        ("manifests/q", folder, true),
        ("manifests/p/again", ".", true),
        ("manifests/p/up", "../..", true),
        ("images/q/deeper", "..", true),
        ("manifests/q", "nowhere", true),
        ("manifests/README.md", "README.md", true),
        ("images/q", "nowhere", true),
        ("images/p/README.md", "nowhere", true),
        ("manifests/OWNERS", "/etc/hostname", false),
        ("images/OWNERS", "/etc/hostname", false),
        ("manifests/p/README.md", "promoter-manifest.yaml", false),
        ("OTHER", "nowhere", false),
    ] {
        let dir = tree();
        fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
        link(&dir, path, target, None);
        let set = ManifestSet::load_thin(dir.path());
        let lines: Vec<String> = found(&set)
            .into_iter()
            .filter(|line| !line.ends_with("M053"))
            .collect();
        let expected = [format!("{path} PROMO-M013")];
        assert_eq!(lines, expected[..usize::from(told)], "{path} {target}");
        assert_eq!(set.unwrap().summary().edges, 1);
    }
}
