//! Time: the ports' clock and sleep of this machine.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::ports::{Clock, Sleep};

/// This machine's time of day.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Waits on the runtime's timer.
#[derive(Debug, Clone, Copy)]
pub struct TokioSleep;

#[async_trait]
impl Sleep for TokioSleep {
    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
