//! A part for each capability that an implementation may declare, and for what it may do beyond the base without
//! declaring it, since no caller asks.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use promo_core::oci::{Descriptor, ManifestReference, Repository, Tag};
use promo_core::ports::{Failure, FailureKind, Mount, Registry};

use crate::suite::content::{download, pieces};

/// A tag list that comes in several pages is read to its end, each tag once.
///
/// # Panics
/// If it isn't.
pub async fn paging(registry: &dyn Registry, repository: &Repository, tags: &BTreeSet<Tag>) {
    let mut found = BTreeSet::new();
    let mut next: Option<String> = None;
    let mut pages = 0;
    loop {
        let page = registry.tags(repository, next.as_deref()).await;
        let page = page.expect("a page of tags").expect("the repository");
        pages += 1;
        for tag in page.tags {
            assert!(found.insert(tag.clone()), "{tag} is listed twice");
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert!(pages > 1, "the registry was to send several pages");
    assert_eq!(&found, tags);
}

/// `mount_session`: on a registry that refuses mounts, the session that it opened instead takes the blob.
///
/// # Panics
/// If it doesn't.
pub async fn mount_session(registry: &dyn Registry, repository: &Repository, from: &Repository) {
    assert!(
        registry.capabilities().mount_session,
        "mount_session is not declared"
    );
    let bytes = Bytes::from_static(b"refused to be mounted");
    let blob = Descriptor::of("application/octet-stream", &bytes);
    let mount = registry.mount_blob(repository, &blob.digest, from).await;
    let Mount::Refused(Some(session)) = mount.expect("a mount that is refused") else {
        panic!("a refused mount gave no session");
    };
    let put = registry
        .put_blob(repository, &blob, session, pieces(&bytes))
        .await;
    put.expect("an upload into the session of a refused mount");
    let found = download(registry, repository, &blob).await;
    assert_eq!(found.expect("the blob"), Some(bytes));
}

/// `caps`: a manifest without an end is refused as too large, in finite time.
///
/// # Panics
/// If it isn't.
pub async fn caps(registry: &dyn Registry, repository: &Repository, endless: &ManifestReference) {
    assert!(registry.capabilities().caps, "caps is not declared");
    let get = registry.get_manifest(repository, endless);
    let answer = tokio::time::timeout(Duration::from_secs(60), get).await;
    let answer = answer.expect("an endless manifest was read for a minute");
    let failure = answer.expect_err("an endless manifest was taken");
    assert_eq!(failure.kind(), FailureKind::TooLarge, "{failure:?}");
}

/// Repositories that answer as they are called.
#[derive(Debug, Clone)]
pub struct StatusFixture {
    /// Answers 403.
    pub forbidden: Repository,
    /// Answers 429 with a `Retry-After`, always.
    pub limited: Repository,
    /// The `Retry-After` of it.
    pub retry_after: Duration,
}

/// Failures carry the status and `Retry-After`.
///
/// # Panics
/// If they don't.
pub async fn status(registry: &dyn Registry, fixture: &StatusFixture) {
    let failure = failed_head(registry, &fixture.forbidden).await;
    assert_eq!(failure.kind(), FailureKind::Forbidden, "{failure:?}");
    assert_eq!(failure.status(), Some(403));
    let failure = failed_head(registry, &fixture.limited).await;
    assert_eq!(failure.kind(), FailureKind::RateLimited, "{failure:?}");
    assert_eq!(failure.status(), Some(429));
    assert_eq!(failure.retry_after(), Some(fixture.retry_after));
}

async fn failed_head(registry: &dyn Registry, repository: &Repository) -> Failure {
    let tag: Tag = "v1".parse().expect("the suite's tags are valid");
    let head = registry.head_manifest(repository, &tag.into()).await;
    head.expect_err("a refusal was taken for an answer")
}
