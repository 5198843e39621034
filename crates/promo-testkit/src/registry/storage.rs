//! What is stored: per repository blobs, manifests, tags and the referrers that follow from the manifests.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::manifest_facts::ManifestFacts;

/// The start of the logical clock: stored times are the same in each run.
const EPOCH_MILLISECONDS: u64 = 1_700_000_000_000;

/// All repositories.
#[derive(Debug, Default)]
pub(crate) struct Store {
    repositories: BTreeMap<String, Repository>,
    ticks: u64,
}

/// One repository. Blobs are scoped to it, the bytes behind them may be shared.
#[derive(Debug, Default)]
pub(crate) struct Repository {
    pub(crate) blobs: BTreeMap<String, Bytes>,
    pub(crate) manifests: BTreeMap<String, Manifest>,
    pub(crate) tags: BTreeMap<String, String>,
    /// From a subject to the manifests that are about it; the subject itself may be absent.
    pub(crate) referrers: BTreeMap<String, BTreeSet<String>>,
}

/// A manifest as it was put.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    pub(crate) bytes: Bytes,
    pub(crate) media_type: String,
    pub(crate) facts: ManifestFacts,
    pub(crate) uploaded_milliseconds: u64,
}

/// What a manifest refers to and its repository doesn't hold.
#[derive(Debug)]
pub(crate) enum Missing<'a> {
    Blob(&'a str),
    Child(&'a str),
}

impl std::fmt::Display for Missing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Blob(digest) => write!(f, "blob {digest} is not in this repository"),
            Self::Child(digest) => write!(f, "manifest {digest} is not in this repository"),
        }
    }
}

impl Store {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.repositories.keys().map(String::as_str)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Repository> {
        self.repositories.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Repository> {
        self.repositories.get_mut(name)
    }

    pub(crate) fn each_mut(&mut self, change: impl FnMut(&mut Repository)) {
        self.repositories.values_mut().for_each(change);
    }

    pub(crate) fn create(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// Stores a manifest under its digest.
    pub(crate) fn put_manifest(
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
    pub(crate) fn resolve(&self, reference: &str) -> Option<&str> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        self.manifests
            .get_key_value(digest)
            .map(|(digest, _)| digest.as_str())
    }

    /// The manifest that a tag or digest stands for.
    pub(crate) fn manifest(&self, reference: &str) -> Option<(&str, &Manifest)> {
        let digest = self.resolve(reference)?;
        Some((digest, self.manifests.get(digest)?))
    }

    /// The first blob or child of a manifest that isn't here.
    pub(crate) fn missing<'a>(&self, facts: &'a ManifestFacts) -> Option<Missing<'a>> {
        let blob = facts.blobs.iter().find(|it| !self.blobs.contains_key(*it));
        let child = |it: &&String| !self.manifests.contains_key(*it);
        blob.map(|it| Missing::Blob(it)).or_else(|| {
            facts
                .children
                .iter()
                .find(child)
                .map(|it| Missing::Child(it))
        })
    }

    /// The manifests whose subject is this digest, whether or not that is here.
    pub(crate) fn referrers_of(&self, subject: &str) -> impl Iterator<Item = (&str, &Manifest)> {
        let digests = self.referrers.get(subject).into_iter().flatten();
        digests.filter_map(|digest| Some((digest.as_str(), self.manifests.get(digest)?)))
    }

    /// Removes a manifest and the tags that point to it; false when it was not there.
    pub(crate) fn remove_manifest(&mut self, digest: &str) -> bool {
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
    pub(crate) fn collect_orphans(&mut self) {
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
