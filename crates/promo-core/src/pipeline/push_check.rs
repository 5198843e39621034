//! Whether the destinations let us push, asked at the beginning of promote: an upload is opened and given up again.
//!
//! One repository answers for its host as long as it accepts. Where it refuses, others of the host are asked, until one
//! accepts; what was not asked then answers when it is copied to. Each refusal closes the repository that refused.
//! The host as a whole is closed only where nothing but silence and overload came from it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::concurrent;
use super::flow::Run;
use super::outcome::Blocked;
use super::validate::ValidatedImage;
use crate::oci::{RegistryHost, Repository};
use crate::ports::{Failure, FailureKind, Phase, contain};

/// Repositories that don't let us push, each with why.
pub(super) type Closed = BTreeMap<Repository, Blocked>;

/// How many repositories of a host that decides nothing are asked before the rest is taken to be like them.
const UNDECIDED: usize = 3;

/// Finds out which destinations refuse us before anything is written.
pub(super) async fn closed(run: &Arc<Run>, images: &[ValidatedImage]) -> Closed {
    let mut hosts: BTreeMap<RegistryHost, Vec<Repository>> = BTreeMap::new();
    for image in images {
        for destination in &image.work.destinations {
            let repository = &destination.repository;
            hosts
                .entry(repository.host())
                .or_default()
                .push(repository.clone());
        }
    }
    let asked = concurrent::each(
        run.settings.concurrency,
        hosts.into_values().collect(),
        |mut repositories: Vec<Repository>| {
            repositories.sort_unstable();
            repositories.dedup();
            ask_host(Arc::clone(run), repositories)
        },
    )
    .await;
    asked.into_iter().flatten().collect()
}

/// Asks repositories of one host, first one, then twice as many each time, until one of them accepts.
async fn ask_host(run: Arc<Run>, repositories: Vec<Repository>) -> Closed {
    let mut closed = Closed::new();
    let mut waiting = repositories.into_iter();
    let mut at_once = 1;
    let mut undecided = true;
    let at_most = run.settings.concurrency.get();
    loop {
        let asked: Vec<Repository> = waiting.by_ref().take(at_once).collect();
        if asked.is_empty() {
            return closed;
        }
        let answers = concurrent::each(run.settings.concurrency, asked, |repository| {
            let run = Arc::clone(&run);
            async move {
                let answer = contain(try_push(&run, &repository)).await;
                (repository, answer)
            }
        });
        let mut accepted = false;
        let mut last = None;
        for (repository, answer) in answers.await {
            match answer {
                Ok(()) => accepted = true,
                Err(failure) => {
                    undecided &= decides_nothing(&failure);
                    let blocked = Blocked::failed(Phase::Promote, &failure);
                    last = Some(blocked.clone());
                    closed.insert(repository, blocked);
                }
            }
        }
        if accepted {
            return closed;
        }
        if let Some(blocked) = last
            && undecided
            && closed.len() >= UNDECIDED
        {
            closed.extend(waiting.map(|repository| (repository, blocked.clone())));
            return closed;
        }
        at_once = (at_once * 2).min(at_most);
    }
}

/// Whether a failure says nothing about the repository that was asked for.
fn decides_nothing(failure: &Failure) -> bool {
    matches!(
        failure.kind(),
        FailureKind::Unavailable | FailureKind::Deadline | FailureKind::RateLimited
    )
}

async fn try_push(run: &Run, repository: &Repository) -> Result<(), Failure> {
    if run.interrupt.is_raised() {
        return Ok(());
    }
    let registry = &run.ports.registry;
    let session = registry.start_upload(repository).await?;
    // The session shows that we may push. It is given up so that nothing stays open; many registries don't let those who push do that.
    let _courtesy = registry.cancel_upload(repository, session).await;
    Ok(())
}
