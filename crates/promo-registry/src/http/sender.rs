//! Sends one request once: waits until its host is up and for the host's budget, holds it to its deadline, and tells the
//! observer and the host's health how it ended. Whether it is sent again is asked here, too.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::AUTHORIZATION;
use ::http::{StatusCode, Version};
use promo_core::ports::{Event, Failure, Operation};
use tokio::time::{Instant, timeout_at};

use super::address::OutOfReach;
use super::loss;
use super::told::RequestTold;
use super::{Answer, Backoff, Clients, Hosts, Intake, Pool, Sent, open_files, retry_after};
use crate::budget::{HostBudget, Permit, Slot};
use crate::connections::{Place, Wait};
use crate::dialect::answers::is_foreign_501;
use crate::error::{AnotherTry, is_broken};
use crate::health::{Entry, MayProbe};
use crate::{Caps, Deadlines, Error, LocationRule};

/// How long an answer may take that shows whether a host is back.
const PROBE: Duration = Duration::from_secs(10);
/// How long a request waits that found no open file for its connection.
const FILES_PAUSE: Duration = Duration::from_secs(1);

/// What it takes to send requests.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) clients: Clients,
    pub(crate) hosts: Hosts,
    pub(crate) backoff: Backoff,
    pub(crate) deadlines: Deadlines,
    pub(crate) sent: Arc<Sent>,
    pub(crate) caps: Caps,
}

/// A request that is ready to go.
pub(crate) struct Dispatch<'a> {
    pub(crate) pool: Pool,
    pub(crate) request: reqwest::Request,
    /// The host, as it is called in errors and events.
    pub(crate) host: &'a str,
    pub(crate) operation: Operation,
    pub(crate) what: &'a str,
    /// Which try it is, from 1.
    pub(crate) attempt: u32,
    /// The budget that it is counted in.
    pub(crate) budget: Arc<HostBudget>,
    /// How the host takes the stream that is sent, if one is.
    pub(crate) intake: Option<Arc<Intake>>,
    /// Whether it follows from what was seen right before, so that it isn't sent any more when its host was down
    /// meanwhile: its caller looks again first.
    pub(crate) at_once: bool,
    /// Whether it waits for a place among the connections.
    pub(crate) wait: Wait,
    /// How many bytes a small answer may have, which is read at once; none if the answer isn't read so.
    pub(crate) cap: Option<u64>,
}

impl Sender {
    /// Sends it when its host is up and its budget allows it. An answer of any status is a success here. A small body is
    /// read at once, so that one that breaks off is asked for again, as if no answer had come.
    pub(crate) async fn send_once(&self, dispatch: Dispatch<'_>) -> Result<Answer, Error> {
        let asked = Instant::now();
        let (entry, places) = self.admit(&dispatch).await?;
        let budget = Arc::clone(&dispatch.budget);
        let cap = dispatch.cap;
        let started = Instant::now();
        let mut told = RequestTold::new(&dispatch, started.duration_since(asked));
        let mut outcome = self.head(dispatch, (started, entry), places).await;
        told.came(&outcome, started.elapsed());
        if let (Ok(answer), Some(cap)) = (&mut outcome, cap)
            && answer.status().is_success()
        {
            let read = answer.read(cap).await;
            told.received(answer.came(), read.is_ok().then(|| started.elapsed()));
            if let Err(error) = read {
                outcome = Err(error);
            }
        }
        self.hosts.observer.observe(&told.into_event());
        match loss::waited(&outcome, started, self.deadlines.request) {
            Some(waited) => self.hosts.health.lost(budget.host(), waited),
            // It never got to the host.
            None if is_out_of_files(&outcome) => self.until_a_file_is_free().await,
            None => self.hosts.health.heard(budget.host()),
        }
        outcome
    }

    /// The failure for an error, with all credentials that were sent cut out of its texts, whoever repeated them.
    pub(crate) fn told(&self, error: Error) -> Failure {
        Failure::from(error).map_texts(|text| self.sent.cut(text))
    }

    async fn admit(&self, dispatch: &Dispatch<'_>) -> Result<(Entry, Places), Error> {
        let (slot, may_probe) = match dispatch.intake {
            Some(_) => (Slot::Uncounted, MayProbe::No),
            None => (Slot::Counted, MayProbe::Yes),
        };
        let (budget, health) = (&dispatch.budget, &self.hosts.health);
        loop {
            let entry = self.enter(dispatch, may_probe).await?;
            let permit = budget.admit(slot, dispatch.operation).await?;
            let connections = &self.clients.connections;
            let place = connections.place(dispatch.operation, dispatch.host, dispatch.wait);
            let place = place.await;
            if place.as_ref().is_some_and(|place| place.closes_idle) {
                self.clients.close_idle();
            }
            // The requests that held the places before may have found out that the host is down.
            if health.holds(budget.host(), entry) {
                return Ok((entry, (permit, place)));
            }
        }
    }

    /// Waits while the host is down.
    async fn enter(&self, dispatch: &Dispatch<'_>, may_probe: MayProbe) -> Result<Entry, Error> {
        let (host, health) = (dispatch.budget.host(), &self.hosts.health);
        if let Some(entry) = health.try_enter(host, may_probe) {
            return Ok(entry);
        }
        let began = Instant::now();
        let back = health.enter(host, dispatch.host, may_probe).await?;
        if dispatch.at_once {
            return Err(Error::Deadline {
                host: dispatch.host.to_owned(),
                what: dispatch.what.to_owned(),
                after: began.elapsed(),
            });
        }
        Ok(back)
    }

    /// Sends it, up to the head of the answer.
    async fn head(
        &self,
        dispatch: Dispatch<'_>,
        (started, entry): (Instant, Entry),
        (permit, mut place): Places,
    ) -> Result<Answer, Error> {
        let Dispatch {
            pool,
            request,
            host,
            operation,
            what,
            budget,
            intake,
            ..
        } = dispatch;
        if let Some(value) = request.headers().get(AUTHORIZATION) {
            self.sent.header(value);
        }
        let sent = self.clients.client(&pool)?.execute(request);
        // A host that was down for long is not waited for at length.
        let patience = match entry {
            Entry::Up => self.deadlines.request,
            Entry::Probe => self.deadlines.request.min(PROBE),
        };
        let outcome = match intake {
            None => timeout_at(started + patience, sent)
                .await
                .map_err(|_| (0, patience)),
            Some(intake) => intake
                .until_answered(sent)
                .await
                .map_err(|too_little| (too_little.bytes, too_little.within)),
        };
        let outcome = match outcome {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(transport_error(host, what, error)),
            Err((bytes, within)) => Err(Error::too_slow(host, what, bytes, within)),
        };
        if let Err(Error::OutOfFiles(_)) = outcome {
            if let Some(place) = place.take() {
                self.clients.connections.exhausted(place);
            }
            self.clients.close_idle();
        }
        let response = outcome?;
        let is_shared = response.version() == Version::HTTP_2;
        self.clients.connections.learn(operation, host, is_shared);
        self.note(&budget, &permit, operation, &response);
        // For an upload the deadline is about the answer alone, not about sending the blob.
        let begun = match operation {
            Operation::BlobPut => Instant::now(),
            _ => started,
        };
        let deadline = (begun + self.deadlines.request, self.deadlines.request);
        Ok(Answer::new(
            host.to_owned(),
            what.to_owned(),
            response,
            deadline,
            (permit, place),
            (Arc::clone(&self.sent), Arc::clone(&self.hosts.observer)),
        ))
    }

    /// After a request for whose connection there was no file: until one of ours is closed, or a little while. Others may
    /// have taken the files, whom we know nothing of.
    async fn until_a_file_is_free(&self) {
        tokio::select! {
            () = self.clients.connections.freed() => {}
            () = self.hosts.sleep.sleep(FILES_PAUSE) => {}
        }
    }

    /// Tells the budget what the host answered. A server error says nothing about how much the host serves.
    fn note(
        &self,
        budget: &HostBudget,
        permit: &Permit,
        operation: Operation,
        response: &reqwest::Response,
    ) {
        let asked = retry_after(response.headers(), self.hosts.clock.now());
        match (response.status(), asked) {
            (StatusCode::TOO_MANY_REQUESTS, asked) => {
                let pause = asked.unwrap_or_else(|| self.backoff.throttle_pause());
                budget.throttled(permit, pause, operation);
            }
            (StatusCode::SERVICE_UNAVAILABLE, Some(pause)) => {
                budget.throttled(permit, pause, operation);
            }
            (status, _) if status.is_server_error() => {}
            _ => budget.answered(permit),
        }
    }
}

/// What a request has while it is under way: its permit at the host, and its place among the connections.
type Places = (Permit, Option<Place>);

fn is_out_of_files(outcome: &Result<Answer, Error>) -> bool {
    matches!(outcome, Err(Error::OutOfFiles(_)))
}

fn transport_error(host: &str, what: &str, error: reqwest::Error) -> Error {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = next {
        if cause.is::<OutOfReach>() {
            return Error::ForeignLocation {
                host: host.to_owned(),
                what: what.to_owned(),
                target: host.to_owned(),
                rule: LocationRule::PrivateAddress,
            };
        }
        next = cause.source();
    }
    if open_files::are_short(&error) {
        return Error::out_of_files(host, error);
    }
    Error::connection(host, error)
}

/// How often a request has been sent, and whether it is sent again.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    sender: &'a Sender,
    host: &'a str,
    operation: Operation,
    sent: u32,
    throttled: u32,
    /// How often it was lost because the host went down.
    held: u32,
    /// How often there was no open file for it.
    short: u32,
}

/// How often a request is lost with its host without that counting: one that comes and goes is left in the end.
const MOST_HELD: u32 = 16;
/// How often a request finds no open file until it fails.
const MOST_SHORT: u32 = 30;

impl<'a> Attempts<'a> {
    pub(crate) fn new(sender: &'a Sender, host: &'a str, operation: Operation) -> Self {
        Self {
            sender,
            host,
            operation,
            sent: 0,
            throttled: 0,
            held: 0,
            short: 0,
        }
    }

    /// Which try the next one is, from 1.
    pub(crate) fn next(&self) -> u32 {
        self.sent + self.throttled + self.held + self.short + 1
    }

    /// Whether to send again after this outcome. Waits before it says yes; after a 429 it is the
    /// budget that waits.
    pub(crate) async fn again(&mut self, outcome: &Result<Answer, Error>) -> bool {
        let settings = *self.sender.backoff.settings();
        let pause = match outcome {
            // It isn't this request's fault: it waits with the others until the host is back or given up.
            outcome if self.held < MOST_HELD && self.was_lost_with_the_host(outcome) => {
                self.held += 1;
                Duration::ZERO
            }
            Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                // Many requests that were under way together get 429 before the rate is found.
                self.throttled += 1;
                if self.throttled >= settings.attempts.saturating_mul(2) || settings.attempts < 2 {
                    return false;
                }
                Duration::ZERO
            }
            // It has waited already.
            outcome if is_out_of_files(outcome) => {
                self.short += 1;
                if self.short >= MOST_SHORT {
                    return false;
                }
                Duration::ZERO
            }
            outcome if self.is_passing(outcome) => match self.next_pause(settings.attempts) {
                Some(pause) => pause,
                None => return false,
            },
            _ => return false,
        };
        self.sender.hosts.observer.observe(&Event::Retry {
            host: self.host.to_owned(),
            operation: self.operation,
            attempt: self.next() - 1,
            pause,
        });
        if !pause.is_zero() {
            self.sender.hosts.sleep.sleep(pause).await;
        }
        true
    }

    fn was_lost_with_the_host(&self, outcome: &Result<Answer, Error>) -> bool {
        let health = &self.sender.hosts.health;
        loss::at(outcome).is_some_and(|host| health.is_down(Hosts::name_of(host)))
    }

    fn is_passing(&self, outcome: &Result<Answer, Error>) -> bool {
        match outcome {
            Ok(answer) => {
                let status = answer.status();
                is_broken(status.as_u16())
                    || is_foreign_501(status, answer.headers(), self.operation)
            }
            Err(error) => error.another_try() == AnotherTry::Later,
        }
    }

    fn next_pause(&mut self, attempts: u32) -> Option<Duration> {
        self.sent += 1;
        (self.sent < attempts).then(|| self.sender.backoff.pause(self.sent))
    }
}
