//! Trees on disk: sizes, what is no file, what changes.

use std::fs;
use std::path::Path;

use super::on_disk::{IMAGES, write};
use super::*;

fn sound_tree() -> tempfile::TempDir {
    on_disk::tree("[v1]")
}

#[test]
fn a_sound_tree_loads_the_same_by_any_name_of_its_folder() {
    let dir = sound_tree();
    write(dir.path(), "manifests/README.md", "not read");
    let set = ManifestSet::load_thin(dir.path()).unwrap();
    assert_eq!(set.summary().edges, 1);
    assert_eq!(set.findings(), []);
    for other in [dir.path().join("."), dir.path().join("manifests/..")] {
        assert_eq!(ManifestSet::load_thin(&other).unwrap(), set);
    }
}

#[test]
fn a_folder_that_is_not_there_is_an_error_with_its_path() {
    let error = ManifestSet::load_thin(Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(error.to_string(), "can't read /nowhere/at/all");
    assert_eq!(error.code().as_str(), "PROMO-M001");
    assert!(!error.hints().is_empty());
    assert!(ManifestSet::load_plain(Path::new("/nowhere/at/all")).is_err());
}

#[test]
fn what_is_not_a_file_is_refused() {
    let dir = sound_tree();
    fs::remove_file(dir.path().join(IMAGES)).unwrap();
    fs::create_dir(dir.path().join(IMAGES)).unwrap();
    let findings = found(&ManifestSet::load_thin(dir.path()));
    assert_eq!(findings, [format!("{IMAGES} PROMO-M006")]);
}

#[test]
fn a_huge_file_is_refused_without_being_read() {
    let dir = sound_tree();
    // Sparse: it takes no space, but reading it would take its length in memory.
    let file = fs::File::create(dir.path().join(IMAGES)).unwrap();
    file.set_len(100 << 20).unwrap();
    let findings = found(&ManifestSet::load_thin(dir.path()));
    assert_eq!(findings, [format!("{IMAGES} PROMO-M009")]);
    let plain = ManifestSet::load_plain(&dir.path().join(IMAGES));
    assert_eq!(plain.unwrap_err().code().as_str(), "PROMO-M009");
}

#[test]
fn the_digest_of_a_tree_changes_with_its_files() {
    let dir = sound_tree();
    let before = TreeFiles::read(dir.path()).unwrap();
    assert_eq!(
        TreeFiles::read(dir.path()).unwrap().digest(),
        before.digest()
    );
    write(dir.path(), IMAGES, "# other\n");
    assert_ne!(
        TreeFiles::read(dir.path()).unwrap().digest(),
        before.digest()
    );
}
