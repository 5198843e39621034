//! Making evidence about one subject, an image or a child of an index: its signatures, or its attestation. Sign and attest
//! call it; `placing` finds out where it is missing and brings it there.

use super::SigningPorts;
use super::flow::Run;
use super::group::SharedEvidence;
use super::outcome::Blocked;
use super::placing::{self, EvidenceRepository, Target};
use crate::oci::{RawManifest, Repository};
use crate::ports::{EvidenceKind, Phase, PromotionRecord, SignatureFormat, Subject};

/// Makes the signatures of one manifest stand.
pub(super) async fn sign(
    run: &Run,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    mirrors: &[Repository],
) -> Result<(), Blocked> {
    let Some(signing) = &run.signing else {
        return Ok(());
    };
    let kinds: Vec<EvidenceKind> = signing
        .signer
        .formats()
        .iter()
        .map(|format| EvidenceKind::Signature { format: *format })
        .collect();
    let subject = Subject {
        identity: target.identity.clone(),
        descriptor: target.descriptor.clone(),
    };
    let make = |missing: Vec<EvidenceKind>| async move {
        let formats: Vec<SignatureFormat> = missing
            .iter()
            .filter_map(|kind| match kind {
                EvidenceKind::Signature { format } => Some(*format),
                EvidenceKind::Attestation { .. } => None,
            })
            .collect();
        signing.signer.sign(&subject, &formats).await
    };
    placing::bring(
        run,
        Phase::Sign,
        target,
        repositories,
        mirrors,
        &kinds,
        make,
    )
    .await
}

/// What a record is about.
pub(super) fn target<'a>(
    record: &'a PromotionRecord,
    manifest: Option<&'a RawManifest>,
    shared: &'a SharedEvidence,
) -> Target<'a> {
    Target {
        identity: &record.identity,
        descriptor: &record.descriptor,
        manifest,
        shared: shared.of(&record.identity, record.descriptor.digest),
    }
}

/// Makes the attestations of one manifest stand.
pub(super) async fn attest(
    run: &Run,
    signing: &SigningPorts,
    record: &PromotionRecord,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    mirrors: &[Repository],
) -> Result<(), Blocked> {
    let kinds = signing.attester.kinds();
    let make = |missing: Vec<EvidenceKind>| {
        let record = record.clone();
        async move { signing.attester.attest(&record, &missing).await }
    };
    placing::bring(
        run,
        Phase::Attest,
        target,
        repositories,
        mirrors,
        &kinds,
        make,
    )
    .await
}
