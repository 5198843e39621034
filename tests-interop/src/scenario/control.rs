//! The judges themselves, without promo: cosign accepts what cosign made and refuses the wrong key, skopeo and our audit
//! see what is there, and the registry's log shows each write. What these can't tell, no other scenario may rest on.

use crate::audit::{Evidence, Repository};
use crate::containers::Containers;
use crate::cosign::{CONTROL_TYPE, Cosign, Form, Generation};
use crate::interop::Setting;
use crate::login;
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, Result};

const ANOTHER_TYPE: &str = "https://promo.example/another/v1";

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let registry = DockerRegistry::start(setting.folder(), "control", Access::Password)?;
    let home = setting.folder().join("home");
    let passwords = login::write_config(&home, &[registry.address()])?;
    let containers = Containers::new(setting.folder(), &passwords)?;
    let three = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?;
    let two = Cosign::new(&setting.tools.cosign_2()?, Generation::Two, &home)?;
    let keys = three.generate_keys(setting.folder(), "ours")?;
    let other = three.generate_keys(setting.folder(), "other")?;

    let repository = format!("{}/control", registry.address());
    let tagged = containers.push_image("tagged", 1000, &format!("{repository}/tagged:v1"))?;
    let bundled = containers.push_index("bundled", &format!("{repository}/bundled:v1"))?;
    let attested = containers.push_image("attested", 1000, &format!("{repository}/attested:v1"))?;
    containers.pull(&format!("{repository}/bundled:v1"))?;
    let images = [
        ("tagged", tagged),
        ("bundled", bundled),
        ("attested", attested),
    ];
    let [tagged, bundled, attested] = images
        .each_ref()
        .map(|(name, digest)| format!("{repository}/{name}@{digest}"));

    three.verify(&tagged, &keys.public, Form::Tag)?.refusal()?;
    three
        .verify(&bundled, &keys.public, Form::Bundle)?
        .refusal()?;
    two.sign(&tagged, &keys, Form::Tag)?;
    three.sign(&tagged, &keys, Form::Tag)?;
    three.sign(&bundled, &keys, Form::Bundle)?;
    three.attest(&attested, &keys, Form::Bundle)?;
    for cosign in [&two, &three] {
        cosign.verify(&tagged, &keys.public, Form::Tag)?.success()?;
        cosign
            .verify(&tagged, &other.public, Form::Tag)?
            .refusal()?;
        cosign
            .verify(&bundled, &keys.public, Form::Bundle)?
            .success()?;
        cosign
            .verify(&bundled, &other.public, Form::Bundle)?
            .refusal()?;
        cosign
            .verify_attestation(&attested, &keys.public, CONTROL_TYPE, Form::Bundle)?
            .success()?;
        cosign
            .verify_attestation(&attested, &other.public, CONTROL_TYPE, Form::Bundle)?
            .refusal()?;
        cosign
            .verify_attestation(&attested, &keys.public, ANOTHER_TYPE, Form::Bundle)?
            .refusal()?;
    }
    the_audit_sees_the_same(&registry, &images)?;
    the_log_shows_writes_only(&registry, &containers, &repository)
}

fn the_audit_sees_the_same(registry: &DockerRegistry, images: &[(&str, String); 3]) -> Result<()> {
    let signature = "https://sigstore.dev/cosign/sign/v1".to_owned();
    let wanted = [
        Evidence {
            signatures: 1,
            ..Evidence::default()
        },
        Evidence {
            bundles: vec![signature],
            ..Evidence::default()
        },
        Evidence {
            bundles: vec![CONTROL_TYPE.to_owned()],
            ..Evidence::default()
        },
    ];
    for ((name, digest), wanted) in images.iter().zip(wanted) {
        let repository = Repository::new(registry.client(), &format!("control/{name}"));
        let found = repository.evidence(digest)?;
        if found != wanted {
            return Err(Error::unmet(format!(
                "{name}: the audit sees {found:?}, not {wanted:?}"
            )));
        }
        if repository.demand_evidence_of_tags().is_ok()
            || repository.demand_evidence_of_digest(digest).is_ok()
        {
            return Err(Error::unmet(format!(
                "{name}: the audit is content with {found:?}"
            )));
        }
    }
    Ok(())
}

fn the_log_shows_writes_only(
    registry: &DockerRegistry,
    containers: &Containers,
    repository: &str,
) -> Result<()> {
    let before = registry.writes()?.len();
    containers.raw_manifest(&format!("{repository}/tagged:v1"))?;
    let after_reading = registry.writes()?.len();
    containers.copy(
        &format!("docker://{repository}/tagged:v1"),
        &format!("docker://{repository}/tagged:v2"),
    )?;
    let after_writing = registry.writes()?.len();
    println!(
        "writes in the log: {before}, after reading {after_reading}, after a new tag {after_writing}"
    );
    if before > 0 && before == after_reading && after_reading < after_writing {
        return Ok(());
    }
    Err(Error::unmet(
        "the registry's log does not tell reading from writing",
    ))
}
