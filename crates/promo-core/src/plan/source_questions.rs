//! What a run that is going to copy has to ask sources, found out bit by bit while destinations answer.
//!
//! The same questions as [`Planner::wanted_sources`] has, but each as soon as all repositories that its image entry waits
//! for have answered: a run needn't wait for the last destination before it asks the first source.

use super::decision::{Decision, Decisions, Doubt};
use super::index::count;
use super::judge::Judge;
use super::planner::Planner;
use crate::inventory::{Inventory, RepositoryInventory, WantedInventory};
use crate::oci::{Digest, Repository};

/// The questions that are still to come, and what is known so far.
#[derive(Debug)]
pub struct SourceQuestions<'a> {
    planner: &'a Planner<'a>,
    /// Repositories with the image entries that wait for their answers, ordered.
    waiting: Vec<(&'a Repository, u32)>,
    /// For how many answers each image entry waits.
    awaited: Vec<usize>,
    known: Inventory,
}

impl<'a> SourceQuestions<'a> {
    /// Of a planner whose destinations are asked for `wanted`. An image entry waits for those of its destinations that are
    /// asked, and for its source, where that is a destination of others.
    pub fn new(planner: &'a Planner<'a>, wanted: &WantedInventory) -> Self {
        let mut waiting = Vec::new();
        for (index, image) in planner.manifests.images.iter().enumerate() {
            let index = count(index);
            let around = planner.manifests.mirrors(index).chain([&image.source]);
            let asked = around.filter(|it| wanted.repositories.contains_key(*it));
            waiting.extend(asked.map(|repository| (repository, index)));
        }
        waiting.sort_unstable();
        waiting.dedup();
        let mut awaited = vec![0; planner.manifests.images.len()];
        for (_, image) in &waiting {
            if let Some(awaited) = awaited.get_mut(*image as usize) {
                *awaited += 1;
            }
        }
        Self {
            planner,
            waiting,
            awaited,
            known: Inventory::new(),
        }
    }

    /// A destination has answered: what is now to be asked, each digest of a source, some perhaps more than once.
    pub fn answered(
        &mut self,
        repository: Repository,
        found: RepositoryInventory,
    ) -> Vec<(Repository, Digest)> {
        let first = self.waiting.partition_point(|(it, _)| **it < repository);
        let images: Vec<u32> = self
            .waiting
            .iter()
            .skip(first)
            .take_while(|(it, _)| **it == repository)
            .map(|(_, image)| *image)
            .collect();
        self.known.insert(repository, found);
        let mut questions = Vec::new();
        for image in images {
            let Some(awaited) = self.awaited.get_mut(image as usize) else {
                continue;
            };
            let was = std::mem::replace(awaited, awaited.saturating_sub(1));
            // An answer that comes twice opens no question again.
            if was == 1 {
                questions.extend(self.of_image(image));
            }
        }
        questions
    }

    /// What the destinations have answered.
    pub fn into_known(self) -> Inventory {
        self.known
    }

    /// The digests of an image entry that some destination lacks, so that its source decides.
    fn of_image(&self, index: u32) -> Vec<(Repository, Digest)> {
        let manifests = &self.planner.manifests;
        let Some(image) = manifests.images.get(index as usize) else {
            return Vec::new();
        };
        let judge = Judge::new(
            manifests,
            &self.planner.collisions,
            Some(&self.known),
            self.planner.options,
        );
        let decisions = judge.decide_image(image);
        let lacking = image.entries.clone().enumerate();
        let lacking = lacking.filter(|(at, _)| asks_source(&decisions, *at));
        lacking
            .filter_map(|(_, entry)| manifests.entries.get(entry))
            .map(|entry| (image.source.clone(), entry.digest))
            .collect()
    }
}

fn asks_source(decisions: &Decisions, entry: usize) -> bool {
    const ASKS: Decision = Decision::Undecided(Doubt::SourceUnknown);
    let (usual, exceptions) = decisions.of_entry(entry);
    usual == ASKS || exceptions.iter().any(|edge| edge.decision == ASKS)
}
