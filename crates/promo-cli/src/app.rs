//! Wiring: the only place that knows all crates. Settings go in, ports come out.

use std::path::Path;
use std::sync::Arc;

use promo_core::oci::RegistryHost;
use promo_core::pipeline::{
    BesideSettings, EvidenceScope, Mode, Ports, ProofPorts, ProvenancePolicy, RunSettings,
    StagingPolicy,
};
use promo_core::plan::PlanOptions;
use promo_core::ports::{
    Clock, EvidenceStore, InventoryReader, Observer, RecordedManifest, Registry, SignatureFormat,
    Verifier,
};
use promo_registry::auth::{
    CredentialFiles, CredentialSource, GoogleCredentialFile, GoogleSettings, HelperSettings,
    MetadataServer,
};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventoryMethod, InventorySettings, RegistryInventoryReader};
use promo_registry::{
    ClientCertificate, HostSettings, ProxySettings, RevocableRegistry, Revocation, WireRegistry,
};
use promo_sign::link::LinkKey;
use promo_sign::{
    KeySigner, KeyVerifier, OciEvidenceStore, Password, PromotionAttester, PublicKey, SigningKey,
};

use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::files;
use crate::secret_file;
use crate::settings::{
    ClientIdentity, EvidencePlacement, GooglePlaces, Host, Inventory, NetworkSettings,
    ProofSettings, StagingChoice, StagingSettings,
};
use crate::terminal::Terminal;
use crate::time::{SystemClock, TokioSleep};

/// How many images a phase works on at once.
pub(crate) const CONCURRENCY: std::num::NonZeroUsize = std::num::NonZeroUsize::new(16).unwrap();

/// The ports that reach registries; one value serves the whole run.
#[derive(Debug)]
pub(crate) struct Registries {
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) inventory: Arc<dyn InventoryReader>,
    pub(crate) evidence: Arc<dyn EvidenceStore>,
    pub(crate) observer: Arc<dyn Observer>,
    /// Ends what is open at registries.
    pub(crate) revocation: Revocation,
}

impl Registries {
    /// Puts them together. Nothing is sent.
    pub(crate) fn connect(network: &NetworkSettings, observer: Arc<dyn Observer>) -> Result<Self> {
        let registry: Arc<dyn Registry> = Arc::new(wire(network, &observer)?);
        let mut inventory = InventorySettings::default();
        inventory.methods = network
            .hosts()
            .filter_map(|(host, settings)| Some((host.clone(), method(settings.inventory?))))
            .collect();
        Ok(Self::over(registry, inventory, observer))
    }

    /// The ports over a registry that is there already.
    pub(crate) fn over(
        registry: Arc<dyn Registry>,
        inventory: InventorySettings,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let revocation = Revocation::default();
        let registry: Arc<dyn Registry> =
            Arc::new(RevocableRegistry::new(registry, revocation.clone()));
        Self {
            inventory: Arc::new(RegistryInventoryReader::new(
                Arc::clone(&registry),
                inventory,
            )),
            evidence: Arc::new(
                OciEvidenceStore::new(Arc::clone(&registry)).waiting_by(Arc::new(TokioSleep)),
            ),
            registry,
            observer,
            revocation,
        }
    }

    /// What copies images, and measures them.
    pub(crate) fn copier(&self) -> RegistryCopier {
        RegistryCopier::new(
            Arc::clone(&self.registry),
            Arc::clone(&self.observer),
            CopySettings::default(),
        )
    }

    /// The ports of a run.
    pub(crate) fn ports(
        &self,
        proof: Option<ProofPorts>,
        staging: Option<Arc<dyn Verifier>>,
    ) -> Ports {
        Ports {
            registry: Arc::clone(&self.registry),
            inventory: Arc::clone(&self.inventory),
            copier: Arc::new(self.copier()),
            evidence: Arc::clone(&self.evidence),
            proof,
            staging,
            observer: Arc::clone(&self.observer),
            clock: clock(),
            sleep: Arc::new(TokioSleep),
        }
    }
}

/// This machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn method(inventory: Inventory) -> InventoryMethod {
    match inventory {
        Inventory::Cheapest => InventoryMethod::Cheapest,
        Inventory::BulkList => InventoryMethod::BulkList,
        Inventory::TagList => InventoryMethod::TagList,
        Inventory::HeadOnly => InventoryMethod::HeadOnly,
    }
}

fn wire(network: &NetworkSettings, observer: &Arc<dyn Observer>) -> Result<WireRegistry> {
    let mut builder = WireRegistry::builder(clock(), Arc::new(TokioSleep))
        .observer(Arc::clone(observer))
        .proxies(proxies(network)?)
        .credentials(credentials(network)?);
    if let Some(places) = &network.google {
        builder = builder.google(google(places, network)?);
    }
    for path in network.roots() {
        builder = builder.extra_roots(files::read(path, &files::KEYS)?);
    }
    for (host, settings) in network.hosts() {
        builder = builder.host(host.clone(), host_settings(settings)?);
    }
    builder.build().map_err(registry_error)
}

/// Credentials from the files that settings found.
fn credentials(network: &NetworkSettings) -> Result<Arc<dyn CredentialSource>> {
    let mut helpers = HelperSettings::default();
    helpers
        .search_path
        .clone_from(&network.credentials.helper_folders);
    let mut credentials = CredentialFiles::default().with_helpers(helpers);
    let places = &network.credentials;
    for path in &places.paths {
        let name = path.display().to_string();
        credentials = match secret_file::read(path) {
            Ok(content) => credentials.with_file(&name, &content),
            Err(error) if places.is_named() => return Err(secret_file::error(path, error)),
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
        let content = secret_file::read(path).map_err(|error| secret_file::error(path, error))?;
        let file = GoogleCredentialFile::parse(&path.display().to_string(), &content);
        google.default_credentials = Some(file.map_err(registry_error)?);
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
    settings.token_realms = host.token_realm.iter().cloned().collect();
    settings.budget.requests_per_second = host.rate;
    if let Some(concurrency) = host.concurrency {
        settings.budget.concurrency = usize::from(concurrency);
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
        move |error: promo_registry::ProxyError| Error::Setting {
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

pub(crate) fn registry_error(error: promo_registry::Error) -> Error {
    Error::from(promo_core::ports::Failure::from(error))
}

/// What signs and attests, if there is a key.
pub(crate) fn proof(settings: &ProofSettings) -> Result<Option<ProofPorts>> {
    let Some(path) = settings.key() else {
        return Ok(None);
    };
    let key = Arc::new(signing_key(path, settings.password.as_ref())?);
    proof_of(&key, settings.formats(), settings.predicate_type())
        .map(Some)
        .map_err(|error| key_error(path, error))
}

/// Warns of private keys that others can read.
pub(crate) fn tell_of_shared_keys(settings: &ProofSettings, observer: &dyn Observer) {
    let link = settings.link.as_ref().map(|(_, key)| key);
    for path in settings.key().into_iter().chain(link.map(AsRef::as_ref)) {
        files::tell_if_shared(path, observer);
    }
}

/// What signs and attests with a key, and accepts just that.
pub(crate) fn proof_of(
    key: &Arc<SigningKey>,
    formats: &[SignatureFormat],
    predicate_type: &str,
) -> Result<ProofPorts, promo_sign::Error> {
    let signer = KeySigner::new(Arc::clone(key), clock()).with_formats(formats.to_vec())?;
    let mut attester = PromotionAttester::new(Arc::clone(key), clock())
        .with_predicate_type(predicate_type.to_owned())?;
    if !formats.contains(&SignatureFormat::Bundle) {
        attester = attester.in_tag();
    }
    let verifier = KeyVerifier::new([key.public_key().clone()]).requiring_names();
    Ok(ProofPorts {
        signer: Arc::new(signer),
        attester: Arc::new(attester),
        verifier: Arc::new(verifier),
    })
}

/// What judges signatures in staging, if they are looked at.
pub(crate) fn staging(settings: &StagingSettings) -> Result<Option<Arc<dyn Verifier>>> {
    if settings.choice() == StagingChoice::Off || settings.keys().is_empty() {
        return Ok(None);
    }
    let keys = public_keys(settings.keys())?;
    Ok(Some(Arc::new(KeyVerifier::new(keys))))
}

fn staging_policy(settings: &StagingSettings) -> StagingPolicy {
    match settings.choice() {
        StagingChoice::Off => StagingPolicy::Off,
        StagingChoice::IfPresent => StagingPolicy::IfPresent,
        StagingChoice::Require => StagingPolicy::Require,
    }
}

/// What a run with these settings would do with what is beside an image.
pub(crate) fn beside_settings(staging: &StagingSettings) -> BesideSettings {
    BesideSettings {
        carry: staging.carry().clone(),
        staging: staging_policy(staging),
    }
}

/// The settings of a run.
pub(crate) fn run_settings(
    mode: Mode,
    proof: &ProofSettings,
    staging: &StagingSettings,
    plan: PlanOptions,
    recorded: Option<RecordedManifest>,
) -> RunSettings {
    RunSettings {
        mode,
        no_sign: proof.no_sign,
        staging: staging_policy(staging),
        trust: staging.trust(),
        provenance: ProvenancePolicy::Off,
        carry: staging.carry().clone(),
        recursive: proof.recursive(),
        evidence: match proof.evidence() {
            EvidencePlacement::AllMirrors => EvidenceScope::AllMirrors,
            EvidencePlacement::Canonical(host) => {
                EvidenceScope::Canonical(RegistryHost::clone(host))
            }
        },
        plan,
        concurrency: CONCURRENCY,
        builder_id: proof.builder_id().to_owned(),
        recorded,
    }
}

/// Public keys from their files.
pub(crate) fn public_keys(paths: &[std::path::PathBuf]) -> Result<Vec<PublicKey>> {
    let key = |path: &std::path::PathBuf| {
        PublicKey::from_pem(&files::read(path, &files::KEYS)?)
            .map_err(|error| key_error(path, error))
    };
    paths.iter().map(key).collect()
}

/// A private key from its file. Its password is asked for on a terminal if it is needed and not given.
pub(crate) fn signing_key(path: &Path, password: Option<&Password>) -> Result<SigningKey> {
    let pem = zeroize::Zeroizing::new(files::read(path, &files::KEYS)?);
    let opened = opened(path, password, |password| {
        SigningKey::from_pem(&pem, password)
    });
    opened?.map_err(|error| key_error(path, error))
}

/// The key of an in-toto link.
pub(crate) fn link_key(path: &Path, password: Option<&Password>) -> Result<LinkKey> {
    let pem = zeroize::Zeroizing::new(files::read(path, &files::KEYS)?);
    let opened = opened(path, password, |password| LinkKey::from_pem(&pem, password));
    opened?.map_err(|error| key_error(path, error))
}

fn opened<T>(
    path: &Path,
    password: Option<&Password>,
    open: impl Fn(Option<&Password>) -> Result<T, promo_sign::Error>,
) -> Result<Result<T, promo_sign::Error>> {
    match open(password) {
        Err(promo_sign::Error::PasswordMissing) => {
            let question = format!("Password of {}: ", path.display());
            let typed = Terminal::ask_secret(&question).ok_or_else(|| Error::Password {
                path: path.to_owned(),
            })?;
            Ok(open(Some(&Password::new(typed.as_bytes().to_vec()))))
        }
        other => Ok(other),
    }
}

fn key_error(path: &Path, error: promo_sign::Error) -> Error {
    Error::Key {
        path: path.to_owned(),
        hints: error.hints().iter().map(|&hint| hint.to_owned()).collect(),
        source: Box::new(error),
    }
}

/// An error of promo-sign that is about no file.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is given to `map_err` as it stands"
)]
pub(crate) fn sign_error(error: promo_sign::Error) -> Error {
    Error::Other {
        message: error.to_string(),
        code: error.code(),
        hints: error.hints().iter().map(|&hint| hint.to_owned()).collect(),
        exit: Exit::Failed,
        source: None,
    }
}
