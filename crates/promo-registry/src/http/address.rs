//! Which network an address belongs to, and a name resolver that keeps to some of them.
//!
//! A registry may send us elsewhere (redirect, upload location, token realm), but not into our own network, where this
//! machine may have access that the registry has not. Names are checked when they are resolved, so that the address
//! that was checked is the one that is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Which network an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Network {
    /// The internet.
    Public,
    /// This machine.
    Loopback,
    /// The same link; cloud machines find their credentials there.
    LinkLocal,
    /// A private network, or another range that is not the internet.
    Private,
}

/// Where a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reach {
    /// Anywhere: the user named the host.
    Anywhere,
    /// Only to the internet and to the network that the registry itself is in.
    Like(Network),
}

impl Reach {
    pub(crate) fn allows(self, network: Network) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Like(own) => network == Network::Public || network == own,
        }
    }
}

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match embedded_v4(address) {
                Some(address) => Self::of_v4(address),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [first, second, ..] = address.octets();
        if address.is_loopback() || first == 0 {
            Self::Loopback
        } else if address.is_link_local() {
            Self::LinkLocal
        } else if address.is_private()
            || (first == 100 && (64..128).contains(&second))
            || (first == 198 && (18..20).contains(&second))
            || first >= 224
        {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() || address.is_unspecified() {
            Self::Loopback
        } else if address.is_unicast_link_local() {
            Self::LinkLocal
        } else if address.is_unique_local() || address.is_multicast() {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// The network of a URL, as far as the URL alone tells: an address, or `localhost`.
    pub(crate) fn of_url(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Ipv4(address) => Some(Self::of(address.into())),
            Host::Ipv6(address) => Some(Self::of(address.into())),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                (name == "localhost" || name.ends_with(".localhost")).then_some(Self::Loopback)
            }
        }
    }
}

/// The IPv4 address within a mapped, NAT64 or 6to4 address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)))
        }
        _ => None,
    }
}

/// Resolves names as the system does, and drops addresses that are out of reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct GuardedResolver {
    pub(super) reach: Reach,
}

/// A name has no address that may be reached.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to a network that the registry is not in")]
pub(crate) struct OutOfReach;

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| reach.allows(Network::of(address.ip())))
                .collect();
            if found.is_empty() {
                return Err(OutOfReach.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
