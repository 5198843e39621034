//! Lints: what loads well and is odd all the same.
//!
//! Asked for by those who review a tree; loading and planning don't need it. Each oddity is a warning at
//! the entry that comes later.

use std::collections::HashMap;

use super::finding::quote;
use super::kinds::{
    DIGEST_OF_TWO_NAMES, DIGEST_TAG, DUPLICATE_NAME, FindingKind, LATEST, SHARED_REPOSITORY,
};
use super::{FilePath, Finding, ImageEntry, ManifestSet, Position, PromoterManifest};
use crate::oci::{Digest, Repository, Tag};

impl ManifestSet {
    /// What is odd about entries that are well formed, ordered by file and position. All are
    /// warnings; those of loading are not repeated.
    pub fn lint(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for manifest in &self.manifests {
            lint_names(manifest, &mut findings);
            lint_tags(manifest, &mut findings);
            lint_digests(manifest, &mut findings);
        }
        lint_repositories(&self.manifests, &mut findings);
        findings.sort();
        findings
    }
}

fn lint_names(manifest: &PromoterManifest, findings: &mut Vec<Finding>) {
    let mut seen: HashMap<&str, Position> = HashMap::new();
    for image in &manifest.images {
        if let Some(first) = seen.get(image.name()) {
            let message = format!("the image {} already stands at {first}", quote(&image.name));
            let expected = "one entry for each image";
            findings.push(found(&DUPLICATE_NAME, manifest, image, message, expected));
        } else {
            seen.insert(&image.name, image.position);
        }
    }
}

fn lint_tags(manifest: &PromoterManifest, findings: &mut Vec<Finding>) {
    let digests = manifest.images.iter().flat_map(ImageEntry::digests);
    for entry in digests.flat_map(|digest| &digest.tags) {
        let name = quote(entry.tag.as_str());
        let (kind, message, expected) = if entry.tag.as_str() == "latest" {
            let message = format!("the tag {name} says nothing about the version");
            (&LATEST, message, "a tag that stays with its digest")
        } else if is_like_digest(&entry.tag) {
            let message = format!("the tag {name} looks like a digest");
            (&DIGEST_TAG, message, "a tag that names a version")
        } else {
            continue;
        };
        findings.push(Finding::new(
            kind,
            &manifest.images_file,
            Some(entry.position),
            message,
            expected,
        ));
    }
}

/// Whether a tag is made of a digest: `sha256…` or nothing but the digits of one.
fn is_like_digest(tag: &Tag) -> bool {
    let text = tag.as_str();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = ["sha256", "sha512"].iter().find_map(|name| {
        let rest = text.strip_prefix(name)?;
        Some(rest.trim_start_matches(['-', '_', '.']))
    });
    match digits {
        Some(digits) => digits.len() >= 7 && is_hex(digits),
        None => text.len() >= 64 && is_hex(text),
    }
}

fn lint_digests(manifest: &PromoterManifest, findings: &mut Vec<Finding>) {
    let mut seen: HashMap<Digest, &str> = HashMap::new();
    for image in &manifest.images {
        for entry in &image.digests {
            let first = *seen.entry(entry.digest).or_insert(&image.name);
            if first != &*image.name {
                findings.push(Finding::new(
                    &DIGEST_OF_TWO_NAMES,
                    &manifest.images_file,
                    Some(entry.position),
                    format!("the image {} has this digest, too", quote(first)),
                    "each digest under one name",
                ));
            }
        }
    }
}

/// An image entry with the manifest and the file that it stands in.
#[derive(Clone, Copy)]
struct LocatedImage<'a> {
    file: &'a FilePath,
    image: &'a ImageEntry,
    manifest: usize,
}

fn lint_repositories(manifests: &[PromoterManifest], findings: &mut Vec<Finding>) {
    let mut seen: HashMap<Repository, LocatedImage<'_>> = HashMap::new();
    for (index, manifest) in manifests.iter().enumerate() {
        for image in &manifest.images {
            let located = LocatedImage {
                file: &manifest.images_file,
                image,
                manifest: index,
            };
            let mut is_found = false;
            for destination in &manifest.destinations {
                // An image of a set can be joined to all of its registries.
                let Ok(repository) = destination.join(&image.name) else {
                    continue;
                };
                let first = *seen.entry(repository.clone()).or_insert(located);
                // Two entries of one name in one manifest are another lint's.
                let is_same = first.manifest == index && first.image.name == image.name;
                if is_same || is_found {
                    continue;
                }
                is_found = true;
                let message = format!(
                    "{} is also where {} at {}:{} goes",
                    quote(repository.as_str()),
                    quote(first.image.name()),
                    first.file,
                    first.image.position
                );
                let expected = "one entry for each repository";
                findings.push(found(
                    &SHARED_REPOSITORY,
                    manifest,
                    image,
                    message,
                    expected,
                ));
            }
        }
    }
}

fn found(
    kind: &FindingKind,
    manifest: &PromoterManifest,
    image: &ImageEntry,
    message: String,
    expected: &str,
) -> Finding {
    let position = Some(image.position);
    Finding::new(kind, &manifest.images_file, position, message, expected)
}
