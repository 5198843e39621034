use bytes::Bytes;

use super::*;
use crate::oci::{DigestAlgorithm, MediaType};

fn manifest(seed: u8, bytes: usize) -> RawManifest {
    let media_type = MediaType::new(MediaType::OCI_MANIFEST);
    let bytes = Bytes::from(vec![seed; bytes]);
    RawManifest::new(media_type, DigestAlgorithm::Sha256, bytes)
}

#[test]
fn what_is_beyond_the_bound_is_not_kept() {
    let source: Repository = "a.io/x".parse().unwrap();
    let kept = SourceManifests::default();
    let large = manifest(1, MAX_SOURCE_MANIFESTS - 100);
    let [small, fits] = [manifest(2, 101), manifest(3, 100)];
    for manifest in [&large, &small, &fits] {
        kept.keep(&source, manifest.clone());
    }
    assert!(kept.of(&source, large.digest()).is_some());
    assert!(kept.of(&source, small.digest()).is_none());
    assert!(kept.of(&source, fits.digest()).is_some());
    let elsewhere = "a.io/y".parse().unwrap();
    assert!(kept.of(&elsewhere, fits.digest()).is_none());
}
