//! Gates that hold requests, so that a test decides what happens while one is under way.

use std::sync::Arc;

use tokio::sync::watch;

/// Holds requests until it is released. Dropping the last clone releases it.
#[derive(Clone, Debug)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    arrived: watch::Receiver<u64>,
    /// Keeps `arrived` from closing when the faults are cleared.
    _arrivals: Arc<watch::Sender<u64>>,
}

impl Gate {
    /// Waits until a request stands at the gate, or has gone through it.
    pub async fn reached(&self) {
        self.reached_by(1).await;
    }

    /// Waits until this many requests have come to the gate.
    pub async fn reached_by(&self, requests: u64) {
        let mut arrived = self.arrived.clone();
        // It can't close: this gate holds the sender as well.
        let _arrived = arrived
            .wait_for(|arrived| *arrived >= requests)
            .await
            .is_ok();
    }

    /// How many requests have come to the gate.
    pub fn arrivals(&self) -> u64 {
        *self.arrived.borrow()
    }

    /// Lets all requests through, those that wait and those that come.
    pub fn release(&self) {
        self.open.send_replace(true);
    }
}

/// The gate as requests see it.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Barrier {
    open: watch::Receiver<bool>,
    arrivals: Arc<watch::Sender<u64>>,
}

impl Barrier {
    pub(in crate::registry) async fn pass(&self) {
        self.arrivals.send_modify(|arrived| *arrived += 1);
        // An error says that nobody is left who could release it.
        let _released = self.open.clone().wait_for(|open| *open).await.is_ok();
    }
}

pub(super) fn gate() -> (Gate, Barrier) {
    let (opener, open) = watch::channel(false);
    let (arrivals, arrived) = watch::channel(0);
    let arrivals = Arc::new(arrivals);
    let gate = Gate {
        open: Arc::new(opener),
        arrived,
        _arrivals: Arc::clone(&arrivals),
    };
    (gate, Barrier { open, arrivals })
}
