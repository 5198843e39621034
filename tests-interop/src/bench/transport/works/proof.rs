//! The cold copy with signatures and attestations, in the forms that promo knows; beside it crane and cosign.
//!
//! cosign signs a part of the images, and its time is taken that many times.

use std::process::Command;

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::Course;
use super::super::peers::{Journey, Place};
use super::super::promo::{Promo, Settings};
use super::super::section::{Section, Target};
use super::super::told::number;
use super::copies::bare;
use crate::cosign::{Cosign, Form, Generation};
use crate::tools;
use xtask::error::Result;

const IMAGES: u64 = 200;
/// How many images cosign signs and attests: it takes long, and each takes as long as the others.
const SAMPLE: usize = 20;
/// How many processes of cosign run at the same time; two processors are busy with four.
const AT_ONCE: usize = 4;

pub(super) fn run(bench: &Bench) -> Result<Section> {
    let source = bench.world.registry(&json!({"latency": 20}))?;
    let destination = bench.world.registry(&json!({"latency": 20}))?;
    let folder = bench.folder("proof")?;
    let cosign = Cosign::new(
        &tools::cosign_3()?,
        Generation::Three,
        &folder.join("cosign"),
    )?;
    let keys = cosign.generate_keys(&folder, "release")?;
    let journey = Journey {
        images: bench.world.images(&source, "staging", "large")?,
        from: Place::new(&source, "staging"),
        to: vec![Place::new(&destination, "production")],
        folder,
    };
    let course = Course {
        source: source.clone(),
        destinations: vec![destination.clone()],
        wanted: IMAGES,
        prepare: Box::new(|| bench.world.clear(&destination)),
        told: Box::new(|| bench.world.told()),
    };
    let promo = Promo::new(&bench.peers, &journey, "promo", &Settings::default())?;
    let clients = [
        Client::one("promo, bundle and attestation", Role::Promo, || {
            promo.promote_with_proof(&keys, "bundle")
        }),
        Client::one("promo, `.sig` as well", Role::Promo, || {
            promo.promote_with_proof(&keys, "bundle,sig")
        }),
        Client::one("promo, no proof", Role::Promo, || promo.promote()),
        bare(bench, &course, &journey, "copy")?,
        Client::new("crane", Role::Apart, || journey.crane(&bench.peers)).at_once(20),
    ];
    let mut lines = course.measure(bench, &clients)?;
    // What stands in the destination now is crane's copy, which cosign signs.
    let signing = Course {
        source,
        destinations: vec![destination.clone()],
        wanted: 0,
        prepare: Box::new(|| Ok(())),
        told: Box::new(|| bench.world.told()),
    };
    let commands = || -> Vec<Command> {
        let images = journey.images.iter().take(SAMPLE);
        let each = images.flat_map(|image| {
            let place = journey.to.first().map(Place::name).unwrap_or_default();
            let name = format!("{place}/{}@{}", image.name, image.digest);
            let sign = cosign.signing(&name, &keys, Form::Bundle);
            let attest = cosign.attesting(&name, &keys, Form::Bundle);
            std::iter::once(sign).chain(attest)
        });
        each.collect()
    };
    let name = format!("cosign, {SAMPLE} of {IMAGES} images");
    let cosign = [Client::new(&name, Role::Apart, commands)
        .at_once(AT_ONCE)
        .runs(1)];
    lines.extend(signing.measure(bench, &cosign)?);
    Ok(section(lines))
}

fn section(lines: Vec<super::super::line::Line>) -> Section {
    let wall = |name: &str| {
        let line = lines.iter().find(|line| line.name.starts_with(name));
        line.map(|line| line.wall)
    };
    let ours = wall("promo, bundle");
    let slower = ours.zip(wall("promo, no proof"));
    #[expect(clippy::cast_precision_loss, reason = "it is 20")]
    let times = number(IMAGES) / SAMPLE as f64;
    let theirs = wall("crane").zip(wall("cosign"));
    let theirs = theirs.map(|(crane, cosign)| crane + cosign * times);
    let quicker = theirs.zip(ours).map(|(theirs, ours)| theirs / ours);
    let targets = vec![
        Target::at_most(
            "bundle and attestation, time to that of the copy alone",
            1.4,
            " ×",
            slower.map(|(with, without)| with / without),
        ),
        Target::at_least(
            "times quicker than crane and then cosign, whose time is that of its sample ten times",
            15.0,
            " ×",
            quicker,
        ),
    ];
    Section {
        title: "With proof",
        about: format!(
            "The cold copy at 20 ms, each image signed and attested with a key. cosign signs and attests {SAMPLE} images with \
             {AT_ONCE} processes at a time."
        ),
        lines,
        targets,
    }
}
