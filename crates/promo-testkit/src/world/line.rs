//! The way of a request to a host and back: the time it takes, what befalls it there, and its repetition where that is
//! safe.
//!
//! It repeats as promo-registry's client does, in a plainer way: what passes is tried four times with pauses that
//! double. After the first 429 of a host the process knows its quota: its requests wait for the pause that was asked for, and
//! from then on go out one after the other, a little slower than the quota allows.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use promo_core::ports::{Failure, FailureKind};
use tokio::time::{Instant, sleep, sleep_until};

use super::World;
use super::failures;
use super::host::{Fate, Host};
use crate::registry::lock::lock;

/// How long a client waits for an answer.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often something is sent at the most, where it breaks, and where there were too many requests.
const TRIES: u32 = 4;
const THROTTLED_TRIES: u32 = 20;
/// The pause before it is sent for the second time.
const PAUSE: Duration = Duration::from_millis(500);

/// What a process knows of the way.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When the next request may go out to a host that answered 429.
    not_before: Mutex<BTreeMap<String, Instant>>,
    killed: AtomicBool,
}

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    is_write: bool,
    repeats: bool,
    bytes: u64,
}

impl Sent {
    pub(super) const READ: Self = Self {
        is_write: false,
        repeats: true,
        bytes: 0,
    };
    pub(super) const WRITE: Self = Self {
        is_write: true,
        ..Self::READ
    };

    /// Not repeated by whoever sends it.
    pub(super) const fn once(self) -> Self {
        Self {
            repeats: false,
            ..self
        }
    }

    /// With a body of so many bytes.
    pub(super) const fn with_body(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }
}

impl Line {
    /// The process is gone: what it waits for never comes, and it sends nothing more.
    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
    }

    /// Sends a request until it is answered or given up. `serve` is what the host does; it is told whether a body breaks
    /// off.
    pub(super) async fn send<T>(
        &self,
        world: &World,
        host: &Host,
        sent: Sent,
        mut serve: impl FnMut(bool) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (mut broken, mut throttled) = (0, 0);
        loop {
            let failure = match self.send_once(world, host, sent, &mut serve).await {
                Err(failure) if sent.repeats => failure,
                answer => return answer,
            };
            match failure.kind() {
                FailureKind::RateLimited => throttled += 1,
                FailureKind::Unavailable | FailureKind::Deadline => {
                    broken += 1;
                    if broken < TRIES {
                        sleep(PAUSE * 2u32.pow(broken - 1)).await;
                    }
                }
                _ => return Err(failure),
            }
            if broken >= TRIES || throttled >= THROTTLED_TRIES {
                return Err(failure);
            }
        }
    }

    async fn send_once<T>(
        &self,
        world: &World,
        host: &Host,
        sent: Sent,
        serve: &mut impl FnMut(bool) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let is_lost = self.go(world, host, sent).await?;
        let answer = serve(matches!(is_lost, Arrived::BreaksBody));
        self.come_back(host, is_lost).await?;
        answer
    }

    /// The way there.
    pub(super) async fn go(
        &self,
        world: &World,
        host: &Host,
        sent: Sent,
    ) -> Result<Arrived, Failure> {
        self.wait_for_its_time(host).await;
        sleep(host.settings.round_trip / 2 + host.settings.travel(sent.bytes)).await;
        self.live().await;
        let fate = host.arrive(sent.is_write, || world.witness().collected(host.name()));
        world.arrived();
        match fate {
            Fate::Served => Ok(Arrived::Served),
            Fate::AnswerLost => Ok(Arrived::AnswerLost),
            Fate::BreaksBody => Ok(Arrived::BreaksBody),
            Fate::Silent => {
                sleep(DEADLINE).await;
                Err(failures::deadline(host.name()))
            }
            Fate::Refused(failure) => {
                sleep(host.settings.round_trip / 2).await;
                if let Some(pause) = failure.retry_after() {
                    let until = Instant::now() + pause;
                    let mut not_before = lock(&self.not_before);
                    let next = not_before.entry(host.name().to_owned()).or_insert(until);
                    *next = (*next).max(until);
                }
                Err(failure)
            }
        }
    }

    /// The way back.
    pub(super) async fn come_back(&self, host: &Host, arrived: Arrived) -> Result<(), Failure> {
        sleep(host.settings.round_trip / 2).await;
        self.live().await;
        match arrived {
            Arrived::AnswerLost => Err(failures::reset(host.name())),
            Arrived::Served | Arrived::BreaksBody => Ok(()),
        }
    }

    async fn wait_for_its_time(&self, host: &Host) {
        self.live().await;
        let turn = lock(&self.not_before).get_mut(host.name()).map(|next| {
            let turn = (*next).max(Instant::now());
            *next = turn + host.settings.spacing();
            turn
        });
        if let Some(turn) = turn {
            sleep_until(turn).await;
        }
    }

    /// Goes on if the process lives.
    async fn live(&self) {
        if self.killed.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }
}

/// A request that is served.
#[derive(Debug, Clone, Copy)]
pub(super) enum Arrived {
    Served,
    AnswerLost,
    BreaksBody,
}
