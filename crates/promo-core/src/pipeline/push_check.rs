//! Whether the destinations let us push, asked at the beginning of promote: an upload is opened and given up again.
//!
//! One repository answers for its host as long as it accepts. Where it refuses, others of the host are asked, until one
//! accepts; what was not asked then answers when it is copied to. Each refusal closes the repository that refused.
//! The host as a whole is closed only where nothing but silence and overload came from it. That an upload was opened is
//! the answer: it is given up while the run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;

use super::concurrent;
use super::flow::Run;
use super::outcome::Blocked;
use crate::oci::{RegistryHost, Repository};
use crate::plan::ImageWork;
use crate::ports::{Failure, FailureKind, Phase, UploadSession, contain};

/// Repositories that don't let us push, each with why.
pub(super) type Closed = BTreeMap<Repository, Blocked>;

/// What destinations answered.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) closed: Arc<Closed>,
    opened: Vec<Opened>,
}

/// An upload that was opened and is still to be given up.
type Opened = (Repository, UploadSession);

/// How many repositories of a host that decides nothing are asked before the rest is taken to be like them.
const UNDECIDED: usize = 3;

/// Finds out which destinations of these images refuse us before anything is written.
pub(super) async fn ask<'a>(run: &Arc<Run>, images: impl Iterator<Item = &'a ImageWork>) -> Asked {
    let mut hosts: BTreeMap<RegistryHost, BTreeSet<Repository>> = BTreeMap::new();
    for destination in images.flat_map(|work| &work.destinations) {
        let repository = &destination.repository;
        let repositories = hosts.entry(repository.host()).or_default();
        repositories.insert(repository.clone());
    }
    let asked = concurrent::each(
        run.settings.concurrency,
        hosts.into_values().collect(),
        |repositories| ask_host(Arc::clone(run), repositories),
    )
    .await;
    let (mut closed, mut opened) = (Closed::new(), Vec::new());
    for (of_host, of_session) in asked {
        closed.extend(of_host);
        opened.extend(of_session);
    }
    Asked {
        closed: Arc::new(closed),
        opened,
    }
}

impl Asked {
    /// Gives up what was opened, so that nothing stays open. Many registries don't let those who push do that, and what becomes
    /// of it decides nothing.
    pub(super) async fn give_up(self, run: &Run) {
        let given_up = self
            .opened
            .into_iter()
            .map(|(repository, session)| async move {
                let registry = &run.ports.registry;
                let _courtesy = registry.cancel_upload(&repository, session).await;
            });
        join_all(given_up).await;
    }
}

/// Asks repositories of one host, first one, then twice as many each time, until one of them accepts.
async fn ask_host(run: Arc<Run>, repositories: BTreeSet<Repository>) -> (Closed, Vec<Opened>) {
    let (mut closed, mut opened) = (Closed::new(), Vec::new());
    let mut waiting = repositories.into_iter();
    let mut at_once = 1;
    let mut undecided = true;
    let at_most = run.settings.concurrency.get();
    loop {
        let asked: Vec<Repository> = waiting.by_ref().take(at_once).collect();
        if asked.is_empty() {
            return (closed, opened);
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
                Ok(session) => {
                    accepted = true;
                    opened.extend(session.map(|session| (repository, session)));
                }
                Err(failure) => {
                    undecided &= decides_nothing(&failure);
                    let blocked = Blocked::failed(Phase::Promote, &failure);
                    last = Some(blocked.clone());
                    closed.insert(repository, blocked);
                }
            }
        }
        if accepted {
            return (closed, opened);
        }
        if let Some(blocked) = last
            && undecided
            && closed.len() >= UNDECIDED
        {
            closed.extend(waiting.map(|repository| (repository, blocked.clone())));
            return (closed, opened);
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

/// Opens an upload, unless the run is to end.
async fn try_push(run: &Run, repository: &Repository) -> Result<Option<UploadSession>, Failure> {
    if run.interrupt.is_raised() {
        return Ok(None);
    }
    let session = run.ports.registry.start_upload(repository).await?;
    Ok(Some(session))
}
