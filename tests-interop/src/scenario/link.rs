//! The in-toto link of a promotion, judged by in-toto's own Python implementation.

use std::fs;

use serde_json::{Value, json};

use crate::containers::Containers;
use crate::cosign::{Cosign, Generation};
use crate::in_toto::InToto;
use crate::interop::Setting;
use crate::login;
use crate::promo::{Promotion, write_tree};
use crate::servers::{Access, DockerRegistry};
use xtask::error::{Error, OnPath, Result};
use xtask::process;

pub(crate) fn run(setting: &Setting<'_>) -> Result<()> {
    let promo = setting.promo()?;
    let staging = DockerRegistry::start(setting.folder(), "staging", Access::Open)?;
    let production = DockerRegistry::start(setting.folder(), "production", Access::Open)?;
    let home = setting.folder().join("home");
    let authfile = login::write_config(&home, &[])?;
    let containers = Containers::new(setting.folder(), &authfile)?;
    let source = format!("{}/staging", staging.address());
    let destination = format!("{}/production", production.address());
    let digest = containers.push_image("app", 1000, &format!("{source}/app:v1"))?;
    let tree = setting.folder().join("tree");
    write_tree(
        &tree,
        &source,
        &[&destination],
        &[("app", &digest, &["v1"])],
    )?;

    let in_toto = InToto::new(setting.tools, setting.folder())?;
    let ours = in_toto.generate_keys("link")?;
    let other = in_toto.generate_keys("other")?;
    let keys = Cosign::new(&setting.tools.cosign_3()?, Generation::Three, &home)?
        .generate_keys(setting.folder(), "release")?;
    let link = setting.folder().join("promote.link");
    let promotion = Promotion {
        tree: &tree,
        keys: &keys,
        authfile: &authfile,
        staging_key: None,
        link: Some((&link, &ours.private)),
    };
    process::capture(&mut promo.promote(&promotion))?.success()?;

    in_toto.verify(&link, &other)?.refusal()?;
    let said = in_toto.read(&link, &ours)?;
    println!("in-toto accepts with our key and refuses with another: {said}");
    let hex = digest.trim_start_matches("sha256:");
    let wanted = json!({
        "step": "promote",
        "materials": {format!("{source}/app@{digest}"): {"sha256": hex}},
        "products": {format!("{destination}/app@{digest}"): {"sha256": hex}},
    });
    demand_equal(&said, &wanted)?;

    let text = fs::read_to_string(&link).on("read", &link)?;
    fs::write(&link, text.replace("/production/", "/elsewhere/")).on("write", &link)?;
    in_toto.verify(&link, &ours)?.refusal().map(drop)
}

fn demand_equal(found: &Value, wanted: &Value) -> Result<()> {
    if found == wanted {
        Ok(())
    } else {
        Err(Error::unmet(format!("the link says {found}, not {wanted}")))
    }
}
