//! The tag `sha256-<hex>` that lists referrers where a host doesn't, kept as a client keeps it: read, added to, put.
//!
//! One process updates a tag at a time. What others of the world's processes put in between is not looked for:
//! promo-registry's client does that, and is tried over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Repository,
};
use promo_core::ports::{Failure, FailureKind, Registry as _};
use serde_json::{Value, json};

use super::failures;
use super::process::WorldRegistry;
use crate::registry::lock::lock;
use crate::registry::manifest_facts::ManifestFacts;

/// How often the tag is put before an update is given up.
const PUTS: u32 = 5;

/// One update at a time.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Who updates which tag: by repository and subject.
#[derive(Debug, Default)]
pub(super) struct FallbackTags(Mutex<BTreeMap<(Repository, String), Turn>>);

impl WorldRegistry {
    pub(super) async fn update_fallback_tag(
        &self,
        repository: &Repository,
        referrer: &RawManifest,
    ) -> Result<(), Failure> {
        let facts = ManifestFacts::parse(referrer.bytes()).map_err(failures::malformed)?;
        let subject = facts.subject.clone().unwrap_or_default();
        let Ok(digest) = subject.parse::<Digest>() else {
            return Ok(());
        };
        let mut entry = referrer.descriptor();
        entry.artifact_type = facts.artifact_type;
        entry.annotations = facts.annotations;
        let entry = json!(entry);
        let key = (repository.clone(), subject);
        let busy = Arc::clone(lock(&self.fallback_tags.0).entry(key).or_default());
        let _alone = busy.lock().await;
        let reference = ManifestReference::Tag(digest.evidence_tag(""));
        let mut puts = 0;
        loop {
            let Some(index) = self.with_entry(repository, &reference, &entry).await? else {
                return Ok(());
            };
            puts += 1;
            let put = self.put_alone(repository, &reference, &index).await;
            match put {
                Ok(_) => return Ok(()),
                Err(failure) if passes(&failure) && puts < PUTS => {}
                Err(failure) => return Err(of_the_list(failure)),
            }
        }
    }

    /// The list with an entry more; none if it has that.
    async fn with_entry(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        entry: &Value,
    ) -> Result<Option<RawManifest>, Failure> {
        let standing = self.get_manifest(repository, reference).await?;
        let mut entries = match &standing {
            Some(standing) => {
                entries(standing).ok_or_else(|| failures::taken(&reference.to_string()))?
            }
            None => Vec::new(),
        };
        let digest = entry.get("digest");
        if entries.iter().any(|listed| listed.get("digest") == digest) {
            return Ok(None);
        }
        entries.push(entry.clone());
        let index = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX,
            "manifests": entries,
        });
        Ok(Some(RawManifest::new(
            MediaType::new(MediaType::OCI_INDEX),
            DigestAlgorithm::Sha256,
            Bytes::from(index.to_string()),
        )))
    }

    pub(super) async fn read_fallback_tag(
        &self,
        repository: &Repository,
        subject: &Digest,
    ) -> Result<Vec<Descriptor>, Failure> {
        let reference = ManifestReference::Tag(subject.evidence_tag(""));
        let standing = self.get_manifest(repository, &reference).await?;
        let listed = standing.as_ref().and_then(entries).unwrap_or_default();
        let listed = listed.into_iter().map(serde_json::from_value);
        let mut found: Vec<Descriptor> = listed
            .collect::<Result<_, _>>()
            .map_err(|_| failures::taken(&reference.to_string()))?;
        found.sort_by_key(|descriptor| descriptor.digest);
        found.dedup_by_key(|descriptor| descriptor.digest);
        Ok(found)
    }
}

/// The entries of an index; none if it is something else.
fn entries(manifest: &RawManifest) -> Option<Vec<Value>> {
    let index: Value = serde_json::from_slice(manifest.bytes()).ok()?;
    index.get("manifests")?.as_array().cloned()
}

/// That the list was refused says nothing about the manifest that it is to list: no status is told, as promo-registry's
/// client tells none.
fn of_the_list(failure: Failure) -> Failure {
    match failure.kind() {
        FailureKind::NotFound | FailureKind::Refused => failures::list_refused(&failure),
        _ => failure,
    }
}

fn passes(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Unavailable | FailureKind::Deadline | FailureKind::RateLimited
    )
}
