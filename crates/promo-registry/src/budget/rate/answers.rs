//! The answers of the last minute, by which the first refusal of a host is understood: how many came in how much time. The
//! rate counts for itself once it is known that there is a limit.

use std::collections::VecDeque;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Hosts that ask for long pauses mostly count by the minute.
const MINUTE: Duration = Duration::from_secs(60);

/// Answers, each second of them with the time of the first.
#[derive(Debug, Default)]
pub(super) struct Answers(VecDeque<(Duration, u32)>);

impl Answers {
    /// One more came.
    pub(super) fn count(&mut self, now: Duration) {
        let is_old = |began: Duration, age: Duration| now.saturating_sub(began) >= age;
        match self.0.back_mut() {
            Some((began, count)) if !is_old(*began, SECOND) => *count = count.saturating_add(1),
            _ => self.0.push_back((now, 1)),
        }
        while self
            .0
            .front()
            .is_some_and(|(began, _)| is_old(*began, MINUTE + SECOND))
        {
            self.0.pop_front();
        }
    }

    /// Over what time how many came before a refusal that asks for `pause`. Those of the host's window count: of a minute
    /// where the pause is its rest, else of about a second.
    pub(super) fn before(&self, now: Duration, pause: Duration) -> (Duration, u32) {
        let span = if pause >= super::ROUNDED {
            MINUTE.saturating_sub(pause).max(pause)
        } else {
            pause.max(SECOND)
        };
        let late = self
            .0
            .iter()
            .filter(|(began, _)| now.saturating_sub(*began) <= span);
        let first = late.clone().next().map_or(now, |(began, _)| *began);
        let count = late.map(|(_, count)| count).sum();
        (now.saturating_sub(first), count)
    }
}
