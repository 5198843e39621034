//! Under which keys the credentials of a repository are looked for, and in which order.
//!
//! A key that is exactly the registry, or the registry and the beginning of the repository's name, comes first, the
//! longest before all. Keys in other forms, which old versions of docker wrote (`https://HOST/v1/`, `HOST/`), are a last
//! resort. A registry with several names ([`Dialect::names`]) is looked for by the one that is asked for first, then by the
//! others.

use std::collections::BTreeMap;

use promo_core::oci::{RegistryHost, Repository};

use crate::dialect::Dialect;

/// What stands under the keys that hold for a repository, the best first.
pub(super) fn candidates<'a, V>(
    map: &'a BTreeMap<String, V>,
    host: &RegistryHost,
    repository: Option<&Repository>,
) -> impl Iterator<Item = (&'a str, &'a V)> {
    let host = host.as_str();
    let name = repository.map(Repository::name);
    let exact = exact_keys(host, name);
    let exact: Vec<_> = exact
        .iter()
        .filter_map(|key| map.get_key_value(key))
        .collect();
    let mut others: Vec<_> = map
        .iter()
        .filter_map(|(key, value)| Some((Form::of(key)?.rank(host, name)?, (key, value))))
        .collect();
    others.sort_by_key(|(rank, _)| *rank);
    exact
        .into_iter()
        .chain(others.into_iter().map(|(_, found)| found))
        .map(|(key, value)| (key.as_str(), value))
}

/// The keys that are taken as they are.
fn exact_keys(host: &str, name: Option<&str>) -> Vec<String> {
    let mut keys = with_beginnings(host, name);
    let dialect = Dialect::of_name(host);
    keys.extend(dialect.credential_key.map(str::to_owned));
    let siblings = dialect.names.iter().filter(|sibling| **sibling != host);
    keys.extend(siblings.flat_map(|sibling| with_beginnings(sibling, name)));
    keys
}

/// `HOST/NAME`, then without its last component, and so on to `HOST`.
fn with_beginnings(host: &str, name: Option<&str>) -> Vec<String> {
    let mut key = match name {
        Some(name) => format!("{host}/{name}"),
        None => host.to_owned(),
    };
    let mut keys = vec![key.clone()];
    while let Some(slash) = key.rfind('/') {
        key.truncate(slash);
        keys.push(key.clone());
    }
    keys
}

/// A key, taken apart.
struct Form<'a> {
    scheme: Scheme,
    /// Host and port, in lower case, without the scheme's own port.
    host: String,
    path: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scheme {
    None,
    Https,
    Http,
}

/// How good a key is, the smallest best: the name of the host, the scheme, the path.
type Rank = (usize, Scheme, std::cmp::Reverse<usize>, u8);

impl<'a> Form<'a> {
    fn of(key: &'a str) -> Option<Self> {
        let (scheme, bare) = match key.split_once("://") {
            None => (Scheme::None, key),
            Some((scheme, bare)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, bare),
            Some((scheme, bare)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, bare),
            Some(_) => return None,
        };
        let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
        let own_port = if scheme == Scheme::Http {
            ":80"
        } else {
            ":443"
        };
        Some(Self {
            scheme,
            host: plain_host(host, own_port),
            path: path.trim_matches('/'),
        })
    }

    /// How good the key is for a repository, if it is for it at all.
    fn rank(&self, host: &str, name: Option<&str>) -> Option<Rank> {
        let asked = plain_host(host, ":443");
        let dialect = Dialect::of_name(&asked);
        let mut names = std::iter::once(asked.as_str()).chain(dialect.names.iter().copied());
        let which = names.position(|name| name == self.host)?;
        let is_version = matches!(self.path, "" | "v1" | "v2");
        let beginning = (self.scheme == Scheme::None && !self.path.is_empty())
            .then(|| name.filter(|name| begins_with(name, self.path)))
            .flatten()
            .map_or(0, |_| self.path.len());
        // A URL means its host, except where docker has a key of its own: it keeps tokens beside the credentials there.
        let is_any_path = self.scheme != Scheme::None && dialect.credential_key.is_none();
        let means_host = is_version || is_any_path;
        if beginning == 0 && !means_host {
            return None;
        }
        let version = match self.path {
            "" => 0,
            "v2" => 1,
            "v1" => 2,
            _ => 3,
        };
        Some((which, self.scheme, std::cmp::Reverse(beginning), version))
    }
}

fn plain_host(host: &str, own_port: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.strip_suffix(own_port) {
        Some(name) => name.to_owned(),
        None => host,
    }
}

/// Whether a name begins with a path, by whole components.
fn begins_with(name: &str, path: &str) -> bool {
    let rest = name.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
