//! Classes of requests, which registries count separately. When a host asks for a pause of hours, it holds for one
//! class.

use promo_core::ports::Operation;

/// A class of requests to one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Class {
    /// HEAD of manifests and blobs, which most registries don't count.
    Questions,
    /// GET of manifests, which Docker Hub counts.
    Manifests,
    /// GET of blobs.
    Blobs,
    /// Lists of tags, repositories and referrers.
    Lists,
    /// PUT of manifests.
    ManifestWrites,
    /// All that belongs to uploads.
    Uploads,
    /// Tokens.
    Tokens,
    /// Questions to services that are no registries.
    Services,
}

impl Class {
    pub(super) fn of(operation: Operation) -> Self {
        match operation {
            Operation::ManifestHead | Operation::BlobHead => Self::Questions,
            Operation::BlobGet => Self::Blobs,
            Operation::TagList | Operation::Catalog | Operation::Referrers => Self::Lists,
            Operation::ManifestPut => Self::ManifestWrites,
            Operation::UploadStart | Operation::BlobPut | Operation::UploadCancel => Self::Uploads,
            Operation::Token => Self::Tokens,
            Operation::Service => Self::Services,
            _ => Self::Manifests,
        }
    }

    /// What it is called in an error.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Questions => "questions (HEAD)",
            Self::Manifests => "requests for manifests",
            Self::Blobs => "requests for blobs",
            Self::Lists => "requests for lists",
            Self::ManifestWrites => "manifests",
            Self::Uploads => "uploads",
            Self::Tokens => "requests for tokens",
            Self::Services => "requests to services",
        }
    }
}
