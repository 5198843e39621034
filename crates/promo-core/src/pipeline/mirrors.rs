//! Mirrors that don't wait for each other: what was validated is promoted, signed, attested and published at each host
//! apart.
//!
//! Within a host the phases come one after the other, as their types ask for. Between hosts only what saves work is
//! shared: bytes that are read from the source (`partners`), and evidence that is made (`shared_evidence`). So a
//! mirror that is slow, or gone, holds up nobody else. Observers and the report get one account of it all
//! (`mirror_progress`).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::future::join_all;

use super::EvidenceScope;
use super::intent::Confirmed;
use super::mirror_progress::{AtMirror, MirrorProgress};
use super::partners::Partners;
use super::publish::Published;
use super::shared_evidence::SharedEvidence;
use super::validate::{Validated, ValidatedImage};
use crate::oci::RegistryHost;

impl Validated<Confirmed> {
    /// Promotes, signs, attests and publishes at each host apart. Where one mirror receives the evidence of all, they wait
    /// for each other, since nobody may publish before that.
    pub async fn publish_at_each_mirror(self) -> Published {
        let images = self.passed().iter();
        let destinations = images.flat_map(|image| &image.work().destinations);
        let hosts: BTreeSet<&str> = destinations
            .map(|destination| destination.repository.host_str())
            .collect();
        let goes_together = matches!(self.settings().evidence, EvidenceScope::Canonical(_));
        if goes_together || hosts.len() < 2 {
            return all_phases(self).await;
        }
        let (mut flow, passed, intent) = self.into_parts();
        let shared = Arc::new(SharedEvidence::among(
            passed.iter().map(ValidatedImage::work),
        ));
        let partners = Arc::new(Partners::among(passed.iter().map(ValidatedImage::work)));
        let parts = by_host(passed);
        let observer = Arc::clone(&flow.run.ports.observer);
        let at_once = at_once(flow.run.settings.concurrency, parts.len());
        let progress = Arc::new(MirrorProgress::new(observer, parts.values()));
        let apart = parts.into_values().map(|images| {
            let observer = AtMirror::new(Arc::clone(&progress));
            let (shared, partners) = (Arc::clone(&shared), Arc::clone(&partners));
            let mut run = flow.run.apart(Arc::new(observer), shared, partners);
            run.settings.concurrency = at_once;
            let flow = flow.apart(Arc::new(run));
            all_phases(Self::part(flow, images, intent.clone()))
        });
        for published in join_all(apart).await {
            let phases = flow.take_in(published.into_flow());
            progress.record(phases);
        }
        for phase in progress.phases() {
            flow.record(phase);
        }
        Published::joined(flow)
    }
}

async fn all_phases(validated: Validated<Confirmed>) -> Published {
    let signed = validated.promote().await.sign().await;
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

fn by_host(images: Vec<ValidatedImage>) -> BTreeMap<RegistryHost, Vec<ValidatedImage>> {
    let mut parts: BTreeMap<RegistryHost, Vec<ValidatedImage>> = BTreeMap::new();
    for image in images {
        for (host, part) in image.by_host() {
            parts.entry(host).or_default().push(part);
        }
    }
    parts
}
