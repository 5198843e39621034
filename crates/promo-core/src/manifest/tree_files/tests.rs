use std::time::Duration;

use super::*;
use crate::manifest::{ManifestSet, Severity};

const MANIFEST: &str = "manifests/p/promoter-manifest.yaml";
const IMAGES: &str = "images/p/images.yaml";

/// A tree that nobody has touched for a long time: what is done to it now shows in its times.
fn old_tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let registries = "registries:\n- {name: a.example/s, src: true}\n- {name: b.example/p}\n";
    for (path, text) in [(MANIFEST, registries), (IMAGES, "# none yet\n")] {
        let file = dir.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in [
        MANIFEST,
        IMAGES,
        "manifests/p",
        "images/p",
        "manifests",
        "images",
    ] {
        let file = File::open(dir.path().join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    dir
}

/// The codes that a tree is refused with after `change` was done to it between reading and the last look.
fn codes_after(change: impl Fn(&Path)) -> Vec<String> {
    let dir = old_tree();
    let mut reading = Reading::of(dir.path()).unwrap();
    for name in ["manifests", "images"] {
        reading.take(&dir.path().join(name), name.to_owned(), 0);
    }
    change(dir.path());
    reading.confirm();
    match ManifestSet::parse_thin(&reading.files) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let findings = error.findings().iter();
            let errors = findings.filter(|finding| finding.severity == Severity::Error);
            errors
                .map(|finding| format!("{} {}", finding.file, finding.code))
                .collect()
        }
    }
}

#[test]
fn a_tree_that_rests_is_taken() {
    assert_eq!(codes_after(|_| ()), Vec::<String>::new());
}

#[test]
fn whatever_changes_while_the_tree_is_read_refuses_it() {
    let same_length = |dir: &Path| fs::write(dir.join(IMAGES), "# none YET\n").unwrap();
    assert_eq!(codes_after(same_length), [format!("{IMAGES} PROMO-M010")]);
    let longer = |dir: &Path| fs::write(dir.join(IMAGES), "# none yet, but soon\n").unwrap();
    assert_eq!(codes_after(longer), [format!("{IMAGES} PROMO-M010")]);
    let checked_out_anew = |dir: &Path| {
        let new = dir.join("new");
        fs::write(&new, "# none yet\n").unwrap();
        let time = fs::metadata(dir.join(IMAGES)).unwrap().modified().unwrap();
        File::open(&new).unwrap().set_modified(time).unwrap();
        fs::rename(new, dir.join(IMAGES)).unwrap();
    };
    assert!(codes_after(checked_out_anew).contains(&format!("{IMAGES} PROMO-M010")));
    let gone = |dir: &Path| fs::remove_dir_all(dir.join("images/p")).unwrap();
    assert!(codes_after(gone).contains(&format!("{IMAGES} PROMO-M010")));
    let added = |dir: &Path| fs::create_dir(dir.join("manifests/q")).unwrap();
    assert_eq!(codes_after(added), ["manifests PROMO-M010"]);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_afterwards_refuses_the_tree() {
    use std::os::unix::fs::symlink;
    let linked = |dir: &Path, target: &str| {
        fs::remove_file(dir.join(IMAGES)).unwrap();
        symlink(target, dir.join(IMAGES)).unwrap();
    };
    for (change, is_changed) in [("other.yaml", true), ("first.yaml", false)] {
        let dir = old_tree();
        for name in ["first.yaml", "other.yaml"] {
            fs::write(dir.path().join("images").join(name), "# none yet\n").unwrap();
        }
        linked(dir.path(), "../first.yaml");
        let mut reading = Reading::of(dir.path()).unwrap();
        reading.take(&dir.path().join(IMAGES), IMAGES.to_owned(), 0);
        linked(dir.path(), &format!("../{change}"));
        reading.confirm();
        let entry = reading.files.get(IMAGES);
        assert_eq!(entry == Some(&TreeEntry::Changed), is_changed, "{entry:?}");
    }
}
