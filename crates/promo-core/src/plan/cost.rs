//! What carrying a plan out takes: bytes and requests, as far as the sizes of its images are known.
//!
//! Sizes are measured elsewhere (`pipeline::measure`), since they stand in the images' manifests; this is arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ImageWork, Plan};
use crate::oci::{Digest, Repository};
use crate::ports::ImageSize;

/// The sizes of images, by source repository and digest.
pub type ImageSizes = BTreeMap<(Repository, Digest), ImageSize>;

/// What carrying a plan out takes where nothing stands at the destinations yet.
///
/// It is less where blobs stand or can be mounted. Evidence, what is beside images, tokens, repetitions and the plan itself are not counted,
/// nor the HEAD that confirms a tag at registries that don't answer with a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Cost {
    /// Images that it counts.
    pub images: u64,
    /// Images whose size is not known, which it doesn't count.
    pub unknown: u64,
    /// At the sources: each blob and manifest is read once for all destinations.
    pub sources: Traffic,
    /// At all destinations together.
    pub destinations: Traffic,
}

/// Requests, and bytes of manifests and blobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Traffic {
    /// Requests.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Traffic {
    /// Adds what is sent so many times. Sizes come from registries and from files, which may say anything: no sum
    /// overflows.
    fn add(&mut self, times: u64, requests: [u64; 2], bytes: u64) {
        let [one, more] = requests;
        let requests = one.saturating_add(more).saturating_mul(times);
        self.requests = self.requests.saturating_add(requests);
        self.bytes = self.bytes.saturating_add(bytes.saturating_mul(times));
    }
}

impl Plan {
    /// The plan with the sizes of its images, so that it says what it takes.
    #[must_use]
    pub fn with_sizes(mut self, sizes: ImageSizes) -> Self {
        self.sizes = Some(sizes);
        self
    }

    /// The size of an image, where it is known.
    pub fn size(&self, source: &Repository, digest: Digest) -> Option<ImageSize> {
        let sizes = self.sizes.as_ref()?;
        sizes.get(&(source.clone(), digest)).copied()
    }

    /// What it takes; none if its images were not measured.
    pub fn cost(&self) -> Option<Cost> {
        self.sizes.as_ref()?;
        let work = self.work();
        let mut cost = Cost::default();
        for item in &work {
            match self.size(&item.source, item.digest) {
                Some(size) => {
                    cost.images += 1;
                    cost.add(item, size);
                }
                None => cost.unknown += 1,
            }
        }
        // Each host is asked whether we may push: an upload is opened, and given up again.
        let repositories = work.iter().flat_map(|item| &item.destinations);
        let hosts: BTreeSet<&str> = repositories.map(|one| one.repository.host_str()).collect();
        cost.destinations.add(hosts.len() as u64, [1, 1], 0);
        Some(cost)
    }
}

impl Cost {
    /// Whether there is anything to carry out.
    pub fn is_something(&self) -> bool {
        self.images + self.unknown > 0
    }

    fn add(&mut self, item: &ImageWork, size: ImageSize) {
        let elsewhere = item.destinations.iter();
        let elsewhere = elsewhere.filter(|destination| destination.repository != item.source);
        let copies = elsewhere.count() as u64;
        // Of an image that is only tagged anew where it stands, no blob is read.
        let (blobs, bytes) = match copies {
            0 => (0, size.bytes.saturating_sub(size.blob_bytes)),
            _ => (size.blobs, size.bytes),
        };
        self.sources
            .add(1, [size.children.saturating_add(1), blobs], bytes);
        // A mount that opens the upload, and the upload; a PUT for each child.
        let below = size.bytes.saturating_sub(size.own_bytes);
        let requests = [size.blobs.saturating_mul(2), size.children];
        self.destinations.add(copies, requests, below);
        for destination in &item.destinations {
            let tagless = destination.tagless && !destination.digest_present;
            // A question before each tag.
            let tags = destination.tags.len() as u64;
            self.destinations.add(tags, [1, 1], size.own_bytes);
            self.destinations
                .add(u64::from(tagless), [0, 1], size.own_bytes);
        }
    }
}
