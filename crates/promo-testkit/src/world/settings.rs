//! What a host of a world is like, for as long as the world stands. What befalls it for a while is in `schedule`.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

/// What a host says in its list of a repository's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Listing {
    /// The tags.
    #[default]
    Tags,
    /// Every digest with its tags, and the repositories below: as Google's registries do it.
    Digests,
}

/// How a host answers, and how far away it is. The default is a registry that keeps to OCI Distribution 1.1, 20 ms away.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent switch of a test registry"
)]
#[non_exhaustive]
pub struct HostSettings {
    /// Its name, as in image references.
    pub name: String,
    /// From the request to the answer, without the bytes of bodies.
    pub round_trip: Duration,
    /// Bytes per second of each body.
    pub bandwidth: Option<NonZeroU64>,
    /// Requests that are served in a second; the others are answered 429.
    pub quota: Option<NonZeroU32>,
    /// Lists referrers itself. Off: clients keep the fallback tag.
    pub referrers_api: bool,
    /// Refuses a manifest whose subject isn't there, with this status.
    pub missing_subject: Option<u16>,
    /// Refuses to let a tag point elsewhere, but for tags of evidence.
    pub immutable_tags: bool,
    /// Takes blobs over from other repositories. Off: opens an upload instead.
    pub mounts: bool,
    /// Refuses a manifest whose blobs or children aren't there.
    pub check_references: bool,
    /// What is in its tag lists.
    pub listing: Listing,
}

impl HostSettings {
    /// The default, by this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            round_trip: Duration::from_millis(20),
            bandwidth: None,
            quota: None,
            referrers_api: true,
            missing_subject: None,
            immutable_tags: false,
            mounts: true,
            check_references: true,
            listing: Listing::Tags,
        }
    }

    /// The time between two requests that keeps to the quota.
    pub(super) fn spacing(&self) -> Duration {
        let second = Duration::from_millis(1100);
        self.quota
            .map_or(Duration::ZERO, |quota| second / quota.get())
    }

    /// How long so many bytes are on their way.
    pub(super) fn travel(&self, bytes: u64) -> Duration {
        let Some(bandwidth) = self.bandwidth else {
            return Duration::ZERO;
        };
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(bandwidth.get());
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }
}
