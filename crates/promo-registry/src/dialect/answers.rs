//! Peculiarities that only an answer shows: what it means, whoever gives it. The host isn't asked, so that a registry of
//! the same make behind any name, or a proxy before it, is understood as well.

use ::http::header::CONTENT_TYPE;
use ::http::{HeaderMap, HeaderValue, StatusCode};
use promo_core::oci::{Digest, RawManifest};
use promo_core::ports::Operation;

use crate::{Error, RegistryAnswer};

/// How many entries a first page is asked for, one after the other where a registry refuses
/// ([`refuses_page_size`]): what registries allow at the most, what the registry likes, and few.
pub(crate) const PAGE_SIZES: [Option<u16>; 3] = [Some(1000), None, Some(50)];

/// Whether a registry doesn't serve HEAD, so that GET has to be asked (Nexus; crane does so, too).
pub(crate) fn refuses_head(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    )
}

/// Whether a registry may mean the size of a page that was asked for. Distribution says 400 and
/// `PAGINATION_NUMBER_INVALID` to more than its `catalog.maxentries`; others have other words.
pub(crate) fn refuses_page_size(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 416 | 422)
}

/// Whether a registry says that it has no referrers API: it doesn't know the path (404), or the operation (405 as ECR
/// does, 501). Anything else, a 403 or a 429 above all, is no answer to the question.
pub(crate) fn has_no_referrers_api(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    )
}

/// What a refused list of referrers means, where its status alone leaves that open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoReferrers {
    /// There is no such API.
    NoApi,
    /// There is one, and nothing to be listed as long as the manifest isn't there. The code is that of a bad manifest,
    /// too, so it has to be looked whether there is one.
    PerhapsNoManifest,
}

/// What a refusal of a list of referrers means by its code: none if it is a refusal like any other. Quay answers
/// 400 and `MANIFEST_INVALID` to who refers to what isn't there.
pub(crate) fn refused_referrers(error: &Error) -> Option<NoReferrers> {
    let Error::Refused {
        status: 400,
        answer: Some(said),
        ..
    } = error
    else {
        return None;
    };
    match said.code() {
        "UNSUPPORTED" => Some(NoReferrers::NoApi),
        "MANIFEST_INVALID" | "MANIFEST_UNKNOWN" => Some(NoReferrers::PerhapsNoManifest),
        _ => None,
    }
}

/// Whether what stands under the fallback tag of a digest is the manifest with that digest itself: GitLab takes
/// `sha256-HEX` for the digest, so that a tag that was never put shows the image.
pub(crate) fn takes_tag_for_digest(subject: &Digest, standing: &RawManifest) -> bool {
    subject.matches(standing.bytes())
}

/// Whether a registry says that the tag can't be changed. There is no code for it in the specification; these are the
/// words of ECR, Artifact Registry, Harbor and Quay.
pub(crate) fn says_immutable(answer: &RegistryAnswer) -> bool {
    let text = format!("{} {}", answer.code(), answer.message()).to_ascii_lowercase();
    text.contains("immutable")
        || (text.contains("already exist") && text.contains("overwrit"))
        || answer.code() == "TAG_ALREADY_EXISTS"
}

/// Whether an answer of 501 is a proxy's and not the registry's own word that it doesn't know the operation, which
/// may well be so for lists of referrers and catalogs.
pub(crate) fn is_foreign_501(status: StatusCode, headers: &HeaderMap, asked: Operation) -> bool {
    let is_read = !matches!(
        asked,
        Operation::ManifestPut
            | Operation::UploadStart
            | Operation::BlobPut
            | Operation::UploadCancel
    );
    let is_optional = matches!(asked, Operation::Referrers | Operation::Catalog);
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let is_json = content_type.is_some_and(|found| found.windows(4).any(|part| part == b"json"));
    status == StatusCode::NOT_IMPLEMENTED && is_read && !(is_optional && is_json)
}

/// Whether strangers may get less of it with a 200, and no word about that: Harbor's catalog is empty to them, that of
/// Quay and zot holds what is public.
pub(crate) fn may_be_cut_for_strangers(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::TagList | Operation::Catalog | Operation::Referrers
    )
}

/// Whether an answer may be that to a stranger, who isn't told what is there: distribution behind a login says 404 to
/// whoever isn't logged in, others 403.
pub(crate) fn may_be_for_strangers(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)
}

/// Whether a blob that was sent with the POST and answered so may be taken by an upload: the registry knows no such POST,
/// or breaks on it. That we may not push, or are too quick, an upload wouldn't change.
pub(crate) fn answers_no_single_post(status: StatusCode) -> bool {
    !matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    )
}

/// Whether a mount that failed so leaves an upload to be tried. A token for two repositories is not to be had
/// everywhere (Docker Hub), and an upload needs only one of them; where the mount breaks the connection, the upload will
/// tell whether anything is wrong with it.
pub(crate) fn leaves_an_upload(error: &Error) -> bool {
    matches!(
        error,
        Error::Unauthenticated { .. }
            | Error::TokenRefused { .. }
            | Error::Connection { .. }
            | Error::Deadline { .. }
    )
}

/// Whether a mount that was answered so leaves an upload to be tried: the source can't be read by us, isn't there,
/// mounts are not known, or the registry breaks on them. Only 429 says that nothing is to be sent now.
pub(crate) fn answers_no_mount(status: StatusCode) -> bool {
    status != StatusCode::TOO_MANY_REQUESTS
        && (status.is_client_error() || status.is_server_error())
}
