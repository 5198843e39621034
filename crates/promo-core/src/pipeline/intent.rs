//! What a run is to do in the end, as a type: look only, or publish. Who has a [`Confirmed`] has shown that signer and
//! attester work, or has said outright that the promise is given up; without one no phase that writes can be called.

use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;

use super::error::RunError;
use crate::ports::{Attester, Contained, EvidenceForms, Signer};
use crate::trust::Judge;

/// How far a run goes, as the report says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Up to validate; nothing is written anywhere.
    DryRun,
    /// All the way.
    Confirmed,
}

/// The ports that make evidence, and who accepts what they make.
#[derive(Debug, Clone)]
pub struct SigningPorts {
    /// Makes signatures.
    pub signer: Arc<dyn Signer>,
    /// Makes attestations.
    pub attester: Arc<dyn Attester>,
    /// Accepts what these two make, and nothing else.
    pub judge: Judge,
}

impl SigningPorts {
    /// The forms of all that they make: what a destination is asked for.
    pub fn forms(&self) -> EvidenceForms {
        let of_signatures = self.signer.formats().iter().map(|format| format.form());
        let of_signatures: EvidenceForms = of_signatures.collect();
        of_signatures.and(self.attester.forms())
    }
}

/// Whether a run that publishes signs.
#[derive(Debug, Clone)]
pub enum Signing {
    /// It signs and attests with these.
    With(SigningPorts),
    /// It doesn't: what it publishes has no evidence, and the promise is given up.
    Waived,
}

/// A run that only looks.
#[derive(Debug, Clone, Default)]
pub struct DryRun {
    signing: Option<SigningPorts>,
}

/// Proof that a run may publish: that signer and attester work, or that it was told to go without. Only
/// [`Confirmed::new`] makes it.
#[derive(Debug, Clone)]
pub struct Confirmed {
    signing: Option<SigningPorts>,
}

/// What a run is to do in the end: [`DryRun`] or [`Confirmed`], and nothing else.
pub trait Intent: sealed::DryOrConfirmed + Debug + Clone + Send + Sync {
    /// How far such a run goes.
    const MODE: Mode;
    /// What signs, or would sign.
    #[doc(hidden)]
    fn signing(&self) -> Option<&SigningPorts>;
}

impl DryRun {
    /// A run that only looks, and would sign with these: that they work is shown as well.
    ///
    /// # Errors
    ///
    /// `PROMO-C003`, `PROMO-C004`: they don't.
    pub async fn new(signing: Option<SigningPorts>) -> Result<Self, RunError> {
        Ok(Self {
            signing: match signing {
                Some(ports) => Some(shown(ports).await?),
                None => None,
            },
        })
    }
}

impl Confirmed {
    /// Has signer and attester show that they work.
    ///
    /// # Errors
    ///
    /// `PROMO-C003`, `PROMO-C004`: they don't.
    pub async fn new(signing: Signing) -> Result<Self, RunError> {
        Ok(Self {
            signing: match signing {
                Signing::With(ports) => Some(shown(ports).await?),
                Signing::Waived => None,
            },
        })
    }
}

impl Intent for DryRun {
    const MODE: Mode = Mode::DryRun;

    fn signing(&self) -> Option<&SigningPorts> {
        self.signing.as_ref()
    }
}

impl Intent for Confirmed {
    const MODE: Mode = Mode::Confirmed;

    fn signing(&self) -> Option<&SigningPorts> {
        self.signing.as_ref()
    }
}

/// The same ports, but that what panics fails; both have made a trial.
async fn shown(ports: SigningPorts) -> Result<SigningPorts, RunError> {
    let ports = SigningPorts {
        signer: Arc::new(Contained::new(ports.signer)),
        attester: Arc::new(Contained::new(ports.attester)),
        judge: ports.judge.contained(),
    };
    ports.signer.check().await.map_err(RunError::Signer)?;
    ports.attester.check().await.map_err(RunError::Attester)?;
    Ok(ports)
}

mod sealed {
    pub trait DryOrConfirmed {}
    impl DryOrConfirmed for super::DryRun {}
    impl DryOrConfirmed for super::Confirmed {}
}
