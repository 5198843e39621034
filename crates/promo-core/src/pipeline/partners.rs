//! Which mirrors bring the same content, each on its own way through the phases: what a copy is told of the others, so that
//! bytes are read once for all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::oci::{Digest, Repository};
use crate::plan::ImageWork;

/// Where a run brings the same content, by where it comes from.
#[derive(Debug, Default)]
pub(super) struct Partners(BTreeMap<(Repository, Digest), BTreeSet<Repository>>);

impl Partners {
    pub(super) fn among<'a>(images: impl Iterator<Item = &'a ImageWork>) -> Self {
        let mut partners: BTreeMap<(Repository, Digest), BTreeSet<Repository>> = BTreeMap::new();
        for work in images {
            let destinations = work.destinations.iter();
            partners
                .entry((work.source.clone(), work.digest))
                .or_default()
                .extend(destinations.map(|destination| destination.repository.clone()));
        }
        Self(partners)
    }

    /// Where others bring the content of this image, too.
    pub(super) fn of(&self, work: &ImageWork) -> Vec<Repository> {
        let all = self.0.get(&(work.source.clone(), work.digest));
        let own = |repository: &Repository| {
            let mut destinations = work.destinations.iter();
            destinations.any(|destination| destination.repository == *repository)
        };
        let others = all.into_iter().flatten().filter(|it| !own(it));
        others.cloned().collect()
    }
}
