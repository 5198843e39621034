//! What keeps a run as a whole from going on, and the codes of what keeps single edges back.

use crate::Code;
use crate::ports::Failure;

/// A run that can't go on. Single edges that are blocked are no error: they are in the report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// Signatures in staging shall be judged, but no key is accepted.
    #[error("signatures in staging shall be judged, but no key is accepted")]
    NoStagingJudge,
    /// The signer can't sign.
    #[error("the signer does not work")]
    Signer(#[source] Failure),
    /// The attester can't attest.
    #[error("the attester does not work")]
    Attester(#[source] Failure),
    /// The registry port lacks what a promotion needs.
    #[error("the registry port does not offer {0}")]
    MissingCapability(&'static str),
    /// The run was told to stop at the first edge that can't be promoted, and there is one.
    #[error("{count} edges can't be promoted, and the run was told to stop then")]
    FailFast {
        /// How many such edges the plan has.
        count: u64,
    },
}

impl RunError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NoStagingJudge => codes::NO_STAGING_VERIFIER,
            Self::Signer(_) => codes::SIGNER,
            Self::Attester(_) => codes::ATTESTER,
            Self::MissingCapability(_) => codes::MISSING_CAPABILITY,
            Self::FailFast { .. } => codes::FAIL_FAST,
        }
    }

    /// What to do, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NoStagingJudge => vec![
                "name the public keys that are accepted (`verify.staging-keys`), or don't ask for signatures \
                 (`verify.staging-signatures`)"
                    .to_owned(),
            ],
            Self::Signer(failure) | Self::Attester(failure) => failure.hints().to_vec(),
            Self::MissingCapability(_) => {
                vec!["use `promo_registry::WireRegistry`, which offers everything".to_owned()]
            }
            Self::FailFast { .. } => {
                vec!["let the others go on (`PlanOptions::fail_fast`)".to_owned()]
            }
        }
    }
}

/// The codes of the pipeline.
pub mod codes {
    crate::codes! {
        NO_SIGNER "PROMO-C001" "no key to sign with"
            "A confirmed run signs what it publishes. Name a key, or give up the promise and say that nothing is signed."
        NO_STAGING_VERIFIER "PROMO-C002" "no key accepted for staging"
            "Signatures in staging shall be judged, but no public key was named to judge them by."
        SIGNER "PROMO-C003" "the signer does not work"
            "Setup asked the signer for a trial signature before anything was written, and it failed."
        ATTESTER "PROMO-C004" "the attester does not work"
            "Setup asked the attester for a trial attestation before anything was written, and it failed."
        MISSING_CAPABILITY "PROMO-C005" "the registry port lacks a capability"
            "The implementation of the registry port declares that it lacks something that a promotion needs."
        FAIL_FAST "PROMO-C006" "stopped at the plan"
            "It was asked that one edge that can't be promoted stops all, and there is one. Nothing was written."
        INTERRUPTED "PROMO-C010" "not started after an interruption"
            "The run was asked to stop before this edge was begun. Run it again: what stands is reused."
        STAGING_UNSIGNED "PROMO-C020" "unsigned in staging"
            "A signature by an accepted key is required of images in staging, and there is none."
        STAGING_UNKNOWN_SIGNER "PROMO-C021" "signed by strangers in staging"
            "A signature by an accepted key is required; the signatures found are by other signers."
        STAGING_REFUSED "PROMO-C022" "a signature in staging fails"
            "A signature or attestation in staging claims an accepted key and does not hold, and no signature there is \
             good. Somebody altered it or the image."
        PROVENANCE_REQUIRED "PROMO-C023" "provenance is required"
            "The promoter manifest requires provenance (`mode: require`), which promo can't verify yet. What can't be \
             verified is not promoted."
        PROVENANCE_UNUSABLE "PROMO-C024" "provenance section that can't be used"
            "What the promoter manifest asks of provenance can't be used as it stands, so it is unknown what it would let \
             pass. `promo manifest check` shows what is wrong with it."
        STAGING_UNREAD "PROMO-C025" "more evidence in staging than is read"
            "Evidence in staging is read up to 1,000 pieces and 32 MiB for an image: signatures under `.sig` first, then \
             referrers, those before that are listed as evidence. None of what was read is an accepted signature, so nothing \
             is decided; remove what is not needed. As a note: the rest was left behind, or, of an index, the evidence of some of \
             its children."
        STAGING_NAME "PROMO-C026" "a signature in staging names another image"
            "The signature is by an accepted key and about this digest, but the name that it signs is neither the repository \
             in staging, nor a public name of the image, nor one of `verify.staging-names`."
        STAGING_NOT_CARRIED "PROMO-C027" "an attestation is not carried"
            "Signatures by accepted keys are carried to production, attestations only of the types that \
             `verify.staging-attestations` names."
        STAGING_RESERVED "PROMO-C028" "an attestation that only promo makes"
            "An attestation in staging says what promo says in production: that the image was promoted, or that its \
             evidence was verified. Such a type is never carried, and can't be named in `verify.staging-attestations`."
        STAGING_HIDDEN "PROMO-C029" "a signature that cosign finds only when told"
            "The image is signed in staging only in the form `.sig`. It is carried as it is, since a bundle signs other bytes. \
             cosign looks for bundles first and finds promo's; cosign 3 finds the carried one with \
             `--new-bundle-format=false`, cosign 2.6 doesn't. Both find it where `sign.formats` is `sig`: promo then writes no \
             bundle at all, its attestations stand under `.att`."
        LOST "PROMO-C030" "gone from staging"
            "The image was in staging when the plan was made, and is not there any more."
        OTHER_IMAGE "PROMO-C031" "another image was copied"
            "The copier returned a manifest with another digest than the one asked for. Nothing was published."
        STAGING_TOO_FEW "PROMO-C032" "too few signers in staging"
            "The trust document needs signatures by more different signers than have signed the image in staging."
        STAGING_ATTESTATION "PROMO-C033" "an attestation is missing in staging"
            "The trust document needs an attestation of a type, by signers that it names, and staging has none that counts."
        EVIDENCE_MISSING "PROMO-C040" "evidence could not be verified after it was made"
            "The verifier does not accept what signer or attester made. Nothing was published."
        EVIDENCE_LOST "PROMO-C041" "the registry did not keep the evidence"
            "Right before the manifest was to be put, evidence that the registry had accepted did not stand there any \
             more. It was attached again, and did not stay. Nothing was published. Something there takes it away (a \
             collector, a clean-up rule, another program that writes the same tag), or the registry keeps nothing."
        TAG_MOVED "PROMO-C050" "the tag moved meanwhile"
            "Right before the tag was to be put, it pointed to another digest than the plan saw. Nothing was \
             overwritten. Make a new plan."
        NOT_CONFIRMED "PROMO-C051" "the registry did not keep what was put"
            "After the manifest was put, the registry shows another digest under the tag, or none."
        OBJECTED "PROMO-C060" "a gate objects to the image"
            "A gate that the embedding program brought decided that the image may not go to production. Nothing of it was copied."
    }
}
