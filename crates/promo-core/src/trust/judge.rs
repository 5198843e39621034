//! [`Judge`]: a verifier that states facts and a trust that decides, as one that accepts and refuses. The only part of trust that
//! waits for anything.

use std::sync::Arc;

use jiff::Timestamp;

use super::Trust;
use super::decision::{Decision, Question, unproven};
use super::names::NameQuestion;
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest};
use crate::ports::{
    AcceptedEvidence, CheckFailure, Evidence, EvidenceSet, ExaminedEvidence, Failure,
    RefusedEvidence, SignatureFacts, UnknownEvidence, Verification, Verifier,
};

/// Judges evidence: asks a verifier for the facts and decides by whom is trusted.
#[derive(Debug, Clone)]
pub struct Judge {
    verifier: Arc<dyn Verifier>,
    trust: Arc<Trust>,
    requires_names: bool,
}

/// What is asked about evidence.
#[derive(Debug, Clone, Copy)]
pub struct AboutImage<'a> {
    /// What the evidence has to be about.
    pub digest: &'a Digest,
    /// The name that signatures have to give as their docker-reference, and attestations that name something have to name.
    /// Without it any name is accepted.
    pub identity: Option<&'a Identity>,
    /// The time that counts as now.
    pub now: Timestamp,
}

/// Evidence with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedEvidence {
    /// What the verifier has stated.
    pub examined: ExaminedEvidence,
    /// What was decided about each of its signatures, in their order.
    pub decisions: Vec<Decision>,
}

impl Judge {
    /// Judges what this verifier states by this trust.
    pub fn new(verifier: Arc<dyn Verifier>, trust: Arc<Trust>) -> Self {
        Self {
            verifier,
            trust,
            requires_names: false,
        }
    }

    /// Refuses evidence that doesn't name the identity it is asked about: bundles that name nothing
    /// (cosign writes such) with `PROMO-S014`.
    ///
    /// For the reuse of evidence of one's own, which always names it. Without this, an unnamed
    /// bundle is accepted as a signature or attestation of the digest. What names another image is refused in any
    /// case (`PROMO-S013`).
    #[must_use]
    pub fn requiring_names(mut self) -> Self {
        self.requires_names = true;
        self
    }

    /// The same, but that what panics in the verifier fails.
    pub(crate) fn contained(self) -> Self {
        Self {
            verifier: Arc::new(crate::ports::Contained::new(self.verifier)),
            ..self
        }
    }

    /// Who is trusted.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Judges each piece of evidence: what counts, what is by strangers, and what fails.
    ///
    /// # Errors
    ///
    /// What keeps the verifier from telling anything.
    pub async fn verify(
        &self,
        about: AboutImage<'_>,
        evidence: &EvidenceSet,
    ) -> Result<Verification, Failure> {
        let judged = self.judge(about, evidence).await?;
        Ok(Verification::of(judged))
    }

    /// The same with all facts, to be explained.
    ///
    /// # Errors
    ///
    /// As [`Judge::verify`].
    pub async fn judge(
        &self,
        about: AboutImage<'_>,
        evidence: &EvidenceSet,
    ) -> Result<Vec<JudgedEvidence>, Failure> {
        let names = about.identity.map(|identity| NameQuestion {
            digest: about.digest,
            identity,
            may_be_unnamed: !self.requires_names,
        });
        let question = Question {
            names,
            now: about.now,
        };
        let examined = self.verifier.examine(about.digest, evidence).await?;
        let judged = examined.into_iter().map(|examined| {
            let signatures = examined.signatures.iter();
            let decisions = signatures.map(|facts| self.trust.decide(facts, question));
            let decisions = decisions.collect();
            JudgedEvidence {
                examined,
                decisions,
            }
        });
        Ok(judged.collect())
    }

    /// Accepted evidence as it may be carried to other registries ([`Verifier::carried`]).
    ///
    /// # Errors
    ///
    /// If it isn't what the verifier examined.
    pub fn carried(
        &self,
        accepted: &AcceptedEvidence,
        subject: &Descriptor,
    ) -> Result<Evidence, Failure> {
        self.verifier.carried(accepted, subject)
    }
}

impl JudgedEvidence {
    /// What became of the piece as a whole; nothing if no signature is in it.
    pub fn decision(&self) -> Option<&Decision> {
        self.deciding().map(|(_, decision)| decision)
    }

    /// What decides about a piece of several signatures: one that fails refuses it, else one that counts is enough.
    fn deciding(&self) -> Option<(&SignatureFacts, &Decision)> {
        let rank = |(_, decision): &(&SignatureFacts, &Decision)| match decision {
            Decision::Refused(_) => 0,
            Decision::Counts(_) => 1,
            Decision::Stranger => 2,
        };
        let signatures = self.examined.signatures.iter();
        signatures.zip(&self.decisions).min_by_key(rank)
    }
}

impl Verification {
    /// What came of evidence that was judged, in its order.
    pub fn of(judged: Vec<JudgedEvidence>) -> Self {
        let mut found = Self::default();
        for piece in judged {
            let Some((facts, decision)) = piece.deciding() else {
                continue;
            };
            match (decision, facts.signed_digest) {
                (Decision::Counts(names), Some(signed_digest)) => {
                    let accepted = AcceptedEvidence {
                        kind: facts.kind.clone(),
                        signer: facts.signer.to_string(),
                        trusted_as: names.clone(),
                        time: facts.claimed_time,
                        proven_time: facts.proven_times.first().map(|proven| proven.time),
                        names: facts.names.clone(),
                        signed_digest,
                        evidence: piece.examined.evidence,
                    };
                    found.accepted.push(accepted);
                }
                (Decision::Counts(_), None) => found.refused.push(refused(facts, &unproven())),
                (Decision::Stranger, _) => {
                    found.unknown.push(UnknownEvidence {
                        kind: facts.kind.clone(),
                        signer: facts.signer.told(),
                    });
                }
                (Decision::Refused(failure), _) => found.refused.push(refused(facts, failure)),
            }
        }
        found
    }
}

fn refused(facts: &SignatureFacts, failure: &CheckFailure) -> RefusedEvidence {
    RefusedEvidence {
        kind: facts.kind.clone(),
        code: failure.code,
        message: failure.message.clone(),
    }
}
