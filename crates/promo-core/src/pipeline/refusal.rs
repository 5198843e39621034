//! Why a registry refused evidence: because its subject isn't there, or for another reason.
//!
//! OCI Distribution 1.1 asks registries to accept a manifest whose subject isn't there. Some don't, and there is no
//! code for it. To put the image's manifest before its evidence shows the image without evidence for a moment, so it
//! is done only where the refusal is of that kind.

use crate::ports::{Failure, FailureKind};

/// What a refusal of evidence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The registry says that something isn't there that the manifest names: its subject, since blobs were sent.
    WantsSubject,
    /// It may mean that, or pass when it is tried again.
    Unclear,
    /// It was not the registry's answer to the piece itself: the list that keeps referrers was refused. What it names may
    /// have been taken away a moment ago, and is there when all of it is put again.
    OfTheList,
    /// Something else.
    Other,
}

/// The codes of OCI Distribution 1.1 by which registries say that they miss the subject of a manifest.
const MISSING: [&str; 4] = [
    "MANIFEST_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "BLOB_UNKNOWN",
];

/// Those that speak of something else.
const OTHER: [&str; 8] = [
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DENIED",
    "DIGEST_INVALID",
    "NAME_INVALID",
    "SIZE_INVALID",
    "TOOMANYREQUESTS",
    "UNAUTHORIZED",
];

/// What a failure to attach referrers means.
pub(super) fn meaning(failure: &Failure) -> Refusal {
    let is_refusal = matches!(failure.kind(), FailureKind::NotFound | FailureKind::Refused);
    if is_refusal && failure.status().is_none() {
        return Refusal::OfTheList;
    }
    let may_be = matches!(failure.status(), Some(400 | 404 | 409 | 412 | 422));
    if !is_refusal || !may_be {
        return Refusal::Other;
    }
    let (code, message) = failure.said().unwrap_or_default();
    if MISSING.contains(&code) || message.to_ascii_lowercase().contains("subject") {
        Refusal::WantsSubject
    } else if OTHER.contains(&code) {
        Refusal::Other
    } else {
        Refusal::Unclear
    }
}

#[cfg(test)]
mod tests;
