//! Ways to name a manifest, and the manifest itself as raw bytes.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;

use super::{
    Descriptor, Digest, DigestAlgorithm, DigestError, MediaType, Repository, RepositoryError, Tag,
    TagError,
};

/// A manifest within a repository: by tag or by digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ManifestReference {
    /// By tag, which may move.
    Tag(Tag),
    /// By digest, which can't.
    Digest(Digest),
}

impl fmt::Display for ManifestReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl From<Tag> for ManifestReference {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for ManifestReference {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// The bytes of a manifest as a registry served them, with their media type and digest. The bytes
/// are what is pushed; nothing ever serialises a manifest anew.
#[derive(Clone, PartialEq, Eq)]
pub struct RawManifest {
    media_type: MediaType,
    digest: Digest,
    bytes: Bytes,
}

impl RawManifest {
    /// Takes manifest bytes and computes their digest by `algorithm`.
    pub fn new(media_type: MediaType, algorithm: DigestAlgorithm, bytes: Bytes) -> Self {
        let digest = Digest::of(algorithm, &bytes);
        Self {
            media_type,
            digest,
            bytes,
        }
    }

    /// The media type under which it is served and pushed.
    pub fn media_type(&self) -> &MediaType {
        &self.media_type
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Its descriptor, as a `subject` field names it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(
            self.media_type.clone(),
            self.digest,
            self.bytes.len() as u64,
        )
    }
}

impl fmt::Debug for RawManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawManifest({}, {})", self.media_type, self.digest)
    }
}

/// An image as a person names it: `HOST/NAME[:TAG][@DIGEST]`. No default host, no default tag.
///
/// ```
/// use promo_core::oci::ImageReference;
/// let image: ImageReference = "registry.k8s.io/pause:3.9".parse().unwrap();
/// assert_eq!(image.repository().name(), "pause");
/// assert_eq!(image.tag().unwrap().as_str(), "3.9");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageReference {
    repository: Repository,
    tag: Option<Tag>,
    digest: Option<Digest>,
}

impl ImageReference {
    /// An image by its parts.
    pub fn new(repository: Repository, tag: Option<Tag>, digest: Option<Digest>) -> Self {
        Self {
            repository,
            tag,
            digest,
        }
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The tag, if one is named.
    pub fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// The digest, if one is named.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// How to ask a registry for it: by digest if there is one, else by tag.
    pub fn manifest(&self) -> Option<ManifestReference> {
        match (self.digest, &self.tag) {
            (Some(digest), _) => Some(digest.into()),
            (None, Some(tag)) => Some(tag.clone().into()),
            (None, None) => None,
        }
    }
}

/// Why a text does not name an image.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageReferenceError {
    /// The repository part is wrong.
    #[error("the repository of the image is not valid")]
    Repository(#[from] RepositoryError),
    /// The tag is wrong.
    #[error("the tag of the image is not valid")]
    Tag(#[from] TagError),
    /// The digest is wrong.
    #[error("the digest of the image is not valid")]
    Digest(#[from] DigestError),
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, ImageReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        // A colon behind the last slash begins a tag; one before it, a port.
        let name = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (repository, tag) = match rest.split_at(name).1.split_once(':') {
            Some((last, tag)) => (rest.split_at(name + last.len()).0, Some(tag.parse()?)),
            None => (rest, None),
        };
        Ok(Self {
            repository: repository.parse()?,
            tag,
            digest,
        })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}
