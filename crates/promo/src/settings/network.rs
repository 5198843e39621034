//! How registries are reached: credentials, TLS, proxies, and what is particular to single hosts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use promo_core::oci::{RegistryHost, RepositoryError};
use promo_core::setting::registry_table;
use promo_registry::HttpVersion;
use promo_registry::inventory::InventoryMethod;

use super::credentials::{self, CredentialPlaces};
use super::file::Registry;
use super::origin::row_of;
use super::value::show_paths;
use super::{
    Environment, GooglePlaces, NetworkOverrides, Origin, Resolver, Row, Setting, give_up, keys,
};
use crate::error::{Error, Result};

/// A client certificate and its key, as files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// What is particular to one host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Host {
    /// Whether it is spoken to over plain HTTP.
    pub plain_http: Option<bool>,
    /// Which version of HTTP is spoken to it.
    pub http_version: Option<HttpVersion>,
    /// A host whose token server it may name.
    pub token_realm: Option<RegistryHost>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Requests that are open at once.
    pub concurrency: Option<u16>,
    /// How its inventory is read.
    pub inventory: Option<InventoryMethod>,
    /// Whether it takes Google credentials.
    pub google_credentials: Option<bool>,
    /// A client certificate.
    pub client: Option<ClientIdentity>,
}

/// Proxies, as the environment writes them. They may hold passwords.
#[derive(Clone, Default)]
pub struct Proxies {
    /// For https.
    pub https: Option<String>,
    /// For plain HTTP.
    pub http: Option<String>,
    /// Hosts that are reached without one.
    pub exceptions: Vec<String>,
}

impl Proxies {
    /// Says only that there are proxies: their URLs may hold passwords.
    fn row(&self) -> Row {
        let set = [("https", &self.https), ("http", &self.http)];
        let names: Vec<_> = set
            .iter()
            .filter(|(_, proxy)| proxy.is_some())
            .map(|(scheme, _)| format!("{scheme} (not shown)"))
            .collect();
        let (value, origin) = if names.is_empty() {
            ("-".to_owned(), Origin::Default)
        } else {
            (names.join(", "), Origin::Variable("the environment"))
        };
        Setting::new((), origin).row("proxies", value)
    }
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxies(…)")
    }
}

/// How registries are reached.
#[derive(Debug, Clone, Default)]
pub struct NetworkSettings {
    /// Where credentials are looked for.
    pub credentials: CredentialPlaces,
    /// Where Google credentials are looked for, if any host takes them.
    pub google: Option<GooglePlaces>,
    give_up: Option<Setting<Duration>>,
    roots: Setting<Vec<PathBuf>>,
    /// Hosts with settings of their own, each with the origin of those.
    hosts: BTreeMap<RegistryHost, Setting<Host>>,
    /// Proxies.
    pub proxies: Proxies,
}

impl NetworkSettings {
    /// From flags, environment and files.
    pub fn resolve(given: &NetworkOverrides, resolver: &Resolver) -> Result<Self> {
        let authfile = resolver.pick(&keys::AUTHFILE, given.authfile.clone(), |content| {
            content.authfile.clone()
        })?;
        let roots = resolver.pick(&keys::TLS_ROOTS, None, |content| content.tls.roots.clone())?;
        let hosts = hosts(given, resolver)?;
        let environment = resolver.environment();
        let mut of_hosts = hosts.values();
        let has_google_host = of_hosts.any(|host| host.value.google_credentials == Some(true));
        let every_google_host = given.google_credentials;
        Ok(Self {
            credentials: credentials::find(authfile, environment),
            google: (every_google_host || has_google_host)
                .then(|| GooglePlaces::find(every_google_host, environment)),
            give_up: give_up::resolve(resolver)?,
            roots: roots.unwrap_or_else(|| Setting::unsaid(Vec::new())),
            hosts,
            proxies: proxies(environment),
        })
    }

    /// How long a registry that is down is waited for, if something is said.
    pub fn give_up(&self) -> Option<Duration> {
        self.give_up.as_ref().map(|setting| setting.value)
    }

    /// Files of certificate authorities.
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots.value
    }

    /// Hosts with settings of their own.
    pub fn hosts(&self) -> impl Iterator<Item = (&RegistryHost, &Host)> {
        self.hosts
            .iter()
            .map(|(host, setting)| (host, &setting.value))
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let roots = Some(&self.roots).filter(|roots| !roots.value.is_empty());
        let mut rows = vec![
            self.credentials.row(),
            row_of(self.give_up.as_ref(), keys::GIVE_UP.name, give_up::show),
            row_of(roots, keys::TLS_ROOTS.name, |roots| show_paths(roots)),
        ];
        rows.push(self.proxies.row());
        rows.extend(self.hosts.iter().map(|(host, setting)| {
            setting.row(&registry_table(host.as_str()), show_host(&setting.value))
        }));
        rows
    }
}

fn show_host(host: &Host) -> String {
    let shown = [
        host.plain_http.map(|plain| format!("plain-http = {plain}")),
        host.http_version
            .map(|version| format!("http-version = {}", show_version(version))),
        host.token_realm
            .as_ref()
            .map(|realm| format!("token-realm = {realm}")),
        host.rate.map(|rate| format!("rate = {rate}")),
        host.concurrency.map(|open| format!("concurrency = {open}")),
        host.inventory
            .map(|method| format!("inventory = {method:?}")),
        host.google_credentials
            .map(|google| format!("google-credentials = {google}")),
        host.client
            .as_ref()
            .map(|client| format!("client-certificate = {}", client.certificate.display())),
    ];
    shown.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// As it is written.
fn show_version(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Auto => "auto",
        HttpVersion::Http1 => "1.1",
        HttpVersion::Http2 => "2",
    }
}

/// Hosts that were named for this call, and those of the files; of two files the project's host wins as a whole.
fn hosts(
    given: &NetworkOverrides,
    resolver: &Resolver,
) -> Result<BTreeMap<RegistryHost, Setting<Host>>> {
    let mut hosts = BTreeMap::new();
    for file in resolver.files() {
        for (host, registry) in &file.content.registry {
            let origin = Origin::File(file.path.clone());
            let setting = checked(host, registry, &origin)?;
            hosts
                .entry(host.clone())
                .or_insert_with(|| Setting::new(setting, origin));
        }
    }
    for text in &given.insecure_hosts {
        let origin = resolver.given(keys::PLAIN_HTTP);
        let host: RegistryHost =
            text.parse()
                .map_err(|error: RepositoryError| Error::Argument {
                    name: origin.to_string(),
                    problem: error.to_string(),
                    expected: "name a host with its port, such as `registry.internal:5000`",
                })?;
        let setting = hosts
            .entry(host)
            .or_insert_with(|| Setting::unsaid(Host::default()));
        setting.value.plain_http = Some(true);
        setting.origin = origin;
    }
    Ok(hosts)
}

fn checked(host: &RegistryHost, registry: &Registry, origin: &Origin) -> Result<Host> {
    let refused = |key: &str, value: String, expected: &str| Error::Setting {
        setting: format!("`{} {key}`", registry_table(host.as_str())),
        value,
        origin: origin.to_string(),
        expected: expected.to_owned(),
    };
    if let Some(rate) = registry.rate
        && !(rate.is_finite() && rate > 0.0)
    {
        let expected = "a number of requests per second above 0";
        return Err(refused("rate", rate.to_string(), expected));
    }
    let client = match (&registry.client_certificate, &registry.client_key) {
        (Some(certificate), Some(key)) => Some(ClientIdentity {
            certificate: certificate.clone(),
            key: key.clone(),
        }),
        (None, None) => None,
        (Some(alone), None) | (None, Some(alone)) => {
            let value = alone.display().to_string();
            let expected = "`client-certificate` and `client-key` together";
            return Err(refused("client-certificate", value, expected));
        }
    };
    Ok(Host {
        plain_http: registry.plain_http,
        http_version: registry.http_version.map(HttpVersion::from),
        token_realm: registry.token_realm.clone(),
        rate: registry.rate,
        concurrency: registry.concurrency.map(std::num::NonZeroU16::get),
        inventory: registry.inventory.map(InventoryMethod::from),
        google_credentials: registry.google_credentials,
        client,
    })
}

/// As curl reads them: lower case first; `HTTP_PROXY` in upper case is ignored where a request could have set it.
fn proxies(environment: &Environment) -> Proxies {
    let is_cgi = environment.variable("REQUEST_METHOD").is_some();
    let of = |lower: &str, upper: &str| environment.text(lower).or_else(|| environment.text(upper));
    let all = of("all_proxy", "ALL_PROXY");
    let http = environment
        .text("http_proxy")
        .or_else(|| environment.text("HTTP_PROXY").filter(|_| !is_cgi));
    let exceptions = of("no_proxy", "NO_PROXY").unwrap_or_default();
    Proxies {
        https: of("https_proxy", "HTTPS_PROXY").or_else(|| all.clone()),
        http: http.or(all),
        // As everywhere, this machine is reached without a proxy.
        exceptions: ["localhost", "127.0.0.0/8", "::1"]
            .into_iter()
            .chain(exceptions.split(','))
            .map(str::to_owned)
            .collect(),
    }
}
