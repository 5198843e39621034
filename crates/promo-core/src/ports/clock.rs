//! Time as ports, so that libraries read no clock and tests own time.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time of day.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Waits.
#[async_trait]
pub trait Sleep: Debug + Send + Sync {
    /// Returns when `pause` has passed.
    async fn sleep(&self, pause: Duration);
}
