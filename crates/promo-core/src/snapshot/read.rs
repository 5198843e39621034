//! Reads snapshots back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::write::{RawImage, RawKnown, RawSnapshot, SCHEMA};
use super::{Image, Known, Snapshot};
use crate::manifest::{Finding, parse_image_list};
use crate::oci::{Digest, DigestError, RegistryPath, RepositoryError, Tag, TagError};
use crate::{Code, codes};

/// Why a text is not a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It is not JSON of this shape.
    #[error("the snapshot is not a document of the schema `{SCHEMA}`")]
    Document(#[source] serde_json::Error),
    /// It has another schema.
    #[error("the snapshot has the schema `{schema}`, this version reads `{SCHEMA}`")]
    Schema {
        /// The schema found.
        schema: String,
    },
    /// A line of CSV is not a record.
    #[error("line {line} of the snapshot is not `NAME@DIGEST,NAME:TAG` or `NAME@DIGEST,-`")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// A name can't be a repository of the registry.
    #[error("`{name}` of the snapshot can't be a repository of `{registry}`")]
    Name {
        /// The name found.
        name: String,
        /// The registry.
        registry: RegistryPath,
        /// Why not.
        #[source]
        source: RepositoryError,
    },
    /// A digest in CSV is not one.
    #[error("line {line} of the snapshot has no valid digest")]
    Digest {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: DigestError,
    },
    /// A tag in CSV is not one.
    #[error("line {line} of the snapshot has no valid tag")]
    Tag {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: TagError,
    },
    /// YAML that is no list of images, or that has a bad entry.
    #[error("the snapshot is no list of images: {}", .0)]
    Yaml(Box<Finding>),
    /// A tag points to two digests, or a name stands there twice.
    #[error("`{name}` stands twice in the snapshot")]
    Repeated {
        /// The name, with its tag if it is about a tag.
        name: String,
    },
}

impl SnapshotError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Document(_) => codes::SNAPSHOT_DOCUMENT,
            Self::Schema { .. } => codes::SNAPSHOT_SCHEMA,
            Self::Line { .. } => codes::SNAPSHOT_LINE,
            Self::Name { .. } => codes::SNAPSHOT_NAME,
            Self::Digest { .. } => codes::SNAPSHOT_DIGEST,
            Self::Tag { .. } => codes::SNAPSHOT_TAG,
            Self::Repeated { .. } => codes::SNAPSHOT_REPEATED,
            Self::Yaml(_) => codes::SNAPSHOT_YAML,
        }
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Schema { .. } => {
                vec!["take a version of promo that knows this schema".to_owned()]
            }
            Self::Document(_) => {
                vec!["a snapshot is written as `promo.snapshot/v1`, in JSON".to_owned()]
            }
            _ => Vec::new(),
        }
    }
}

impl Snapshot {
    /// Reads the JSON form.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SnapshotError> {
        #[derive(serde::Deserialize)]
        struct Versioned {
            schema: String,
        }
        let versioned: Versioned =
            serde_json::from_slice(bytes).map_err(SnapshotError::Document)?;
        if versioned.schema != SCHEMA {
            return Err(SnapshotError::Schema {
                schema: versioned.schema,
            });
        }
        let raw: RawSnapshot = serde_json::from_slice(bytes).map_err(SnapshotError::Document)?;
        let mut snapshot = Self::empty(&raw.registry);
        snapshot.whole = raw.whole;
        for image in raw.images {
            snapshot.add_raw(image)?;
        }
        Ok(snapshot)
    }

    /// Reads the YAML form, whose names are relative to `registry`. Nothing is known but what it lists, since YAML
    /// doesn't say whether it was filtered; [`Self::assume_whole`] says that it wasn't. `name` is what findings
    /// call the file.
    pub fn from_yaml(
        name: &str,
        bytes: &[u8],
        registry: &RegistryPath,
    ) -> Result<Self, SnapshotError> {
        let images = parse_image_list(name, bytes).map_err(SnapshotError::Yaml)?;
        let mut listing = Listing::new(registry);
        for image in &images {
            check_name(registry, image.name())?;
            for entry in image.digests() {
                listing.add(image.name(), entry.digest(), None)?;
                for tag in entry.tags() {
                    listing.add(image.name(), entry.digest(), Some(tag.tag().clone()))?;
                }
            }
        }
        Ok(listing.snapshot)
    }

    /// Reads the CSV form, whose names are relative to `registry`. Nothing is known but what it lists,
    /// since CSV doesn't say whether it was filtered; [`Self::assume_whole`] says that it wasn't.
    pub fn from_csv(text: &str, registry: &RegistryPath) -> Result<Self, SnapshotError> {
        let mut listing = Listing::new(registry);
        let lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
            let (name, digest, tag) = record(line, text)?;
            check_name(registry, name)?;
            listing.add(name, digest, tag)?;
        }
        Ok(listing.snapshot)
    }

    /// Takes the snapshot as all that its registry holds, on the word of whoever made it: what it doesn't list isn't
    /// there.
    #[must_use]
    pub fn assume_whole(mut self) -> Self {
        self.whole = true;
        for image in self.images.values_mut() {
            image.known = Known::Everything;
        }
        self
    }

    fn add_raw(&mut self, raw: RawImage) -> Result<(), SnapshotError> {
        check_name(&self.registry, &raw.name)?;
        let known = match raw.known {
            RawKnown::Everything => Known::Everything,
            RawKnown::AllTags => Known::AllTags,
            RawKnown::Listed => Known::Listed,
        };
        let mut image = Image {
            digests: BTreeMap::new(),
            known,
        };
        let mut seen = std::collections::BTreeSet::new();
        for entry in raw.digests {
            let tags = image.digests.entry(entry.digest).or_default();
            for tag in entry.tags {
                if !seen.insert(tag.clone()) {
                    let name = format!("{}:{tag}", raw.name);
                    return Err(SnapshotError::Repeated { name });
                }
                tags.insert(tag);
            }
        }
        if self
            .images
            .insert(raw.name.as_str().into(), image)
            .is_some()
        {
            return Err(SnapshotError::Repeated { name: raw.name });
        }
        Ok(())
    }
}

/// A snapshot in the making, of a form that only lists.
struct Listing {
    snapshot: Snapshot,
    tagged: HashMap<(Arc<str>, Tag), Digest>,
}

impl Listing {
    fn new(registry: &RegistryPath) -> Self {
        let mut snapshot = Snapshot::empty(registry);
        snapshot.whole = false;
        Self {
            snapshot,
            tagged: HashMap::new(),
        }
    }

    /// Adds a digest, under a tag if one is given.
    fn add(&mut self, name: &str, digest: Digest, tag: Option<Tag>) -> Result<(), SnapshotError> {
        let image = self.snapshot.image(name, Known::Listed);
        let tags = image.digests.entry(digest).or_default();
        let Some(tag) = tag else { return Ok(()) };
        if tags.insert(tag.clone()) {
            let first = *self
                .tagged
                .entry((name.into(), tag.clone()))
                .or_insert(digest);
            if first != digest {
                let name = format!("{name}:{tag}");
                return Err(SnapshotError::Repeated { name });
            }
        }
        Ok(())
    }
}

fn check_name(registry: &RegistryPath, name: &str) -> Result<(), SnapshotError> {
    let joined = registry.join(name).map_err(|source| SnapshotError::Name {
        name: name.to_owned(),
        registry: registry.clone(),
        source,
    });
    joined.map(|_| ())
}

/// One line of CSV: name, digest, tag.
fn record(line: usize, text: &str) -> Result<(&str, Digest, Option<Tag>), SnapshotError> {
    let refused = || SnapshotError::Line { line };
    let (image, tag) = text.split_once(',').ok_or_else(refused)?;
    let (name, digest) = image.split_once('@').ok_or_else(refused)?;
    let digest = digest
        .parse()
        .map_err(|source| SnapshotError::Digest { line, source })?;
    if tag == "-" {
        return Ok((name, digest, None));
    }
    let tag = tag
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix(':'))
        .ok_or_else(refused)?;
    let tag = tag
        .parse()
        .map_err(|source| SnapshotError::Tag { line, source })?;
    Ok((name, digest, Some(tag)))
}
