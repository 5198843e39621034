//! Whether an image is accepted: what its registry holds about it and a verifier made of that, held against what is
//! demanded.
//!
//! A pure function; a refusal that says nothing against the image is told apart here.

use std::iter;

use super::{Accepted, Explanation, PassedOver, Refusal, Stranger, VerifiedImage};
use crate::codes;
use crate::identity::Identity;
use crate::oci::{Digest, ImageReference};
use crate::ports::{AcceptedEvidence, RefusedEvidence, SignerName, Verification};
use crate::trust::{JudgedEvidence, Need, Shortfall, Strictness, Trust};

/// What is demanded besides what the trust needs.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// The name that signatures must speak of; without it that of the rules.
    pub identity: Option<Identity>,
    /// Predicate types of attestations that must be there, by somebody who is trusted with them.
    pub attestations: Vec<String>,
    /// Whether it is to be told of each piece why it counts or doesn't.
    pub explain: bool,
}

/// What a registry holds about an image, and what was decided about it.
#[derive(Debug, Clone)]
pub struct FoundEvidence {
    /// The image as it was named.
    pub image: ImageReference,
    /// The public name that was asked about.
    pub identity: Identity,
    /// The digest that the evidence speaks of.
    pub digest: Digest,
    /// What was read and no evidence.
    pub passed_over: Vec<(Digest, String)>,
    /// What was read, with what was decided about it.
    pub judged: Vec<JudgedEvidence>,
}

impl VerifiedImage {
    /// Judges what was found about an image. It is accepted if all that the trust needs and all that is demanded is there, and
    /// nothing by a trusted signer is wrong.
    pub fn judge(found: FoundEvidence, trust: &Trust, demand: &Demand) -> Self {
        let explanation = demand
            .explain
            .then(|| Explanation::of(&found.judged, trust));
        let verification = Verification::of(found.judged);
        let (missing, warnings) = missing(&verification, trust, demand);
        // Signatures before attestations, whatever their digests.
        let accepted = verification.accepted.into_iter().map(Accepted::from);
        let mut accepted: Vec<Accepted> = accepted.collect();
        accepted.sort_by(|a, b| (&a.kind, &a.signer, a.time).cmp(&(&b.kind, &b.signer, b.time)));
        let refused = verification.refused;
        let passed_over = found.passed_over.into_iter();
        Self {
            image: found.image.to_string(),
            digest: found.digest,
            identity: found.identity,
            accepted: missing.is_empty() && refused.iter().all(is_about_another_name),
            evidence: accepted,
            unknown: verification
                .unknown
                .into_iter()
                .map(Stranger::from)
                .collect(),
            refused: refused.into_iter().map(Refusal::from).collect(),
            passed_over: passed_over.map(PassedOver::from).collect(),
            missing,
            warnings,
            explanation,
        }
    }
}

/// Evidence that holds, but for another name of the same image: it was carried from staging and is by an accepted
/// key. It proves nothing here, and speaks against nothing either.
fn is_about_another_name(refused: &RefusedEvidence) -> bool {
    refused.code == codes::OTHER_NAME
}

/// What is needed and not there: what refuses the image, and what is only told.
fn missing(found: &Verification, trust: &Trust, demand: &Demand) -> (Vec<String>, Vec<String>) {
    let (mut missing, mut warnings) = (Vec::new(), Vec::new());
    for (predicate_type, need) in needs(trust, demand) {
        let is_meant = |it: &&AcceptedEvidence| it.kind.predicate_type() == predicate_type;
        let Err(shortfall) = need.met(found.accepted.iter().filter(is_meant)) else {
            continue;
        };
        let told = match need.strictness {
            Strictness::Off => continue,
            Strictness::Warn => &mut warnings,
            Strictness::Refuse => &mut missing,
        };
        told.push(sentence(predicate_type, &shortfall));
    }
    (missing, warnings)
}

/// What is needed: of signatures, which have no predicate type, of the attestations that are demanded, and of those that the
/// trust needs besides.
fn needs<'a>(
    trust: &'a Trust,
    demand: &'a Demand,
) -> impl Iterator<Item = (Option<&'a str>, Need)> {
    let demanded = demand.attestations.iter().map(|predicate_type| {
        let need = trust.attestations().get(predicate_type).cloned();
        // Whoever asks for it wants it to be there, whatever the trust makes of it.
        let need = Need {
            strictness: Strictness::Refuse,
            ..need.unwrap_or_default()
        };
        (Some(predicate_type.as_str()), need)
    });
    let besides = trust.attestations().iter();
    let besides =
        besides.filter(|(predicate_type, _)| !demand.attestations.contains(predicate_type));
    let besides =
        besides.map(|(predicate_type, need)| (Some(predicate_type.as_str()), need.clone()));
    iter::once((None, trust.signature().clone()))
        .chain(demanded)
        .chain(besides)
}

fn sentence(predicate_type: Option<&str>, shortfall: &Shortfall) -> String {
    let what = match predicate_type {
        None => "a signature".to_owned(),
        Some(predicate_type) => format!("an attestation of type {predicate_type}"),
    };
    if shortfall.needed.get() == 1 {
        return format!("{what} by an accepted signer");
    }
    let found = match shortfall.found.len() {
        0 => "none".to_owned(),
        _ => SignerName::listed(&shortfall.found, ", "),
    };
    format!(
        "{what} by {} different signers: found {found}",
        shortfall.needed
    )
}
