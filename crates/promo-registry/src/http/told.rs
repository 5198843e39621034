//! What observers are told of a request and of its answer: how long it waited and took, how many bytes went and came.
//! `sender` and `answer` fill it in. Nothing here decides anything, and no URL, header or credential comes in.

use std::sync::Arc;
use std::time::Duration;

use ::http::Version;
use promo_core::ports::{Contained, Event, Observer, Operation};
use tokio::time::Instant;

use super::{Answer, Dispatch, Intake};
use crate::Error;

/// A request that went out, as it is told when its answer is there.
pub(super) struct RequestTold {
    host: String,
    operation: Operation,
    what: String,
    attempt: u32,
    waited: Duration,
    sent: Sending,
    took: Duration,
    status: Option<u16>,
    http2: bool,
    read: Option<Duration>,
    received: u64,
}

/// How many bytes of the body go out.
enum Sending {
    Whole(u64),
    /// They are counted as they go.
    Stream(Arc<Intake>),
}

impl RequestTold {
    pub(super) fn new(dispatch: &Dispatch<'_>, waited: Duration) -> Self {
        let body = dispatch.request.body();
        let length = body
            .and_then(reqwest::Body::as_bytes)
            .map_or(0, <[u8]>::len);
        Self {
            host: dispatch.host.to_owned(),
            operation: dispatch.operation,
            what: dispatch.what.to_owned(),
            attempt: dispatch.attempt,
            waited,
            sent: match &dispatch.intake {
                Some(intake) => Sending::Stream(Arc::clone(intake)),
                None => Sending::Whole(length as u64),
            },
            took: Duration::ZERO,
            status: None,
            http2: false,
            read: None,
            received: 0,
        }
    }

    /// The head of the answer is there, or none will come.
    pub(super) fn came(&mut self, outcome: &Result<Answer, Error>, took: Duration) {
        self.took = took;
        if let Ok(answer) = outcome {
            self.status = Some(answer.status().as_u16());
            self.http2 = answer.version() == Version::HTTP_2;
        }
    }

    /// So many bytes of the body came, all of them after `read` if there is one.
    pub(super) fn received(&mut self, bytes: u64, read: Option<Duration>) {
        self.received = bytes;
        self.read = read;
    }

    pub(super) fn into_event(self) -> Event {
        Event::Request {
            host: self.host,
            operation: self.operation,
            what: self.what,
            attempt: self.attempt,
            status: self.status,
            waited: self.waited,
            took: self.took,
            read: self.read,
            sent: match self.sent {
                Sending::Whole(length) => length,
                Sending::Stream(intake) => intake.sent(),
            },
            received: self.received,
            http2: self.http2,
        }
    }
}

/// The stream of a body, told when it is over, however it ends.
pub(super) struct BodyTold {
    observer: Arc<dyn Observer>,
    host: String,
    what: String,
    began: Instant,
    bytes: u64,
    whole: bool,
}

impl BodyTold {
    pub(super) fn new(observer: Arc<dyn Observer>, host: &str, what: &str) -> Self {
        Self {
            observer,
            host: host.to_owned(),
            what: what.to_owned(),
            began: Instant::now(),
            bytes: 0,
            whole: false,
        }
    }

    /// A piece came.
    pub(super) fn came(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.observer.observe(&Event::BytesReceived {
            host: self.host.clone(),
            bytes,
        });
    }

    /// Nothing more will come.
    pub(super) fn ended(&mut self) {
        self.whole = true;
    }
}

impl Drop for BodyTold {
    fn drop(&mut self) {
        // A panic of the observer may be why it is dropped; another one would end the process.
        Contained::new(Arc::clone(&self.observer)).observe(&Event::BodyRead {
            host: std::mem::take(&mut self.host),
            what: std::mem::take(&mut self.what),
            bytes: self.bytes,
            took: self.began.elapsed(),
            whole: self.whole,
        });
    }
}
