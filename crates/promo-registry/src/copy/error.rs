//! Why the content of an image is not copied, with a stable code each (`PROMO-R040` to `R059`).
//!
//! What the registries themselves answer stays the failure that it was; these are the copier's own
//! findings about content.

use promo_core::Code;
use promo_core::oci::{Digest, MediaType, Repository};
use promo_core::ports::{Failure, FailureKind};

use crate::codes;

/// A reason of the copier's own for not copying.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The image is not in the source repository.
    #[error("image {digest} is not in {repository}")]
    ImageMissing {
        /// The source.
        repository: Repository,
        /// The image.
        digest: Digest,
    },
    /// An index names a manifest that the source repository doesn't hold.
    #[error("manifest {digest}, which {parent} lists, is not in {repository}")]
    ChildMissing {
        /// The source.
        repository: Repository,
        /// The missing manifest.
        digest: Digest,
        /// The index that lists it.
        parent: Box<Digest>,
    },
    /// A manifest names a blob that the source repository doesn't hold.
    #[error("blob {digest} is not in {repository}")]
    BlobMissing {
        /// The source.
        repository: Repository,
        /// The missing blob.
        digest: Digest,
    },
    /// A manifest's media type, or that of an entry of an index, is none that can be copied.
    #[error("`{}` of {digest} is not the media type of a manifest that can be copied", media_type.as_str().escape_default())]
    NotAManifest {
        /// The media type found.
        media_type: MediaType,
        /// Whose it is.
        digest: Digest,
    },
    /// A manifest can't be read as what it claims to be.
    #[error("manifest {digest} can't be read as {media_type}")]
    Unreadable {
        /// The manifest.
        digest: Digest,
        /// What it claims to be.
        media_type: MediaType,
        /// What stands in the way.
        #[source]
        source: serde_json::Error,
    },
    /// A manifest can be read in two ways, or says in two places two things about itself.
    #[error("manifest {digest} contradicts itself: {what}")]
    Ambiguous {
        /// The manifest.
        digest: Digest,
        /// The contradiction.
        what: String,
    },
    /// A descriptor uses a digest that promo doesn't compute.
    #[error("manifest {parent} refers to content by a digest that can't be checked")]
    UnsupportedDigest {
        /// The manifest with the descriptor.
        parent: Digest,
        /// Why.
        #[source]
        source: promo_core::oci::DigestError,
    },
    /// The bytes are not those that the descriptor names.
    #[error(
        "{repository} sent {found} bytes with {digest_found} where {size} bytes with {digest} are listed"
    )]
    Altered {
        /// Who sent them.
        repository: Repository,
        /// The digest listed.
        digest: Digest,
        /// The size listed.
        size: u64,
        /// The digest of what came.
        digest_found: Box<Digest>,
        /// The size of what came.
        found: u64,
    },
    /// Indexes are nested too deeply.
    #[error("{digest} has manifests nested deeper than {limit} levels")]
    TooDeep {
        /// The image.
        digest: Digest,
        /// How deep is allowed.
        limit: usize,
    },
    /// Too many manifests belong to one image.
    #[error("{digest} is made of more than {limit} manifests")]
    TooManyManifests {
        /// The image.
        digest: Digest,
        /// How many are allowed.
        limit: usize,
    },
    /// The manifests of one image are too large together.
    #[error("the manifests of {digest} have more than {limit} bytes together")]
    TooManyBytes {
        /// The image.
        digest: Digest,
        /// How many are allowed.
        limit: u64,
    },
    /// A blob had another length than its descriptor says.
    #[error(
        "blob {digest} from {repository} did not have the {size} bytes that its descriptor says"
    )]
    Length {
        /// Who sent it.
        repository: Repository,
        /// The blob.
        digest: Digest,
        /// The length listed.
        size: u64,
    },
    /// A registry said that an upload is complete before it had all bytes.
    #[error("{repository} acknowledged blob {digest} before it had all of its bytes")]
    Premature {
        /// The destination.
        repository: Repository,
        /// The blob.
        digest: Digest,
    },
    /// The destination took bytes too slowly while others waited for it, so it gets them by another reading.
    #[error("{repository} took blob {digest} too slowly for those that waited for it")]
    LeftBehind {
        /// The destination.
        repository: Repository,
        /// The blob.
        digest: Digest,
    },
    /// The source broke off, so the upload was ended with an error.
    #[error("the upload was ended because its source broke off")]
    SourceBrokeOff,
}

impl CopyError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::ImageMissing { .. } => codes::IMAGE_MISSING,
            Self::ChildMissing { .. } => codes::CHILD_MISSING,
            Self::BlobMissing { .. } => codes::BLOB_MISSING,
            Self::NotAManifest { .. } => codes::NOT_A_MANIFEST,
            Self::Unreadable { .. } => codes::UNREADABLE,
            Self::Ambiguous { .. } => codes::AMBIGUOUS,
            Self::UnsupportedDigest { .. } => codes::UNSUPPORTED_DIGEST,
            Self::Altered { .. } => codes::ALTERED,
            Self::TooDeep { .. } => codes::TOO_DEEP,
            Self::TooManyManifests { .. } => codes::TOO_MANY_MANIFESTS,
            Self::TooManyBytes { .. } => codes::TOO_MANY_BYTES,
            Self::Length { .. } => codes::LENGTH,
            Self::Premature { .. } => codes::PREMATURE,
            Self::LeftBehind { .. } => codes::LEFT_BEHIND,
            Self::SourceBrokeOff => codes::SOURCE_BROKE_OFF,
        }
    }

    fn kind(&self) -> FailureKind {
        match self {
            Self::ImageMissing { .. } => FailureKind::NotFound,
            Self::ChildMissing { .. } | Self::BlobMissing { .. } => FailureKind::Incomplete,
            Self::NotAManifest { .. } | Self::UnsupportedDigest { .. } => {
                FailureKind::UnsupportedContent
            }
            Self::Unreadable { .. } | Self::Ambiguous { .. } | Self::Premature { .. } => {
                FailureKind::Malformed
            }
            Self::Altered { .. } | Self::Length { .. } => FailureKind::DigestMismatch,
            Self::TooDeep { .. } | Self::TooManyManifests { .. } | Self::TooManyBytes { .. } => {
                FailureKind::TooLarge
            }
            Self::LeftBehind { .. } => FailureKind::Deadline,
            Self::SourceBrokeOff => FailureKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::ChildMissing { .. } => {
                "push the whole index to the source again, with all its platforms"
            }
            Self::BlobMissing { .. } => "push the image to the source again",
            Self::UnsupportedDigest { .. } => "build the image with sha256 or sha512 digests",
            Self::Altered { .. } | Self::Length { .. } => {
                "the source registry, or something on the way, alters content: find out before you promote from it"
            }
            _ => return None,
        })
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let failure = Self::new(error.kind(), error.code(), error.to_string());
        let failure = match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        };
        failure.with_error(error)
    }
}
