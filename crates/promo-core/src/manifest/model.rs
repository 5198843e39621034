//! The checked form of promoter manifests.
//!
//! Texts are shared (`Arc`), so that a tree of 20,000 digests stays a few megabytes, and destinations are
//! kept once per promoter manifest: edges are expanded from this lazily, by the plan.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::{FilePath, Finding, Position, Provenance, Severity};
use smallvec::SmallVec;

use crate::oci::{Digest, RegistryPath, RepositoryError, Tag};

/// All promoter manifests of a tree (or the one of a plain file), in the order of their files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ManifestSet {
    pub(super) manifests: Vec<PromoterManifest>,
    pub(super) findings: Vec<Finding>,
}

impl ManifestSet {
    /// A set of parts that are already checked, in the order given. Whoever reads files uses the
    /// loader instead, which orders them.
    pub fn from_parts(manifests: Vec<PromoterManifest>, findings: Vec<Finding>) -> Self {
        Self {
            manifests,
            findings,
        }
    }

    /// The promoter manifests, ordered by file.
    pub fn manifests(&self) -> &[PromoterManifest] {
        &self.manifests
    }

    /// Bad entries that were left out, and warnings; ordered by file and position.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How much there is of everything.
    pub fn summary(&self) -> ManifestSummary {
        let mut summary = ManifestSummary {
            manifests: self.manifests.len() as u64,
            ..ManifestSummary::default()
        };
        let mut digests = HashSet::new();
        for manifest in &self.manifests {
            summary.images += manifest.images.len() as u64;
            let destinations = manifest.destinations.len() as u64;
            for entry in manifest.images.iter().flat_map(ImageEntry::digests) {
                let tags = entry.tags.len() as u64;
                digests.insert(entry.digest);
                summary.entries += 1;
                summary.tags += tags;
                summary.edges += tags.max(1) * destinations;
            }
        }
        summary.digests = digests.len() as u64;
        for finding in &self.findings {
            match finding.severity {
                Severity::Error => {}
                Severity::Invalid => summary.invalid += 1,
                Severity::Warning => summary.warnings += 1,
            }
        }
        summary
    }
}

/// How much there is in a [`ManifestSet`], without the bad entries that were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ManifestSummary {
    /// Promoter manifests.
    pub manifests: u64,
    /// Entries of images; a name that stands twice counts twice.
    pub images: u64,
    /// Entries of digests; a digest of two images counts twice.
    pub entries: u64,
    /// Different digests.
    pub digests: u64,
    /// Tags of all entries.
    pub tags: u64,
    /// What is wanted: one for each entry's tag (or entry without tags) and destination.
    pub edges: u64,
    /// Bad entries that were left out.
    pub invalid: u64,
    /// Warnings.
    pub warnings: u64,
}

/// One promoter manifest: where images come from, where they go, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromoterManifest {
    pub(super) file: FilePath,
    pub(super) images_file: FilePath,
    pub(super) source: RegistryPath,
    pub(super) destinations: Vec<RegistryPath>,
    pub(super) names_service_account: bool,
    pub(super) provenance: Provenance,
    pub(super) images: Vec<ImageEntry>,
}

impl PromoterManifest {
    /// A promoter manifest of checked parts. A destination that stands there twice is kept once.
    /// An image name that can't be joined to the source and to every destination is an error.
    pub fn from_parts(
        file: FilePath,
        images_file: FilePath,
        source: RegistryPath,
        destinations: Vec<RegistryPath>,
        images: Vec<ImageEntry>,
    ) -> Result<Self, RepositoryError> {
        let mut unique: Vec<RegistryPath> = Vec::with_capacity(destinations.len());
        for destination in destinations {
            if !unique.contains(&destination) {
                unique.push(destination);
            }
        }
        for image in &images {
            for registry in unique.iter().chain([&source]) {
                registry.join(image.name())?;
            }
        }
        Ok(Self {
            file,
            images_file,
            source,
            destinations: unique,
            names_service_account: false,
            provenance: Provenance::default(),
            images,
        })
    }

    /// The file with the registries.
    pub fn file(&self) -> &FilePath {
        &self.file
    }

    /// The file with the images; the same file in a plain manifest.
    pub fn images_file(&self) -> &FilePath {
        &self.images_file
    }

    /// The staging registry.
    pub fn source(&self) -> &RegistryPath {
        &self.source
    }

    /// The production registries and mirrors, in the order of the file, each once.
    pub fn destinations(&self) -> &[RegistryPath] {
        &self.destinations
    }

    /// Whether a registry names a `service-account`. It is accepted for the sake of existing manifests and
    /// means nothing: credentials come from where the command finds them.
    pub fn names_service_account(&self) -> bool {
        self.names_service_account
    }

    /// What the manifest asks of the provenance of its images.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The images, in the order of the file. A name may stand there more than once.
    pub fn images(&self) -> &[ImageEntry] {
        &self.images
    }
}

/// One image of a promoter manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    pub(super) name: Arc<str>,
    pub(super) position: Position,
    pub(super) digests: Vec<DigestEntry>,
}

impl ImageEntry {
    /// An image of checked parts.
    pub fn from_parts(name: &str, position: Position, digests: Vec<DigestEntry>) -> Self {
        Self {
            name: name.into(),
            position,
            digests,
        }
    }

    /// Its name: what is joined to source and destinations. Joining it can't fail.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its name stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The digests to promote, in the order of the file.
    pub fn digests(&self) -> &[DigestEntry] {
        &self.digests
    }
}

/// The tags of a digest. Nearly all digests have one, which needs no list of its own.
pub(super) type TagList = SmallVec<[TagEntry; 1]>;

/// One digest of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestEntry {
    pub(super) digest: Digest,
    pub(super) position: Position,
    pub(super) tags: TagList,
}

impl DigestEntry {
    /// A digest of checked parts; each tag stands there once.
    pub fn from_parts(digest: Digest, position: Position, tags: Vec<TagEntry>) -> Self {
        Self {
            digest,
            position,
            tags: tags.into(),
        }
    }

    /// The digest.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Its tags, in the order of the file, each once. None means: promoted by digest only.
    pub fn tags(&self) -> &[TagEntry] {
        &self.tags
    }
}

/// One tag of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagEntry {
    pub(super) tag: Tag,
    pub(super) position: Position,
}

impl TagEntry {
    /// A tag of checked parts.
    pub fn from_parts(tag: Tag, position: Position) -> Self {
        Self { tag, position }
    }

    /// The tag.
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// Where it stands.
    pub fn position(&self) -> Position {
        self.position
    }
}
