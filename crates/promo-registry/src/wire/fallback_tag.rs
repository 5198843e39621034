//! Keeps the tag `sha256-<hex>` that lists referrers where the registry doesn't (OCI Distribution
//! 1.1, "Referrers Tag Schema").
//!
//! The tag is shared with everybody who signs the image: what stands there is never lost. It is
//! read, merged with what was seen there before in this run, put, read back, and merged again if somebody else
//! overwrote it. What is no list of referrers is never overwritten nor added to: the platforms of an index would
//! become its referrers.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use promo_core::oci::{
    Descriptor, Digest, DigestAlgorithm, ManifestReference, MediaType, RawManifest, Repository, Tag,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::WireRegistry;
use super::manifests::subject_of;
use crate::Error;
use crate::dialect::answers::takes_tag_for_digest;
use crate::error::AnotherTry;

/// How often a tag that was there is asked for again before it is believed to be gone.
const MAX_ASKED_AGAIN: u32 = 2;
/// How often the tag is put before promo gives up against the writes of others.
const MAX_PUTS: u32 = 5;

/// A manifest that has a subject.
#[derive(Debug)]
pub(super) struct Referrer {
    subject: Digest,
    descriptor: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReferrerDocument {
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
    config: Option<ConfigDocument>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigDocument {
    media_type: Option<String>,
}

impl Referrer {
    /// The entry for a manifest: its descriptor with artifact type and annotations.
    pub(super) fn of(manifest: &RawManifest) -> Option<Self> {
        let subject = subject_of(manifest.bytes())?.digest;
        let document: ReferrerDocument = serde_json::from_slice(manifest.bytes()).ok()?;
        let mut descriptor = manifest.descriptor();
        descriptor.artifact_type = document
            .artifact_type
            .filter(|artifact_type| !artifact_type.is_empty())
            .or_else(|| document.config.and_then(|config| config.media_type));
        descriptor.annotations = document.annotations.unwrap_or_default();
        Some(Self {
            subject,
            descriptor,
        })
    }
}

impl WireRegistry {
    /// Brings the fallback tag of the referrer's subject up to date.
    pub(super) async fn update_fallback_tag(
        &self,
        repository: &Repository,
        referrer: &Referrer,
    ) -> Result<(), Error> {
        let lock = self.fallback_lock(repository, referrer.subject);
        let guard = lock.lock().await;
        let tag = referrer.subject.evidence_tag("");
        let reference = ManifestReference::Tag(tag.clone());
        let ours = serde_json::to_value(&referrer.descriptor).ok();
        for put in 0..=MAX_PUTS {
            let was_there = self.seen_referrers.of(repository, &referrer.subject);
            let mut standing = self
                .get_what_was_there(repository, &reference, was_there.is_some())
                .await?;
            let shows_subject =
                |found: &RawManifest| takes_tag_for_digest(&referrer.subject, found);
            let mut alias = false;
            if standing.as_ref().is_some_and(shows_subject) {
                // A tag that isn't listed isn't there.
                alias = put == 0 && !self.is_listed(repository, &tag).await?;
                if !alias {
                    return Err(taken(repository, &tag, "the image itself"));
                }
                standing = None;
            }
            let index = read_index(repository, &tag, standing.as_ref())?;
            if standing.is_some() {
                let lists = &self.seen_referrers;
                lists.saw(repository, &referrer.subject, &index);
            }
            let seen = self.seen_and_there(repository, referrer, &index).await?;
            let entries = seen.into_iter().chain(ours.clone());
            let Some(merged) = merge(index, entries) else {
                drop(guard);
                return Ok(());
            };
            if put == MAX_PUTS {
                break;
            }
            if put > 0 {
                self.pause(put).await;
            }
            let manifest = RawManifest::new(
                MediaType::new(MediaType::OCI_INDEX),
                DigestAlgorithm::Sha256,
                Bytes::from(merged.to_string()),
            );
            match self.put_alone(repository, &reference, &manifest).await {
                Err(Error::Refused { .. }) if alias => {
                    return Err(taken(repository, &tag, "the image itself"));
                }
                // Somebody else may have put it meanwhile, so it is read again.
                Err(error) if is_passing(&error) && put + 1 < MAX_PUTS => continue,
                outcome => drop(outcome.map_err(|error| refused(repository, &tag, error))?),
            }
            self.seen_referrers
                .saw(repository, &referrer.subject, &merged);
        }
        Err(Error::FallbackTagLost {
            repository: repository.clone(),
            tag: tag.to_string(),
            referrer: referrer.descriptor.digest,
        })
    }

    /// The list as it stands. That it is gone after it was there is believed only when it was asked for again.
    async fn get_what_was_there(
        &self,
        repository: &Repository,
        reference: &ManifestReference,
        was_there: bool,
    ) -> Result<Option<RawManifest>, Error> {
        let mut found = self.get(repository, reference).await?;
        for asked in 1..=MAX_ASKED_AGAIN {
            if found.is_some() || !was_there {
                break;
            }
            self.pause(asked).await;
            found = self.get(repository, reference).await?;
        }
        Ok(found)
    }

    /// What stood in the list before and doesn't now, but for entries whose manifest is gone.
    async fn seen_and_there(
        &self,
        repository: &Repository,
        referrer: &Referrer,
        index: &Value,
    ) -> Result<Vec<Value>, Error> {
        let lists = &self.seen_referrers;
        let mut seen = lists.of(repository, &referrer.subject).unwrap_or_default();
        seen.retain(|entry| !lists_entry(index, entry));
        let mut there = Vec::new();
        for entry in seen {
            let digest = entry.get("digest").and_then(Value::as_str);
            let digest = digest.and_then(|digest| digest.parse::<Digest>().ok());
            let is_there = match digest {
                Some(digest) => self.get(repository, &digest.into()).await?.is_some(),
                None => true,
            };
            if is_there {
                there.push(entry);
            } else {
                lists.forget(repository, &referrer.subject, &entry);
            }
        }
        Ok(there)
    }

    async fn pause(&self, attempt: u32) {
        let sender = &self.exchange.sender;
        let pause = sender.backoff.pause(attempt);
        sender.hosts.sleep.sleep(pause).await;
    }

    /// One at a time per repository and subject.
    fn fallback_lock(
        &self,
        repository: &Repository,
        subject: Digest,
    ) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self
            .fallback_locks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry((repository.clone(), subject)).or_default())
    }
}

fn is_passing(error: &Error) -> bool {
    error.another_try() != AnotherTry::Never
}

/// The index under the tag as it stands, or a new one.
fn read_index(
    repository: &Repository,
    tag: &Tag,
    standing: Option<&RawManifest>,
) -> Result<Value, Error> {
    let Some(standing) = standing else {
        return Ok(json!({
            "schemaVersion": 2,
            "mediaType": MediaType::OCI_INDEX,
            "manifests": [],
        }));
    };
    let no_index = || taken(repository, tag, "no index");
    let mut index: Value = serde_json::from_slice(standing.bytes()).map_err(|_| no_index())?;
    if standing.media_type().as_str() != MediaType::OCI_INDEX {
        return Err(no_index());
    }
    let manifests = index.get_mut("manifests").ok_or_else(no_index)?;
    if manifests.is_null() {
        *manifests = json!([]);
    }
    let entries = manifests.as_array().ok_or_else(no_index)?;
    let is_platform = |entry: &Value| entry.get("platform").is_some_and(Value::is_object);
    if entries.iter().any(is_platform) {
        return Err(taken(repository, tag, "an index of platforms"));
    }
    Ok(index)
}

/// What a registry misses that refuses the list is something that is listed, and not the image: to put that first would
/// show it for nothing.
fn refused(repository: &Repository, tag: &Tag, error: Error) -> Error {
    match error {
        Error::Refused { .. } | Error::NotFound { .. } => Error::FallbackTagRefused {
            repository: repository.clone(),
            tag: tag.to_string(),
            source: Arc::new(error),
        },
        other => other,
    }
}

fn taken(repository: &Repository, tag: &Tag, found: &'static str) -> Error {
    Error::FallbackTagTaken {
        repository: repository.clone(),
        tag: tag.to_string(),
        found,
    }
}

/// The index with those entries added that it lacks; none if it has them all. All else stays as it is.
fn merge(mut index: Value, entries: impl Iterator<Item = Value>) -> Option<Value> {
    let mut is_changed = false;
    for entry in entries {
        if !lists_entry(&index, &entry) {
            index.get_mut("manifests")?.as_array_mut()?.push(entry);
            is_changed = true;
        }
    }
    is_changed.then_some(index)
}

fn lists_entry(index: &Value, entry: &Value) -> bool {
    let listed = index.get("manifests").and_then(Value::as_array);
    let is_same = |listed: &Value| listed.get("digest") == entry.get("digest");
    listed.is_some_and(|listed| listed.iter().any(is_same))
}
