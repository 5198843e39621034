//! What staging has about the children of an index: `cosign sign --recursive` signs them as well. Part of validate.
//!
//! It is judged as the evidence of the index is, and what is accepted is carried with it. It decides nothing: the
//! signature of the index covers its children by their digests, and whoever may push to staging could put junk
//! beside any of them. Only what keeps us from knowing (a registry that breaks or denies) blocks the image.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::error::codes;
use super::flow::Run;
use super::outcome::Blocked;
use super::staged::{Judged, Notes, StagingEvidence, StagingSignatures};
use super::staging;
use crate::oci::{Descriptor, Digest, IndexChildren, RawManifest};
use crate::plan::ImageWork;
use crate::ports::{AcceptedEvidence, BoundedEvidence, Evidence, Failure, FailureKind, Phase};
use crate::trust::{AboutImage, Judge};

/// The most children of one index whose evidence is looked at.
pub const MAX_CHILDREN: usize = 1000;
/// The most pieces of evidence about all children of an index, and bytes of them, after which no further child is
/// looked at.
pub const MAX_PIECES: usize = 1000;
/// The bytes of them.
pub const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// A child of an index whose evidence in staging is carried.
#[derive(Debug, Clone)]
pub(super) struct StagedChild {
    pub(super) descriptor: Descriptor,
    /// As it is carried.
    pub(super) carried: Vec<Evidence>,
}

/// What was found about the children of one index.
#[derive(Debug, Default)]
pub(super) struct StagedChildren {
    pub(super) carried: Vec<StagedChild>,
    /// For the report.
    pub(super) told: Vec<StagingEvidence>,
}

/// Looks at the children of an image whose own evidence is good. What is accepted of the image is rewritten as it is
/// carried, so that what was wrapped around it isn't kept in memory.
pub(super) async fn look(
    run: &Run,
    by: &Judge,
    work: &ImageWork,
    of_image: &mut StagingSignatures,
) -> Result<StagedChildren, Blocked> {
    let failed = |failure: Failure| Blocked::failed(Phase::Validate, &failure);
    let top = manifest(run, work, work.digest).await.map_err(failed)?;
    let Some(top) = top else {
        // The image stands in production, and staging doesn't have it any more.
        return Ok(StagedChildren::default());
    };
    of_image.accepted = rewritten(
        by,
        std::mem::take(&mut of_image.accepted),
        &top.descriptor(),
    )
    .map_err(failed)?;
    let (children, mut unread) = list(run, work, top).await.map_err(failed)?;
    let mut found = StagedChildren::default();
    let (mut pieces, mut bytes) = (0, 0);
    for descriptor in children {
        if run.interrupt.is_raised() {
            return Err(Blocked::interrupted(Phase::Validate));
        }
        if pieces > MAX_PIECES || bytes > MAX_BYTES {
            unread += 1;
            continue;
        }
        let judged = judge_once(run, by, work, &descriptor).await;
        let judged = judged.map_err(failed)?;
        pieces += judged.pieces;
        bytes += judged.bytes;
        found.add(run, work, descriptor, &judged);
    }
    if unread > 0 {
        let message = "there is more evidence about the children of it than is read, and that of the others is left behind";
        let mut notes = Notes::of(std::mem::take(&mut of_image.notes));
        notes.add(codes::STAGING_UNREAD, message, unread);
        of_image.notes = notes.into_vec();
    }
    Ok(found)
}

impl StagedChildren {
    /// Chooses what of a child is carried for this image, by the names and types that are trusted.
    fn add(&mut self, run: &Run, work: &ImageWork, descriptor: Descriptor, judged: &Judged) {
        let digest = descriptor.digest;
        let (accepted, mut notes) = staging::of_child(run, work, digest, judged.accepted.clone());
        for note in &judged.notes {
            notes.add(note.code, &note.message, note.pieces);
        }
        let notes = notes.into_vec();
        let mut carried: Vec<Evidence> = Vec::new();
        for accepted in accepted {
            if !carried.contains(&accepted.evidence) {
                carried.push(accepted.evidence);
            }
        }
        if carried.is_empty() && notes.is_empty() {
            return;
        }
        self.told.push(StagingEvidence {
            source: work.source.clone(),
            digest,
            part_of: Some(work.digest),
            carried: carried.len() as u64,
            notes,
        });
        if !carried.is_empty() {
            self.carried.push(StagedChild {
                descriptor,
                carried,
            });
        }
    }
}

async fn judge_once(
    run: &Run,
    by: &Judge,
    work: &ImageWork,
    child: &Descriptor,
) -> Result<Arc<Judged>, Failure> {
    let cell = run.judged_children.cell(&work.source, child.digest);
    let mut known = cell.lock().await;
    if let Some(judged) = &*known {
        return Ok(Arc::clone(judged));
    }
    let judged = match judge(run, by, work, child).await {
        Ok(judged) => judged,
        Err(failure) if is_about_content(&failure) => Judged::unreadable(&failure),
        Err(failure) => return Err(failure),
    };
    Ok(Arc::clone(known.insert(Arc::new(judged))))
}

async fn judge(
    run: &Run,
    by: &Judge,
    work: &ImageWork,
    child: &Descriptor,
) -> Result<Judged, Failure> {
    let digest = &child.digest;
    let store = &run.ports.evidence;
    let read = store.read_bounded(&work.source, digest).await?;
    let about = AboutImage {
        digest,
        identity: None,
        now: run.started,
    };
    let verification = by.verify(about, &read.set).await?;
    let mut notes = Notes::default();
    notes.refused(&verification.refused);
    notes.strangers(verification.unknown.len());
    notes.unread(read.unread);
    let mut accepted = Vec::new();
    for piece in verification.accepted {
        match rewritten(by, vec![piece], child) {
            Ok(piece) => accepted.extend(piece),
            Err(failure) => notes.add(failure.code(), &left_behind(&failure), 1),
        }
    }
    Ok(Judged {
        accepted,
        notes: notes.into_vec(),
        pieces: read.set.evidence.len() + read.set.passed_over.len(),
        bytes: size(&read),
    })
}

impl Judged {
    fn unreadable(failure: &Failure) -> Self {
        let mut notes = Notes::default();
        notes.add(failure.code(), &left_behind(failure), 1);
        Self {
            notes: notes.into_vec(),
            ..Self::default()
        }
    }
}

fn left_behind(failure: &Failure) -> String {
    format!(
        "evidence that can't be read is left behind: {}",
        failure.chain()
    )
}

/// Whether a failure comes from what lies there, so that it says nothing about the registry.
fn is_about_content(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::NotFound
            | FailureKind::Incomplete
            | FailureKind::Refused
            | FailureKind::TooLarge
            | FailureKind::DigestMismatch
            | FailureKind::Malformed
            | FailureKind::UnsupportedContent
    )
}

/// Accepted evidence as it is carried, about `subject`.
fn rewritten(
    by: &Judge,
    accepted: Vec<AcceptedEvidence>,
    subject: &Descriptor,
) -> Result<Vec<AcceptedEvidence>, Failure> {
    let rewrite = |accepted: AcceptedEvidence| {
        let evidence = by.carried(&accepted, subject)?;
        Ok(AcceptedEvidence {
            evidence,
            ..accepted
        })
    };
    accepted.into_iter().map(rewrite).collect()
}

fn size(read: &BoundedEvidence) -> u64 {
    let blobs = |evidence: &Evidence| match evidence {
        Evidence::Referrer { manifest, blobs } => {
            let blobs = blobs.iter().map(|blob| blob.bytes.len());
            manifest.bytes().len() + blobs.sum::<usize>()
        }
        Evidence::TagLayer { layer, .. } => layer.bytes.len(),
    };
    let sizes = read.set.evidence.iter().map(blobs);
    sizes.sum::<usize>() as u64
}

/// The children of an index and of the indexes below it, each once, and how many there are beyond those.
async fn list(
    run: &Run,
    work: &ImageWork,
    top: RawManifest,
) -> Result<(Vec<Descriptor>, u64), Failure> {
    let mut listed = BTreeSet::from([work.digest]);
    let mut children = Vec::new();
    let mut beyond = 0;
    let mut indexes = VecDeque::from([top]);
    while let Some(index) = indexes.pop_front() {
        for entry in IndexChildren::of(&index).into_readable() {
            if !listed.insert(entry.digest) {
                continue;
            }
            if children.len() >= MAX_CHILDREN {
                beyond += 1;
                continue;
            }
            let (media_type, digest, size) = (entry.media_type, entry.digest, entry.size);
            let mut child = Descriptor::new(media_type, digest, size);
            if child.media_type.is_index() || child.media_type.as_str().is_empty() {
                let Some(manifest) = manifest(run, work, digest).await? else {
                    continue;
                };
                child = manifest.descriptor();
                indexes.push_back(manifest);
            }
            children.push(child);
        }
    }
    Ok((children, beyond))
}

async fn manifest(
    run: &Run,
    work: &ImageWork,
    digest: Digest,
) -> Result<Option<RawManifest>, Failure> {
    if let Some(manifest) = run.manifests.of(&work.source, digest) {
        return Ok(Some(manifest));
    }
    let reference = digest.into();
    let read = run.ports.registry.get_manifest(&work.source, &reference);
    run.reads.manifests.get(&work.source, digest, read).await
}
