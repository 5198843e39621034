//! Whether one signature counts: from the facts about it, and from who is trusted and what its kind needs.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Trust;
use super::codes;
use super::names::NameQuestion;
use super::signer::{KeyValidity, RevocationReason, TrustedSigner};
use crate::ports::{
    CheckFailure, EvidenceKind, SignatureFacts, SignatureFormat, SignerClaim, SignerFacts,
    SignerName,
};

/// How far the clocks of others may be ahead of ours.
const CLOCKS_APART: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// What becomes of one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It counts, as one by these signers.
    Counts(BTreeSet<SignerName>),
    /// It is by, or claims, nobody who is trusted with this kind: it neither proves nor refuses anything.
    Stranger,
    /// It is by, or claims, somebody who is trusted, and fails.
    Refused(CheckFailure),
}

/// What a decision needs besides the facts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) names: Option<NameQuestion<'a>>,
    pub(super) now: Timestamp,
}

impl Trust {
    /// Decides about one signature.
    pub(super) fn decide(&self, facts: &SignatureFacts, question: Question<'_>) -> Decision {
        let trusted: Vec<(&SignerName, &TrustedSigner)> = self
            .signers()
            .iter()
            .filter(|(_, signer)| signer.is_claimed(&facts.signer))
            .collect();
        let names: BTreeSet<SignerName> = trusted.iter().map(|(name, _)| (*name).clone()).collect();
        let need = self.need(&facts.kind);
        let counting = need.map_or_else(|| names.clone(), |need| need.counting(&names));
        if counting.is_empty() {
            return Decision::Stranger;
        }
        if let Some(failure) = facts.failure() {
            return Decision::Refused(failure.clone());
        }
        if matches!(facts.signer, SignerFacts::Unproven { .. }) || facts.signed_digest.is_none() {
            return Decision::Refused(unproven());
        }
        let counting = match in_time(&trusted, &counting, facts, question.now) {
            Ok(counting) => counting,
            Err(failure) => return Decision::Refused(failure),
        };
        let checked = need.map_or(Ok(()), |need| need.check(facts, question.now));
        let named = || question.check_names(facts);
        match checked.and_then(|()| named()) {
            Ok(()) => Decision::Counts(counting),
            Err(failure) => Decision::Refused(failure),
        }
    }
}

impl Question<'_> {
    fn check_names(&self, facts: &SignatureFacts) -> Result<(), CheckFailure> {
        let Some(names) = self.names else {
            return Ok(());
        };
        let has_a_name = matches!(
            facts.kind,
            EvidenceKind::Signature {
                format: SignatureFormat::Sig | SignatureFormat::SigReferrer
            }
        );
        let names = NameQuestion {
            may_be_unnamed: names.may_be_unnamed && !has_a_name,
            ..names
        };
        names.check(&facts.names)
    }
}

impl TrustedSigner {
    /// Whether a signature is by this signer, or says so.
    fn is_claimed(&self, found: &SignerFacts) -> bool {
        match (self, found) {
            (Self::Key { key, .. }, SignerFacts::Key(found)) => key == found,
            (Self::Keyless(signer), SignerFacts::Certificate(found)) => signer.fits(found),
            (Self::Key { key, .. }, SignerFacts::Unproven { claim: Some(claim) }) => {
                *claim == SignerClaim::Key(*key)
            }
            _ => false,
        }
    }
}

/// A verifier that proves no signer and names no check that failed has proven nothing.
pub(super) fn unproven() -> CheckFailure {
    CheckFailure {
        code: codes::UNPROVEN,
        message: "it names an accepted key, and the verifier can't tell whether it is by that key"
            .to_owned(),
    }
}

/// Those of the signers who are trusted at the time that is proven; why none is, if none is.
fn in_time(
    trusted: &[(&SignerName, &TrustedSigner)],
    counting: &BTreeSet<SignerName>,
    facts: &SignatureFacts,
    now: Timestamp,
) -> Result<BTreeSet<SignerName>, CheckFailure> {
    let proven = facts.proven_times.first().map(|proven| proven.time);
    let latest = facts.proven_times.last().map(|proven| proven.time);
    if let Some(latest) = latest
        && latest.duration_since(now) > CLOCKS_APART
    {
        return Err(CheckFailure {
            code: codes::FROM_FUTURE,
            message: format!("its proven time is {latest}, and now it is {now}"),
        });
    }
    let mut in_time = BTreeSet::new();
    let mut failure = None;
    for (name, signer) in trusted.iter().filter(|(name, _)| counting.contains(*name)) {
        let checked = match signer {
            TrustedSigner::Key { validity, .. } => validity.check(proven, now),
            // The certificate has bounds of its own, which the verifier has checked.
            TrustedSigner::Keyless(_) => Ok(()),
        };
        match checked {
            Ok(()) => {
                in_time.insert((*name).clone());
            }
            Err(found) => {
                failure.get_or_insert(found);
            }
        }
    }
    match failure {
        Some(failure) if in_time.is_empty() => Err(failure),
        _ => Ok(in_time),
    }
}

impl KeyValidity {
    /// Whether a signature counts that is proven to have existed then. Without such a time it may have been made at any time
    /// up to now.
    fn check(&self, proven: Option<Timestamp>, now: Timestamp) -> Result<(), CheckFailure> {
        let failed = |code, message: String| Err(CheckFailure { code, message });
        let at = proven.unwrap_or(now);
        let known = match proven {
            Some(proven) => format!("it is proven to have existed at {proven}"),
            None => "no time is proven at which it existed".to_owned(),
        };
        if let Some(revoked) = self.revoked {
            let since = revoked.at;
            match revoked.reason {
                RevocationReason::Compromised => {
                    let message = format!("its key is revoked as compromised since {since}");
                    return failed(codes::KEY_REVOKED, message);
                }
                RevocationReason::Superseded if at >= since => {
                    let message = format!("its key is superseded since {since}, and {known}");
                    return failed(codes::KEY_REVOKED, message);
                }
                RevocationReason::Superseded => {}
            }
        }
        match (self.from, self.until) {
            (Some(from), _) if at < from => failed(
                codes::KEY_NOT_YET,
                format!("its key is trusted from {from} on, and {known}"),
            ),
            (_, Some(until)) if at >= until => failed(
                codes::KEY_ENDED,
                format!("its key is trusted until {until}, and {known}"),
            ),
            _ => Ok(()),
        }
    }
}
