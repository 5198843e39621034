//! The ports' time for tests: that of the runtime, which tests pause and move, and one that never moves.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::ports::{Clock, Sleep};
use tokio::time::Instant;

/// The runtime's time, from the epoch on: where a test pauses it, it goes on as the test does.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeTime(Instant);

impl RuntimeTime {
    /// It is the epoch now.
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RuntimeTime {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }
}

#[async_trait]
impl Sleep for RuntimeTime {
    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

/// Always the epoch. Who sleeps lets others go on once, and is awake.
#[derive(Debug, Clone, Copy)]
pub struct StillTime;

impl Clock for StillTime {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[async_trait]
impl Sleep for StillTime {
    async fn sleep(&self, _pause: Duration) {
        tokio::task::yield_now().await;
    }
}
