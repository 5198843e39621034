//! Mirrors and images that don't wait for each other: what was validated is promoted, signed, attested and published at each
//! host apart, and there image by image.
//!
//! For an image the phases come one after the other, as their types ask for. Between hosts, and between the images of a
//! host, only what saves work is shared: bytes that are read from the source (`partners`), and evidence that is made
//! (`shared_evidence`). So a mirror that is slow, or gone, holds up nobody else, and an image that has all it needs is
//! published while others are copied. Observers and the report get one account of it all (`mirror_progress`).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::future::{join, join_all};
use futures_util::{StreamExt as _, stream};

use super::EvidenceScope;
use super::ended::PhaseReport;
use super::flow::Flow;
use super::intent::Confirmed;
use super::mirror_progress::{AtMirror, MirrorProgress};
use super::partners::Partners;
use super::promote::Promoted;
use super::publish::Published;
use super::push_check;
use super::shared_evidence::SharedEvidence;
use super::validate::{Validated, ValidatedImage};
use crate::identity::Identity;
use crate::oci::{Digest, RegistryHost};

/// Images that go through the phases together: those of one (identity, digest), which share their evidence.
type Together = Vec<ValidatedImage>;

impl Validated<Confirmed> {
    /// Promotes, signs, attests and publishes at each host apart, image by image. Where one mirror receives the evidence of all,
    /// they wait for each other with each image, since nobody may publish it before that.
    pub async fn publish_at_each_mirror(mut self) -> Published {
        let told = self.tell_beside();
        let hosts = hosts(&self);
        let goes_together = self.goes_together(hosts.len());
        let (mut flow, passed, intent) = self.into_parts();
        let (shared, partners, parts) = if goes_together {
            (Arc::default(), Arc::default(), vec![passed])
        } else {
            let images = || passed.iter().map(ValidatedImage::work);
            let shared = Arc::new(SharedEvidence::among(images()));
            let partners = Arc::new(Partners::among(images()));
            (shared, partners, by_host(passed))
        };
        let at_once = at_once(flow.run.settings.concurrency, parts.len());
        let parts: Vec<Vec<Together>> = parts.into_iter().map(by_image).collect();
        let observer = Arc::clone(&flow.run.ports.observer);
        let progress = Arc::new(MirrorProgress::new(observer, parts.iter().flatten()));
        let apart = parts.into_iter().map(|images| {
            let observer = Arc::new(AtMirror::new(Arc::clone(&progress)));
            let (shared, partners) = (Arc::clone(&shared), Arc::clone(&partners));
            let mut run = flow.run.apart(observer, shared, partners);
            run.settings.concurrency = at_once;
            at_mirror(flow.apart(Arc::new(run)), images, &intent)
        });
        let (done, beside) = join(join_all(apart), told).await;
        for (at_mirror, phases) in done {
            flow.take_in(at_mirror);
            progress.record(phases);
        }
        flow.beside.extend(beside);
        for phase in progress.phases() {
            flow.record(phase);
        }
        Published::joined(flow)
    }

    /// Whether hosts wait for each other.
    fn goes_together(&self, hosts: usize) -> bool {
        let scope = &self.run().settings.evidence;
        matches!(scope, EvidenceScope::Canonical(_)) || hosts < 2
    }
}

fn hosts(validated: &Validated<Confirmed>) -> BTreeSet<&str> {
    let images = validated.passed().iter();
    let destinations = images.flat_map(|image| &image.work().destinations);
    destinations
        .map(|destination| destination.repository.host_str())
        .collect()
}

/// Asks a mirror whether we may push, and takes each image through its phases there. Also returns how they ended.
async fn at_mirror(
    mut flow: Flow,
    images: Vec<Together>,
    intent: &Confirmed,
) -> (Flow, Vec<PhaseReport>) {
    let run = Arc::clone(&flow.run);
    let works = images.iter().flatten().map(ValidatedImage::work);
    let asked = push_check::ask(&run, works).await;
    let closed = Arc::clone(&asked.closed);
    let before = flow.apart(Arc::clone(&run));
    let apart = images.into_iter().map(|images| {
        let part = Validated::part(before.apart(Arc::clone(&run)), images, intent.clone());
        all_phases(part.promote_to_open(Arc::clone(&closed)))
    });
    let mut published = stream::iter(apart).buffer_unordered(run.settings.concurrency.get());
    let mut phases = Vec::new();
    let publishing = async {
        while let Some(published) = published.next().await {
            phases.extend(flow.take_in(published.into_flow()));
        }
    };
    join(publishing, asked.give_up(&run)).await;
    drop(published);
    (flow, phases)
}

async fn all_phases(promoted: impl Future<Output = Promoted>) -> Published {
    let signed = promoted.await.sign().await;
    signed.attest().await.publish().await
}

/// The most images at once at all mirrors together, unless that leaves a mirror too few.
const AT_ALL_MIRRORS: usize = 512;
/// The fewest at one mirror, unless settings say less.
const AT_LEAST: usize = 16;

/// How many images each of so many mirrors works on at once.
fn at_once(asked: NonZeroUsize, mirrors: usize) -> NonZeroUsize {
    let share = AT_ALL_MIRRORS / mirrors.max(1);
    let share = NonZeroUsize::new(share.max(AT_LEAST)).unwrap_or(NonZeroUsize::MIN);
    asked.min(share)
}

fn by_host(images: Vec<ValidatedImage>) -> Vec<Vec<ValidatedImage>> {
    let mut parts: BTreeMap<RegistryHost, Vec<ValidatedImage>> = BTreeMap::new();
    for image in images {
        for (host, part) in image.by_host() {
            parts.entry(host).or_default().push(part);
        }
    }
    parts.into_values().collect()
}

/// The images in their order, those that share their evidence together. Without any there is still one part, if only to say
/// that nothing was to be done.
fn by_image(images: Vec<ValidatedImage>) -> Vec<Together> {
    let mut parts: BTreeMap<(Identity, Digest), Together> = BTreeMap::new();
    for image in images {
        let key = (image.work().identity.clone(), image.work().digest);
        parts.entry(key).or_default().push(image);
    }
    if parts.is_empty() {
        vec![Vec::new()]
    } else {
        parts.into_values().collect()
    }
}
