//! What was seen and written under fallback tags in this run, entry by entry.
//!
//! A fallback tag is put anew for each referrer, on registries that offer no compare-and-swap. Whatever such a
//! registry shows meanwhile (an older state, or nothing for a moment), no list is put that lacks an entry that
//! stood there before in this run.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use promo_core::oci::{Digest, Repository};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The most lists that are remembered at a time.
const MAX_LISTS: usize = 10_000;

/// Entries are kept as they are written: values that are built take many times that.
type Entries = BTreeMap<String, Box<RawValue>>;
type Lists = BTreeMap<(Repository, Digest), Entries>;

#[derive(Deserialize)]
struct Index<'a> {
    #[serde(borrow)]
    manifests: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    digest: String,
}

/// The entries of all fallback tags that were read or written.
#[derive(Debug, Default)]
pub(super) struct SeenReferrers(Mutex<Lists>);

impl SeenReferrers {
    /// This list stands under the fallback tag of a digest.
    pub(super) fn saw(&self, repository: &Repository, subject: &Digest, index: &Value) {
        let entries = index.get("manifests").and_then(Value::as_array);
        let entries = entries.into_iter().flatten().filter_map(|entry| {
            let digest = entry.get("digest").and_then(Value::as_str)?;
            Some((digest.to_owned(), to_raw_value(entry).ok()?))
        });
        self.add(repository, subject, entries.collect());
    }

    /// The same list as it was read.
    pub(super) fn read(&self, repository: &Repository, subject: &Digest, index: &[u8]) {
        let Ok(Index { manifests }) = serde_json::from_slice(index) else {
            return;
        };
        let entries = manifests.into_iter().filter_map(|entry| {
            let Entry { digest } = serde_json::from_str(entry.get()).ok()?;
            Some((digest, entry.to_owned()))
        });
        self.add(repository, subject, entries.collect());
    }

    fn add(&self, repository: &Repository, subject: &Digest, entries: Entries) {
        let key = (repository.clone(), *subject);
        let mut lists = self.lists();
        while lists.len() >= MAX_LISTS && !lists.contains_key(&key) {
            lists.pop_first();
        }
        lists.entry(key).or_default().extend(entries);
    }

    /// All entries that ever stood there; none if the tag was not seen to be there.
    pub(super) fn of(&self, repository: &Repository, subject: &Digest) -> Option<Vec<Value>> {
        let lists = self.lists();
        let seen = lists.get(&(repository.clone(), *subject))?;
        let entries = seen.values();
        Some(
            entries
                .filter_map(|entry| serde_json::from_str(entry.get()).ok())
                .collect(),
        )
    }

    /// The manifest of an entry is gone: there is nothing to list.
    pub(super) fn forget(&self, repository: &Repository, subject: &Digest, entry: &Value) {
        let digest = entry.get("digest").and_then(Value::as_str);
        let mut lists = self.lists();
        let seen = lists.get_mut(&(repository.clone(), *subject));
        if let (Some(seen), Some(digest)) = (seen, digest) {
            seen.remove(digest);
        }
    }

    fn lists(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
