//! cosign judges three images: one with only our `.sig`, one with only our bundle, one with only our attestation. One by
//! one, because any bundle keeps cosign from looking at `.sig`.
//!
//! Then it judges [`carried`] evidence.

mod carried;

use crate::audit::{Evidence, Repository};
use crate::containers::Containers;
use crate::cosign::{Cosign, Form, Generation};
use crate::interop::Setting;
use crate::login;
use crate::promo::PROMOTION_TYPE;
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, Result};

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let registry = DockerRegistry::start(setting.folder(), "evidence", Access::Open)?;
    let home = setting.folder().join("home");
    let passwords = login::write_config(&home, &[])?;
    let containers = Containers::new(setting.folder(), &passwords)?;
    let three = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
    let two = Cosign::new(&setting.tools.cosign_2()?, Generation::Two, &home)?;
    let keys = three.generate_keys(setting.folder(), "ours")?;
    let other = three.generate_keys(setting.folder(), "other")?;

    let push = |name: &str| {
        let repository = format!("{}/team/{name}", registry.address());
        let digest = containers.push_image(name, 1000, &format!("{repository}:v1"))?;
        Ok((
            Repository::new(registry.client(), &format!("team/{name}")),
            digest.clone(),
            format!("{repository}@{digest}"),
        ))
    };
    let (tagged, tagged_digest, tagged_image) = push("tagged")?;
    promo.sign(&tagged_image, &keys, "sig")?;
    demand(&tagged.evidence(&tagged_digest)?, 1, &[])?;
    let (bundled, bundled_digest, bundled_image) = push("bundled")?;
    promo.sign(&bundled_image, &keys, "bundle")?;
    demand(
        &bundled.evidence(&bundled_digest)?,
        0,
        &["https://sigstore.dev/cosign/sign/v1"],
    )?;
    let (attested, attested_digest, attested_image) = push("attested")?;
    promo.attest(&attested_image, &keys, "staging.example/team/attested")?;
    demand(&attested.evidence(&attested_digest)?, 0, &[PROMOTION_TYPE])?;

    for cosign in [&two, &three] {
        cosign
            .verify(&tagged_image, &keys.public, Form::Tag)?
            .success()?;
        cosign
            .verify(&tagged_image, &other.public, Form::Tag)?
            .refusal()?;
        cosign
            .verify(&bundled_image, &keys.public, Form::Bundle)?
            .success()?;
        cosign
            .verify(&bundled_image, &other.public, Form::Bundle)?
            .refusal()?;
        cosign
            .verify_attestation(&attested_image, &keys.public, PROMOTION_TYPE, Form::Bundle)?
            .success()?;
        cosign
            .verify_attestation(&attested_image, &other.public, PROMOTION_TYPE, Form::Bundle)?
            .refusal()?;
        println!(
            "cosign {:?}: three accepted with our key, three refused with another",
            cosign.generation
        );
    }
    carried::run(setting)
}

fn demand(found: &Evidence, signatures: usize, bundles: &[&str]) -> Result<()> {
    if found.signatures == signatures && found.bundles == bundles {
        return Ok(());
    }
    Err(Error::unmet(format!(
        "found {found:?}, but wanted {signatures} signatures and the bundles {bundles:?}"
    )))
}
