//! The bodies of the fuzz targets, as plain functions of bytes: libFuzzer drives them, and so do the tests of this crate,
//! which run them over the seeds and over changed seeds on any machine.
//!
//! A body panics if a promise is broken, and does nothing else.

#![forbid(unsafe_code)]

use promo_core::manifest::{ManifestSet, TreeFiles};

/// Parses promoter manifests, plain and thin: any bytes end in a value or in findings, and the same bytes in the same.
///
/// In a thin tree the promoter manifest stands before the first NUL, and the images after it.
pub fn manifest(data: &[u8]) {
    let plain = || ManifestSet::parse_plain("promoter-manifest.yaml", data);
    assert_eq!(
        format!("{:?}", plain()),
        format!("{:?}", plain()),
        "a plain manifest is parsed in two ways"
    );
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let mut tree = TreeFiles::new();
    tree.insert(
        "manifests/team/promoter-manifest.yaml",
        parts.next().unwrap_or_default(),
    );
    tree.insert("images/team/images.yaml", parts.next().unwrap_or_default());
    let thin = || ManifestSet::parse_thin(&tree);
    assert_eq!(
        format!("{:?}", thin()),
        format!("{:?}", thin()),
        "a thin tree is parsed in two ways"
    );
}

#[cfg(test)]
mod tests;
