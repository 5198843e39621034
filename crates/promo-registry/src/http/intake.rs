//! How a host takes the body of an upload: which time is the host's, and whether it keeps to the floor.
//!
//! A connection asks for a piece when it has room. From when it was handed one until it asks for the next, the host takes its
//! time; while it waits for a piece, whoever gives the pieces does (a slow source, or a slower mirror beside this one), and
//! nothing counts. What follows for the host or the upload isn't decided here.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use promo_core::ports::{BlobStream, Failure};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::pace::{Floor, Pace};

/// The largest piece that is handed over at once, so that what a slow host takes is seen in small steps.
const PIECE: usize = 16 << 10;

/// How a host takes one body.
#[derive(Debug)]
pub(crate) struct Intake {
    length: u64,
    state: Mutex<State>,
    /// The host's time goes on.
    resumed: Notify,
}

/// A host that took too little: so many bytes in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLittle {
    pub(super) bytes: u64,
    pub(super) within: Duration,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    /// Bytes that were not handed over yet.
    left: u64,
    turn: Turn,
}

/// Whose time it is.
#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The host's, which was handed so many bytes then.
    Hosts { since: Instant, bytes: u64 },
    /// That of whoever gives the pieces.
    Givers,
    /// The host had too much of it.
    Over,
}

impl Intake {
    /// Of a body of this length.
    pub(crate) fn new(floor: Floor, length: u64) -> Self {
        Self {
            length,
            state: Mutex::new(State {
                pace: Pace::new(floor),
                left: length,
                turn: Turn::Hosts {
                    since: Instant::now(),
                    bytes: 0,
                },
            }),
            resumed: Notify::new(),
        }
    }

    /// The body, watched while it goes out.
    pub(crate) fn watch(self: &Arc<Self>, pieces: BlobStream) -> Watched {
        Watched {
            intake: Arc::clone(self),
            pieces,
            rest: Bytes::new(),
        }
    }

    /// How many bytes were handed over.
    pub(super) fn sent(&self) -> u64 {
        self.length.saturating_sub(self.lock().left)
    }

    /// Waits for an answer as long as the host takes the body; after its last piece for a whole window more.
    pub(super) async fn until_answered<T>(
        &self,
        sent: impl Future<Output = T>,
    ) -> Result<T, TooLittle> {
        let mut sent = pin!(sent);
        loop {
            let mut resumed = pin!(self.resumed.notified());
            // From here on nothing is missed.
            resumed.as_mut().enable();
            let patience = self.lock().patience()?;
            tokio::select! {
                biased;
                answer = sent.as_mut() => return Ok(answer),
                () = passed(patience) => {}
                () = resumed, if patience.is_none() => {}
            }
        }
    }

    /// The connection asks for a piece.
    fn asked(&self) {
        let mut state = self.lock();
        // Behind the last piece it is the answer that is waited for.
        if let Turn::Hosts { since, bytes } = state.turn
            && state.left > 0
        {
            state.turn = if state.pace.keeps(since.elapsed(), bytes) {
                Turn::Givers
            } else {
                Turn::Over
            };
        }
    }

    /// The connection was handed a piece.
    fn handed(&self, bytes: u64) {
        let mut state = self.lock();
        state.left = state.left.saturating_sub(bytes);
        if state.left == 0 {
            state.pace.begin_anew();
        }
        if let Turn::Givers = state.turn {
            state.turn = Turn::Hosts {
                since: Instant::now(),
                bytes,
            };
        }
        drop(state);
        self.resumed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Until when the host has time; none while it isn't the host's.
    fn patience(&self) -> Result<Option<Instant>, TooLittle> {
        match self.turn {
            Turn::Givers => Ok(None),
            Turn::Hosts { since, .. } if since.elapsed() < self.pace.left() => {
                Ok(Some(since + self.pace.left()))
            }
            Turn::Hosts { .. } | Turn::Over => Err(TooLittle {
                bytes: self.pace.came(),
                within: self.pace.window(),
            }),
        }
    }
}

async fn passed(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// A body that is watched while it goes out.
pub(crate) struct Watched {
    intake: Arc<Intake>,
    pieces: BlobStream,
    rest: Bytes,
}

impl Stream for Watched {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.intake.asked();
        if self.rest.is_empty() {
            match ready!(self.pieces.as_mut().poll_next(cx)) {
                Some(Ok(piece)) => self.rest = piece,
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        self.intake.handed(piece.len() as u64);
        Poll::Ready(Some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use tokio::time::sleep;

    use super::*;

    const FLOOR: Floor = Floor {
        window: Duration::from_secs(120),
        bytes: 1000,
    };

    /// What a host did with a body of so many pieces of 100 bytes: before it asked for each it took the time that is given,
    /// and after the last of these it asked for nothing any more. How long that was borne is told, too.
    async fn taken(pieces: usize, times: &[u64]) -> (Result<(), TooLittle>, Duration) {
        let intake = Arc::new(Intake::new(FLOOR, 100 * pieces as u64));
        let given = stream::repeat_with(|| Ok(Bytes::from_static(&[7; 100]))).take(pieces);
        let mut body = intake.watch(given.boxed());
        let began = Instant::now();
        let sent = async {
            for seconds in times {
                sleep(Duration::from_secs(*seconds)).await;
                if body.next().await.is_none() {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        let outcome = intake.until_answered(sent).await;
        (outcome, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_told_so() {
        let (outcome, after) = taken(100, &[]).await;
        assert_eq!(outcome.unwrap_err().bytes, 0);
        assert_eq!(after, FLOOR.window);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_too_little_is_told_how_much() {
        let (outcome, after) = taken(100, &[25; 50]).await;
        let too_little = outcome.unwrap_err();
        assert_eq!(too_little.bytes, 300);
        assert_eq!(too_little.within, FLOOR.window);
        assert_eq!(after, FLOOR.window);
    }

    /// Ten pieces are a window's floor: what was taken before is no part of the next.
    #[tokio::test(start_paused = true)]
    async fn who_stands_still_after_a_full_window_took_nothing_in_it() {
        let (outcome, after) = taken(100, &[1; 11]).await;
        assert_eq!(outcome.unwrap_err().bytes, 0);
        assert_eq!(after, FLOOR.window + Duration::from_secs(11));
    }

    #[tokio::test(start_paused = true)]
    async fn who_keeps_the_pace_may_take_any_time() {
        let (outcome, after) = taken(1000, &[10; 1001]).await;
        assert_eq!(outcome, Ok(()));
        assert_eq!(after, Duration::from_secs(10_010));
    }
}
