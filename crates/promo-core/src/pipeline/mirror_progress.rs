//! One account of a run whose mirrors and images go through the phases apart (`mirrors`): observers hear of each phase once,
//! and of each image once in a phase, when it has passed at the first mirror, or is blocked at all of them. Other events
//! go through as they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ended::{PhaseReport, PhaseStatus};
use super::validate::ValidatedImage;
use crate::Code;
use crate::ports::{Event, Observer, Phase};

/// The phases that mirrors go through apart and that work on images.
const OF_IMAGES: [Phase; 3] = [Phase::Promote, Phase::Sign, Phase::Attest];

/// What all mirrors have done so far.
#[derive(Debug)]
pub(super) struct MirrorProgress {
    observer: Arc<dyn Observer>,
    /// How many go through the phases, each by itself: the images that go together, at each mirror.
    parts: usize,
    /// Destinations that may be published.
    publications: u64,
    phases: Mutex<BTreeMap<Phase, Tally>>,
}

/// One phase.
#[derive(Debug, Default)]
struct Tally {
    status: Option<PhaseStatus>,
    began: bool,
    /// Parts that have ended it.
    ended: usize,
    images: BTreeMap<String, Image>,
    /// Of publish, which works on edges.
    edges_passed: u64,
    edges_blocked: u64,
}

/// One image in one phase.
#[derive(Debug, Default, Clone)]
struct Image {
    /// Mirrors from which something is still to come.
    awaited: usize,
    passed: bool,
    blocked: Option<Code>,
    told: bool,
}

/// How an image came through a phase at one mirror.
#[derive(Debug, Clone, Copy)]
enum Came {
    Passed,
    Blocked(Code),
    /// An earlier phase had blocked it.
    Not,
}

impl MirrorProgress {
    /// Of parts that have these images before them.
    pub(super) fn new<'a>(
        observer: Arc<dyn Observer>,
        parts: impl Iterator<Item = &'a Vec<ValidatedImage>>,
    ) -> Self {
        let mut images: BTreeMap<String, Image> = BTreeMap::new();
        let (mut count, mut publications) = (0, 0);
        for part in parts {
            count += 1;
            for work in part.iter().map(ValidatedImage::work) {
                publications += work.destinations.len() as u64;
                let name = format!("{}@{}", work.identity, work.digest);
                images.entry(name).or_default().awaited += 1;
            }
        }
        let tally = |phase| {
            let images = images.clone();
            let tally = Tally {
                images,
                ..Tally::default()
            };
            (phase, tally)
        };
        let mut phases: BTreeMap<Phase, Tally> = OF_IMAGES.map(tally).into();
        phases.insert(Phase::Publish, Tally::default());
        Self {
            observer,
            parts: count,
            publications,
            phases: Mutex::new(phases),
        }
    }

    /// How parts ended their phases, after all of them have.
    pub(super) fn record(&self, reports: Vec<PhaseReport>) {
        let mut phases = self.lock();
        for report in reports {
            let tally = phases.entry(report.phase).or_default();
            tally.status = Some(report.status);
            if report.phase == Phase::Publish {
                tally.edges_passed += report.passed;
                tally.edges_blocked += report.blocked;
            }
        }
    }

    /// The phases, for the report.
    pub(super) fn phases(&self) -> Vec<PhaseReport> {
        let phases = self.lock();
        let reports = phases.iter().map(|(phase, tally)| {
            let (passed, blocked) = tally.count();
            PhaseReport {
                phase: *phase,
                status: tally.status.unwrap_or(PhaseStatus::NotReached),
                passed,
                blocked,
            }
        });
        reports.collect()
    }

    fn began(&self, phase: Phase) {
        let mut phases = self.lock();
        let tally = phases.entry(phase).or_default();
        if !std::mem::replace(&mut tally.began, true) {
            let items = match phase {
                Phase::Publish => self.publications,
                _ => tally.to_come(),
            };
            self.observer.observe(&Event::PhaseBegan { phase, items });
        }
    }

    fn done(&self, phase: Phase, name: &str, blocked: Option<Code>) {
        let mut phases = self.lock();
        if let Some(tally) = phases.get_mut(&phase) {
            let came = blocked.map_or(Came::Passed, Came::Blocked);
            self.settle(phase, tally, name, came);
        }
        if blocked.is_some() {
            for later in OF_IMAGES.into_iter().filter(|later| *later > phase) {
                if let Some(tally) = phases.get_mut(&later) {
                    self.settle(later, tally, name, Came::Not);
                }
            }
        }
    }

    /// One mirror less is awaited for an image: it has passed there or is blocked, or it will not come.
    fn settle(&self, phase: Phase, tally: &mut Tally, name: &str, came: Came) {
        let began = tally.began;
        let image = tally.images.entry(name.to_owned()).or_default();
        image.awaited = image.awaited.saturating_sub(1);
        match came {
            Came::Passed => image.passed = true,
            Came::Blocked(code) => image.blocked = image.blocked.or(Some(code)),
            Came::Not => {}
        }
        let is_blocked = image.awaited == 0 && image.blocked.is_some();
        if began && !image.told && (image.passed || is_blocked) {
            image.told = true;
            self.observer.observe(&Event::ItemDone {
                phase,
                item: name.to_owned(),
                blocked: image.blocked.filter(|_| !image.passed),
            });
        }
    }

    fn ended(&self, phase: Phase, passed: u64, blocked: u64) {
        let mut phases = self.lock();
        let tally = phases.entry(phase).or_default();
        tally.ended += 1;
        if phase == Phase::Publish {
            tally.edges_passed += passed;
            tally.edges_blocked += blocked;
        }
        if tally.ended < self.parts {
            return;
        }
        let (passed, blocked) = match phase {
            // These are counted once more when the parts are back, for the report.
            Phase::Publish => (
                std::mem::take(&mut tally.edges_passed),
                std::mem::take(&mut tally.edges_blocked),
            ),
            _ => tally.count(),
        };
        self.observer.observe(&Event::PhaseEnded {
            phase,
            passed,
            blocked,
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Phase, Tally>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// How many images may still come, or came.
    fn to_come(&self) -> u64 {
        let images = self.images.values();
        let to_come = images.filter(|image| image.awaited > 0 || image.passed);
        to_come.count() as u64
    }

    /// How many passed, and how many are blocked everywhere.
    fn count(&self) -> (u64, u64) {
        let passed = self.images.values().filter(|image| image.passed).count();
        let blocked = self
            .images
            .values()
            .filter(|image| !image.passed && image.blocked.is_some())
            .count();
        (
            passed as u64 + self.edges_passed,
            blocked as u64 + self.edges_blocked,
        )
    }
}

/// The observer of one mirror.
#[derive(Debug)]
pub(super) struct AtMirror(Arc<MirrorProgress>);

impl AtMirror {
    pub(super) fn new(progress: Arc<MirrorProgress>) -> Self {
        Self(progress)
    }
}

impl Observer for AtMirror {
    fn observe(&self, event: &Event) {
        match event {
            Event::PhaseBegan { phase, .. } => self.0.began(*phase),
            Event::ItemDone {
                phase,
                item,
                blocked,
            } if OF_IMAGES.contains(phase) => self.0.done(*phase, item, *blocked),
            Event::PhaseEnded {
                phase,
                passed,
                blocked,
            } => self.0.ended(*phase, *passed, *blocked),
            event => self.0.observer.observe(event),
        }
    }
}
