//! Looks at evidence as a client would, at once and without a request: the real evidence store and verifier over the world
//! as it stands.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::FutureExt as _;
use promo_core::oci::Digest;
use promo_core::ports::{EvidenceForms, EvidenceKind, EvidenceStore as _, SignatureFormat};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_core::trust::AboutImage;
use promo_sign::OciEvidenceStore;
use promo_testkit::world::World;

use crate::process::judge;
use crate::world::Wanted;

/// The kinds of evidence of ours that a digest lacks in a repository; an error where it can't be read, or where evidence
/// that claims to be ours fails.
pub(crate) fn lacking(
    world: &World,
    wanted: &Wanted,
    (host, repository): (&str, &str),
    digest: &str,
) -> Result<Vec<EvidenceKind>, String> {
    let store = OciEvidenceStore::new(Arc::new(world.direct()));
    let full: promo_core::oci::Repository = format!("{host}/{repository}").parse().unwrap();
    let digest: Digest = digest.parse().unwrap();
    let read = store
        .read(&full, &digest, EvidenceForms::ALL)
        .now_or_never();
    let held = read.ok_or("reading evidence waits for something")?;
    let held = held.map_err(|failure| format!("evidence can't be read: {}", failure.chain()))?;
    let identity = wanted.identity(host, repository);
    let about = AboutImage {
        digest: &digest,
        identity: Some(&identity),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let verified = judge().verify(about, &held).now_or_never();
    let verified = verified.ok_or("judging evidence waits for something")?;
    let verified = verified.map_err(|failure| failure.chain())?;
    if let Some(refused) = verified.refused.first() {
        return Err(format!("evidence is refused: {refused:?}"));
    }
    let found: BTreeSet<EvidenceKind> = verified.accepted.into_iter().map(|it| it.kind).collect();
    Ok(kinds()
        .into_iter()
        .filter(|kind| !found.contains(kind))
        .collect())
}

fn kinds() -> [EvidenceKind; 3] {
    [
        EvidenceKind::Signature {
            format: SignatureFormat::Bundle,
        },
        EvidenceKind::Signature {
            format: SignatureFormat::Sig,
        },
        EvidenceKind::Attestation {
            predicate_type: PROMOTION_PREDICATE_TYPE.to_owned(),
        },
    ]
}
