//! Which proxy a request takes, from a list that is given as values.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// Proxies by scheme, and what goes without.
#[derive(Clone, Default)]
pub struct ProxySettings {
    http: Option<Url>,
    https: Option<Url>,
    without: Vec<String>,
}

/// Why a text is not a proxy. The text itself may hold a password and is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// It is no URL.
    #[error("a proxy is written http://HOST:PORT")]
    NotAUrl,
    /// The scheme is one that is not supported.
    #[error("a proxy is reached by http or https, not `{scheme}`")]
    Scheme {
        /// The scheme found.
        scheme: String,
    },
}

impl ProxySettings {
    /// With a proxy for requests to `http://` URLs.
    pub fn with_http(mut self, proxy: &str) -> Result<Self, ProxyError> {
        self.http = Some(parse(proxy)?);
        Ok(self)
    }

    /// With a proxy for requests to `https://` URLs.
    pub fn with_https(mut self, proxy: &str) -> Result<Self, ProxyError> {
        self.https = Some(parse(proxy)?);
        Ok(self)
    }

    /// With hosts that are reached without a proxy: names (and all names below them), addresses,
    /// `ADDRESS/BITS`, each with a port if only that port is meant, or `*` for all.
    #[must_use]
    pub fn with_exceptions(mut self, exceptions: impl IntoIterator<Item = String>) -> Self {
        let cleaned = exceptions
            .into_iter()
            .map(|exception| exception.trim().to_ascii_lowercase())
            .filter(|exception| !exception.is_empty());
        self.without.extend(cleaned);
        self
    }

    /// The proxy that a request to `url` takes.
    pub(crate) fn for_url(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        let excepted = self.without.iter().any(|exception| matches(exception, url));
        (!excepted).then_some(proxy)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = |url: &Option<Url>| {
            url.as_ref()
                .and_then(|url| url.host_str().map(str::to_owned))
        };
        f.debug_struct("ProxySettings")
            .field("http", &host(&self.http))
            .field("https", &host(&self.https))
            .field("without", &self.without)
            .finish()
    }
}

fn parse(proxy: &str) -> Result<Url, ProxyError> {
    let text = if proxy.contains("://") {
        proxy.to_owned()
    } else {
        format!("http://{proxy}")
    };
    let url = Url::parse(&text).map_err(|_| ProxyError::NotAUrl)?;
    match url.scheme() {
        _ if !url.has_host() => Err(ProxyError::NotAUrl),
        "http" | "https" => Ok(url),
        other => Err(ProxyError::Scheme {
            scheme: other.to_owned(),
        }),
    }
}

/// Whether an exception covers the host of `url`.
fn matches(exception: &str, url: &Url) -> bool {
    let Some(host) = url.host() else { return false };
    if exception == "*" {
        return true;
    }
    let (pattern, port) = split_port(exception);
    if port.is_some() && port != url.port_or_known_default() {
        return false;
    }
    match host {
        Host::Domain(name) => {
            let suffix = pattern.trim_start_matches("*.").trim_start_matches('.');
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        Host::Ipv4(address) => covers(pattern, address.into()),
        Host::Ipv6(address) => covers(pattern, address.into()),
    }
}

fn split_port(exception: &str) -> (&str, Option<u16>) {
    if exception.parse::<IpAddr>().is_ok() {
        return (exception, None);
    }
    match exception.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (exception, None),
        },
        None => (exception, None),
    }
}

/// Whether `pattern`, an address or `ADDRESS/BITS`, covers `address`.
fn covers(pattern: &str, address: IpAddr) -> bool {
    let (base, bits) = match pattern.split_once('/') {
        Some((base, bits)) => (base, bits.parse::<u32>().ok()),
        None => (pattern, Some(u32::MAX)),
    };
    let base = base.trim_start_matches('[').trim_end_matches(']');
    let (Ok(base), Some(bits)) = (base.parse::<IpAddr>(), bits) else {
        return false;
    };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => {
            let shift = 32u32.saturating_sub(bits);
            base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
        }
        (IpAddr::V6(base), IpAddr::V6(address)) => {
            let shift = 128u32.saturating_sub(bits);
            base.to_bits().checked_shr(shift) == address.to_bits().checked_shr(shift)
        }
        _ => false,
    }
}
