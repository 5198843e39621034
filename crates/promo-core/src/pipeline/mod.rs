//! The pipeline: carries a plan out, phase by phase.
//!
//! ```text
//! RunSettings → Ready → Planned → ProvenanceVerified → Validated → Promoted → Signed → Attested → Published → EndedRun
//!               setup   plan      provenance           validate    promote    sign     attest     publish
//! ```
//!
//! Each phase takes the value before it by move and returns the next. A phase's value holds what
//! passed, in types that only that phase can make, and the outcomes of what did not. A phase
//! fails as a whole only when the run can't go on. Up to [`Validated`] their type also says what the
//! run is to do in the end ([`Intent`]): a [`DryRun`] has no phase after that.
//!
//! What a run hands over at its end is an [`EndedRun`], wherever that end is; the report is made of it.
//!
//! The top manifest of an image is put last, by publish, when its evidence stands in that registry.

mod attest;
mod beside;
mod children;
mod concurrent;
mod ended;
mod error;
mod evidence_repository;
mod flow;
mod gate;
mod group;
mod in_question;
mod intent;
mod interrupt;
mod look_again;
mod look_beside;
mod making;
mod measure;
mod mirror_progress;
mod mirrors;
mod outcome;
mod partners;
mod placing;
mod planned;
mod promote;
mod provenance;
mod publish;
mod push_check;
mod read_for_copying;
mod read_inventory;
mod refusal;
mod settings;
mod setup;
mod shards;
mod shared_evidence;
mod shown;
mod sign;
mod source_manifests;
mod source_reads;
mod staged;
mod staged_children;
mod staging;
mod standing;
mod tag_lists;
pub mod trust;
mod validate;

pub use attest::{Attested, AttestedImage};
pub use beside::{MAX_TOLD, is_evidence_type};
pub use ended::{EndedRun, PhaseReport, PhaseStatus};
pub use error::{RunError, codes};
pub use intent::{Confirmed, DryRun, Intent, Mode, Signing, SigningPorts};
pub use interrupt::Interrupt;
pub use look_beside::{BesideSettings, look_beside};
pub use measure::measure;
pub use outcome::{Blocked, BlockedClass, EdgeOutcome, EdgeResult};
pub use planned::Planned;
pub use promote::{Promoted, PromotedDestination, PromotedImage};
pub use provenance::{ProvenanceVerified, ProvenanceVerifiedImage};
pub use publish::Published;
pub use read_inventory::read_inventory;
pub use settings::{
    CONCURRENCY, EvidenceScope, Ports, ProvenancePolicy, RegistryPorts, RunSettings, SHARD,
    StagingPolicy,
};
pub use setup::Ready;
pub use sign::{Signed, SignedImage};
pub use source_manifests::MAX_SOURCE_MANIFESTS;
pub use staged::{StagingEvidence, StagingNote, StagingSignatures};
pub use staged_children::{
    MAX_BYTES as MAX_CHILDREN_BYTES, MAX_CHILDREN, MAX_PIECES as MAX_CHILDREN_PIECES,
};
pub use trust::{StagingNames, StagingTrust};
pub use validate::{Validated, ValidatedImage};

pub use crate::plan::{Becomes, Beside};

use crate::manifest::ManifestSet;

/// Promotes what `set` wants: all phases in their order.
///
/// # Errors
///
/// [`RunError`] when the run as a whole can't go on (`PROMO-C002` to `PROMO-C006`); whatever becomes of
/// single edges is in the value.
pub async fn run(
    settings: RunSettings,
    ports: Ports,
    confirmed: Confirmed,
    interrupt: Interrupt,
    set: &ManifestSet,
) -> Result<EndedRun, RunError> {
    let ready = Ready::setup(settings, ports, confirmed, interrupt)?;
    Ok(carry_out(ready.plan(set).await?).await)
}

/// Carries out what was planned, from provenance to publish.
pub async fn carry_out(planned: Planned<Confirmed>) -> EndedRun {
    shards::carry_out(planned).await.end()
}

/// Shows what a run would do: the phases up to validate. Nothing is written anywhere.
pub async fn look(planned: Planned<DryRun>) -> EndedRun {
    planned.verify_provenance().validate().await.end()
}
