//! The world of the demo: a staging registry and two production mirrors on loopback, images, ephemeral keys.

use std::fmt::Write as _;
use std::sync::Arc;

use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::manifest::ManifestSet;
use promo_core::oci::{ImageReference, RegistryPath};
use promo_core::pipeline::ProofPorts;
use promo_core::ports::{SignatureFormat, Silent, Subject};
use promo_registry::WireRegistry;
use promo_registry::inventory::InventorySettings;
use promo_sign::{PROMOTION_PREDICATE_TYPE, SigningKey};
use promo_testkit::image::BuiltImage;
use promo_testkit::registry::{EmbeddedRegistry, RegistryOptions};

use super::unexpected;
use crate::app::{self, Registries};
use crate::commands::image;
use crate::commands::sample_images::{self, SampleImage};
use crate::error::{Error, Result};
use crate::time::TokioSleep;

/// The public name of the production images.
pub(super) const PUBLIC: &str = "registry.example.com/team";

/// Everything that the demo plays with.
#[derive(Debug)]
pub(super) struct World {
    pub(super) staging: EmbeddedRegistry,
    pub(super) mirrors: [EmbeddedRegistry; 2],
    pub(super) registries: Registries,
    pub(super) identities: IdentityRules,
    pub(super) images: Vec<SampleImage>,
    /// Signs what is promoted.
    pub(super) release_key: Arc<SigningKey>,
    /// Signed one image in staging.
    pub(super) staging_key: Arc<SigningKey>,
}

impl World {
    /// Starts the registries, fills staging, makes keys.
    pub(super) async fn start() -> Result<Self> {
        let staging = registry().await?;
        let mirrors = [registry().await?, registry().await?];
        let wire = WireRegistry::builder(app::clock(), Arc::new(TokioSleep))
            .build()
            .map_err(app::registry_error)?;
        let observer = Arc::new(Silent);
        let registries = Registries::over(Arc::new(wire), InventorySettings::default(), observer);
        let world = Self {
            identities: identities(&mirrors)?,
            images: sample_images::all(),
            release_key: Arc::new(SigningKey::generate().map_err(app::sign_error)?),
            staging_key: Arc::new(SigningKey::generate().map_err(app::sign_error)?),
            staging,
            mirrors,
            registries,
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

    /// What signs and attests promoted images.
    pub(super) fn proof(&self) -> Result<ProofPorts> {
        let formats = [SignatureFormat::Bundle, SignatureFormat::Sig];
        app::proof_of(&self.release_key, &formats, PROMOTION_PREDICATE_TYPE)
            .map_err(app::sign_error)
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
        image::references(&references)
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
        let reference = image::references(&[text])?
            .pop()
            .ok_or_else(|| unexpected("an image of staging has no name"))?;
        let none = IdentityRules::default();
        let resolved = image::resolve(&self.registries, &none, reference, None).await?;
        let proof = app::proof_of(
            &self.staging_key,
            &[SignatureFormat::Bundle],
            PROMOTION_PREDICATE_TYPE,
        )
        .map_err(app::sign_error)?;
        let subject = Subject {
            identity: resolved.identity,
            descriptor: resolved.descriptor,
        };
        let evidence = proof
            .signer
            .sign(&subject, &[SignatureFormat::Bundle])
            .await?;
        let repository = resolved.image.repository();
        let store = &self.registries.evidence;
        store
            .attach(repository, &subject.descriptor, &evidence)
            .await?;
        Ok(())
    }
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
