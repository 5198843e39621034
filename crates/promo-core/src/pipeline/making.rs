//! Making evidence about one subject, an image or a child of an index: its signatures, or its attestation. Sign and attest
//! call it; `placing` finds out where it is missing and brings it there.

use super::SigningPorts;
use super::evidence_repository::{EvidenceRepository, Target};
use super::flow::Run;
use super::outcome::Blocked;
use super::placing;
use super::standing::{Asked, Mirrors};
use crate::oci::RawManifest;
use crate::ports::{EvidenceKind, Phase, PromotionRecord, SignatureFormat, Subject};

/// Makes the signatures of one manifest stand.
pub(super) async fn sign(
    run: &Run,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    mirrors: &Mirrors,
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
    let asked = Asked {
        phase: Phase::Sign,
        target,
        mirrors,
        kinds: &kinds,
    };
    placing::bring(run, asked, repositories, make).await
}

/// What a record is about.
pub(super) fn target<'a>(
    record: &'a PromotionRecord,
    manifest: Option<&'a RawManifest>,
) -> Target<'a> {
    Target {
        identity: &record.identity,
        descriptor: &record.descriptor,
        manifest,
    }
}

/// Makes the attestations of one manifest stand.
pub(super) async fn attest(
    run: &Run,
    signing: &SigningPorts,
    record: &PromotionRecord,
    target: Target<'_>,
    repositories: &mut [EvidenceRepository],
    mirrors: &Mirrors,
) -> Result<(), Blocked> {
    let kinds = signing.attester.kinds();
    let make = |missing: Vec<EvidenceKind>| {
        let record = record.clone();
        async move { signing.attester.attest(&record, &missing).await }
    };
    let asked = Asked {
        phase: Phase::Attest,
        target,
        mirrors,
        kinds: &kinds,
    };
    placing::bring(run, asked, repositories, make).await
}
