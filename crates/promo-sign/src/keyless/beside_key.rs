//! Logs and timestamps beside a signature by a key: what they prove, by the trusted roots that know them.
//!
//! The signature itself is verified elsewhere, and is the key's whatever stands beside it. Of what stands there a root judges
//! what it knows: entries that name one of its logs, tokens of its authorities. What no root knows is not judged and says
//! nothing; what a root knows has to hold, as beside a certificate.

use std::collections::BTreeMap;

use promo_core::oci::Digest;
use promo_core::ports::{CheckSubject, Evidence, EvidenceBlob, LogEntry, ProvenTime, TagSuffix};
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_verify::PublicKeyVerificationPolicy;
use sigstore_verify::types::bundle::{
    PublicKeyIdentifier, Rfc3161Timestamp, TimestampVerificationData, VerificationMaterial,
    VerificationMaterialContent,
};
use sigstore_verify::types::{
    Artifact, Bundle, DerPublicKey, MediaType, SignatureContent, TransparencyLogEntry,
};

use super::candidate::{Candidate, MAX_STATEMENT_VALUES, MAX_WITNESSES, Origin};
use super::refused::{self, Failed};
use super::trusted_root::TrustedRoot;
use super::{artifact, layer, layers, witnesses};
use crate::envelope::Envelope;
use crate::manifest::{self, ImageManifest, ReferrerForm};
use crate::{PublicKey, json};

/// A signature without a certificate, and what stands beside it. Nothing of it is verified yet.
#[derive(Debug)]
pub(crate) struct BesideKey {
    pub(super) version: MediaType,
    pub(super) content: SignatureContent,
    pub(super) origin: Origin,
    pub(super) entries: Vec<TransparencyLogEntry>,
    pub(super) tokens: Vec<Rfc3161Timestamp>,
    /// Of a layer: where it keeps the entry and the token.
    pub(super) annotations: BTreeMap<String, String>,
}

/// What holds beside a signature.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) times: Vec<ProvenTime>,
    pub(crate) logs: Vec<LogEntry>,
    /// What was checked.
    pub(crate) checks: Vec<CheckSubject>,
    /// The signature with what holds, and nothing else beside it.
    pub(super) candidate: Candidate,
}

/// Which of the entries and tokens a root knows.
#[derive(Debug, PartialEq, Eq)]
struct Known {
    entries: Vec<bool>,
    tokens: Vec<bool>,
}

/// The part of a bundle that is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    media_type: MediaType,
    #[serde(borrow)]
    verification_material: Material<'a>,
    #[serde(borrow)]
    dsse_envelope: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material<'a> {
    #[serde(borrow)]
    #[expect(
        dead_code,
        reason = "it has to be there; which key it is, the signature tells"
    )]
    public_key: &'a RawValue,
    #[serde(default, borrow)]
    tlog_entries: Option<Vec<&'a RawValue>>,
    #[serde(default, borrow)]
    timestamp_verification_data: Option<Timestamps<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Timestamps<'a> {
    #[serde(default, borrow)]
    rfc3161_timestamps: Option<Vec<&'a RawValue>>,
}

/// The signatures of a piece that have something beside them that can be read, in its order.
pub(crate) fn of_piece(piece: &Evidence) -> Vec<BesideKey> {
    match piece {
        Evidence::TagLayer {
            suffix: TagSuffix::Sig,
            layer,
        } => Vec::from_iter(layer::signature_by_key(layer)),
        Evidence::TagLayer {
            suffix: TagSuffix::Att,
            layer,
        } => Vec::from_iter(layer::attestation_by_key(layer)),
        Evidence::Referrer { manifest, blobs } => {
            let Some(image) = ImageManifest::read(manifest) else {
                return Vec::new();
            };
            let layers = layers(&image, blobs);
            match ReferrerForm::of(&image) {
                Some(ReferrerForm::Bundle) => match layers.as_slice() {
                    [layer] if manifest::is_bundle(&layer.descriptor.media_type) => {
                        Vec::from_iter(bundle(layer))
                    }
                    _ => Vec::new(),
                },
                Some(ReferrerForm::Signatures) => {
                    layers.iter().filter_map(layer::signature_by_key).collect()
                }
                Some(ReferrerForm::Attestations) => {
                    let found = layers.iter().filter_map(layer::attestation_by_key);
                    found.collect()
                }
                None => Vec::new(),
            }
        }
    }
}

fn bundle(layer: &EvidenceBlob) -> Option<BesideKey> {
    let found: Found<'_> = json::parse(&layer.bytes)?;
    let material = found.verification_material;
    let times = material.timestamp_verification_data;
    let tokens = times.and_then(|times| times.rfc3161_timestamps);
    let (entries, tokens) = (
        material.tlog_entries.unwrap_or_default(),
        tokens.unwrap_or_default(),
    );
    if entries.len().max(tokens.len()) > MAX_WITNESSES {
        return None;
    }
    let envelope = Envelope::part(found.dsse_envelope).ok()?;
    BesideKey {
        version: found.media_type,
        content: layer::dsse(&envelope),
        origin: Origin::Bundle,
        entries: entries.into_iter().filter_map(json::part).collect(),
        tokens: tokens.into_iter().filter_map(json::part).collect(),
        annotations: BTreeMap::new(),
    }
    .readable()
}

/// What stands beside a signature by `key`, by the roots that know it: nothing if none does, or none can judge it.
///
/// The first root by which everything that it knows holds tells of it. One by which something doesn't hold refuses it, unless another
/// knows the same, and by that it holds.
pub(crate) fn judged<'r>(
    roots: impl IntoIterator<Item = &'r TrustedRoot>,
    digest: &Digest,
    key: &PublicKey,
    found: &BesideKey,
) -> Option<Result<Held, Failed>> {
    let judged = roots
        .into_iter()
        .filter_map(|root| root.beside_key(digest, key, found));
    let judged: Vec<(Known, Result<Held, Failed>)> = judged.collect();
    let is_overruled = |known: &Known| {
        let mut others = judged.iter();
        others.any(|(other, result)| result.is_ok() && other.covers(known))
    };
    let refused = judged
        .iter()
        .position(|(known, result)| result.is_err() && !is_overruled(known));
    let held = judged.iter().position(|(_, result)| result.is_ok());
    let (_, result) = judged.into_iter().nth(refused.or(held)?)?;
    Some(result)
}

impl BesideKey {
    /// Nothing if nothing stands beside it, or what is signed is larger than the library is to build.
    pub(super) fn readable(self) -> Option<Self> {
        if self.entries.is_empty() && self.tokens.is_empty() {
            return None;
        }
        if let SignatureContent::DsseEnvelope(envelope) = &self.content
            && !json::has_at_most(envelope.payload.as_bytes(), MAX_STATEMENT_VALUES)
        {
            return None;
        }
        Some(self)
    }

    /// The digest of what is signed and of the signature.
    pub(crate) fn signed_digest(&self) -> Digest {
        super::signed_digest(&self.content, &self.origin)
    }

    fn known_to(&self, root: &TrustedRoot) -> Known {
        let signature = witnesses::signature(&self.content);
        let entries = self.entries.iter();
        let tokens = self.tokens.iter();
        Known {
            entries: entries
                .map(|entry| witnesses::names_known_log(root, entry))
                .collect(),
            tokens: tokens
                .map(|token| witnesses::names_known_authority(root, token, signature))
                .collect(),
        }
    }

    /// As the library takes it, with what is known alone.
    fn candidate(&self, key: &PublicKey, known: &Known) -> Result<Candidate, Failed> {
        let entries = kept(&self.entries, &known.entries);
        let tokens = kept(&self.tokens, &known.tokens);
        // What the older versions demand is about entries.
        let version = if entries.is_empty() {
            MediaType::Bundle0_3
        } else {
            self.version
        };
        let named = PublicKeyIdentifier::new(key.hint());
        let material = VerificationMaterial::new(VerificationMaterialContent::PublicKey(named))
            .with_tlog_entries(entries)
            .with_timestamp_verification_data(TimestampVerificationData::new(tokens));
        let bundle = Bundle::new(version, material, self.content.clone());
        Candidate::of(bundle, self.origin.clone())
            .map_err(|refusal| Failed::by(CheckSubject::LogInclusion, refusal))
    }
}

impl Known {
    fn is_empty(&self) -> bool {
        !self.entries.contains(&true) && !self.tokens.contains(&true)
    }

    /// Whether everything that the other knows is in it.
    fn covers(&self, other: &Self) -> bool {
        let covers = |ours: &[bool], theirs: &[bool]| {
            ours.iter()
                .zip(theirs)
                .all(|(ours, theirs)| *ours || !*theirs)
        };
        covers(&self.entries, &other.entries) && covers(&self.tokens, &other.tokens)
    }
}

fn kept<T: Clone>(all: &[T], known: &[bool]) -> Vec<T> {
    let found = all.iter().zip(known).filter(|(_, is_known)| **is_known);
    found.map(|(one, _)| one.clone()).collect()
}

impl TrustedRoot {
    /// What it knows of what stands beside a signature, and whether that holds; nothing if it knows nothing, or the library can't
    /// judge it.
    fn beside_key(
        &self,
        digest: &Digest,
        key: &PublicKey,
        found: &BesideKey,
    ) -> Option<(Known, Result<Held, Failed>)> {
        let known = found.known_to(self);
        if known.is_empty() {
            return None;
        }
        let result = found
            .candidate(key, &known)
            .and_then(|candidate| self.held_beside_key(digest, key, candidate));
        match result {
            // The key's signature holds: what isn't about its witnesses, the library couldn't judge.
            Err(failed) if !is_about_witnesses(failed.check) => None,
            result => Some((known, result)),
        }
    }

    fn held_beside_key(
        &self,
        digest: &Digest,
        key: &PublicKey,
        candidate: Candidate,
    ) -> Result<Held, Failed> {
        let artifact = match &candidate.origin {
            Origin::Signature(layer) => Artifact::Blob(&layer.bytes),
            Origin::Bundle | Origin::Attestation => Artifact::Digest(artifact(digest)?),
        };
        let mut policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key.spki().to_vec()));
        if candidate.entries().is_empty() {
            policy = policy.skip_tlog_unsafe();
        }
        let verified = self.verifier.verify(artifact, &candidate.bundle, &policy);
        verified.map_err(|error| refused::of(self, &candidate, digest, &error))?;
        let witnesses = witnesses::of(self, &candidate)?;
        Ok(Held {
            times: witnesses.times,
            logs: witnesses.logs,
            checks: candidate.checks_of_witnesses(),
            candidate,
        })
    }
}

const fn is_about_witnesses(check: CheckSubject) -> bool {
    matches!(
        check,
        CheckSubject::LogPromise
            | CheckSubject::LogInclusion
            | CheckSubject::LogContent
            | CheckSubject::Timestamp
    )
}
