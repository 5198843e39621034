//! A whole promotion from one registry to two others, one of which asks for a password; everyone else agrees with it.

use std::path::{Path, PathBuf};

use crate::containers::Containers;
use crate::cosign::{Cosign, Form, Generation, Keys};
use crate::interop::Setting;
use crate::login;
use crate::promo::{PROMOTION_TYPE, Promotion, write_tree};
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, Result};
use xtask::process;

/// The registries, and what stands in staging.
struct Stage {
    staging: DockerRegistry,
    production: [DockerRegistry; 2],
    home: PathBuf,
    authfile: PathBuf,
    containers: Containers,
    images: Vec<Image>,
}

struct Image {
    name: &'static str,
    digest: String,
}

const TAGS: [&str; 2] = ["v1", "v1.0.0"];

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let stage = Stage::prepare(setting)?;
    let three = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &stage.home)?;
    let two = Cosign::new(&setting.tools.cosign_2()?, Generation::Two, &stage.home)?;
    let team = three.generate_keys(setting.folder(), "team")?;
    let release = three.generate_keys(setting.folder(), "release")?;
    let other = three.generate_keys(setting.folder(), "other")?;

    stage.sign_in_staging(&two, &three, &team)?;
    for image in stage.staging_images() {
        promo
            .verify(&image, &team.public, &stage.authfile)?
            .success()?;
        promo
            .verify(&image, &other.public, &stage.authfile)?
            .refusal()?;
    }

    let tree = setting.folder().join("tree");
    stage.write_tree(&tree)?;
    let promotion = Promotion {
        tree: &tree,
        keys: &release,
        authfile: &stage.authfile,
        staging_key: Some(&team.public),
        link: None,
    };
    println!(
        "{}",
        process::capture(&mut promo.promote(&promotion))?.success()?
    );
    stage.demand_same_bytes()?;
    for image in stage.production_images() {
        for cosign in [&two, &three] {
            cosign
                .verify(&image, &release.public, Form::Bundle)?
                .success()?;
            cosign
                .verify(&image, &other.public, Form::Bundle)?
                .refusal()?;
            cosign
                .verify_attestation(&image, &release.public, PROMOTION_TYPE, Form::Bundle)?
                .success()?;
        }
        promo
            .verify(&image, &release.public, &stage.authfile)?
            .success()?;
        promo
            .verify(&image, &other.public, &stage.authfile)?
            .refusal()?;
    }
    let before = stage.writes()?;
    process::capture(&mut promo.promote(&promotion))?.success()?;
    let after = stage.writes()?;
    println!(
        "writes by the first run: {}, by the second: {}",
        before.len(),
        after.len() - before.len()
    );
    demand(before == after, "the second run wrote something")
}

impl Stage {
    fn prepare(setting: &Setting<'_>) -> Result<Self> {
        let staging = DockerRegistry::start(setting.folder(), "staging", Access::Open)?;
        let open = DockerRegistry::start(setting.folder(), "production-open", Access::Open)?;
        let closed =
            DockerRegistry::start(setting.folder(), "production-closed", Access::Password)?;
        let home = setting.folder().join("home");
        let authfile = login::write_config(&home, &[closed.address()])?;
        let containers = Containers::new(setting.folder(), &authfile)?;
        let mut images = Vec::new();
        for (name, own_bytes) in [("app", 3_000_000), ("worker", 100), ("tool", 500_000)] {
            let digest = containers.push_image(
                name,
                own_bytes,
                &format!("{}/staging/{name}:v1", staging.address()),
            )?;
            images.push(Image { name, digest });
        }
        let digest =
            containers.push_index("multi", &format!("{}/staging/multi:v1", staging.address()))?;
        images.push(Image {
            name: "multi",
            digest,
        });
        Ok(Self {
            staging,
            production: [open, closed],
            home,
            authfile,
            containers,
            images,
        })
    }

    /// As teams do it today: some with the tag, some with a bundle.
    fn sign_in_staging(&self, two: &Cosign, three: &Cosign, keys: &Keys) -> Result<()> {
        for (number, image) in self.staging_images().iter().enumerate() {
            if number % 2 == 0 {
                two.sign(image, keys, Form::Tag)?;
            } else {
                three.sign(image, keys, Form::Bundle)?;
            }
        }
        Ok(())
    }

    fn write_tree(&self, folder: &Path) -> Result<()> {
        let images: Vec<(&str, &str, &[&str])> = self
            .images
            .iter()
            .map(|image| (image.name, image.digest.as_str(), TAGS.as_slice()))
            .collect();
        let source = format!("{}/staging", self.staging.address());
        let destinations = self
            .production
            .each_ref()
            .map(|registry| format!("{}/production", registry.address()));
        write_tree(
            folder,
            &source,
            &destinations.each_ref().map(String::as_str),
            &images,
        )
    }

    fn staging_images(&self) -> Vec<String> {
        let staging = self.staging.address();
        self.images
            .iter()
            .map(|image| format!("{staging}/staging/{}@{}", image.name, image.digest))
            .collect()
    }

    fn production_images(&self) -> Vec<String> {
        let mut all = Vec::new();
        for registry in &self.production {
            let address = registry.address();
            let images = self
                .images
                .iter()
                .map(|image| format!("{address}/production/{}@{}", image.name, image.digest));
            all.extend(images);
        }
        all
    }

    /// skopeo finds each digest behind each tag in each production registry, and can pull everything behind it.
    fn demand_same_bytes(&self) -> Result<()> {
        for registry in &self.production {
            for image in &self.images {
                let repository = format!("{}/production/{}", registry.address(), image.name);
                for tag in TAGS {
                    let found = self.containers.digest(&format!("{repository}:{tag}"))?;
                    println!("{repository}:{tag} {found}");
                    demand(
                        found == image.digest,
                        &format!("{repository}:{tag} should be {}", image.digest),
                    )?;
                }
                self.containers.pull(&format!("{repository}:{}", TAGS[0]))?;
            }
        }
        Ok(())
    }

    fn writes(&self) -> Result<Vec<String>> {
        let mut all = self.staging.writes()?;
        for registry in &self.production {
            all.extend(registry.writes()?);
        }
        Ok(all)
    }
}

fn demand(met: bool, otherwise: &str) -> Result<()> {
    if met {
        Ok(())
    } else {
        Err(Error::unmet(otherwise))
    }
}
