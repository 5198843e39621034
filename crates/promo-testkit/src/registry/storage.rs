//! What is stored: per repository blobs, manifests, tags and the referrers that follow from the manifests.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::manifest_facts::ManifestFacts;

/// The start of the logical clock: stored times are the same in each run.
const EPOCH_MILLISECONDS: u64 = 1_700_000_000_000;

/// All repositories.
#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Repository>,
    ticks: u64,
}

/// One repository. Blobs are scoped to it, the bytes behind them may be shared.
#[derive(Debug, Default)]
pub(super) struct Repository {
    pub(super) blobs: BTreeMap<String, Bytes>,
    pub(super) manifests: BTreeMap<String, Manifest>,
    pub(super) tags: BTreeMap<String, String>,
    /// From a subject to the manifests that are about it; the subject itself may be absent.
    pub(super) referrers: BTreeMap<String, BTreeSet<String>>,
}

/// A manifest as it was put.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) bytes: Bytes,
    pub(super) media_type: String,
    pub(super) facts: ManifestFacts,
    pub(super) uploaded_milliseconds: u64,
}

impl Store {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Repository> {
        self.repositories.get(name)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Repository> {
        self.repositories.get_mut(name)
    }

    pub(super) fn each_mut(&mut self, change: impl FnMut(&mut Repository)) {
        self.repositories.values_mut().for_each(change);
    }

    pub(super) fn create(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// Stores a manifest under its digest.
    pub(super) fn put_manifest(
        &mut self,
        name: &str,
        digest: &str,
        media_type: &str,
        bytes: Bytes,
        facts: ManifestFacts,
    ) {
        self.ticks += 1;
        let manifest = Manifest {
            bytes,
            media_type: media_type.to_owned(),
            facts,
            uploaded_milliseconds: EPOCH_MILLISECONDS + self.ticks,
        };
        self.create(name).insert(digest, manifest);
    }
}

impl Repository {
    /// The digest that a tag points to, or a digest itself when its manifest is there.
    pub(super) fn resolve(&self, reference: &str) -> Option<&str> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        self.manifests
            .get_key_value(digest)
            .map(|(digest, _)| digest.as_str())
    }

    /// The manifest that a tag or digest stands for.
    pub(super) fn manifest(&self, reference: &str) -> Option<(&str, &Manifest)> {
        let digest = self.resolve(reference)?;
        Some((digest, self.manifests.get(digest)?))
    }

    /// Removes a manifest and the tags that point to it; false when it was not there.
    pub(super) fn remove_manifest(&mut self, digest: &str) -> bool {
        let Some(removed) = self.manifests.remove(digest) else {
            return false;
        };
        self.tags.retain(|_, target| target != digest);
        if let Some(subject) = &removed.facts.subject
            && let Some(referrers) = self.referrers.get_mut(subject)
        {
            referrers.remove(digest);
        }
        true
    }

    /// Removes manifests whose subject isn't there, and tags of evidence about digests that aren't there.
    pub(super) fn collect_orphans(&mut self) {
        let is_there =
            |manifests: &BTreeMap<String, Manifest>, digest: &str| manifests.contains_key(digest);
        let orphans: Vec<String> = self
            .manifests
            .iter()
            .filter(|(_, manifest)| {
                let subject = manifest.facts.subject.as_ref();
                subject.is_some_and(|subject| !is_there(&self.manifests, subject))
            })
            .map(|(digest, _)| digest.clone())
            .collect();
        for orphan in orphans {
            self.remove_manifest(&orphan);
        }
        let manifests = &self.manifests;
        self.tags.retain(|tag, _| {
            let about = tag.split('.').next().unwrap_or(tag).replacen('-', ":", 1);
            !tag.starts_with("sha256-") || is_there(manifests, &about)
        });
    }

    fn insert(&mut self, digest: &str, manifest: Manifest) {
        if let Some(subject) = &manifest.facts.subject {
            self.referrers
                .entry(subject.clone())
                .or_default()
                .insert(digest.to_owned());
        }
        self.manifests.insert(digest.to_owned(), manifest);
    }
}
