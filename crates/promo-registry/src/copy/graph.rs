//! Reads all manifests of an image from its source, each once, and orders them.
//!
//! Level by level, so that what is too deep, too many or too large is refused before it is
//! fetched. A registry may lie: the limits hold for what it lists and for what it sends.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use promo_core::oci::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository};
use promo_core::ports::{Failure, ImageSize, Registry};

use super::error::CopyError;
use super::parse::{self, ManifestKind, References};
use super::settings::CopySettings;

/// Blobs of Docker's schema 1, whose media type the manifest doesn't say.
const SCHEMA1_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// An image with everything that belongs to it.
#[derive(Debug)]
pub(super) struct ImageGraph {
    /// The image's own manifest.
    pub(super) top: RawManifest,
    /// The manifests below it by height: those without children first. A manifest lists only
    /// manifests of groups before its own.
    pub(super) children: Vec<Vec<RawManifest>>,
    /// All blobs, each once, in the order in which the manifests are found.
    pub(super) blobs: Vec<Descriptor>,
    /// Layers that stay where they are, each once.
    pub(super) elsewhere: Vec<Descriptor>,
}

impl ImageGraph {
    /// Reads the image `digest` of `source`. If its own manifest is `known`, it isn't read again.
    pub(super) async fn read(
        registry: &dyn Registry,
        source: &Repository,
        digest: &Digest,
        known: Option<&RawManifest>,
        settings: &CopySettings,
    ) -> Result<Self, Failure> {
        let top = match known.filter(|known| known.digest() == *digest) {
            Some(known) => Some(known.clone()),
            None => fetch(registry, source, digest).await?,
        };
        let top = top.ok_or_else(|| CopyError::ImageMissing {
            repository: source.clone(),
            digest: *digest,
        })?;
        let mut reading = Reading::new(registry, source, settings, *digest);
        let mut level = reading.take(top.clone())?;
        for _ in 1..settings.levels {
            if level.is_empty() {
                break;
            }
            level = reading.descend(level).await?;
        }
        if !level.is_empty() {
            return Err(reading.too_deep().into());
        }
        reading.finish(top).await
    }

    /// How large it is. A registry may list sizes that can't be: the sum doesn't overflow.
    pub(super) fn size(&self) -> ImageSize {
        let length = |manifest: &RawManifest| manifest.bytes().len() as u64;
        let children = || self.children.iter().flatten();
        let sum = |sizes: &mut dyn Iterator<Item = u64>| sizes.fold(0, u64::saturating_add);
        let own_bytes = length(&self.top);
        let blob_bytes = sum(&mut self.blobs.iter().map(|blob| blob.size));
        let below = sum(&mut children().map(length));
        ImageSize {
            children: children().count() as u64,
            blobs: self.blobs.len() as u64,
            blob_bytes,
            own_bytes,
            bytes: blob_bytes.saturating_add(below).saturating_add(own_bytes),
        }
    }
}

/// Gets a manifest by digest and checks that it is the one asked for.
async fn fetch(
    registry: &dyn Registry,
    source: &Repository,
    digest: &Digest,
) -> Result<Option<RawManifest>, Failure> {
    let reference = ManifestReference::Digest(*digest);
    let Some(manifest) = registry.get_manifest(source, &reference).await? else {
        return Ok(None);
    };
    let size = manifest.bytes().len() as u64;
    check(source, &manifest, digest, size)?;
    Ok(Some(manifest))
}

fn check(
    source: &Repository,
    manifest: &RawManifest,
    digest: &Digest,
    size: u64,
) -> Result<(), CopyError> {
    let found = manifest.bytes().len() as u64;
    if manifest.digest() == *digest && found == size {
        return Ok(());
    }
    Err(CopyError::Altered {
        repository: source.clone(),
        digest: *digest,
        size,
        digest_found: Box::new(manifest.digest()),
        found,
    })
}

/// A child that is still to be read, and the index that lists it.
type Listed = (Descriptor, Digest);

/// A manifest that was read, with the digests it lists.
struct Node {
    manifest: RawManifest,
    children: Vec<Digest>,
}

/// The reading of one image.
struct Reading<'a> {
    registry: &'a dyn Registry,
    source: &'a Repository,
    settings: &'a CopySettings,
    image: Digest,
    nodes: BTreeMap<Digest, Node>,
    listed: BTreeMap<Digest, (Option<ManifestKind>, u64)>,
    bytes: u64,
    blobs: Vec<Descriptor>,
    blob_sizes: BTreeMap<Digest, u64>,
    elsewhere: BTreeMap<Digest, Descriptor>,
    unsized_blobs: BTreeSet<Digest>,
}

impl<'a> Reading<'a> {
    fn new(
        registry: &'a dyn Registry,
        source: &'a Repository,
        settings: &'a CopySettings,
        image: Digest,
    ) -> Self {
        Self {
            registry,
            source,
            settings,
            image,
            nodes: BTreeMap::new(),
            listed: BTreeMap::new(),
            bytes: 0,
            blobs: Vec::new(),
            blob_sizes: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            unsized_blobs: BTreeSet::new(),
        }
    }

    /// Takes a manifest in and returns the children that nobody listed before.
    fn take(&mut self, manifest: RawManifest) -> Result<Vec<Listed>, CopyError> {
        // The children's bytes are counted when they are listed, the image's own here.
        if self.nodes.is_empty() {
            self.count_bytes(manifest.bytes().len() as u64)?;
        }
        let parent = manifest.digest();
        let mut node = Node {
            manifest,
            children: Vec::new(),
        };
        let mut new = Vec::new();
        match parse::references(&node.manifest)? {
            References::Manifests(children) => {
                node.children = children.iter().map(|child| child.digest).collect();
                new = self.list(parent, children)?;
            }
            References::Blobs { blobs, elsewhere } => {
                for blob in blobs {
                    self.add_blob(parent, blob)?;
                }
                let elsewhere = elsewhere.into_iter().map(|layer| (layer.digest, layer));
                self.elsewhere.extend(elsewhere);
            }
            References::UnsizedBlobs(digests) => self.unsized_blobs.extend(digests),
        }
        self.nodes.insert(parent, node);
        Ok(new)
    }

    /// Checks the entries of an index against the limits and against what was listed before.
    fn list(
        &mut self,
        parent: Digest,
        children: Vec<Descriptor>,
    ) -> Result<Vec<Listed>, CopyError> {
        let mut new = Vec::new();
        for child in children {
            let kind = ManifestKind::listed(&child)?;
            if child.digest == self.image {
                return Err(contradiction(
                    parent,
                    "it lists the image that it belongs to".to_owned(),
                ));
            }
            match self.listed.get(&child.digest) {
                Some((known, size))
                    if *size == child.size
                        && (known.is_none() || kind.is_none() || *known == kind) => {}
                Some(_) => return Err(two_descriptions(parent, child.digest)),
                None => {
                    self.listed.insert(child.digest, (kind, child.size));
                    // The image's own manifest is one more.
                    if self.listed.len() >= self.settings.manifests_per_image {
                        return Err(CopyError::TooManyManifests {
                            digest: self.image,
                            limit: self.settings.manifests_per_image,
                        });
                    }
                    self.count_bytes(child.size)?;
                    new.push((child, parent));
                }
            }
        }
        Ok(new)
    }

    fn count_bytes(&mut self, more: u64) -> Result<(), CopyError> {
        self.bytes = self.bytes.saturating_add(more);
        if self.bytes > self.settings.manifest_bytes_per_image {
            return Err(CopyError::TooManyBytes {
                digest: self.image,
                limit: self.settings.manifest_bytes_per_image,
            });
        }
        Ok(())
    }

    fn add_blob(&mut self, parent: Digest, blob: Descriptor) -> Result<(), CopyError> {
        match self.blob_sizes.get(&blob.digest) {
            Some(size) if *size == blob.size => {
                // A manifest that lists it without `urls` needs it at the destination.
                if blob.urls.is_empty() {
                    let same = |known: &&mut Descriptor| known.digest == blob.digest;
                    let known = self.blobs.iter_mut().find(same);
                    if let Some(known) = known {
                        known.urls.clear();
                    }
                }
            }
            Some(_) => return Err(two_descriptions(parent, blob.digest)),
            None => {
                self.blob_sizes.insert(blob.digest, blob.size);
                self.blobs.push(blob);
            }
        }
        Ok(())
    }

    /// Reads one level of manifests and returns the next.
    async fn descend(&mut self, level: Vec<Listed>) -> Result<Vec<Listed>, Failure> {
        let (registry, source) = (self.registry, self.source);
        let mut arriving = stream::iter(level)
            .map(|(child, parent)| async move { child_of(registry, source, child, parent).await })
            .buffered(self.settings.manifests.max(1));
        let mut next = Vec::new();
        while let Some(manifest) = arriving.next().await {
            next.extend(self.take(manifest?)?);
        }
        Ok(next)
    }

    fn too_deep(&self) -> CopyError {
        CopyError::TooDeep {
            digest: self.image,
            limit: self.settings.levels,
        }
    }

    async fn finish(mut self, top: RawManifest) -> Result<ImageGraph, Failure> {
        self.size_blobs().await?;
        let mut heights = BTreeMap::new();
        self.height(&self.image, 1, &mut heights)?;
        heights.remove(&self.image);
        let mut children = vec![Vec::new(); self.settings.levels];
        for (digest, height) in heights {
            let node = self.nodes.remove(&digest);
            if let (Some(node), Some(group)) = (node, children.get_mut(height - 1)) {
                group.push(node.manifest);
            }
        }
        children.retain(|group| !group.is_empty());
        self.elsewhere
            .retain(|digest, _| !self.blob_sizes.contains_key(digest));
        Ok(ImageGraph {
            top,
            children,
            blobs: self.blobs,
            elsewhere: self.elsewhere.into_values().collect(),
        })
    }

    /// How many levels a manifest spans, itself counted. A manifest that is listed on two levels counts
    /// for the deeper one, so the limit is checked again here; it also bounds the recursion.
    fn height(
        &self,
        digest: &Digest,
        level: usize,
        heights: &mut BTreeMap<Digest, usize>,
    ) -> Result<usize, CopyError> {
        let known = heights.get(digest).copied();
        if level + known.unwrap_or(1) - 1 > self.settings.levels {
            return Err(self.too_deep());
        }
        if let Some(known) = known {
            return Ok(known);
        }
        let mut below = 0;
        for child in self
            .nodes
            .get(digest)
            .map_or(&[][..], |node| &node.children)
        {
            below = below.max(self.height(child, level + 1, heights)?);
        }
        heights.insert(*digest, below + 1);
        Ok(below + 1)
    }

    /// Asks the source for the sizes that schema 1 doesn't tell.
    async fn size_blobs(&mut self) -> Result<(), Failure> {
        let (registry, source) = (self.registry, self.source);
        let asked: Vec<Digest> = self
            .unsized_blobs
            .iter()
            .filter(|digest| !self.blob_sizes.contains_key(*digest))
            .copied()
            .collect();
        let sized: Vec<Descriptor> = stream::iter(asked)
            .map(|digest| async move { size_of(registry, source, digest).await })
            .buffered(self.settings.manifests.max(1))
            .try_collect()
            .await?;
        self.blobs.extend(sized);
        Ok(())
    }
}

async fn child_of(
    registry: &dyn Registry,
    source: &Repository,
    child: Descriptor,
    parent: Digest,
) -> Result<RawManifest, Failure> {
    let manifest = fetch(registry, source, &child.digest)
        .await?
        .ok_or_else(|| CopyError::ChildMissing {
            repository: source.clone(),
            digest: child.digest,
            parent: Box::new(parent),
        })?;
    check(source, &manifest, &child.digest, child.size)?;
    // Which of Docker's and OCI's names an index uses doesn't matter, what kind it is does.
    let listed = ManifestKind::listed(&child)?;
    let served = ManifestKind::of(manifest.media_type(), child.digest)?;
    if listed.is_some_and(|listed| listed != served) {
        let what = format!(
            "it is served as {}, listed as {}",
            manifest.media_type(),
            child.media_type
        );
        return Err(contradiction(child.digest, what).into());
    }
    Ok(manifest)
}

async fn size_of(
    registry: &dyn Registry,
    source: &Repository,
    digest: Digest,
) -> Result<Descriptor, Failure> {
    let size = registry.blob_size(source, &digest).await?;
    let size = size.ok_or_else(|| CopyError::BlobMissing {
        repository: source.clone(),
        digest,
    })?;
    Ok(Descriptor::new(MediaType::new(SCHEMA1_LAYER), digest, size))
}

fn contradiction(digest: Digest, what: String) -> CopyError {
    CopyError::Ambiguous { digest, what }
}

fn two_descriptions(parent: Digest, content: Digest) -> CopyError {
    contradiction(parent, format!("{content} is described in two ways"))
}
