//! Reads what the plan of a run has to know that is going to copy: destinations, and at the sources the manifests of what
//! is lacking there.
//!
//! A plan alone asks sources by HEAD (`read_inventory`). Copying needs the manifests, so here they are read once, and kept
//! for it (`source_manifests`). A source is asked as soon as the destinations of an image have answered
//! ([`SourceQuestions`]), while others still answer. What a manifest says is judged by whoever copies it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Fuse, FuturesUnordered};

use super::settings::Ports;
use super::source_manifests::SourceManifests;
use crate::inventory::{Inventory, RepositoryContent, RepositoryInventory, WantedInventory};
use crate::oci::{Digest, RawManifest, RegistryHost, Repository};
use crate::plan::{Planner, SourceQuestions};
use crate::ports::{Failure, FailureKind, Registry};

/// Asks what `planner` has to know, at most `at_once` manifests of a source together, and keeps these. `began` is called
/// before anything is asked, with what destinations will be asked.
pub(super) async fn read_for_copying(
    planner: &Planner<'_>,
    ports: &Ports,
    at_once: NonZeroUsize,
    manifests: &SourceManifests,
    began: impl FnOnce(&WantedInventory),
) -> Inventory {
    let wanted = planner.wanted_destinations();
    began(&wanted);
    let mut questions = SourceQuestions::new(planner, &wanted);
    let mut destinations = ports.inventory.read_each(&wanted).fuse();
    let mut sources = Sources::new(&*ports.registry, at_once, manifests);
    while let Some(answer) = poll_fn(|context| sources.next(&mut destinations, context)).await {
        match answer {
            Answer::Destination(repository, found) => {
                sources.ask(questions.answered(repository, found));
            }
            Answer::Source(question, seen) => sources.answered(question, seen),
        }
    }
    let mut inventory = questions.into_known();
    inventory.merge(sources.into_found());
    inventory
}

/// A digest that has to be at a source.
type Question = (Repository, Digest);

/// What comes in.
enum Answer {
    Destination(Repository, RepositoryInventory),
    Source(Question, Result<Seen, Failure>),
}

/// What a source shows of a digest.
enum Seen {
    Manifest(RawManifest),
    /// It is there, though its manifest can't be had. What that means to the image copying finds out.
    Unread,
    Nothing,
}

/// The reading of all sources. Each host has a queue of its own: one that is slow holds up no other.
struct Sources<'a> {
    registry: &'a dyn Registry,
    at_once: usize,
    manifests: &'a SourceManifests,
    asked: BTreeSet<Question>,
    queues: BTreeMap<RegistryHost, Queue>,
    under_way: FuturesUnordered<BoxFuture<'a, Answer>>,
    found: BTreeMap<Repository, RepositoryContent>,
    failures: BTreeMap<Repository, BTreeMap<Digest, Failure>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Question>,
    under_way: usize,
}

impl<'a> Sources<'a> {
    fn new(
        registry: &'a dyn Registry,
        at_once: NonZeroUsize,
        manifests: &'a SourceManifests,
    ) -> Self {
        Self {
            registry,
            at_once: at_once.get(),
            manifests,
            asked: BTreeSet::new(),
            queues: BTreeMap::new(),
            under_way: FuturesUnordered::new(),
            found: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }

    /// The next answer, of a destination or of a source; none when all have answered.
    fn next(
        &mut self,
        destinations: &mut Fuse<BoxStream<'_, (Repository, RepositoryInventory)>>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Answer>> {
        if let Poll::Ready(Some((repository, found))) = destinations.poll_next_unpin(context) {
            return Poll::Ready(Some(Answer::Destination(repository, found)));
        }
        if let Poll::Ready(Some(answer)) = self.under_way.poll_next_unpin(context) {
            return Poll::Ready(Some(answer));
        }
        if destinations.is_done() && self.under_way.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    /// Puts these questions in line, each once.
    fn ask(&mut self, questions: Vec<Question>) {
        for question in questions {
            if self.asked.insert(question.clone()) {
                let host = question.0.host();
                let queue = self.queues.entry(host.clone()).or_default();
                queue.waiting.push_back(question);
                self.send(&host);
            }
        }
    }

    /// Sends what a host may be asked now. A repository that could not be read is asked nothing more.
    fn send(&mut self, host: &RegistryHost) {
        let Some(queue) = self.queues.get_mut(host) else {
            return;
        };
        while queue.under_way < self.at_once {
            let Some(question) = queue.waiting.pop_front() else {
                return;
            };
            if self.failures.contains_key(&question.0) {
                continue;
            }
            queue.under_way += 1;
            let registry = self.registry;
            self.under_way.push(Box::pin(async move {
                let seen = look(registry, &question).await;
                Answer::Source(question, seen)
            }));
        }
    }

    fn answered(&mut self, (source, digest): Question, seen: Result<Seen, Failure>) {
        let host = source.host();
        if let Some(queue) = self.queues.get_mut(&host) {
            queue.under_way = queue.under_way.saturating_sub(1);
        }
        match seen {
            Ok(seen) => {
                let is_there = !matches!(seen, Seen::Nothing);
                if let Seen::Manifest(manifest) = seen {
                    self.manifests.keep(&source, manifest);
                }
                let content = self.found.entry(source).or_default();
                content.record_digest(digest, is_there);
            }
            Err(failure) => {
                let failures = self.failures.entry(source).or_default();
                failures.insert(digest, failure);
            }
        }
        self.send(&host);
    }

    /// What the sources hold. One that failed somewhere was not read.
    fn into_found(self) -> Inventory {
        let mut inventory = Inventory::new();
        for (source, content) in self.found {
            inventory.insert(source, RepositoryInventory::Read(content));
        }
        for (source, failures) in self.failures {
            if let Some(failure) = failures.values().next() {
                inventory.insert(source, RepositoryInventory::unreadable(failure));
            }
        }
        inventory
    }
}

/// What a source shows of a digest. Where what it sends is no manifest, it is asked without bytes, as a plan alone does: that
/// one image can't be had says nothing about the others of its repository.
async fn look(registry: &dyn Registry, (source, digest): &Question) -> Result<Seen, Failure> {
    let reference = (*digest).into();
    let failure = match registry.get_manifest(source, &reference).await {
        Ok(Some(manifest)) if manifest.digest() == *digest => return Ok(Seen::Manifest(manifest)),
        Ok(Some(_)) => None,
        Ok(None) => return Ok(Seen::Nothing),
        Err(failure) => Some(failure),
    };
    match failure {
        Some(failure) if failure.kind() == FailureKind::NotFound => Ok(Seen::Nothing),
        Some(failure) if !is_no_manifest(&failure) => Err(failure),
        _ => {
            let head = registry.head_manifest(source, &reference).await?;
            Ok(head.map_or(Seen::Nothing, |_| Seen::Unread))
        }
    }
}

fn is_no_manifest(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::TooLarge
            | FailureKind::DigestMismatch
            | FailureKind::Malformed
            | FailureKind::UnsupportedContent
    )
}
