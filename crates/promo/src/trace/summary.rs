//! What a trace comes to: for each host its requests and how long they took, for each phase how long it lasted. How it is
//! shown is said in `documents` and in `page`.

use std::collections::BTreeMap;
use std::time::Duration;

use promo_core::report::HostTraffic;

use super::compact::{HostNumber, MarkKind, Outcome, Span};
use super::read::{Tally, Trace};

/// What a trace comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Until the last event.
    pub lasted: Duration,
    /// The hosts, ordered by their names.
    pub hosts: Vec<HostSummary>,
    /// The phases, in the order in which they began.
    pub phases: Vec<PhaseSummary>,
    /// Lines of kinds that aren't known here, which were passed over.
    pub unknown: u64,
    /// Whether the trace is cut off in its last line.
    pub is_cut: bool,
}

/// What was exchanged with a host, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostSummary {
    /// The counts, as a report has them.
    pub traffic: HostTraffic,
    /// Requests of classes that aren't known here.
    pub other: u64,
    /// Requests that were never answered.
    pub lost: u64,
    /// How long requests took, from when they went out.
    pub took: Took,
    /// How long they had waited before, all of them together.
    pub waited: Duration,
}

/// How long requests took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Took {
    /// Half of them took no longer.
    pub half: Duration,
    /// 95 of a hundred took no longer.
    pub most: Duration,
    /// None took longer.
    pub longest: Duration,
}

/// How long a phase lasted, and what passed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhaseSummary {
    /// Its name.
    pub phase: String,
    /// From when it began to its end, or to that of the trace.
    pub lasted: Duration,
    /// Whether its end is in the trace.
    pub ended: bool,
    /// Items that passed.
    pub passed: u64,
    /// Items that were left.
    pub left: u64,
}

impl Summary {
    /// Of a trace.
    pub fn of(trace: &Trace) -> Self {
        let mut by_host: BTreeMap<HostNumber, Vec<&Span>> = BTreeMap::new();
        for span in trace.spans.iter().filter(|span| !span.outcome.is_body()) {
            by_host.entry(span.host).or_default().push(span);
        }
        let mut retries: BTreeMap<HostNumber, u64> = BTreeMap::new();
        for mark in trace.marks.iter().filter(|it| it.kind == MarkKind::Retry) {
            *retries.entry(mark.host).or_default() += 1;
        }
        let hosts = trace.hosts.ordered().map(|(name, number)| {
            let spans = by_host.get(&number).map(Vec::as_slice).unwrap_or_default();
            let tally = trace.tallies.get(&number).copied().unwrap_or_default();
            let retries = retries.get(&number).copied().unwrap_or_default();
            HostSummary::of(name, spans, tally, retries)
        });
        Self {
            lasted: Duration::from_micros(trace.end),
            hosts: hosts.collect(),
            phases: phases(trace),
            unknown: trace.unknown,
            is_cut: trace.is_cut,
        }
    }
}

impl HostSummary {
    fn of(name: &str, spans: &[&Span], tally: Tally, retries: u64) -> Self {
        let mut traffic = HostTraffic::of(name);
        traffic.retries = retries;
        (traffic.sent, traffic.received) = (tally.sent, tally.received);
        (traffic.mounted, traffic.not_mounted) = (tally.mounted, tally.not_mounted);
        let (mut other, mut lost, mut waited) = (0, 0, 0_u64);
        for span in spans {
            match span.class {
                Some(class) => traffic.requests.count(class),
                None => other += 1,
            }
            traffic.throttled += u64::from(span.outcome == Outcome::Status(429));
            lost += u64::from(span.outcome == Outcome::Lost);
            waited = waited.saturating_add(span.began.saturating_sub(span.asked));
        }
        Self {
            traffic,
            other,
            lost,
            took: Took::of(spans),
            waited: Duration::from_micros(waited),
        }
    }
}

impl Took {
    fn of(spans: &[&Span]) -> Self {
        let took = spans
            .iter()
            .map(|span| span.ended.saturating_sub(span.began));
        let mut took: Vec<u64> = took.collect();
        took.sort_unstable();
        // The nearest rank: one that there really was.
        let rank = |hundredths: usize| {
            let rank = (took.len() * hundredths).div_ceil(100).saturating_sub(1);
            Duration::from_micros(took.get(rank).copied().unwrap_or_default())
        };
        Self {
            half: rank(50),
            most: rank(95),
            longest: rank(100),
        }
    }
}

fn phases(trace: &Trace) -> Vec<PhaseSummary> {
    let phases = trace.phases.iter().map(|phase| {
        let ended = phase.ended.unwrap_or(trace.end);
        PhaseSummary {
            phase: phase.name.clone(),
            lasted: Duration::from_micros(ended.saturating_sub(phase.began)),
            ended: phase.ended.is_some(),
            passed: phase.passed,
            left: phase.left,
        }
    });
    phases.collect()
}
