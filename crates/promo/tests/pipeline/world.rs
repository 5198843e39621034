//! A staging registry, two production mirrors, a key, and runs between them.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use promo::TokioSleep;
use promo_core::identity::{Identity, IdentityRule, IdentityRules};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{Digest, Repository};
use promo_core::pipeline::{
    self, Confirmed, DryRun, EdgeResult, Interrupt, Mode, Ports, Ready, RegistryPorts, RunError,
    RunSettings, Signing, SigningPorts,
};
use promo_core::plan::PlanOptions;
use promo_core::ports::{AcceptedEvidence, EvidenceForms, EvidenceKind, Registry, Silent};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_core::report::Report;
use promo_core::trust::AboutImage;
use promo_registry::auth::{Credential, FixedCredentials, Secret};
use promo_registry::copy::{CopySettings, RegistryCopier};
use promo_registry::inventory::{InventorySettings, RegistryInventoryReader};
use promo_registry::{Deadlines, HostSettings, WireRegistry};
use promo_sign::{ImageSigner, KeyVerifier, OciEvidenceStore, PromotionAttester, SigningKey};
use promo_testkit::image::{BuiltImage, ImageBuilder, Layer};
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
use promo_testkit::time::RuntimeTime;
pub(crate) use promo_testkit::time::StillTime;
use promo_testkit::tls::Authority;

/// The public name of everything in production.
pub(crate) const PUBLIC: &str = "public.example/team";

/// The settings of a run, and what it is to do in the end.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    run: RunSettings,
    pub(crate) mode: Mode,
    pub(crate) no_sign: bool,
}

impl Deref for Asked {
    type Target = RunSettings;

    fn deref(&self) -> &RunSettings {
        &self.run
    }
}

impl DerefMut for Asked {
    fn deref_mut(&mut self) -> &mut RunSettings {
        &mut self.run
    }
}

/// The ports of a run, and what signs it.
#[derive(Debug, Clone)]
pub(crate) struct WorldPorts {
    ports: Ports,
    pub(crate) signing: SigningPorts,
}

impl Deref for WorldPorts {
    type Target = Ports;

    fn deref(&self) -> &Ports {
        &self.ports
    }
}

impl DerefMut for WorldPorts {
    fn deref_mut(&mut self) -> &mut Ports {
        &mut self.ports
    }
}

/// A run, as far as it is asked to go.
pub(crate) async fn run(
    asked: Asked,
    ports: WorldPorts,
    interrupt: Interrupt,
    set: &ManifestSet,
) -> Result<Report, RunError> {
    let WorldPorts { ports, signing } = ports;
    let (settings, with) = (asked.run, (!asked.no_sign).then_some(signing));
    if asked.mode == Mode::DryRun {
        let ready = Ready::setup(settings, ports, DryRun::new(with).await?, interrupt)?;
        return Ok(Report::new(pipeline::look(ready.plan(set).await?).await));
    }
    let signing = with.map_or(Signing::Waived, Signing::With);
    let confirmed = Confirmed::new(signing).await?;
    let ended = pipeline::run(settings, ports, confirmed, interrupt, set).await;
    ended.map(Report::new)
}

/// One line of a promoter manifest: image name, digest, tags.
pub(crate) struct Wanted {
    name: String,
    digest: String,
    tags: Vec<String>,
}

/// `name` at the digest of `image` under `tags`.
pub(crate) fn want(name: &str, image: &BuiltImage, tags: &[&str]) -> Wanted {
    Wanted {
        name: name.to_owned(),
        digest: image.digest().to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
    }
}

/// An image with two layers that belong to it alone.
pub(crate) fn image(seed: u64) -> BuiltImage {
    ImageBuilder::new()
        .layer(Layer::opaque(seed * 10, 2000))
        .layer(Layer::opaque(seed * 10 + 1, 3000))
        .build()
}

/// The registries and the key.
pub(crate) struct World {
    pub(crate) staging: EmbeddedRegistry,
    pub(crate) mirrors: Vec<EmbeddedRegistry>,
    pub(crate) key: Arc<SigningKey>,
    login: Option<Credential>,
    trusted: Option<String>,
}

impl World {
    /// Two mirrors, everything open.
    pub(crate) async fn start() -> Self {
        Self::with_mirrors(vec![RegistryOptions::default(), RegistryOptions::default()]).await
    }

    pub(crate) async fn with_mirrors(options: Vec<RegistryOptions>) -> Self {
        Self::with(RegistryOptions::default(), options).await
    }

    pub(crate) async fn with(staging: RegistryOptions, options: Vec<RegistryOptions>) -> Self {
        let mut mirrors = Vec::new();
        for options in options {
            mirrors.push(EmbeddedRegistry::start(options).await.unwrap());
        }
        Self {
            staging: EmbeddedRegistry::start(staging).await.unwrap(),
            mirrors,
            key: Arc::new(SigningKey::generate().unwrap()),
            login: None,
            trusted: None,
        }
    }

    /// With registries that speak TLS, with certificates by this authority.
    pub(crate) fn trusting(mut self, authority: &Authority) -> Self {
        self.trusted = Some(authority.pem());
        self
    }

    /// With a user and password for every host.
    pub(crate) fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some(Credential::Basic {
            user: user.to_owned(),
            password: Secret::new(password),
        });
        self
    }

    /// Puts an image to staging.
    pub(crate) fn stage(&self, name: &str, image: &BuiltImage) {
        image.push_untagged(&self.staging.state(), &format!("team/{name}"));
    }

    /// The manifests that want `images` at all mirrors.
    pub(crate) fn set(&self, images: &[Wanted]) -> ManifestSet {
        let hosts: Vec<String> = self.mirrors.iter().map(EmbeddedRegistry::host).collect();
        self.set_for(&hosts, images)
    }

    /// The manifests that want `images` at some hosts.
    pub(crate) fn set_for(&self, hosts: &[String], images: &[Wanted]) -> ManifestSet {
        let mut yaml = format!(
            "registries:\n- name: {}/team\n  src: true\n",
            self.staging.host()
        );
        for host in hosts {
            writeln!(yaml, "- name: {host}/prod").unwrap();
        }
        yaml.push_str("images:\n");
        for Wanted { name, digest, tags } in images {
            writeln!(yaml, "- name: {name}\n  dmap:\n    \"{digest}\": {tags:?}").unwrap();
        }
        ManifestSet::parse_plain("promoter-manifest.yaml", yaml.as_bytes()).unwrap()
    }

    /// The names of production: all mirrors share one identity.
    pub(crate) fn identities(&self) -> IdentityRules {
        let rule = |mirror: &EmbeddedRegistry| {
            let registry = format!("{}/prod", mirror.host()).parse().unwrap();
            IdentityRule::new(registry, PUBLIC.parse().unwrap())
        };
        IdentityRules::new(self.mirrors.iter().map(rule).collect())
    }

    pub(crate) fn settings(&self) -> Asked {
        let mut plan = PlanOptions::default();
        plan.identities = self.identities();
        let mut run = RunSettings::new("https://promo.example@test", plan);
        run.concurrency = NonZeroUsize::new(8).unwrap();
        Asked {
            run,
            mode: Mode::Confirmed,
            no_sign: false,
        }
    }

    fn wire(&self) -> Arc<dyn Registry> {
        // Real time passes: a registry that is broken for good is not waited for at length.
        let mut deadlines = Deadlines::default();
        deadlines.give_up = Duration::from_secs(2);
        // Budgets measure pauses by the runtime's timer.
        let time = Arc::new(RuntimeTime::start());
        let mut wire = WireRegistry::builder(time.clone(), time)
            .deadlines(deadlines)
            .credentials(Arc::new(self.credentials()));
        if let Some(pem) = &self.trusted {
            wire = wire.extra_roots(pem.as_str());
            for registry in self.mirrors.iter().chain([&self.staging]) {
                let mut settings = HostSettings::default();
                settings.plain_http = Some(false);
                wire = wire.host(registry.host().parse().unwrap(), settings);
            }
        }
        Arc::new(wire.build().unwrap())
    }

    fn credentials(&self) -> FixedCredentials {
        let registries = self.mirrors.iter().chain([&self.staging]);
        registries.fold(FixedCredentials::default(), |known, registry| {
            match &self.login {
                Some(login) => known.with(registry.host().parse().unwrap(), login.clone()),
                None => known,
            }
        })
    }

    /// Fresh ports: each run has its own connections, as a process of its own would.
    pub(crate) fn ports(&self) -> WorldPorts {
        let registry = self.wire();
        let registries = RegistryPorts {
            inventory: Arc::new(RegistryInventoryReader::new(
                Arc::clone(&registry),
                InventorySettings::default(),
            )),
            copier: Arc::new(RegistryCopier::new(
                Arc::clone(&registry),
                Arc::new(Silent),
                CopySettings::default(),
            )),
            evidence: Arc::new(
                OciEvidenceStore::new(Arc::clone(&registry)).waiting_by(Arc::new(TokioSleep)),
            ),
            registry,
        };
        let judge = KeyVerifier::new([self.key.public_key().clone()])
            .trusting_all()
            .requiring_names();
        WorldPorts {
            ports: Ports::new(registries, Arc::new(StillTime), Arc::new(TokioSleep)),
            signing: SigningPorts {
                signer: Arc::new(ImageSigner::new(Arc::clone(&self.key), Arc::new(StillTime))),
                attester: Arc::new(PromotionAttester::new(
                    Arc::clone(&self.key),
                    Arc::new(StillTime),
                )),
                judge,
            },
        }
    }

    /// A whole run.
    pub(crate) async fn run(&self, set: &ManifestSet) -> Report {
        self.try_run(self.settings(), set).await.unwrap()
    }

    pub(crate) async fn try_run(
        &self,
        settings: Asked,
        set: &ManifestSet,
    ) -> Result<Report, RunError> {
        run(settings, self.ports(), Interrupt::new(), set).await
    }

    /// The evidence of ours that a mirror holds about a digest: all of it verified, as a client would.
    pub(crate) async fn accepted_evidence(
        &self,
        mirror: usize,
        name: &str,
        digest: &str,
    ) -> Vec<AcceptedEvidence> {
        let repository: Repository = format!("{}/prod/{name}", self.mirrors[mirror].host())
            .parse()
            .unwrap();
        let identity = Identity::new(format!("{PUBLIC}/{name}").parse().unwrap());
        let digest: Digest = digest.parse().unwrap();
        let ports = self.ports();
        let held = ports
            .evidence
            .read(&repository, &digest, EvidenceForms::ALL)
            .await
            .unwrap();
        let signing = ports.signing;
        let verification = signing
            .judge
            .verify(
                AboutImage {
                    digest: &digest,
                    identity: Some(&identity),
                    now: jiff::Timestamp::UNIX_EPOCH,
                },
                &held,
            )
            .await
            .unwrap();
        assert!(verification.refused.is_empty(), "{verification:?}");
        verification.accepted
    }

    /// Fails unless a mirror has exactly one piece of each kind of evidence about a digest.
    pub(crate) async fn assert_proven_once(&self, mirror: usize, name: &str, digest: &str) {
        let mut kinds: Vec<_> = self
            .accepted_evidence(mirror, name, digest)
            .await
            .into_iter()
            .map(|accepted| accepted.kind)
            .collect();
        kinds.sort();
        assert_eq!(kinds, all_kinds(), "evidence of {name} at mirror {mirror}");
    }

    /// The promise: whatever a mirror shows under a tag has all its evidence. The tags of evidence are no images.
    pub(crate) async fn assert_promise(&self) {
        for (number, mirror) in self.mirrors.iter().enumerate() {
            for repository in mirror.state().repositories() {
                for (tag, digest) in mirror.state().tags(&repository) {
                    if tag.starts_with("sha256-") {
                        continue;
                    }
                    let name = repository.strip_prefix("prod/").unwrap();
                    self.assert_proven_once(number, name, &digest).await;
                }
            }
        }
    }
}

/// One of each kind of evidence, ordered.
pub(crate) fn all_kinds() -> Vec<EvidenceKind> {
    let mut kinds = vec![
        EvidenceKind::Signature {
            format: promo_core::ports::SignatureFormat::Bundle,
        },
        EvidenceKind::Signature {
            format: promo_core::ports::SignatureFormat::Sig,
        },
        EvidenceKind::Attestation {
            predicate_type: PROMOTION_PREDICATE_TYPE.to_owned(),
        },
    ];
    kinds.sort();
    kinds
}

/// The codes of everything that a report says was blocked by its phases.
pub(crate) fn blocked_codes(report: &Report) -> Vec<&'static str> {
    report
        .edges
        .iter()
        .filter_map(|edge| match &edge.result {
            EdgeResult::Blocked(blocked) => Some(blocked.code.as_str()),
            _ => None,
        })
        .collect()
}
