//! Decides about an image by what was found about it in staging: whether its signatures are as the policy asks, and what
//! of its evidence is carried to production. Part of validate; it sends nothing.
//!
//! One accepted signature passes, whatever else lies there: anybody who may push to staging can put junk beside it. What
//! isn't carried is told.

use std::collections::BTreeSet;

use super::StagingPolicy;
use super::error::codes;
use super::flow::Run;
use super::outcome::{Blocked, BlockedClass};
use super::staged::{Notes, StagingSignatures};
use super::trust::is_reserved;
use crate::oci::Digest;
use crate::plan::ImageWork;
use crate::ports::{
    AcceptedEvidence, BoundedEvidence, Evidence, EvidenceKind, Phase, RefusedEvidence,
    SignatureFormat, UnknownEvidence, Verification,
};
use crate::trust::{Shortfall, Strictness, Trust};

/// The policy: signatures by as many signers as the trust needs pass, mostly one; without them, what claims a trusted
/// signer and fails refuses, and so does what was not read; strangers refuse only where a signature is required. Then each
/// attestation that the trust needs has to be there.
pub(super) fn decide(
    run: &Run,
    trust: &Trust,
    work: &ImageWork,
    verification: Verification,
    read: &BoundedEvidence,
) -> Result<StagingSignatures, Blocked> {
    let Verification {
        accepted,
        unknown,
        mut refused,
    } = verification;
    let mut named = Vec::new();
    for accepted in accepted {
        match check_name(run, work, work.digest, &accepted) {
            Ok(()) => named.push(accepted),
            Err(refusal) => refused.push(refusal),
        }
    }
    let signatures = named.iter().filter(|accepted| accepted.kind.is_signature());
    let mut notes = Notes::default();
    if let Err(shortfall) = trust.signature().met(signatures) {
        check_unsigned(run.settings.staging, &shortfall, &unknown, &refused, read)?;
        if !shortfall.found.is_empty() {
            notes.add(codes::STAGING_TOO_FEW, &too_few(&shortfall), 1);
        }
    }
    check_attestations(trust, &named, &mut notes)?;
    let accepted = choose(run, named, &mut notes);
    notes.refused(&refused);
    notes.strangers(unknown.len());
    notes.unread(read.unread);
    if writes_bundles(run) && hides_signatures(&accepted) {
        notes.add(codes::STAGING_HIDDEN, HIDDEN, 1);
    }
    Ok(StagingSignatures {
        asked_for: true,
        accepted,
        unknown,
        notes: notes.into_vec(),
    })
}

/// What is carried of what was accepted about a child of an image, and what is to be noted. It decides nothing.
pub(super) fn of_child(
    run: &Run,
    work: &ImageWork,
    digest: Digest,
    accepted: Vec<AcceptedEvidence>,
) -> (Vec<AcceptedEvidence>, Notes) {
    let (mut named, mut refused) = (Vec::new(), Vec::new());
    for accepted in accepted {
        match check_name(run, work, digest, &accepted) {
            Ok(()) => named.push(accepted),
            Err(refusal) => refused.push(refusal),
        }
    }
    let mut notes = Notes::default();
    let accepted = choose(run, named, &mut notes);
    notes.refused(&refused);
    if run.settings.recursive && writes_bundles(run) && hides_signatures(&accepted) {
        notes.add(codes::STAGING_HIDDEN, HIDDEN, 1);
    }
    (accepted, notes)
}

const HIDDEN: &str = "its signature in staging is only of the form `.sig`: it is carried, but cosign looks for bundles first, \
                      finds promo's, and sees it only with `--new-bundle-format=false` of cosign 3; where \
                      `sign.formats` is `sig` promo writes no bundles";

const NAMES_HINT: &str = "if images are rightly signed under that name in staging, name it: `staging-names` below \
                          `[verify]` in promo.toml";

/// A signature must speak of the image under a name that it has in staging.
fn check_name(
    run: &Run,
    work: &ImageWork,
    digest: Digest,
    accepted: &AcceptedEvidence,
) -> Result<(), RefusedEvidence> {
    let EvidenceKind::Signature { format } = &accepted.kind else {
        return Ok(());
    };
    let may_be_unnamed = *format == SignatureFormat::Bundle;
    let (names, rules) = (&run.settings.trust.names, &run.settings.plan.identities);
    if names.accept(&accepted.names, may_be_unnamed, work, digest, rules) {
        return Ok(());
    }
    let message = match accepted.names.first() {
        Some(name) => format!(
            "it names `{}`, which is no name of {}",
            name.chars().take(200).collect::<String>().escape_debug(),
            work.source
        ),
        None => format!("it does not name {}", work.source),
    };
    Err(RefusedEvidence {
        kind: accepted.kind.clone(),
        code: codes::STAGING_NAME,
        message,
    })
}

/// Without enough accepted signatures: whether the policy lets the image pass.
fn check_unsigned(
    policy: StagingPolicy,
    shortfall: &Shortfall,
    unknown: &[UnknownEvidence],
    refused: &[RefusedEvidence],
    read: &BoundedEvidence,
) -> Result<(), Blocked> {
    let refuse =
        |code, message: String| Blocked::new(Phase::Validate, BlockedClass::Refused, code, message);
    if let Some(refused) = refused.first() {
        let message = format!(
            "evidence in staging fails, and no signature there is good: {} ({})",
            refused.message, refused.code
        );
        let mut blocked = refuse(codes::STAGING_REFUSED, message);
        if refused.code == codes::STAGING_NAME {
            blocked.hints.push(NAMES_HINT.to_owned());
        }
        return Err(blocked);
    }
    let unread = read.unread;
    if unread > 0 {
        let message = format!(
            "no accepted signature is among the evidence that was read, and {unread} more pieces were not read"
        );
        return Err(refuse(codes::STAGING_UNREAD, message));
    }
    if policy != StagingPolicy::Require {
        return Ok(());
    }
    if !shortfall.found.is_empty() {
        return Err(refuse(codes::STAGING_TOO_FEW, too_few(shortfall)));
    }
    match unknown.iter().filter(|it| it.kind.is_signature()).count() {
        0 => Err(refuse(
            codes::STAGING_UNSIGNED,
            format!(
                "a signature is required in staging, and there is none{}",
                passed_over(&read.set.passed_over)
            ),
        )),
        strangers => Err(refuse(
            codes::STAGING_UNKNOWN_SIGNER,
            format!(
                "a signature by an accepted key is required in staging, and the {strangers} found are by others"
            ),
        )),
    }
}

fn too_few(shortfall: &Shortfall) -> String {
    format!("signatures in staging are {shortfall}")
}

/// Whether each attestation that is needed is there. One that is only warned about is noted.
fn check_attestations(
    trust: &Trust,
    accepted: &[AcceptedEvidence],
    notes: &mut Notes,
) -> Result<(), Blocked> {
    for (predicate_type, need) in trust.attestations() {
        let is_meant = |it: &&AcceptedEvidence| it.kind.predicate_type() == Some(predicate_type);
        let of_type = accepted.iter().filter(is_meant);
        let Err(shortfall) = need.met(of_type) else {
            continue;
        };
        let message = format!("attestations of type {predicate_type} in staging are {shortfall}");
        match need.strictness {
            Strictness::Off => {}
            Strictness::Warn => notes.add(codes::STAGING_ATTESTATION, &message, 1),
            Strictness::Refuse => {
                return Err(Blocked::new(
                    Phase::Validate,
                    BlockedClass::Refused,
                    codes::STAGING_ATTESTATION,
                    message,
                ));
            }
        }
    }
    Ok(())
}

/// What was taken for no evidence, where somebody looks for some.
fn passed_over(passed_over: &[(Digest, String)]) -> String {
    match passed_over {
        [] => String::new(),
        [(digest, reason), ..] => format!(
            "; {} passed over, the first {digest}: {reason}",
            passed_over.len()
        ),
    }
}

/// What is carried: each piece of evidence once, attestations only of the types that are trusted.
fn choose(run: &Run, named: Vec<AcceptedEvidence>, notes: &mut Notes) -> Vec<AcceptedEvidence> {
    let own: Vec<EvidenceKind> = match &run.signing {
        Some(signing) => signing.attester.kinds(),
        None => Vec::new(),
    };
    let mut seen = BTreeSet::new();
    let mut carried = Vec::new();
    for accepted in named {
        if let EvidenceKind::Attestation { predicate_type } = &accepted.kind {
            if is_reserved(predicate_type) || own.contains(&accepted.kind) {
                let message = format!(
                    "an attestation of the type {predicate_type} never comes from staging: it says what promo says"
                );
                notes.add(codes::STAGING_RESERVED, &message, 1);
                continue;
            }
            if !run.settings.trust.attestations.contains(predicate_type) {
                let message = format!(
                    "attestations of the type {predicate_type} are not carried: `staging-attestations` doesn't name it"
                );
                notes.add(codes::STAGING_NOT_CARRIED, &message, 1);
                continue;
            }
        }
        let form = match accepted.evidence {
            Evidence::TagLayer { suffix, .. } => Some(suffix),
            Evidence::Referrer { .. } => None,
        };
        if seen.insert((form, accepted.kind.clone(), accepted.signed_digest)) {
            carried.push(accepted);
        }
    }
    carried
}

fn writes_bundles(run: &Run) -> bool {
    let signing = run.signing.as_ref();
    signing.is_some_and(|signing| signing.signer.formats().contains(&SignatureFormat::Bundle))
}

/// Whether a signer's only signatures are such that a bundle keeps cosign from looking at them.
fn hides_signatures(accepted: &[AcceptedEvidence]) -> bool {
    let has = |signer: &str, wanted: SignatureFormat| {
        accepted
            .iter()
            .any(|it| it.signer == signer && it.kind == EvidenceKind::Signature { format: wanted })
    };
    accepted.iter().any(|it| {
        let is_layer =
            has(&it.signer, SignatureFormat::Sig) || has(&it.signer, SignatureFormat::SigReferrer);
        is_layer && !has(&it.signer, SignatureFormat::Bundle)
    })
}
