//! How registries and services are reached: settings go in, ports come out. Files with credentials and certificates are read
//! here.
//!
//! Nothing is sent yet.

use std::sync::{Arc, OnceLock};

use promo_core::ports::{
    Clock, Copier, EvidenceStore, InventoryReader, Observer, Registry, Services, Sleep,
};
use promo_registry::auth::{
    CredentialFiles, CredentialSource, FixedCredentials, GoogleCredentialFile, GoogleIdentity,
    GoogleSettings, HelperSettings, Login, MetadataServer, ServiceAccount,
};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventorySettings, RegistryInventoryReader};
use promo_registry::{
    ClientCertificate, ConnectionLimit, Deadlines, HostSettings, ProxyError, ProxySettings,
    RevocableRegistry, RevocableServices, Revocation, WireRegistry, WireRegistryBuilder,
};
use promo_sign::OciEvidenceStore;

use crate::error::{Error, Result};
use crate::files::{self, secret};
use crate::settings::{ClientIdentity, GooglePlaces, Host, NetworkSettings};

/// The ports that reach registries; one value serves the whole run.
#[derive(Debug)]
pub(crate) struct Registries {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) inventory: Arc<dyn InventoryReader>,
    pub(crate) evidence: Arc<dyn EvidenceStore>,
    pub(crate) copier: Arc<dyn Copier>,
    /// promo's own transport, once something goes over it.
    wire: OnceLock<Arc<WireRegistry>>,
}

/// Those of them that a program brought, in place of promo's own.
#[derive(Debug, Default)]
pub(crate) struct GivenRegistries {
    pub(crate) registry: Option<Arc<dyn Registry>>,
    pub(crate) inventory: Option<Arc<dyn InventoryReader>>,
    pub(crate) evidence: Option<Arc<dyn EvidenceStore>>,
    pub(crate) copier: Option<Arc<dyn Copier>>,
    pub(crate) services: Option<Arc<dyn Services>>,
}

/// What stands around the ports: who hears, who tells the time, who can end what is open.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sleep: Arc<dyn Sleep>,
    /// How many connections are open at once.
    pub(crate) connections: ConnectionLimit,
    /// Ends what is open at registries and services.
    pub(crate) revocation: Revocation,
}

impl Registries {
    /// Puts them together: what was given as it is, and what is missing over the registry. Nothing is sent.
    pub(crate) fn connect(
        given: &GivenRegistries,
        network: &NetworkSettings,
        around: &Surroundings,
    ) -> Result<Self> {
        let wire = OnceLock::new();
        let registry = if let Some(registry) = &given.registry {
            Arc::clone(registry)
        } else {
            let made = Arc::new(with_credentials(network, around)?);
            Arc::clone(wire.get_or_init(|| made)) as Arc<dyn Registry>
        };
        let registry: Arc<dyn Registry> =
            Arc::new(RevocableRegistry::new(registry, around.revocation.clone()));
        let over = || Arc::clone(&registry);
        let inventory = given.inventory.clone().unwrap_or_else(|| {
            let settings = inventory_settings(network);
            Arc::new(RegistryInventoryReader::new(over(), settings))
        });
        let evidence = given.evidence.clone().unwrap_or_else(|| {
            Arc::new(OciEvidenceStore::new(over()).waiting_by(Arc::clone(&around.sleep)))
        });
        let copier = given.copier.clone().unwrap_or_else(|| {
            let observer = Arc::clone(&around.observer);
            Arc::new(RegistryCopier::new(
                over(),
                observer,
                CopySettings::within(around.connections),
            ))
        });
        Ok(Self {
            registry,
            inventory,
            evidence,
            copier,
            wire,
        })
    }

    /// Access to services that are no registries: what was given, else over promo's own transport. Where registries were
    /// given, that is made for the services alone, when they are first needed.
    pub(crate) fn services(
        &self,
        given: &GivenRegistries,
        network: &NetworkSettings,
        around: &Surroundings,
    ) -> Result<Arc<dyn Services>> {
        let services = match &given.services {
            Some(services) => Arc::clone(services),
            None => self.wire(network, around)?.services(),
        };
        let revocation = around.revocation.clone();
        Ok(Arc::new(RevocableServices::new(services, revocation)))
    }

    /// What asks Google for identity tokens, over promo's own transport: with the credentials of these places, as an account
    /// that they may act as or as whom they are.
    pub(crate) fn google_identity(
        &self,
        places: Option<&GooglePlaces>,
        account: Option<&ServiceAccount>,
        network: &NetworkSettings,
        around: &Surroundings,
    ) -> Result<GoogleIdentity> {
        let settings = match places {
            Some(places) => google(places, network)?,
            None => GoogleSettings::default(),
        };
        let wire = self.wire(network, around)?;
        Ok(wire.google_identity(&settings, account)?)
    }

    fn wire(&self, network: &NetworkSettings, around: &Surroundings) -> Result<&Arc<WireRegistry>> {
        if let Some(wire) = self.wire.get() {
            return Ok(wire);
        }
        // No registry is asked over it, so that it takes no credentials.
        let made = Arc::new(transport(network, around)?.build()?);
        Ok(self.wire.get_or_init(|| made))
    }
}

fn inventory_settings(network: &NetworkSettings) -> InventorySettings {
    let hosts = network.hosts();
    let named = hosts.filter_map(|(host, settings)| Some((host.clone(), settings.inventory?)));
    let mut settings = InventorySettings::default();
    settings.methods = named.collect();
    settings
}

fn with_credentials(network: &NetworkSettings, around: &Surroundings) -> Result<WireRegistry> {
    let mut builder = transport(network, around)?.credentials(credentials(network)?);
    if let Some(places) = &network.google {
        builder = builder.google(google(places, network)?);
    }
    Ok(builder.build()?)
}

/// The transport, without credentials.
fn transport(network: &NetworkSettings, around: &Surroundings) -> Result<WireRegistryBuilder> {
    let mut builder = WireRegistry::builder(Arc::clone(&around.clock), Arc::clone(&around.sleep))
        .observer(Arc::clone(&around.observer))
        .connections(around.connections)
        .proxies(proxies(network)?);
    if let Some(give_up) = network.give_up() {
        let mut deadlines = Deadlines::default();
        deadlines.give_up = give_up;
        builder = builder.deadlines(deadlines);
    }
    for path in network.roots() {
        builder = builder.extra_roots(files::read(path, &files::KEYS)?);
    }
    for (host, settings) in network.hosts() {
        builder = builder.host(host.clone(), host_settings(settings)?);
    }
    Ok(builder)
}

/// The transport that shows this login and nothing else, also not to hosts that take Google's credentials.
pub(crate) fn for_login(
    login: &Login,
    network: &NetworkSettings,
    around: &Surroundings,
) -> Result<WireRegistry> {
    let credential = FixedCredentials::default().with(login.host().clone(), login.credential());
    let builder = transport(network, around)?.credentials(Arc::new(credential));
    Ok(builder.build()?)
}

/// Where credential helpers are looked for.
pub(crate) fn helpers(network: &NetworkSettings) -> HelperSettings {
    let mut helpers = HelperSettings::default();
    helpers
        .search_path
        .clone_from(&network.credentials.helper_folders);
    helpers
}

/// Credentials from the files that settings found.
fn credentials(network: &NetworkSettings) -> Result<Arc<dyn CredentialSource>> {
    let mut credentials = CredentialFiles::default().with_helpers(helpers(network));
    let places = &network.credentials;
    for path in &places.paths {
        let name = path.display().to_string();
        credentials = match secret::read(path) {
            Ok(content) => credentials.with_file(&name, &content),
            Err(error) if places.is_named() => return Err(secret::error(path, error)),
            // Found where such files are, but perhaps not needed.
            Err(error) => credentials.with_unreadable_file(&name, &error.to_string()),
        };
    }
    Ok(Arc::new(credentials))
}

/// Google credentials from where settings found them.
fn google(places: &GooglePlaces, network: &NetworkSettings) -> Result<GoogleSettings> {
    let mut google = GoogleSettings::default();
    google.every_google_host = places.every_google_host;
    for (host, settings) in network.hosts() {
        match settings.google_credentials {
            Some(true) => google.hosts.insert(host.clone()),
            Some(false) => google.except.insert(host.clone()),
            None => false,
        };
    }
    if let Some(path) = &places.default_credentials {
        let content = secret::read(path).map_err(|error| secret::error(path, error))?;
        let file = GoogleCredentialFile::parse(&path.display().to_string(), &content);
        google.default_credentials = Some(file?);
    }
    google.metadata = places
        .metadata_server
        .clone()
        .map_or(MetadataServer::Look, MetadataServer::Named);
    google.gcloud.clone_from(&places.gcloud);
    Ok(google)
}

fn host_settings(host: &Host) -> Result<HostSettings> {
    let mut settings = HostSettings::default();
    settings.plain_http = host.plain_http;
    settings.http_version = host.http_version.unwrap_or_default();
    settings.token_realms = host.token_realm.iter().cloned().collect();
    settings.budget.requests_per_second = host.rate;
    if let Some(concurrency) = host.concurrency {
        settings.budget.concurrency = Some(usize::from(concurrency));
    }
    settings.client_certificate = host.client.as_ref().map(certificate).transpose()?;
    Ok(settings)
}

fn certificate(client: &ClientIdentity) -> Result<ClientCertificate> {
    let mut pem = files::read_text(&client.certificate, &files::KEYS)?;
    pem.push('\n');
    pem.push_str(&files::read_text(&client.key, &files::KEYS)?);
    Ok(ClientCertificate::from_pem(pem))
}

fn proxies(network: &NetworkSettings) -> Result<ProxySettings> {
    let mut proxies = ProxySettings::default();
    let refused = |variable: &str| {
        let setting = variable.to_owned();
        move |error: ProxyError| Error::Setting {
            setting,
            value: "(not shown, it may hold a password)".to_owned(),
            origin: "the environment".to_owned(),
            expected: error.to_string(),
        }
    };
    if let Some(proxy) = &network.proxies.https {
        proxies = proxies.with_https(proxy).map_err(refused("HTTPS_PROXY"))?;
    }
    if let Some(proxy) = &network.proxies.http {
        proxies = proxies.with_http(proxy).map_err(refused("HTTP_PROXY"))?;
    }
    Ok(proxies.with_exceptions(network.proxies.exceptions.clone()))
}
