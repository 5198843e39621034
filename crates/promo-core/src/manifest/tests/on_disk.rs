//! Trees on disk, for tests of what is read from there.

use std::fs;
use std::path::Path;

use super::hex;

pub(super) const MANIFEST: &str = "manifests/p/promoter-manifest.yaml";
pub(super) const IMAGES: &str = "images/p/images.yaml";

pub(super) fn write(dir: &Path, path: &str, text: &str) {
    let file = dir.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// A sound tree with one image that has these tags.
pub(super) fn tree(tags: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let registries = "registries:\n- {name: a.example/s, src: true}\n- {name: b.example/p}\n";
    write(dir.path(), MANIFEST, registries);
    let images = format!("- name: x\n  dmap: {{sha256:{}: {tags}}}\n", hex('a'));
    write(dir.path(), IMAGES, &images);
    dir
}
