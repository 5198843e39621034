//! The laws that hold after runs: what stood before stands still, and when nothing is in the way all that can be published
//! is.

use std::collections::{BTreeMap, BTreeSet};

use promo_core::pipeline::EdgeResult;
use promo_core::report::Report;
use promo_testkit::world::World;

use crate::case::Case;
use crate::evidence;
use crate::laws::{Broken, Law, Subject};
use crate::world::{Edge, Wanted};

/// What stood at the mirrors before the first run: by host and repository the tags, manifests and blobs.
pub(crate) struct Before(BTreeMap<(String, String), Content>);

struct Content {
    tags: BTreeMap<String, String>,
    manifests: Vec<String>,
    blobs: Vec<String>,
}

impl Before {
    /// Of mirrors where a collector runs, nothing is noted: it takes what it takes.
    pub(crate) fn of(case: &Case, world: &World) -> Self {
        let mut before = BTreeMap::new();
        for mirror in case.mirrors.iter().filter(|it| !case.collects(&it.name)) {
            let state = world.state(&mirror.name);
            for repository in state.repositories() {
                let content = Content {
                    tags: state.tags(&repository),
                    manifests: state.manifests(&repository),
                    blobs: state.blobs(&repository),
                };
                before.insert((mirror.name.clone(), repository), content);
            }
        }
        Self(before)
    }

    /// Nothing of it is gone, and tags of images point where they did.
    pub(crate) fn check(&self, world: &World) -> Result<(), Broken> {
        for ((host, repository), content) in &self.0 {
            let state = world.state(host);
            let tags = content
                .tags
                .iter()
                .filter(|(tag, _)| !tag.starts_with("sha256-"));
            let moved = tags
                .filter(|(tag, digest)| state.tag_digest(repository, tag).as_ref() != Some(digest))
                .map(|(tag, _)| tag);
            let manifests = content.manifests.iter();
            let gone = manifests.filter(|it| state.manifest(repository, it).is_none());
            let blobs = content.blobs.iter();
            let lost = blobs.filter(|it| !state.has_blob(repository, it));
            if let Some(what) = moved.chain(gone).chain(lost).next() {
                let how = format!("{what} in {host}/{repository} stood before, and doesn't now");
                return Err(Broken::new(Law::NothingLost, how));
            }
        }
        Ok(())
    }
}

/// Every edge that isn't taken by another stands with its evidence, and the report says so.
pub(crate) fn check(
    world: &World,
    wanted: &Wanted,
    excused: &BTreeSet<Subject>,
    report: &Report,
) -> Result<(), Broken> {
    let told = |edge: &Edge| format!("{edge:?}: {}", fate(report, edge));
    for edge in &wanted.edges {
        let Edge {
            host,
            repository,
            digest,
            tag,
        } = edge;
        let state = world.state(host);
        let stands = match tag {
            Some(tag) => state.tag_digest(repository, tag).as_ref() == Some(digest),
            None => state.manifest(repository, digest).is_some(),
        };
        let is_taken = wanted.taken.contains(edge) && !stands;
        if !stands && !is_taken {
            return Err(Broken::new(
                Law::Converges,
                format!("not there: {}", told(edge)),
            ));
        }
        let subject = (host.clone(), repository.clone(), digest.clone());
        if is_taken || wanted.unproven.contains(edge) || excused.contains(&subject) {
            continue;
        }
        let lacking = evidence::lacking(world, wanted, (host, repository), digest);
        if lacking != Ok(Vec::new()) {
            let how = format!("without evidence ({lacking:?}): {}", told(edge));
            return Err(Broken::new(Law::Converges, how));
        }
    }
    let blocked = report
        .edges
        .iter()
        .find(|edge| matches!(edge.result, EdgeResult::Blocked(_)));
    if let Some(edge) = blocked {
        return Err(Broken::new(Law::Converges, format!("left: {edge:?}")));
    }
    if report.blocked.len() > wanted.taken.len() {
        let how = format!("more was left than is taken: {:?}", report.blocked);
        return Err(Broken::new(Law::Converges, how));
    }
    Ok(())
}

/// What the report says of an edge.
fn fate(report: &Report, edge: &Edge) -> String {
    let found = report.edges.iter().find(|it| {
        it.destination.host_str() == edge.host
            && it.destination.name() == edge.repository
            && it.digest.to_string() == edge.digest
            && it.tag.as_ref().map(ToString::to_string) == edge.tag
    });
    match found {
        Some(found) => format!("{:?}", found.result),
        None => format!(
            "not among the edges that were worked on; left: {:?}",
            report.blocked
        ),
    }
}
