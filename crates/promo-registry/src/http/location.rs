//! Where a registry may send us: the rules for redirects, upload locations and links.

use promo_core::oci::RegistryHost;
use url::{Origin, Url};

use super::address::{Network, Reach};
use crate::{Error, LocationRule};

/// Scheme, host and port.
pub(crate) fn origin_of(url: &Url) -> Origin {
    url.origin()
}

/// Whether two URLs have scheme, host and port in common. Only then credentials go along.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    origin_of(one) == origin_of(other)
}

/// Checks that `from` may send us to `to`: never from https to http, and only to networks within reach. Names
/// that resolve to other networks are stopped by the resolver.
pub(crate) fn check_location(from: &Url, to: &Url, reach: Reach) -> Result<(), LocationRule> {
    match (from.scheme(), to.scheme()) {
        ("https", "http") => return Err(LocationRule::Downgrade),
        (_, "http" | "https") => {}
        _ => return Err(LocationRule::Scheme),
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err(LocationRule::Credentials);
    }
    if same_origin(from, to) {
        return Ok(());
    }
    match Network::of_url(to) {
        Some(network) if !reach.allows(network) => Err(LocationRule::PrivateAddress),
        _ => Ok(()),
    }
}

/// The error for a broken rule; of the target only scheme, host and port are told.
pub(crate) fn foreign_location(
    host: &RegistryHost,
    what: &str,
    target: &Url,
    rule: LocationRule,
) -> Error {
    Error::ForeignLocation {
        host: host.to_string(),
        what: what.to_owned(),
        target: shown(target),
        rule,
    }
}

/// Host and port of a URL, the port only if it isn't the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Scheme, host and port of a URL for a person.
pub(crate) fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), authority(url))
}
