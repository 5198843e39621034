//! What the hosts of a world do when they are asked: as the embedded registry does over HTTP, on the same storage.
//!
//! Each operation happens in one moment. The witness is told of a write as soon as it has taken effect.

use bytes::Bytes;
use promo_core::oci::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Tag};
use promo_core::ports::{Failure, ManifestHead, SubjectHandling};

use super::host::Host;
use super::witness::{Put, Written};
use super::{World, failures};
use crate::registry::lock::lock;
use crate::registry::manifest_facts::ManifestFacts;
use crate::registry::storage::{Manifest, Repository};

impl Host {
    pub(super) fn head(
        &self,
        name: &str,
        reference: &ManifestReference,
    ) -> Result<Option<ManifestHead>, Failure> {
        let store = self.state.store();
        let Some((digest, manifest)) = find(store.get(name), reference) else {
            return Ok(None);
        };
        Ok(Some(ManifestHead {
            digest: typed(digest)?,
            media_type: Some(MediaType::new(&manifest.media_type)),
            size: Some(manifest.bytes.len() as u64),
        }))
    }

    pub(super) fn get(
        &self,
        name: &str,
        reference: &ManifestReference,
    ) -> Result<Option<RawManifest>, Failure> {
        let store = self.state.store();
        let Some((digest, manifest)) = find(store.get(name), reference) else {
            return Ok(None);
        };
        let digest = typed(digest)?;
        let media_type = MediaType::new(&manifest.media_type);
        let raw = RawManifest::new(media_type, digest.algorithm(), manifest.bytes.clone());
        if raw.digest() != digest {
            return Err(failures::mismatch("the manifest was altered"));
        }
        Ok(Some(raw))
    }

    pub(super) fn put(
        &self,
        world: &World,
        name: &str,
        reference: &ManifestReference,
        manifest: &RawManifest,
    ) -> Result<SubjectHandling, Failure> {
        if matches!(reference, ManifestReference::Digest(digest) if *digest != manifest.digest()) {
            return Err(failures::mismatch("the manifest has another digest"));
        }
        let facts = ManifestFacts::parse(manifest.bytes()).map_err(failures::malformed)?;
        let tag = match reference {
            ManifestReference::Tag(tag) => Some(tag),
            ManifestReference::Digest(_) => None,
        };
        let digest = manifest.digest().to_string();
        let subject = match (&facts.subject, self.settings.referrers_api) {
            (None, _) => SubjectHandling::NoSubject,
            (Some(_), true) => SubjectHandling::ByRegistry,
            (Some(_), false) => SubjectHandling::FallbackTag,
        };
        self.check(name, &facts, tag, &digest)?;
        let before = tag.and_then(|tag| self.state.manifest(name, tag.as_str()));
        let mut store = self.state.store();
        let media_type = manifest.media_type().as_str();
        store.put_manifest(name, &digest, media_type, manifest.bytes().clone(), facts);
        if let Some(tag) = tag {
            let tags = &mut store.create(name).tags;
            tags.insert(tag.to_string(), digest.clone());
        }
        drop(store);
        world.wrote(&Written {
            host: self.name(),
            repository: name,
            put: Put::Manifest {
                digest: &digest,
                bytes: manifest.bytes(),
                tag: tag.map(|tag| (tag.as_str(), before)),
            },
        });
        Ok(subject)
    }

    /// Whether a manifest may be put.
    fn check(
        &self,
        name: &str,
        facts: &ManifestFacts,
        tag: Option<&Tag>,
        digest: &str,
    ) -> Result<(), Failure> {
        let store = self.state.store();
        let nothing = Repository::default();
        let repository = store.get(name).unwrap_or(&nothing);
        if self.settings.check_references
            && let Some(missing) = repository.missing(facts)
        {
            return Err(failures::missing(404, missing.to_string()));
        }
        if let (Some(status), Some(subject)) = (self.settings.missing_subject, &facts.subject)
            && !repository.manifests.contains_key(subject)
        {
            return Err(failures::missing(status, format!("no subject {subject}")));
        }
        let Some(tag) = tag.filter(|tag| self.settings.immutable_tags && !tag.is_evidence()) else {
            return Ok(());
        };
        match repository.tags.get(tag.as_str()) {
            Some(before) if before != digest => Err(failures::immutable(tag.as_str())),
            _ => Ok(()),
        }
    }

    pub(super) fn blob(&self, name: &str, digest: &Digest) -> Option<Bytes> {
        self.state.blob(name, &digest.to_string())
    }

    pub(super) fn open_upload(&self, name: &str) -> u64 {
        let mut uploads = lock(&self.uploads);
        uploads.opened += 1;
        let number = uploads.opened;
        uploads.open.insert(number, name.to_owned());
        number
    }

    /// Ends an upload, if it is open.
    pub(super) fn close_upload(&self, name: &str, number: u64) -> Result<(), Failure> {
        let closed = lock(&self.uploads).open.remove(&number);
        let is_here = closed.is_some_and(|repository| repository == name);
        is_here.then_some(()).ok_or_else(failures::no_session)
    }

    /// Keeps a blob whose bytes have arrived, if they are those of its descriptor.
    pub(super) fn keep(
        &self,
        world: &World,
        name: &str,
        blob: &Descriptor,
        bytes: Bytes,
    ) -> Result<(), Failure> {
        if bytes.len() as u64 != blob.size || !blob.digest.matches(&bytes) {
            return Err(failures::mismatch("other bytes arrived"));
        }
        self.store_blob(world, name, &blob.digest, bytes);
        Ok(())
    }

    /// Takes a blob over from another repository; false where that can't be done.
    pub(super) fn mount(&self, world: &World, name: &str, digest: &Digest, from: &str) -> bool {
        let found = self.blob(from, digest).filter(|_| self.settings.mounts);
        let is_found = found.is_some();
        if let Some(bytes) = found {
            self.store_blob(world, name, digest, bytes);
        }
        is_found
    }

    fn store_blob(&self, world: &World, name: &str, digest: &Digest, bytes: Bytes) {
        let digest = digest.to_string();
        self.state.put_blob_as(name, &digest, bytes);
        world.wrote(&Written {
            host: self.name(),
            repository: name,
            put: Put::Blob { digest: &digest },
        });
    }

    /// Who refers to a digest, where the host lists that.
    pub(super) fn referrers(
        &self,
        name: &str,
        subject: &Digest,
    ) -> Result<Option<Vec<Descriptor>>, Failure> {
        if !self.settings.referrers_api {
            return Ok(None);
        }
        let store = self.state.store();
        let subject = subject.to_string();
        let referrers = store.get(name).into_iter();
        referrers
            .flat_map(|repository| repository.referrers_of(&subject))
            .map(|(digest, manifest)| described(digest, manifest))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

fn find<'a>(
    repository: Option<&'a Repository>,
    reference: &ManifestReference,
) -> Option<(&'a str, &'a Manifest)> {
    repository?.manifest(&reference.to_string())
}

fn described(digest: &str, manifest: &Manifest) -> Result<Descriptor, Failure> {
    let media_type = MediaType::new(&manifest.media_type);
    let size = manifest.bytes.len() as u64;
    let mut descriptor = Descriptor::new(media_type, typed(digest)?, size);
    descriptor
        .artifact_type
        .clone_from(&manifest.facts.artifact_type);
    descriptor
        .annotations
        .clone_from(&manifest.facts.annotations);
    Ok(descriptor)
}

/// What was stored by hand may be under what is no digest.
pub(super) fn typed(digest: &str) -> Result<Digest, Failure> {
    digest
        .parse()
        .map_err(|_| failures::mismatch("it is stored under no digest"))
}
