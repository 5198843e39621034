//! Looks again, right before publish, at the evidence that is claimed to stand: that it was made does not say that it is there.
//!
//! Registries lose evidence: some answer 201 and keep nothing, collectors take manifests whose subject isn't
//! there, and other writers of a shared tag replace what they didn't see. What is gone is attached again,
//! with the same bytes. Nothing is made or judged here: the bytes are those that the verifier accepted.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::error::codes;
use super::evidence_repository::{EvidenceRepository, Target};
use super::flow::Run;
use super::outcome::{Blocked, BlockedClass};
use super::placing;
use crate::identity::Identity;
use crate::oci::{Descriptor, Digest, RawManifest, Repository};
use crate::ports::{Evidence, Phase};

/// How often what is gone is attached again: once, and once more for what went away while we looked.
const ATTEMPTS: usize = 2;

const HINT: &str = "see what takes manifests away there: a collector or a clean-up rule of the registry, or another \
                    program that signs the same image; then run it again";

/// Proof that all evidence in one repository stood there when it was looked at, or that there is none to
/// look at, because the run was told to go without. Only [`look_again`] makes it, and publish puts nothing
/// without it.
#[derive(Debug)]
pub(super) struct LookedAt {
    repository: EvidenceRepository,
    claims: Claims,
}

/// What is claimed to stand, by what it is about.
type Claims = BTreeMap<Digest, (Descriptor, Vec<Evidence>)>;

impl LookedAt {
    /// Whether the manifest had to be put there before its evidence.
    pub(super) fn manifest_first(&self, repository: &Repository) -> bool {
        self.repository.manifest_first && self.repository.name == *repository
    }

    /// Looks once more, where time has gone by since: what was there may be gone. It isn't attached again, since the
    /// registry was unwell a moment ago; the next run does that.
    pub(super) async fn still_stands(&self, run: &Run) -> Result<(), Blocked> {
        let looks = self
            .claims
            .values()
            .map(|(subject, evidence)| lost(run, subject, &self.repository, evidence));
        let looks = join_all(looks).await;
        for ((subject, evidence), lost) in self.claims.values().zip(looks) {
            let lost = lost?.len();
            if lost > 0 {
                return Err(not_there(subject, &self.repository, lost, evidence.len()));
            }
        }
        Ok(())
    }
}

/// Looks at everything that is claimed to stand in a repository. What is gone is attached again.
pub(super) async fn look_again(
    run: &Run,
    identity: &Identity,
    manifest: &RawManifest,
    mut repository: EvidenceRepository,
) -> Result<LookedAt, Blocked> {
    let mut claims = Claims::new();
    for claim in std::mem::take(&mut repository.claims) {
        let (_, evidence) = claims
            .entry(claim.subject.digest)
            .or_insert_with(|| (claim.subject, Vec::new()));
        evidence.push(claim.evidence);
    }
    let looks = claims
        .values()
        .map(|(subject, evidence)| lost(run, subject, &repository, evidence));
    let looks = join_all(looks).await;
    for ((subject, evidence), lost) in claims.values().zip(looks) {
        let target = Target {
            identity,
            descriptor: subject,
            // Of a child nothing has to be put first: it is there.
            manifest: Some(manifest).filter(|manifest| manifest.digest() == subject.digest),
        };
        stand(run, target, &mut repository, evidence, lost?).await?;
    }
    Ok(LookedAt { repository, claims })
}

/// Attaches again what is lost, and looks whether it stays.
async fn stand(
    run: &Run,
    target: Target<'_>,
    repository: &mut EvidenceRepository,
    evidence: &[Evidence],
    mut lost: Vec<Evidence>,
) -> Result<(), Blocked> {
    for _ in 0..ATTEMPTS {
        if lost.is_empty() {
            return Ok(());
        }
        placing::attach(run, Phase::Publish, target, repository, &lost).await;
        if let Some(blocked) = repository.blocked.take() {
            return Err(blocked);
        }
        // All of it: what takes one piece away may have taken another that was looked at a moment ago.
        lost = self::lost(run, target.descriptor, repository, evidence).await?;
    }
    if lost.is_empty() {
        return Ok(());
    }
    let (lost, all) = (lost.len(), evidence.len());
    Err(not_there(target.descriptor, repository, lost, all))
}

fn not_there(
    subject: &Descriptor,
    repository: &EvidenceRepository,
    lost: usize,
    all: usize,
) -> Blocked {
    let message = format!(
        "{lost} of {all} pieces of evidence about {} do not stand in {}, though the registry accepted them each time",
        subject.digest, repository.name
    );
    let blocked = Blocked {
        hints: vec![HINT.to_owned()],
        ..Blocked::new(
            Phase::Publish,
            BlockedClass::Failed,
            codes::EVIDENCE_LOST,
            message,
        )
    };
    blocked.incomplete(repository.manifest_first)
}

async fn lost(
    run: &Run,
    subject: &Descriptor,
    repository: &EvidenceRepository,
    evidence: &[Evidence],
) -> Result<Vec<Evidence>, Blocked> {
    run.ports
        .evidence
        .lost(&repository.name, &subject.digest, evidence)
        .await
        .map_err(|failure| {
            Blocked::failed(Phase::Publish, &failure).incomplete(repository.manifest_first)
        })
}
