//! What a run exchanged with each host, as counts. An observer keeps them while the run goes on; the report carries them.
//!
//! There are no durations: they say more of the day than of the run, and a trace has each of them.

use serde::Serialize;

use crate::ports::RequestClass;

/// What was exchanged with one host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct HostTraffic {
    /// The host, as it was asked.
    pub host: String,
    /// Requests that were sent, repetitions included.
    pub requests: RequestCounts,
    /// How many of them were repetitions, or were announced as such and not sent any more.
    pub retries: u64,
    /// How many were answered by 429.
    pub throttled: u64,
    /// Blobs that the host mounted.
    pub mounted: u64,
    /// Blobs that it was asked to mount, and didn't.
    pub not_mounted: u64,
    /// Bytes of bodies that were sent.
    pub sent: u64,
    /// Bytes of bodies that came, but for those of errors.
    pub received: u64,
}

/// How many requests there were of each class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestCounts {
    /// Manifests and blobs that were asked about or read.
    pub read: u64,
    /// Pages of tags, repositories and referrers.
    pub list: u64,
    /// Manifests that were put.
    pub write: u64,
    /// What belongs to the mounting and sending of blobs.
    pub upload: u64,
    /// Tokens.
    pub token: u64,
    /// Certificates, entries of logs and timestamps.
    pub service: u64,
}

impl HostTraffic {
    /// Of a host that nothing was exchanged with yet.
    pub fn of(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            ..Self::default()
        }
    }

    /// What came to it since `before`, an earlier state of the same account.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut since = self.clone();
        for class in RequestClass::ALL {
            let was = before.requests.get(class);
            *since.requests.of(class) -= was.min(self.requests.get(class));
        }
        for (now, was) in [
            (&mut since.retries, before.retries),
            (&mut since.throttled, before.throttled),
            (&mut since.mounted, before.mounted),
            (&mut since.not_mounted, before.not_mounted),
            (&mut since.sent, before.sent),
            (&mut since.received, before.received),
        ] {
            *now = now.saturating_sub(was);
        }
        since
    }

    /// Whether nothing was exchanged.
    pub fn is_nothing(&self) -> bool {
        *self == Self::of(self.host.as_str())
    }
}

impl RequestCounts {
    /// One more.
    pub fn count(&mut self, class: RequestClass) {
        *self.of(class) += 1;
    }

    /// How many there were of a class.
    pub const fn get(&self, class: RequestClass) -> u64 {
        match class {
            RequestClass::Read => self.read,
            RequestClass::List => self.list,
            RequestClass::Write => self.write,
            RequestClass::Upload => self.upload,
            RequestClass::Token => self.token,
            RequestClass::Service => self.service,
        }
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        RequestClass::ALL.map(|class| self.get(class)).iter().sum()
    }

    fn of(&mut self, class: RequestClass) -> &mut u64 {
        match class {
            RequestClass::Read => &mut self.read,
            RequestClass::List => &mut self.list,
            RequestClass::Write => &mut self.write,
            RequestClass::Upload => &mut self.upload,
            RequestClass::Token => &mut self.token,
            RequestClass::Service => &mut self.service,
        }
    }
}
