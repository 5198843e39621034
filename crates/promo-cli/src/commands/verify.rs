//! `promo verify`: who signed and attested images, and whether that is accepted.

use jiff::Timestamp;
use promo_core::Code;
use promo_core::identity::{Identity, IdentityRules};
use promo_core::oci::{Digest, ImageReference};
use promo_core::ports::{EvidenceKind, EvidenceSet, RefusedEvidence, Verification, Verifier};
use promo_sign::{KeyVerifier, refusal};
use schemars::JsonSchema;
use serde::Serialize;

use super::image::{self, Resolved};
use crate::app::{self, Registries};
use crate::args::{ScopeArgs, VerifyArgs};
use crate::error::Result;
use crate::exit::Exit;
use crate::output::{Format, Outcome, json, verification_table, yaml};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, ScopeSettings};

/// `promo.verification/v1`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerificationDocument {
    schema: &'static str,
    /// Whether every image was accepted.
    pub(crate) accepted: bool,
    pub(crate) images: Vec<VerifiedImage>,
}

/// What was found about one image.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerifiedImage {
    pub(crate) image: String,
    pub(crate) digest: Digest,
    pub(crate) identity: Identity,
    pub(crate) accepted: bool,
    pub(crate) evidence: Vec<Proof>,
    /// Signers that the keys don't know.
    pub(crate) unknown: Vec<Stranger>,
    /// Evidence that claims an accepted key and fails.
    pub(crate) refused: Vec<Refusal>,
    /// What refers to the image, or stands under its evidence tags, and was not judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) passed_over: Vec<PassedOver>,
    /// Why it is not accepted, if it isn't.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<String>,
}

/// Evidence that was accepted.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proof {
    pub(crate) kind: EvidenceKind,
    pub(crate) signer: String,
    pub(crate) time: Option<Timestamp>,
}

/// Evidence by a signer whom nobody named.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stranger {
    pub(crate) kind: EvidenceKind,
    pub(crate) signer: Option<String>,
}

/// Evidence that failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refusal {
    pub(crate) kind: EvidenceKind,
    pub(crate) code: Code,
    pub(crate) message: String,
}

/// What was not judged: an SBOM, say, or evidence that can't be read.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PassedOver {
    pub(crate) digest: Digest,
    pub(crate) reason: String,
}

/// What is demanded.
#[derive(Debug)]
pub(crate) struct Demand {
    /// The name that signatures must speak of; without it that of the rules.
    pub(crate) identity: Option<Identity>,
    /// Predicate types of attestations that must be there.
    pub(crate) attestations: Vec<String>,
}

/// Verifies all images.
pub(crate) async fn run(args: &VerifyArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let demand = Demand {
        identity: args.identity.as_deref().map(image::identity).transpose()?,
        attestations: args.attestation_type.clone(),
    };
    let verifier = KeyVerifier::new(app::public_keys(&args.key)?);
    let scope = ScopeSettings::resolve(&ScopeArgs::default(), &context.resolver)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = Registries::connect(&network, progress::observer(context))?;
    let document = verify(&registries, scope.identities(), &verifier, images, &demand).await?;
    let exit = if document.accepted {
        Exit::Done
    } else {
        Exit::Refused
    };
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => verification_table(&document),
    };
    Ok(Outcome { text, exit })
}

/// The verification of images as anybody can do it: from what their registries hold.
pub(crate) async fn verify(
    registries: &Registries,
    identities: &IdentityRules,
    verifier: &dyn Verifier,
    images: Vec<ImageReference>,
    demand: &Demand,
) -> Result<VerificationDocument> {
    let mut verified = Vec::new();
    for image in images {
        verified.push(verify_one(registries, identities, verifier, image, demand).await?);
    }
    Ok(VerificationDocument {
        schema: "promo.verification/v1",
        accepted: verified.iter().all(|image| image.accepted),
        images: verified,
    })
}

async fn verify_one(
    registries: &Registries,
    identities: &IdentityRules,
    verifier: &dyn Verifier,
    image: ImageReference,
    demand: &Demand,
) -> Result<VerifiedImage> {
    let resolved = image::resolve(registries, identities, image, demand.identity.as_ref()).await?;
    let (digest, evidence, found) = judge(registries, verifier, &resolved).await?;
    let missing = missing(&found, demand);
    // Signatures before attestations, whatever their digests.
    let mut proofs: Vec<Proof> = found.accepted.into_iter().map(Proof::from).collect();
    proofs.sort_by(|a, b| (&a.kind, &a.signer, a.time).cmp(&(&b.kind, &b.signer, b.time)));
    Ok(VerifiedImage {
        image: resolved.image.to_string(),
        digest,
        identity: resolved.identity,
        accepted: missing.is_empty() && found.refused.iter().all(is_about_another_name),
        evidence: proofs,
        unknown: found.unknown.into_iter().map(Stranger::from).collect(),
        refused: found.refused.into_iter().map(Refusal::from).collect(),
        passed_over: evidence
            .passed_over
            .into_iter()
            .map(PassedOver::from)
            .collect(),
        missing,
    })
}

/// What stands about an image: about the digest that its registry shows, or where that has no proof and the image was
/// named by a tag, about the SHA-512 digest of the same bytes.
async fn judge(
    registries: &Registries,
    verifier: &dyn Verifier,
    resolved: &Resolved,
) -> Result<(Digest, EvidenceSet, Verification)> {
    let about = async |digest: Digest| -> Result<_> {
        let repository = resolved.image.repository();
        let evidence = registries.evidence.read(repository, &digest).await?;
        let identity = Some(&resolved.identity);
        let found = verifier.verify(&digest, identity, &evidence).await?;
        Ok((digest, evidence, found))
    };
    let shown = about(resolved.descriptor.digest).await?;
    let Some(other) = resolved.by_sha512 else {
        return Ok(shown);
    };
    if !shown.2.accepted.is_empty() || !shown.2.refused.is_empty() {
        return Ok(shown);
    }
    let named = about(other).await?;
    Ok(if named.2.accepted.is_empty() {
        shown
    } else {
        named
    })
}

/// Evidence that holds, but for another name of the same image: it was carried from staging and is by an accepted
/// key. It proves nothing here, and speaks against nothing either.
fn is_about_another_name(refused: &RefusedEvidence) -> bool {
    refused.code == refusal::OTHER_NAME
}

/// What was demanded and is not there: an accepted signature, and each attestation.
fn missing(found: &Verification, demand: &Demand) -> Vec<String> {
    let mut missing = Vec::new();
    let signed = |kind: &EvidenceKind| matches!(kind, EvidenceKind::Signature { .. });
    if !found.accepted.iter().any(|evidence| signed(&evidence.kind)) {
        missing.push("a signature by an accepted key".to_owned());
    }
    for wanted in &demand.attestations {
        let kind = EvidenceKind::Attestation {
            predicate_type: wanted.clone(),
        };
        if !found.accepted.iter().any(|evidence| evidence.kind == kind) {
            missing.push(format!(
                "an attestation of type {wanted} by an accepted key"
            ));
        }
    }
    missing
}

impl From<promo_core::ports::AcceptedEvidence> for Proof {
    fn from(accepted: promo_core::ports::AcceptedEvidence) -> Self {
        Self {
            kind: accepted.kind,
            signer: accepted.signer,
            time: accepted.time,
        }
    }
}

impl From<promo_core::ports::UnknownEvidence> for Stranger {
    fn from(unknown: promo_core::ports::UnknownEvidence) -> Self {
        Self {
            kind: unknown.kind,
            signer: unknown.signer,
        }
    }
}

impl From<RefusedEvidence> for Refusal {
    fn from(refused: RefusedEvidence) -> Self {
        Self {
            kind: refused.kind,
            code: refused.code,
            message: refused.message,
        }
    }
}

impl From<(Digest, String)> for PassedOver {
    fn from((digest, reason): (Digest, String)) -> Self {
        Self { digest, reason }
    }
}
