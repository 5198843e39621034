//! A large run goes through its images in shards: what one of them takes is given back before the next begins.
//!
//! So memory doesn't grow with the number of images, what is published early is proven early, and a crash costs no more
//! than the shard that it fell into. Images that come from the same place with the same digest are in one shard, since
//! they share what is read. Observers and the report get one account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::ended::{PhaseReport, PhaseStatus};
use super::intent::Confirmed;
use super::planned::Planned;
use super::publish::Published;
use crate::plan::ImageWork;
use crate::ports::{Event, Observer, Phase};

/// Carries out what was planned, shard by shard.
pub(super) async fn carry_out(planned: Planned<Confirmed>) -> Published {
    let images = planned.settings().shard.get();
    let (mut flow, work, intent) = planned.into_parts();
    let shards = shards(work, images);
    let account = Arc::new(Account::new(Arc::clone(&flow.run.ports.observer), &shards));
    for work in shards {
        let mut run = flow.run.apart(
            Arc::new(InShard(Arc::clone(&account))),
            Arc::default(),
            Arc::default(),
        );
        run.manifests = Arc::new(flow.run.manifests.take(work.iter()));
        let shard = Planned::part(flow.apart(Arc::new(run)), work, intent.clone());
        let validated = shard.verify_provenance().validate().await;
        let published = validated.publish_at_each_mirror().await;
        let phases = flow.take_in(published.into_flow());
        account.add(phases);
    }
    for phase in account.phases() {
        flow.record(phase);
    }
    Published::joined(flow)
}

/// The work in shards of so many images. There is always one, if only to say that nothing was to be done.
fn shards(mut work: Vec<ImageWork>, images: usize) -> Vec<Vec<ImageWork>> {
    let distinct: BTreeSet<_> = work.iter().map(|it| (&it.source, it.digest)).collect();
    if distinct.len() <= images {
        return vec![work];
    }
    work.sort_by(|a, b| (&a.source, a.digest).cmp(&(&b.source, b.digest)));
    let mut shards: Vec<Vec<ImageWork>> = Vec::new();
    let mut count = images;
    let mut last = None;
    for item in work {
        let image = (item.source.clone(), item.digest);
        if last.as_ref() != Some(&image) {
            if count == images {
                shards.push(Vec::new());
                count = 0;
            }
            count += 1;
            last = Some(image);
        }
        if let Some(shard) = shards.last_mut() {
            shard.push(item);
        }
    }
    shards
}

/// One account of all shards.
#[derive(Debug)]
struct Account {
    observer: Arc<dyn Observer>,
    shards: usize,
    images: u64,
    destinations: u64,
    phases: Mutex<BTreeMap<Phase, Tally>>,
}

#[derive(Debug, Default)]
struct Tally {
    began: bool,
    ended: usize,
    /// As observers heard it.
    told: (u64, u64),
    /// As the report says it.
    status: Option<PhaseStatus>,
    passed: u64,
    blocked: u64,
}

impl Account {
    fn new(observer: Arc<dyn Observer>, shards: &[Vec<ImageWork>]) -> Self {
        let destinations = shards.iter().flatten().map(|work| work.destinations.len());
        Self {
            observer,
            shards: shards.len(),
            images: shards.iter().map(|shard| shard.len() as u64).sum(),
            destinations: destinations.map(|count| count as u64).sum(),
            phases: Mutex::default(),
        }
    }

    fn with<T>(&self, phase: Phase, change: impl FnOnce(&mut Tally) -> T) -> T {
        let mut phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        change(phases.entry(phase).or_default())
    }

    /// Of one shard its own number of items is told; of several, what all of them may have.
    fn began(&self, phase: Phase, items: u64) {
        if self.with(phase, |tally| std::mem::replace(&mut tally.began, true)) {
            return;
        }
        let items = match (self.shards, phase) {
            (1, _) => items,
            (_, Phase::Publish) => self.destinations,
            _ => self.images,
        };
        self.observer.observe(&Event::PhaseBegan { phase, items });
    }

    fn ended(&self, phase: Phase, passed: u64, blocked: u64) {
        let (ended, (passed, blocked)) = self.with(phase, |tally| {
            tally.ended += 1;
            tally.told.0 += passed;
            tally.told.1 += blocked;
            (tally.ended, tally.told)
        });
        if ended == self.shards {
            self.observer.observe(&Event::PhaseEnded {
                phase,
                passed,
                blocked,
            });
        }
    }

    /// How one shard ended.
    fn add(&self, phases: Vec<PhaseReport>) {
        for report in phases {
            self.with(report.phase, |tally| {
                tally.status = Some(report.status);
                tally.passed += report.passed;
                tally.blocked += report.blocked;
            });
        }
    }

    fn phases(&self) -> Vec<PhaseReport> {
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let reports = phases.iter().filter_map(|(phase, tally)| {
            Some(PhaseReport {
                phase: *phase,
                status: tally.status?,
                passed: tally.passed,
                blocked: tally.blocked,
            })
        });
        reports.collect()
    }
}

/// The observer of one shard.
#[derive(Debug)]
struct InShard(Arc<Account>);

impl Observer for InShard {
    fn observe(&self, event: &Event) {
        match event {
            Event::PhaseBegan { phase, items } => self.0.began(*phase, *items),
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => self.0.ended(*phase, *passed, *blocked),
            event => self.0.observer.observe(event),
        }
    }
}
