//! The access log of a registry of distribution's kinds, read as it is written: what was asked for, in the order in which it
//! was answered, and a way to wait for that. What the requests mean is for the scenarios to say.

use std::io::{BufRead as _, BufReader};
use std::process::ChildStdout;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often somebody who waits looks whether it is in vain.
const LOOK: Duration = Duration::from_millis(50);

/// A request that was answered.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// `HTTP/2.0`, for example.
    pub(crate) protocol: String,
    /// Who asked, as it calls itself.
    pub(crate) agent: String,
}

/// All requests so far.
#[derive(Debug)]
pub(crate) struct AccessLog(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    requests: Mutex<Vec<Request>>,
    arrived: Condvar,
}

impl AccessLog {
    /// Reads what a registry writes to its output, until that ends.
    pub(crate) fn of(output: ChildStdout) -> Self {
        let inside = Arc::new(Inside::default());
        let reading = Arc::clone(&inside);
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                // A line that can't be read is the last: the registry is gone.
                let Ok(line) = line else { return };
                if let Some(request) = Request::parse(&line) {
                    reading.requests().push(request);
                    reading.arrived.notify_all();
                }
            }
        });
        Self(inside)
    }

    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.0.requests().len()
    }

    /// The requests after so many.
    pub(crate) fn since(&self, from: usize) -> Vec<Request> {
        let requests = self.0.requests();
        requests.get(from..).unwrap_or_default().to_vec()
    }

    /// Waits until what came after the first `from` requests is enough; false if it is in vain.
    pub(crate) fn wait(
        &self,
        from: usize,
        is_enough: impl Fn(&[Request]) -> bool,
        mut is_in_vain: impl FnMut() -> bool,
    ) -> bool {
        let mut requests = self.0.requests();
        loop {
            if is_enough(requests.get(from..).unwrap_or_default()) {
                return true;
            }
            if is_in_vain() {
                return false;
            }
            let woken = self.0.arrived.wait_timeout(requests, LOOK);
            requests = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Inside {
    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    /// `ADDRESS - USER [TIME] "METHOD PATH PROTOCOL" STATUS LENGTH "REFERER" "AGENT"`
    fn parse(line: &str) -> Option<Self> {
        let mut quoted = line.split('"').skip(1).step_by(2);
        let mut words = quoted.next()?.split(' ').map(str::to_owned);
        Some(Self {
            method: words.next()?,
            path: words.next()?,
            protocol: words.next().filter(|it| it.starts_with("HTTP/"))?,
            agent: quoted.nth(1)?.to_owned(),
        })
    }

    /// Whether it is made to change something.
    pub(crate) fn is_write(&self) -> bool {
        ["PUT", "POST", "PATCH", "DELETE"].contains(&self.method.as_str())
    }

    /// Whether it is made to delete a manifest or a blob: an upload that is given up was neither.
    pub(crate) fn deletes_content(&self) -> bool {
        self.method == "DELETE" && !self.path.contains("/blobs/uploads/")
    }

    /// The tag that it put, if it put one.
    pub(crate) fn tag_put(&self) -> Option<&str> {
        let (_, reference) = self.path.rsplit_once("/manifests/")?;
        (self.method == "PUT" && !reference.contains(':')).then_some(reference)
    }
}
