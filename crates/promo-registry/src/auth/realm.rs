//! Which token servers a registry may name. To any other, nothing is sent.

use std::collections::BTreeSet;

use promo_core::oci::RegistryHost;
use url::Url;

use crate::Error;
use crate::dialect::Dialect;

/// Checks that `host` may send us to the token server `realm`: https and on the same host, or the one that the registry
/// is known to have ([`Dialect`]), or `allowed` by a setting. A loopback registry may name another loopback port, and one that is
/// spoken to over plain http by a setting may name a plain realm on itself.
pub(super) fn check_realm(
    host: &RegistryHost,
    plain_http: bool,
    allowed: &BTreeSet<RegistryHost>,
    realm: &str,
) -> Result<Url, Error> {
    let malformed =
        |reason: &str| Error::malformed(host.as_str(), "a request without a token", reason);
    let url = Url::parse(realm).map_err(|_| malformed("the realm of the challenge is no URL"))?;
    let name = url
        .host_str()
        .ok_or_else(|| malformed("the realm of the challenge has no host"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(malformed("the realm of the challenge carries credentials"));
    }
    let same_host = name == host.name();
    let loopback = host.is_loopback() && is_loopback(&url);
    let permitted = match url.scheme() {
        "https" => same_host || loopback || is_known(host, &url) || is_allowed(allowed, &url),
        "http" => loopback || (plain_http && same_host),
        _ => false,
    };
    if permitted {
        return Ok(url);
    }
    Err(Error::ForeignRealm {
        host: host.to_string(),
        realm: crate::http::shown(&url),
    })
}

pub(super) fn is_loopback(url: &Url) -> bool {
    url.host_str()
        .and_then(|name| name.parse::<RegistryHost>().ok())
        .is_some_and(|name| name.is_loopback())
}

fn is_known(host: &RegistryHost, url: &Url) -> bool {
    let known = Dialect::of(host).token_server;
    url.port().is_none() && known.is_some() && known == url.host_str()
}

/// Whether the setting names the realm: with its port, or without one for the default port.
fn is_allowed(allowed: &BTreeSet<RegistryHost>, url: &Url) -> bool {
    let name = url.host_str().unwrap_or_default();
    let with_port = format!("{name}:{}", url.port_or_known_default().unwrap_or_default());
    allowed.iter().any(|allowed| {
        allowed.as_str() == with_port || (url.port().is_none() && allowed.as_str() == name)
    })
}
