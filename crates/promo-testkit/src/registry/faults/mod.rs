//! Faults: what a registry does wrong, as data, changeable while it runs.
//!
//! A fault is injected together with a [`Matcher`]. All faults that match a request apply, in the order in which they
//! were injected: first those that act before the request is handled, then those that alter its answer.

mod answer;
mod gate;
mod matcher;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Method;

pub use self::answer::Answer;
pub use self::gate::Gate;
pub use self::matcher::Matcher;

pub(super) use self::gate::Barrier;
use super::lock::lock;
use super::route::Target;

/// What goes wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The request waits before it is handled.
    Latency(Duration),
    /// The request is not handled, this is the answer.
    Answer(Answer),
    /// The connection is reset, the request is not handled.
    Reset,
    /// The request is handled, its effect stands, and the connection is reset instead of an answer.
    ResetAnswer,
    /// The connection is reset after this many bytes of the request's body, or its end.
    ResetRequest {
        /// Bytes that are read before.
        after: u64,
    },
    /// The connection is reset after this many bytes of the answer's body.
    ResetBody {
        /// Bytes that are sent before.
        after: u64,
    },
    /// The connection ends in an orderly way after this many bytes of the answer's body; `Content-Length` is the full one.
    Truncate {
        /// Bytes that are sent before.
        after: u64,
    },
    /// A bit of the answer's body is flipped; length and headers stay.
    Corrupt,
    /// The answer has this body instead of its own; the other headers stay.
    Body(Bytes),
    /// The answer has this header, instead of one of the same name.
    Header(String, String),
    /// The answer lacks this header.
    RemoveHeader(String),
    /// The request is answered as if it had been carried out, and nothing of it is kept. Only for the PUT of a
    /// manifest or a blob.
    KeepNothing,
    /// Before the request is handled, a collector takes all manifests whose subject isn't there, and all tags of
    /// evidence (`sha256-…`) about digests that aren't there.
    CollectOrphans,
    /// After its body the answer goes on with spaces and never ends; it has no `Content-Length`.
    Endless,
}

impl Fault {
    /// An answer with this status and an error envelope, without handling the request.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::status(status))
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many_requests(retry_after: u64) -> Self {
        Self::Answer(Answer::status(429).header("retry-after", &retry_after.to_string()))
    }

    /// A page of HTML with this status, as proxies and login walls answer.
    pub fn html(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body><h1>Not what you asked for</h1></body></html>";
        Self::Answer(Answer::status(status).body("text/html; charset=utf-8", page))
    }

    /// 307 to this URL.
    pub fn redirect(location: &str) -> Self {
        Self::Answer(
            Answer::status(307)
                .body("text/plain", "")
                .header("location", location),
        )
    }

    /// The answer has this header, instead of one of the same name.
    pub fn header(name: &str, value: &str) -> Self {
        Self::Header(name.to_owned(), value.to_owned())
    }

    /// The answer claims this digest.
    pub fn digest_header(digest: &str) -> Self {
        Self::header("docker-content-digest", digest)
    }

    /// The answer claims to be compressed.
    pub fn gzip_header() -> Self {
        Self::header("content-encoding", "gzip")
    }
}

/// The faults of a registry. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
    injected: Arc<AtomicU64>,
}

impl Faults {
    /// Lets requests that match run into a fault, until it is removed or has happened as often as the matcher says.
    pub fn inject(&self, matcher: Matcher, fault: Fault) -> InjectedFault {
        self.add(matcher, Step::Fault(fault))
    }

    /// Holds requests that match before they are handled, until the gate is released or dropped.
    pub fn pause(&self, matcher: Matcher) -> Gate {
        let (gate, barrier) = gate::gate();
        self.add(matcher, Step::Pause(barrier));
        gate
    }

    /// Holds the answers of requests that match: they have been handled, and their effect stands.
    pub fn pause_answer(&self, matcher: Matcher) -> Gate {
        let (gate, barrier) = gate::gate();
        self.add(matcher, Step::PauseAnswer(barrier));
        gate
    }

    /// Holds requests that match after this many bytes of their body, or at its end: an upload that hangs.
    pub fn pause_request_body(&self, matcher: Matcher, after: u64) -> Gate {
        let (gate, barrier) = gate::gate();
        self.add(matcher, Step::PauseRequestBody { after, barrier });
        gate
    }

    /// Holds answers to requests that match after this many bytes of their body, or at its end: a download that hangs.
    pub fn pause_answer_body(&self, matcher: Matcher, after: u64) -> Gate {
        let (gate, barrier) = gate::gate();
        self.add(matcher, Step::PauseAnswerBody { after, barrier });
        gate
    }

    /// Removes all faults and gates. Requests that are held stay so until their gate is released.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// What is to happen to a request. Counts it for each rule that it matches.
    pub(super) fn matching(&self, method: &Method, target: &Target) -> Vec<Step> {
        let mut rules = lock(&self.rules);
        let hit = rules
            .iter_mut()
            .filter_map(|rule| rule.meet(method, target));
        hit.collect()
    }

    fn add(&self, matcher: Matcher, step: Step) -> InjectedFault {
        let id = self.injected.fetch_add(1, Ordering::SeqCst);
        let hits = Arc::new(AtomicU64::new(0));
        let rule = Rule {
            id,
            matcher,
            step,
            seen: 0,
            hits: Arc::clone(&hits),
        };
        lock(&self.rules).push(rule);
        InjectedFault {
            id,
            hits,
            faults: self.clone(),
        }
    }
}

/// A fault that was injected. It stays when this is dropped.
#[derive(Clone, Debug)]
pub struct InjectedFault {
    id: u64,
    hits: Arc<AtomicU64>,
    faults: Faults,
}

impl InjectedFault {
    /// How many requests it has happened to.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::SeqCst)
    }

    /// Takes the fault away.
    pub fn remove(&self) {
        lock(&self.faults.rules).retain(|rule| rule.id != self.id);
    }
}

/// One thing that happens to a request.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Fault(Fault),
    Pause(Barrier),
    PauseAnswer(Barrier),
    PauseRequestBody { after: u64, barrier: Barrier },
    PauseAnswerBody { after: u64, barrier: Barrier },
}

#[derive(Debug)]
struct Rule {
    id: u64,
    matcher: Matcher,
    step: Step,
    /// Requests that matched, those that were let through included.
    seen: u64,
    hits: Arc<AtomicU64>,
}

impl Rule {
    fn meet(&mut self, method: &Method, target: &Target) -> Option<Step> {
        if !self.matcher.matches(method, target) {
            return None;
        }
        self.seen += 1;
        if !self.matcher.is_turn(self.seen) {
            return None;
        }
        self.hits.fetch_add(1, Ordering::SeqCst);
        Some(self.step.clone())
    }
}
