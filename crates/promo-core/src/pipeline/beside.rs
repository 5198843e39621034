//! What staging has beside an image, and what becomes of it: artifacts that refer to it (SBOMs, say) and the tags that
//! cosign puts beside it.
//!
//! Signatures and attestations are no business of this module: validate judges them, and what it accepts is carried.
//! This module finds what else there is, so that whatever is left behind is told; types that the settings name are copied
//! as they are, before the image's own manifest.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use futures_util::future::try_join;
use serde::Deserialize;

use super::concurrent;
use super::flow::Run;
use super::intent::Mode;
use super::outcome::Blocked;
use super::placing;
use super::settings::StagingPolicy;
use super::tag_lists::TagLists;
use crate::oci::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository};
use crate::plan::{Becomes, Beside, ImageWork, Verdict};
use crate::ports::{CopiedContent, CopyRequest, Event, Failure, Phase, Registry, contain};

/// The most referrers of an image that are told.
pub const MAX_TOLD: usize = 1000;
/// Tags that cosign puts beside an image.
const TAGS: [&str; 3] = [".sig", ".att", ".sbom"];

/// Where somebody looks, and by which settings.
pub(super) struct Look<'a> {
    pub(super) registry: &'a dyn Registry,
    /// Types of artifacts that are copied.
    pub(super) carry: &'a BTreeSet<String>,
    pub(super) staging: StagingPolicy,
    /// Lists of tags, where several images of a repository are looked at.
    pub(super) tags: &'a TagLists,
}

impl<'a> Look<'a> {
    fn of(run: &'a Run) -> Self {
        Self {
            registry: run.ports.registry.as_ref(),
            carry: &run.settings.carry,
            staging: run.settings.staging,
            tags: &run.reads.tags,
        }
    }
}

/// Whether what is beside images is only told, and by a run that has more to do meanwhile. Where some of it may be carried, it
/// must be known before the image is copied.
pub(super) fn can_wait(run: &Run) -> bool {
    run.mode == Mode::Confirmed && run.settings.carry.is_empty()
}

/// How many images are looked at together while others are copied: what is only told takes no places from these.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(32).unwrap();

/// What is beside these images, of which nothing is carried. Where that can't be told, observers hear why.
pub(super) async fn tell(run: &Run, images: Vec<(Repository, Digest)>) -> Vec<Beside> {
    let found = concurrent::each(AT_ONCE, images, |(source, image)| async move {
        if run.interrupt.is_raised() {
            return Vec::new();
        }
        let found = contain(find(&Look::of(run), &source, image)).await;
        found.unwrap_or_else(|failure| {
            run.observe(&cant_be_told(&source, image, &failure));
            Vec::new()
        })
    });
    found.await.into_iter().flatten().collect()
}

/// What is beside one image.
pub(super) async fn look(run: &Run, work: &ImageWork) -> Result<Vec<Beside>, Blocked> {
    if !is_to_be_promoted(work) || (run.interrupt.is_raised() && run.settings.carry.is_empty()) {
        return Ok(Vec::new());
    }
    if run.interrupt.is_raised() {
        return Err(Blocked::interrupted(Phase::Validate));
    }
    let look = Look::of(run);
    let find = find(&look, &work.source, work.digest);
    match run.reads.beside.get(&work.source, work.digest, find).await {
        Ok(found) => Ok(found),
        // What is to be carried must be known; otherwise it is only told.
        Err(failure) if run.settings.carry.is_empty() => {
            run.observe(&cant_be_told(&work.source, work.digest, &failure));
            Ok(Vec::new())
        }
        Err(failure) => Err(Blocked::failed(Phase::Validate, &failure)),
    }
}

/// The warning that a reader of the report needs, since what is beside the image isn't in it.
pub(super) fn cant_be_told(source: &Repository, image: Digest, failure: &Failure) -> Event {
    let reason = failure.chain();
    Event::Warning {
        code: failure.code(),
        message: format!("what is beside {source}@{image} can't be told: {reason}"),
    }
}

/// Whether anything of it isn't published yet. Of the rest only evidence is examined.
pub(super) fn is_to_be_promoted(work: &ImageWork) -> bool {
    work.destinations.iter().any(|destination| {
        let mut tags = destination.tags.iter();
        tags.any(|wanted| wanted.verdict != Verdict::Present)
            || (destination.tagless && !destination.digest_present)
    })
}

/// Layers of an image that were not copied.
pub(super) fn layers(work: &ImageWork, left_behind: &[Descriptor]) -> Vec<Beside> {
    let left_behind = left_behind.iter();
    left_behind
        .map(|layer| Beside {
            source: work.source.clone(),
            image: work.digest,
            digest: layer.digest,
            tag: None,
            artifact_type: Some(layer.media_type.as_str().to_owned()),
            becomes: Becomes::LeftBehind,
        })
        .collect()
}

/// What is beside an image: what refers to it, and cosign's tags.
pub(super) async fn find(
    look: &Look<'_>,
    source: &Repository,
    image: Digest,
) -> Result<Vec<Beside>, Failure> {
    let both = try_join(referrers(look, source, image), tags(look, source, image));
    let (mut found, tags) = both.await?;
    found.extend(tags);
    Ok(found)
}

async fn referrers(
    look: &Look<'_>,
    source: &Repository,
    image: Digest,
) -> Result<Vec<Beside>, Failure> {
    let list = look.registry.referrers(source, &image).await?;
    let mut found = Vec::new();
    for referrer in list.descriptors.into_iter().take(MAX_TOLD) {
        found.push(judge(look, source, image, referrer).await?);
    }
    Ok(found)
}

async fn tags(look: &Look<'_>, source: &Repository, image: Digest) -> Result<Vec<Beside>, Failure> {
    let mut found = Vec::new();
    let judged = look.staging != StagingPolicy::Off;
    // Those that hold signatures are read anyway where they are judged.
    let asked = TAGS.iter().filter(|suffix| !judged || **suffix == ".sbom");
    let asked = asked.map(|suffix| image.evidence_tag(suffix)).collect();
    for tag in look.tags.among(look.registry, source, asked).await {
        let reference = ManifestReference::Tag(tag.clone());
        if let Some(head) = look.registry.head_manifest(source, &reference).await? {
            found.push(Beside {
                source: source.clone(),
                image,
                digest: head.digest,
                tag: Some(tag),
                artifact_type: None,
                becomes: Becomes::LeftBehind,
            });
        }
    }
    Ok(found)
}

/// What refers to a child of an index. Only what is about the image itself is judged or carried, so it stays.
pub(super) async fn find_of_child(
    look: &Look<'_>,
    source: &Repository,
    child: Digest,
) -> Result<Vec<Beside>, Failure> {
    let list = look.registry.referrers(source, &child).await?;
    let referrers = list.descriptors.into_iter().take(MAX_TOLD);
    let beside = referrers.map(|referrer| Beside {
        source: source.clone(),
        image: child,
        digest: referrer.digest,
        tag: None,
        artifact_type: referrer.artifact_type.filter(|listed| !listed.is_empty()),
        becomes: Becomes::LeftBehind,
    });
    Ok(beside.collect())
}

/// What becomes of a referrer. What a list says of its type is only told: where it may be carried, its manifest decides.
async fn judge(
    look: &Look<'_>,
    source: &Repository,
    image: Digest,
    referrer: Descriptor,
) -> Result<Beside, Failure> {
    let carry = look.carry;
    let listed = referrer.artifact_type.filter(|listed| !listed.is_empty());
    let may_be_carried = match &listed {
        Some(listed) => carry.contains(listed),
        None => !carry.is_empty(),
    };
    let digest = referrer.digest;
    let mut artifact_type = listed;
    let mut is_carried = false;
    if may_be_carried {
        let manifest = look.registry.get_manifest(source, &digest.into()).await?;
        let artifact = manifest.as_ref().and_then(Described::read);
        if let Some(artifact) = artifact {
            is_carried = artifact.is_about(image)
                && !artifact.is_evidence()
                && artifact.own_type().is_some_and(|own| carry.contains(own));
            let own_type = artifact.own_type().map(str::to_owned);
            artifact_type = own_type.or(artifact_type);
        }
    }
    let is_evidence = artifact_type.as_deref().is_some_and(is_evidence_type);
    let becomes = if is_carried {
        Becomes::Carried
    } else if is_evidence && look.staging != StagingPolicy::Off {
        Becomes::Judged
    } else {
        Becomes::LeftBehind
    };
    Ok(Beside {
        source: source.clone(),
        image,
        digest,
        tag: None,
        artifact_type,
        becomes,
    })
}

/// Whether content of this type is a signature or an attestation of sigstore's, which the verifier judges.
pub fn is_evidence_type(artifact_type: &str) -> bool {
    artifact_type.starts_with("application/vnd.dev.sigstore.bundle")
        || artifact_type.starts_with("application/vnd.dev.cosign.artifact.sig.")
        || artifact_type == MediaType::SIMPLE_SIGNING
        || artifact_type == MediaType::DSSE_ENVELOPE
}

/// What a manifest says of itself, as far as carrying needs it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    artifact_type: Option<String>,
    config: Option<Typed>,
    layers: Option<Vec<Typed>>,
    subject: Option<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Typed {
    media_type: Option<String>,
}

impl Described {
    fn read(manifest: &RawManifest) -> Option<Self> {
        serde_json::from_slice(manifest.bytes()).ok()
    }

    fn own_type(&self) -> Option<&str> {
        let config = self.config.as_ref().and_then(|it| it.media_type.as_deref());
        let own = self.artifact_type.as_deref().filter(|own| !own.is_empty());
        own.or(config)
    }

    fn is_about(&self, image: Digest) -> bool {
        self.subject.as_ref().map(|subject| subject.digest) == Some(image)
    }

    fn is_evidence(&self) -> bool {
        let layers = self.layers.iter().flatten();
        let types = layers.filter_map(|layer| layer.media_type.as_deref());
        types.chain(self.own_type()).any(is_evidence_type)
    }
}

/// Brings what is carried to every repository that the image's content came to. Where that fails, the image fails there, too.
/// Returns the repositories that got the image's manifest first, those that failed afterwards as well.
pub(super) async fn carry(
    run: &Run,
    work: &ImageWork,
    found: &[Beside],
    image: &mut CopiedContent,
) -> Result<BTreeSet<Repository>, Blocked> {
    let mut first = BTreeSet::new();
    let carried = found.iter().filter(|it| it.becomes == Becomes::Carried);
    for artifact in carried {
        let going = image
            .destinations
            .iter()
            .filter(|(_, result)| result.is_ok());
        let going = going.map(|(repository, _)| repository.clone()).collect();
        let request = CopyRequest::new(work.source.clone(), artifact.digest, going)
            .with_partners(run.partners.of(work));
        let copied = run.ports.copier.copy(&request).await;
        let copied = copied.map_err(|failure| {
            let is_shown = !first.is_empty();
            Blocked::failed(Phase::Promote, &failure).incomplete(is_shown)
        })?;
        for (repository, brought) in copied.destinations {
            let put = match brought {
                Ok(_) => {
                    let (artifact, image) = (&copied.manifest, &image.manifest);
                    put(run, &repository, artifact, image, &mut first).await
                }
                Err(failure) => Err(failure),
            };
            if let Err(failure) = put {
                let mut destinations = image.destinations.iter_mut();
                let failed = destinations.find(|(destination, _)| *destination == repository);
                if let Some((_, result)) = failed {
                    *result = Err(failure);
                }
            }
        }
    }
    Ok(first)
}

/// Puts a referrer by its digest; where the registry wants its subject first, that, and the repository is among `first` then,
/// whatever becomes of the referrer.
async fn put(
    run: &Run,
    repository: &Repository,
    artifact: &RawManifest,
    image: &RawManifest,
    first: &mut BTreeSet<Repository>,
) -> Result<(), Failure> {
    let reference = artifact.digest().into();
    let registry = &run.ports.registry;
    let put = || async {
        let put = registry.put_manifest(repository, &reference, artifact);
        put.await.map(drop)
    };
    let mut manifest_first = first.contains(repository);
    let done = placing::or_put_subject(run, repository, image, &mut manifest_first, put).await;
    if manifest_first {
        first.insert(repository.clone());
    }
    done
}
