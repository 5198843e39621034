//! Decides about an image by what was found about it in staging: whether its signatures are as the policy asks, and what
//! of its evidence is carried to production. Part of validate; it sends nothing.
//!
//! One accepted signature passes, whatever else lies there: anybody who may push to staging can put junk beside it. What
//! isn't carried is told.

use std::collections::BTreeSet;

use serde::Serialize;

use super::StagingPolicy;
use super::error::codes;
use super::flow::Run;
use super::outcome::{Left, LeftClass};
use super::trust::is_reserved;
use crate::Code;
use crate::oci::{Digest, Repository};
use crate::plan::ImageWork;
use crate::ports::{
    AcceptedEvidence, BoundedEvidence, Evidence, EvidenceKind, Phase, RefusedEvidence,
    SignatureFormat, UnknownEvidence, Verification,
};

/// What was found about an image in staging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagingSignatures {
    /// Whether anybody looked.
    pub asked_for: bool,
    /// Accepted signatures, and attestations of the types that are carried: each proof once.
    pub accepted: Vec<AcceptedEvidence>,
    /// Signatures by unknown signers: they are not carried.
    pub unknown: Vec<UnknownEvidence>,
    /// What is left behind, and what else is worth knowing.
    pub notes: Vec<StagingNote>,
}

/// Something to know about an image's evidence in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StagingNote {
    /// What it is.
    pub code: Code,
    /// The same for a person.
    pub message: String,
    /// How many pieces of evidence it is about.
    pub pieces: u64,
}

/// What a run found about one image in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StagingEvidence {
    /// Where the image is.
    pub source: Repository,
    /// The image, or the child of an index.
    pub digest: Digest,
    /// Of a child: the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Digest>,
    /// How many pieces of its evidence are carried.
    pub carried: u64,
    /// What is left behind, and what else is worth knowing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<StagingNote>,
}

impl StagingSignatures {
    /// For the report; nothing if there is nothing to tell.
    pub(super) fn told(&self, work: &ImageWork) -> Option<StagingEvidence> {
        (!self.accepted.is_empty() || !self.notes.is_empty()).then(|| StagingEvidence {
            source: work.source.clone(),
            digest: work.digest,
            part_of: None,
            carried: self.accepted.len() as u64,
            notes: self.notes.clone(),
        })
    }
}

impl StagingEvidence {
    /// Children come after the index they belong to.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let index = self.part_of.unwrap_or(self.digest);
        let child = self.part_of.map(|_| self.digest);
        (self.source.clone(), index, child)
    }
}

/// The policy: one accepted signature passes; without any, what claims an accepted key and fails refuses, and so does
/// what was not read; strangers refuse only where a signature is required.
pub(super) fn decide(
    run: &Run,
    work: &ImageWork,
    verification: Verification,
    read: &BoundedEvidence,
) -> Result<StagingSignatures, Left> {
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
    let signed = named.iter().any(|accepted| is_signature(&accepted.kind));
    if !signed {
        check_unsigned(run.settings.staging, &unknown, &refused, read)?;
    }
    let mut notes = Notes::default();
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
                      finds promo's, and sees it only with `--new-bundle-format=false` of cosign 3; with \
                      `--signature-formats=sig` promo writes no bundles";

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

/// Without an accepted signature: whether the policy lets the image pass.
fn check_unsigned(
    policy: StagingPolicy,
    unknown: &[UnknownEvidence],
    refused: &[RefusedEvidence],
    read: &BoundedEvidence,
) -> Result<(), Left> {
    let refuse =
        |code, message: String| Left::new(Phase::Validate, LeftClass::Refused, code, message);
    if let Some(refused) = refused.first() {
        let message = format!(
            "evidence in staging fails, and no signature there is good: {} ({})",
            refused.message, refused.code
        );
        let mut left = refuse(codes::STAGING_REFUSED, message);
        if refused.code == codes::STAGING_NAME {
            left.hints.push(NAMES_HINT.to_owned());
        }
        return Err(left);
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
    match unknown.iter().filter(|it| is_signature(&it.kind)).count() {
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

/// What is carried: each proof once, attestations only of the types that are trusted.
fn choose(run: &Run, named: Vec<AcceptedEvidence>, notes: &mut Notes) -> Vec<AcceptedEvidence> {
    let own: Vec<EvidenceKind> = match &run.signing {
        Some(proof) => proof.attester.kinds(),
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
        if seen.insert((form, accepted.kind.clone(), accepted.proof)) {
            carried.push(accepted);
        }
    }
    carried
}

fn writes_bundles(run: &Run) -> bool {
    let proof = run.signing.as_ref();
    proof.is_some_and(|proof| proof.signer.formats().contains(&SignatureFormat::Bundle))
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

fn is_signature(kind: &EvidenceKind) -> bool {
    matches!(kind, EvidenceKind::Signature { .. })
}

/// Notes, those of one kind together.
#[derive(Default)]
pub(super) struct Notes(Vec<StagingNote>);

impl Notes {
    /// More notes beside these.
    pub(super) fn of(notes: Vec<StagingNote>) -> Self {
        Self(notes)
    }

    pub(super) fn into_vec(self) -> Vec<StagingNote> {
        self.0
    }

    pub(super) fn add(&mut self, code: Code, message: &str, pieces: u64) {
        let same = |note: &&mut StagingNote| note.code == code && note.message == message;
        match self.0.iter_mut().find(same) {
            Some(note) => note.pieces += pieces,
            None => self.0.push(StagingNote {
                code,
                message: message.to_owned(),
                pieces,
            }),
        }
    }

    /// The first of each code says why.
    pub(super) fn refused(&mut self, refused: &[RefusedEvidence]) {
        for refused in refused {
            let same = |note: &&mut StagingNote| note.code == refused.code;
            match self.0.iter_mut().find(same) {
                Some(note) => note.pieces += 1,
                None => self.add(
                    refused.code,
                    &format!("evidence that fails is left behind: {}", refused.message),
                    1,
                ),
            }
        }
    }

    pub(super) fn strangers(&mut self, count: usize) {
        if count > 0 {
            let message = "evidence by others than the accepted keys is left behind";
            self.add(codes::STAGING_UNKNOWN_SIGNER, message, count as u64);
        }
    }

    pub(super) fn unread(&mut self, count: u64) {
        if count > 0 {
            let message = "there is more evidence than is read, and the rest is left behind";
            self.add(codes::STAGING_UNREAD, message, count);
        }
    }
}
