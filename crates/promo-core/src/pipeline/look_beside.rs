//! Looks for a plan at what staging has beside the images that are to be promoted, so that who reviews it sees what stays
//! behind. It is no phase: a run looks for itself, in the same way, but not at the children of indexes.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::StagingPolicy;
use super::beside::{self, Look};
use super::measure::{Image, of_each};
use super::tag_lists::TagLists;
use crate::oci::IndexChildren;
use crate::plan::{Beside, Plan};
use crate::ports::{Event, Failure, Observer, Registry, contain};

/// The most children of an index that are looked at.
const MAX_CHILDREN: usize = 100;

/// What a run would do with what is beside an image.
#[derive(Debug, Clone)]
pub struct BesideSettings {
    /// Types of artifacts that are copied as they are.
    pub carry: BTreeSet<String>,
    /// What is asked of signatures in staging.
    pub staging: StagingPolicy,
}

/// The plan with what is beside each image that is to be promoted, looked at once for each digest of a source, at most
/// `at_once` together. For the children of an index its manifest is read, and a list of referrers for each child.
///
/// Where it can't be told, the observer hears why.
pub async fn look_beside(
    plan: Plan,
    registry: &dyn Registry,
    settings: &BesideSettings,
    observer: &dyn Observer,
    at_once: NonZeroUsize,
) -> Plan {
    let work = plan.work().into_iter();
    let images: BTreeSet<Image> = work
        .filter(beside::is_to_be_promoted)
        .map(|item| (item.source, item.digest))
        .collect();
    let tags = TagLists::default();
    tags.expect(images.iter().map(|(source, _)| source));
    let look = &Look {
        registry,
        carry: &settings.carry,
        staging: settings.staging,
        tags: &tags,
    };
    let found = of_each(images, observer, at_once, |image| async move {
        let found = contain(find(look, &image, observer)).await;
        found.inspect_err(|failure| {
            observer.observe(&beside::cant_be_told(&image.0, image.1, failure));
        })
    })
    .await;
    plan.with_beside(found.into_iter().flat_map(|(_, beside)| beside).collect())
}

async fn find(
    look: &Look<'_>,
    (source, digest): &Image,
    observer: &dyn Observer,
) -> Result<Vec<Beside>, Failure> {
    let mut found = beside::find(look, source, *digest).await?;
    let manifest = look
        .registry
        .get_manifest(source, &(*digest).into())
        .await?;
    let children = manifest.as_ref().map(IndexChildren::of).unwrap_or_default();
    let mut children = children.into_readable();
    if children.len() > MAX_CHILDREN {
        let message = format!(
            "{source}@{digest} has {} children; what is beside more than {MAX_CHILDREN} of them isn't looked at",
            children.len()
        );
        let code = super::codes::STAGING_UNREAD;
        observer.observe(&Event::Warning { code, message });
        children.truncate(MAX_CHILDREN);
    }
    for child in children {
        found.extend(beside::find_of_child(look, source, child.digest).await?);
    }
    Ok(found)
}
