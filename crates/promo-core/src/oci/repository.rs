//! Where images live: `HOST[:PORT]/path/of/components`.
//!
//! A `Repository` is a host and a full path (what a registry's API is asked about). A
//! `RegistryPath` is what a promoter manifest calls a registry: a host and maybe a path, to which
//! an image name is joined. Both keep one shared text, so that cloning and comparing are cheap.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The longest repository name that is accepted, host not counted (OCI Distribution 1.1 lets
/// registries limit host and name together to 255 characters).
const MAX_NAME: usize = 255;

/// The host of a registry, with its port if it has one: `registry.k8s.io`, `127.0.0.1:5000`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryHost(Arc<str>);

impl RegistryHost {
    /// Host and port as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without its port, brackets of an IPv6 address kept.
    pub fn name(&self) -> &str {
        match self.0.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => &self.0,
        }
    }

    /// Whether it names this machine: `localhost` or a loopback address. Such registries may be
    /// spoken to over plain HTTP.
    pub fn is_loopback(&self) -> bool {
        let name = self.name();
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name == "localhost"
            || bare
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// A repository of a registry: host and name, like `registry.k8s.io/sig-storage/csi-attacher`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    text: Arc<str>,
    host: u16,
}

impl Repository {
    /// The whole of it: `HOST/NAME`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host part as text.
    pub fn host_str(&self) -> &str {
        self.text.split_at(usize::from(self.host)).0
    }

    /// The host part.
    pub fn host(&self) -> RegistryHost {
        RegistryHost(self.host_str().into())
    }

    /// The name within the registry, without the host.
    pub fn name(&self) -> &str {
        self.text.split_at(usize::from(self.host) + 1).1
    }
}

/// What a promoter manifest calls a registry: `gcr.io/k8s-staging-kops`, or a bare host.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryPath {
    text: Arc<str>,
    host: u16,
}

impl RegistryPath {
    /// The whole of it: `HOST` or `HOST/PATH`, no slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host part as text.
    pub fn host_str(&self) -> &str {
        self.text.split_at(usize::from(self.host)).0
    }

    /// The host part.
    pub fn host(&self) -> RegistryHost {
        RegistryHost(self.host_str().into())
    }

    /// The repository of the image called `image` in this registry.
    pub fn join(&self, image: &str) -> Result<Repository, RepositoryError> {
        check_path(image)?;
        let path = self.text.len() - usize::from(self.host);
        check_length(path + image.len())?;
        Ok(self.join_checked(image))
    }

    /// The same for a name of which [`Self::join`] is known to succeed.
    pub(crate) fn join_checked(&self, image: &str) -> Repository {
        let mut text = String::with_capacity(self.text.len() + 1 + image.len());
        text.push_str(&self.text);
        text.push('/');
        text.push_str(image);
        Repository {
            text: text.into(),
            host: self.host,
        }
    }

    /// The name of `repository` relative to this registry, if it lies in it. Whole path components
    /// are compared: `gcr.io/a` does not hold `gcr.io/ab/c`.
    pub fn relative<'a>(&self, repository: &'a Repository) -> Option<&'a str> {
        repository
            .as_str()
            .strip_prefix(&*self.text)?
            .strip_prefix('/')
    }

    /// Whether `text` could be the name of an image in some registry.
    pub fn check_image_name(text: &str) -> Result<(), RepositoryError> {
        check_path(text)?;
        check_length(text.len())
    }
}

/// Why a text is not a registry, a repository or an image name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// Nothing stands there.
    #[error("the name is empty")]
    Empty,
    /// It has a scheme, as a URL has.
    #[error("this is a URL; leave out `{scheme}://`")]
    Scheme {
        /// The scheme found.
        scheme: String,
    },
    /// The host is not a host name or address with an optional port.
    #[error("`{host}` is not a registry host")]
    Host {
        /// What stands where the host is expected.
        host: String,
    },
    /// There is a host but no repository name behind it.
    #[error("a repository is written HOST/NAME")]
    NoName,
    /// A component of the path is not lower-case letters and digits, separated by one `.`, one or
    /// two `_`, or any number of `-`.
    #[error("`{}` is not a path component of a repository (lower-case letters and digits, separated by `.`, `_`, `__` or `-`)", component.escape_default())]
    Component {
        /// The component found.
        component: String,
    },
    /// The name is longer than 255 bytes.
    #[error("a repository name has at most {MAX_NAME} bytes, not {found}")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
}

fn check_length(found: usize) -> Result<(), RepositoryError> {
    if found > MAX_NAME {
        return Err(RepositoryError::TooLong { found });
    }
    Ok(())
}

/// Checks a name against `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/…)*`.
fn check_path(path: &str) -> Result<(), RepositoryError> {
    if path.is_empty() {
        return Err(RepositoryError::Empty);
    }
    let Some(component) = path.split('/').find(|component| !is_component(component)) else {
        return Ok(());
    };
    Err(match path.split_once("://") {
        Some((scheme, _)) => RepositoryError::Scheme {
            scheme: scheme.to_owned(),
        },
        None => RepositoryError::Component {
            component: component.to_owned(),
        },
    })
}

fn is_component(text: &str) -> bool {
    let is_word = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    is_word(*first)
        && is_word(*last)
        && bytes
            .split(|c| is_word(*c))
            .all(|separator| matches!(separator, b"" | b"." | b"_" | b"__") || is_dashes(separator))
}

fn is_dashes(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == b'-')
}

fn check_host(host: &str) -> Result<(), RepositoryError> {
    let refused = || RepositoryError::Host {
        host: host.to_owned(),
    };
    let (name, port) = split_port(host);
    let port_ok = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let name_ok = if let Some(inner) = name.strip_prefix('[') {
        inner
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
    } else {
        !name.is_empty() && name.split('.').all(is_label)
    };
    if port_ok && name_ok && host.len() <= 255 {
        Ok(())
    } else {
        Err(refused())
    }
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn split_host(text: &str) -> Result<(&str, Option<&str>), RepositoryError> {
    if text.is_empty() {
        return Err(RepositoryError::Empty);
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(RepositoryError::Scheme {
            scheme: scheme.to_owned(),
        });
    }
    let (host, path) = match text.split_once('/') {
        Some((host, path)) => (host, Some(path)),
        None => (text, None),
    };
    check_host(host)?;
    Ok((host, path))
}

/// The length of a host that `check_host` accepted: at most 255.
fn host_length(host: &str) -> u16 {
    u16::try_from(host.len()).unwrap_or(u16::MAX)
}

impl FromStr for RegistryHost {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        check_host(text)?;
        Ok(Self(text.into()))
    }
}

impl FromStr for Repository {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let (host, path) = split_host(text)?;
        let path = path.ok_or(RepositoryError::NoName)?;
        check_path(path)?;
        check_length(path.len())?;
        Ok(Self {
            text: text.into(),
            host: host_length(host),
        })
    }
}

impl FromStr for RegistryPath {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let (host, path) = split_host(text)?;
        if let Some(path) = path {
            check_path(path)?;
            check_length(path.len())?;
        }
        Ok(Self {
            text: text.into(),
            host: host_length(host),
        })
    }
}

/// Display, Debug and serde by text, the same for all three.
macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

as_text!(RegistryHost);
as_text!(Repository);
as_text!(RegistryPath);
