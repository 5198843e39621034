//! How fast a host is asked: as it is told, or as it is found out from its answers. Nothing here waits or tells the time.
//!
//! Without a known limit nothing is held back here. The first 429 shows that there is one. From then on time falls into
//! cycles, each ended by a refusal, which counts once for all requests that were under way. The rate at which it came and
//! what was served until then say how fast the next cycle begins; its growth is slower, so that the limit is found ever more
//! closely. Once it is known, the rate grows with the third power of time: hardly at first, so that it stays just below
//! the limit for long, then faster, in case that the limit has moved.

mod answers;

use std::time::Duration;

use answers::Answers;

/// The slowest we go: one request in five seconds.
const LOWEST: f64 = 0.2;
/// The fastest we go once a limit is known to exist but not where.
const HIGHEST: f64 = 10_000.0;
/// How much lateness is made up for: a request that is sent so much after its slot doesn't push back those behind it.
const CREDIT: Duration = Duration::from_millis(25);
/// The shortest time between two refusals that count.
const SHORTEST_EPOCH: Duration = Duration::from_millis(500);
/// A pause that is shorter is rounded to seconds, and may end before the host's window does or after it. A longer one
/// leads to the window's end.
const ROUNDED: Duration = Duration::from_secs(5);
/// A cycle that was so many times as long as the pause tells the limit by its average, whatever way the host counts.
const TELLING: f64 = 40.0;
/// A cycle with a known limit that was shorter, in such times, shows that it isn't the limit.
const TOO_SHORT: f64 = 20.0;

/// How a limit is looked for: with which part of what is guessed a cycle begins, and how much of its rate it gains in
/// the first second.
const SEARCH: [(f64, f64); 3] = [(1.0, 0.08), (0.92, 0.02), (0.965, 0.003)];
/// After so many seconds growth is twice as fast as at the beginning.
const FASTER: f64 = 12.0;
/// By which part a rate that is near a guess that grew out of steep growth is lowered.
const STEEPNESS: f64 = 0.6;
/// How far below the limit a cycle begins once it is known. It doubles with each cycle that was too short.
const MARGIN: f64 = 0.012;
/// The widest margin.
const WIDEST: f64 = 0.2;
/// In how many seconds the rate grows by 1 % then; in fewer with a wider margin.
const PLATEAU: f64 = 150.0;
/// The shortest plateau.
const SHORTEST_PLATEAU: f64 = 15.0;

/// The rate of one host, and the slots in which requests go.
#[derive(Debug)]
pub(super) struct Rate {
    /// Never faster than this.
    ceiling: f64,
    /// None while no limit is known.
    cycle: Option<Cycle>,
    /// When the next request goes.
    next: Duration,
    /// Those of late, while no limit is known.
    answers: Answers,
    /// What ended the cycle, until the next one begins.
    refusal: Option<Refusal>,
}

/// The time between two refusals.
#[derive(Debug, Clone, Copy)]
struct Cycle {
    /// The rate at its beginning.
    base: f64,
    growth: Growth,
    began: Duration,
    /// How long nothing wanted to be sent.
    idle: Duration,
    served: u32,
    /// What ended the cycle before.
    after: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Growth {
    /// The limit is looked for, in this step of [`SEARCH`].
    Search(usize),
    /// It is known, and the cycle began this part below it.
    Plateau(f64),
}

/// A refusal and the cycle that it ended.
#[derive(Debug, Clone, Copy)]
struct Refusal {
    at: Duration,
    /// When it may go on.
    until: Duration,
    /// How long the cycle was, without its idle time.
    lasted: Duration,
    served: u32,
}

impl Rate {
    /// At most `told` requests in a second; unlimited until the first refusal if nothing is told.
    pub(super) fn new(told: Option<f64>) -> Self {
        let told = told
            .filter(|rate| rate.is_finite())
            .map(|rate| rate.clamp(LOWEST, 1e6));
        let known = Growth::Plateau(MARGIN);
        Self {
            ceiling: told.unwrap_or(HIGHEST),
            cycle: told.map(|rate| Cycle::new(rate, known, Duration::ZERO, None)),
            next: Duration::ZERO,
            answers: Answers::default(),
            refusal: None,
        }
    }

    /// Takes the next slot, or says how long it is until then.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.go_on(now);
        let Some(cycle) = &mut self.cycle else {
            return Ok(());
        };
        let earliest = now.saturating_sub(CREDIT);
        let slot = self.next.max(earliest);
        if slot > now {
            return Err(slot.saturating_sub(now));
        }
        cycle.idle += earliest.saturating_sub(self.next);
        let rate = cycle.rate(now).min(self.ceiling);
        self.next = slot + Duration::from_secs_f64(1.0 / rate);
        Ok(())
    }

    /// A request that was sent at `sent` was served.
    pub(super) fn answered(&mut self, now: Duration, sent: Duration) {
        match (&mut self.cycle, &mut self.refusal) {
            (None, None) => self.answers.count(now),
            (None, Some(refusal)) => refusal.served = refusal.served.saturating_add(1),
            (Some(cycle), _) if sent >= cycle.began => {
                cycle.served = cycle.served.saturating_add(1);
            }
            // It belongs to a cycle that is over.
            (Some(_), _) => {}
        }
    }

    /// A request that was sent at `sent` was refused, and nothing is to be sent for `pause`.
    pub(super) fn refused(&mut self, now: Duration, sent: Duration, pause: Duration) {
        let until = now.saturating_add(pause.max(SHORTEST_EPOCH));
        if let Some(refusal) = &mut self.refusal
            && now < refusal.until
        {
            refusal.until = refusal.until.max(until);
            return;
        }
        self.go_on(now);
        let (lasted, served) = match &self.cycle {
            Some(cycle) if sent < cycle.began => return,
            Some(cycle) => (cycle.lasted(now), cycle.served),
            None => self.answers.before(now, pause),
        };
        let new = Refusal {
            at: now,
            until,
            lasted,
            served,
        };
        // Where nothing was served since, the pause before wasn't long enough, and goes on.
        let before = self.cycle.and_then(|cycle| cycle.after);
        let goes_on = before.filter(|_| served == 0);
        self.refusal = Some(goes_on.map_or(new, |before| Refusal { until, ..before }));
    }

    /// When the pause after a refusal is over, begins the next cycle.
    fn go_on(&mut self, now: Duration) {
        let Some(refusal) = self.refusal.take_if(|refusal| now >= refusal.until) else {
            return;
        };
        let (base, growth) = self.next_cycle(&refusal);
        let base = base.clamp(LOWEST, self.ceiling.max(LOWEST));
        self.cycle = Some(Cycle::new(base, growth, now, Some(refusal)));
        self.next = now;
    }

    /// How the next cycle begins and grows.
    ///
    /// Two readings bound the limit. The average of the cycle with its pause is exact where tokens are refilled, since
    /// they are in the pause as well, and where the pause ends a window; where the host counts by the second, it is too
    /// low. The rate of the last second is right there, and too high where tokens were saved up.
    fn next_cycle(&self, refusal: &Refusal) -> (f64, Growth) {
        let pause = refusal.until.saturating_sub(refusal.at);
        let lasted = refusal.lasted.as_secs_f64() / pause.as_secs_f64();
        let average = {
            let served = self.cycle.map_or(0, |cycle| cycle.served);
            let served = f64::from(served.max(refusal.served));
            served / (refusal.lasted + pause).as_secs_f64()
        };
        let known = Growth::Plateau(MARGIN);
        if pause >= ROUNDED {
            return (average * 0.995, known);
        }
        if lasted >= TELLING {
            return (average * 1.01, known);
        }
        let Some(cycle) = &self.cycle else {
            return (average * SEARCH[0].0, Growth::Search(0));
        };
        let last = cycle.rate(refusal.at).min(self.ceiling);
        let before = cycle.rate(refusal.at.saturating_sub(Duration::from_secs(1)));
        let before = before.min(last);
        let of_second = f64::midpoint(last, before);
        let guess = of_second * (1.0 - STEEPNESS * (1.0 - before / last));
        let (part, growth) = match cycle.growth {
            Growth::Search(step) => match SEARCH.get(step + 1) {
                Some((part, _)) => (*part, Growth::Search(step + 1)),
                None => (1.0 - MARGIN, known),
            },
            Growth::Plateau(margin) if lasted < TOO_SHORT => {
                let margin = (margin * 2.0).min(WIDEST);
                (1.0 - margin, Growth::Plateau(margin))
            }
            Growth::Plateau(_) => (1.0 - MARGIN, known),
        };
        (average.max(guess * part).min(of_second), growth)
    }
}

impl Cycle {
    fn new(base: f64, growth: Growth, began: Duration, after: Option<Refusal>) -> Self {
        Self {
            base,
            growth,
            began,
            idle: Duration::ZERO,
            served: 0,
            after,
        }
    }

    /// How long it has lasted, without its idle time.
    fn lasted(&self, now: Duration) -> Duration {
        now.saturating_sub(self.began).saturating_sub(self.idle)
    }

    fn rate(&self, now: Duration) -> f64 {
        let time = self.lasted(now).as_secs_f64();
        let times = match self.growth {
            Growth::Search(step) => {
                let in_first = SEARCH.get(step).map_or(0.0, |(_, growth)| *growth);
                (in_first * time * (1.0 + time / FASTER)).exp()
            }
            Growth::Plateau(margin) => {
                let plateau = (PLATEAU * MARGIN / margin).max(SHORTEST_PLATEAU);
                1.0 + (time / plateau).powi(3) / 100.0
            }
        };
        (self.base * times).min(HIGHEST.max(self.base))
    }
}
