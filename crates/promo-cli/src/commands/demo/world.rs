//! The world of the demo: a staging registry and two production mirrors on loopback, images, ephemeral keys.

use std::fmt::Write as _;
use std::sync::Arc;

use promo::settings::Settings;
use promo::{Extent, Promoter, PromoterBuilder, SystemClock, image, keys};
use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{ImageReference, RegistryPath};
use promo_core::pipeline::{SigningPorts, StagingPolicy};
use promo_core::ports::{Clock, Observer, SignatureFormat};
use promo_core::predicate::PROMOTION_PREDICATE_TYPE;
use promo_sign::{KeyVerifier, SigningKey};
use promo_testkit::image::BuiltImage;
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};
use promo_testkit::samples::{self, SampleImage};

use super::unexpected;
use crate::error::{Error, Result};

/// The public name of the production images.
pub(super) const PUBLIC: &str = "registry.example.com/team";

/// Everything that the demo plays with.
#[derive(Debug)]
pub(super) struct World {
    pub(super) staging: EmbeddedRegistry,
    pub(super) mirrors: [EmbeddedRegistry; 2],
    pub(super) identities: IdentityRules,
    pub(super) images: Vec<SampleImage>,
    /// Signs what is promoted.
    pub(super) release_key: Arc<SigningKey>,
    /// Signed one image in staging.
    pub(super) staging_key: Arc<SigningKey>,
    /// Writes the trace, if one is wanted.
    trace: Option<Arc<dyn Observer>>,
}

impl World {
    /// Starts the registries, fills staging, makes keys.
    pub(super) async fn start(trace: Option<Arc<dyn Observer>>) -> Result<Self> {
        let staging = registry().await?;
        let mirrors = [registry().await?, registry().await?];
        let world = Self {
            identities: identities(&mirrors)?,
            images: samples::all(),
            release_key: Arc::new(SigningKey::generate()?),
            staging_key: Arc::new(SigningKey::generate()?),
            staging,
            mirrors,
            trace,
        };
        for promoted in &world.images {
            promoted.push_to(&world.staging, "staging");
        }
        world.sign_in_staging("signed", "v3.0.0").await?;
        Ok(world)
    }

    /// Puts an image into staging, as a build would.
    pub(super) fn push(&self, name: &str, tags: &[&str], image: &BuiltImage) {
        let repository = format!("staging/{name}");
        image.push_untagged(&self.staging.state(), &repository);
        for tag in tags {
            image.push_to(&self.staging.state(), &repository, tag);
        }
    }

    /// A plain promoter manifest: digests and tags of one image each.
    pub(super) fn manifest<'a>(
        &self,
        images: impl IntoIterator<Item = (&'a str, &'a str, &'a [&'a str])>,
    ) -> Result<ManifestSet> {
        let mut yaml = format!(
            "registries:\n- name: {}/staging\n  src: true\n",
            self.staging.host()
        );
        for mirror in &self.mirrors {
            let _ = writeln!(yaml, "- name: {}/team", mirror.host());
        }
        yaml.push_str("images:\n");
        for (name, digest, tags) in images {
            let tags: Vec<_> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
            let _ = writeln!(
                yaml,
                "- name: {name}\n  dmap:\n    \"{digest}\": [{}]",
                tags.join(", ")
            );
        }
        Ok(ManifestSet::parse_plain("demo.yaml", yaml.as_bytes())?)
    }

    /// The promoter of the release team, which asks this of signatures in staging.
    pub(super) fn promoter(&self, policy: StagingPolicy) -> Result<Promoter> {
        let mut settings = Settings::default();
        settings.scope = settings.scope.with_identities(self.identities.clone());
        settings.staging = settings.staging.with_policy(policy);
        let builder_id = concat!("https://promo.example/demo@v", env!("CARGO_PKG_VERSION"));
        settings.signing = settings.signing.with_builder_id(builder_id.to_owned());
        let build_team = KeyVerifier::new([self.staging_key.public_key().clone()]).trusting_all();
        let both = [SignatureFormat::Bundle, SignatureFormat::Sig];
        Ok(self
            .builder(settings)
            .signing(signing(&self.release_key, &both)?)
            .staging_judge(build_team)
            .build())
    }

    fn builder(&self, settings: Settings) -> PromoterBuilder {
        let builder = Promoter::builder().settings(settings);
        match &self.trace {
            Some(trace) => builder.observer(Arc::clone(trace)),
            None => builder,
        }
    }

    /// The images in production as anybody names them: by tag, or by digest if they have none.
    pub(super) fn production(&self) -> Result<Vec<ImageReference>> {
        let mut references = Vec::new();
        for mirror in &self.mirrors {
            for promoted in &self.images {
                let image = format!("{}/team/{}", mirror.host(), promoted.name);
                match promoted.tags {
                    [] => references.push(format!("{image}@{}", promoted.image.digest())),
                    tags => references.extend(tags.iter().map(|tag| format!("{image}:{tag}"))),
                }
            }
        }
        Ok(image::references(&references)?)
    }

    /// How many writes the registries were sent up to now.
    pub(super) fn writes(&self) -> usize {
        let mirrors: usize = self
            .mirrors
            .iter()
            .map(|mirror| mirror.log().writes().len())
            .sum();
        mirrors + self.staging.log().writes().len()
    }

    /// Where a tag points in each mirror.
    pub(super) fn tag_in_mirrors(&self, name: &str, tag: &str) -> [Option<String>; 2] {
        let repository = format!("team/{name}");
        self.mirrors
            .each_ref()
            .map(|mirror| mirror.state().tag_digest(&repository, tag))
    }

    /// Signs an image in staging with the build team's key.
    pub(super) async fn sign_in_staging(&self, name: &str, tag: &str) -> Result<()> {
        let text = format!("{}/staging/{name}:{tag}", self.staging.host());
        let formats = vec![SignatureFormat::Bundle];
        let mut settings = Settings::default();
        let ports = signing(&self.staging_key, &formats)?;
        settings.signing = settings.signing.with_formats(formats);
        let build_team = self.builder(settings).signing(ports);
        let images = image::references(&[text])?;
        build_team
            .build()
            .sign(images, None, Extent::Confirmed)
            .await?;
        Ok(())
    }
}

/// What signs and attests with a key in memory.
fn signing(key: &Arc<SigningKey>, formats: &[SignatureFormat]) -> Result<SigningPorts> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(keys::signing_with(
        key,
        formats,
        PROMOTION_PREDICATE_TYPE,
        &clock,
    )?)
}

async fn registry() -> Result<EmbeddedRegistry> {
    EmbeddedRegistry::start(RegistryOptions::default())
        .await
        .map_err(|error| Error::file("listen on", "127.0.0.1".as_ref(), error))
}

/// Both mirrors serve one public name.
fn identities(mirrors: &[EmbeddedRegistry; 2]) -> Result<IdentityRules> {
    let path = |text: String| -> Result<RegistryPath> {
        text.parse()
            .map_err(|error| unexpected(format!("{text}: {error}")))
    };
    let mut rules = Vec::new();
    for mirror in mirrors {
        let registry = path(format!("{}/team", mirror.host()))?;
        rules.push(IdentityRule::new(registry, path(PUBLIC.to_owned())?));
    }
    Ok(IdentityRules::new(rules))
}
