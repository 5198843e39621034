//! What a kind of evidence needs: of each piece, before it counts, and of all that count together.

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroUsize;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::codes;
use crate::ports::{AcceptedEvidence, CheckFailure, CheckSubject, SignatureFacts, SignerName};

/// What a kind of evidence needs. Without settings: one piece, by whoever is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// By whom it has to be; without it, by anyone who is trusted.
    pub signers: Option<BTreeSet<SignerName>>,
    /// By how many of them, each with a signature of its own.
    pub at_least: NonZeroUsize,
    /// Each piece is in a transparency log.
    pub log: bool,
    /// That the log has taken it in is proven, up to a head that the log has signed: its promise to do so is not enough.
    pub log_proof: bool,
    /// Each piece has a time that somebody else has signed.
    pub timestamp: bool,
    /// Each piece was proven to exist at most so long ago.
    pub max_age: Option<SignedDuration>,
    /// What follows if it isn't met.
    pub strictness: Strictness,
}

/// What follows if a need isn't met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// Nothing: nobody asks.
    Off,
    /// It is told.
    Warn,
    /// The image is refused.
    #[default]
    Refuse,
}

impl Default for Need {
    fn default() -> Self {
        Self {
            signers: None,
            at_least: NonZeroUsize::MIN,
            log: false,
            log_proof: false,
            timestamp: false,
            max_age: None,
            strictness: Strictness::Refuse,
        }
    }
}

/// That there are too few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// How many different signers are needed.
    pub needed: NonZeroUsize,
    /// Those whose evidence counts.
    pub found: BTreeSet<SignerName>,
}

/// After "are": `needed by 2 different signers, and by 1: release`.
impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, needed) = (self.found.len(), self.needed);
        if found == 0 {
            return write!(f, "needed by {needed} trusted signers, and none counts");
        }
        let names = SignerName::listed(&self.found, ", ");
        write!(
            f,
            "needed by {needed} different signers, and by {found}: {names}"
        )
    }
}

/// Whether a log has not only promised to take it in.
fn is_included(facts: &SignatureFacts) -> bool {
    let mut checks = facts.checks.iter();
    !facts.logs.is_empty()
        && checks
            .any(|check| check.subject == CheckSubject::LogInclusion && check.failure.is_none())
}

impl Need {
    /// Whether these signers are among those that count, and which.
    pub(super) fn counting(&self, names: &BTreeSet<SignerName>) -> BTreeSet<SignerName> {
        match &self.signers {
            None => names.clone(),
            Some(wanted) => names.intersection(wanted).cloned().collect(),
        }
    }

    /// Whether one piece is as it has to be.
    pub(super) fn check(&self, facts: &SignatureFacts, now: Timestamp) -> Result<(), CheckFailure> {
        let failed = |code, message: String| Err(CheckFailure { code, message });
        if self.log && facts.logs.is_empty() {
            let message = "it has to be in a transparency log, and no entry is proven";
            return failed(codes::LOG_REQUIRED, message.to_owned());
        }
        if self.log_proof && !is_included(facts) {
            let message = "it has to be proven to be in a transparency log, and at most a log's promise is there";
            return failed(codes::LOG_REQUIRED, message.to_owned());
        }
        if !self.timestamp && self.max_age.is_none() {
            return Ok(());
        }
        let Some(first) = facts.proven_times.first().map(|proven| proven.time) else {
            let message = "it needs a proven time, and neither a log nor a timestamp authority has signed one";
            return failed(codes::TIME_REQUIRED, message.to_owned());
        };
        match self.max_age {
            Some(most) if now.duration_since(first) > most => {
                let message =
                    format!("it existed at {first} already, and may be at most {most:#} old");
                failed(codes::TOO_OLD, message)
            }
            _ => Ok(()),
        }
    }

    /// Whether what counts is enough: so many different signers, of whom each has made a signature of their own.
    pub fn met<'a>(
        &self,
        accepted: impl IntoIterator<Item = &'a AcceptedEvidence>,
    ) -> Result<(), Shortfall> {
        let mut hands = BTreeSet::new();
        let mut found: BTreeSet<SignerName> = BTreeSet::new();
        for piece in accepted {
            // Whoever is trusted under two names counts under one, and whoever shares a name with others counts once.
            let name = piece.trusted_as.iter().find(|name| !found.contains(*name));
            if let Some(name) = name
                && hands.insert(&piece.signer)
            {
                found.insert(name.clone());
            }
        }
        if found.len() >= self.at_least.get() {
            Ok(())
        } else {
            Err(Shortfall {
                needed: self.at_least,
                found,
            })
        }
    }
}
