//! 200 images of five layers each: to an empty registry, inside one registry, and when all of them are there.
//!
//! The bare loop and the other programs that copy are set up here for the other works, too.

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::Course;
use super::super::peers::{Journey, Place};
use super::super::promo::{Promo, Settings};
use super::super::section::{Section, Target};
use super::super::told::number;
use super::super::world::Registry;
use xtask::error::Result;

/// What the bare loop is tried with; the best counts.
const CONCURRENCIES: [usize; 4] = [16, 32, 64, 128];
/// What a copy takes at least: each manifest and each of 824 blobs once from the source; at the destination POST and PUT for
/// each of them, a mount for each of the 16 that stand in further repositories, the tags, and a question before each of them.
const COLD_FLOOR: f64 = 200.0 + 824.0 + 2.0 * 824.0 + 16.0 + 3.0 * 200.0;
const IMAGES: u64 = 200;

const CONTENT: &str = "200 images of five layers in 20 repositories, 824 different blobs, 882 MB; registries in memory";

/// A copy between two registries that are so far away.
struct Cold {
    source: Registry,
    destination: Registry,
    journey: Journey,
}

impl Cold {
    fn new(bench: &Bench, name: &str, latency: u64, tls: bool) -> Result<Self> {
        let folder = bench.folder(name)?;
        let authority = tls.then(|| folder.join("authority.pem"));
        let properties = json!({"latency": latency, "authority": authority});
        let source = bench.world.registry(&properties)?;
        let destination = bench.world.registry(&properties)?;
        let images = bench.world.images(&source, "staging", "large")?;
        let from = Place {
            authority,
            ..Place::new(&source, "staging")
        };
        let to = Place {
            authority: from.authority.clone(),
            ..Place::new(&destination, "production")
        };
        Ok(Self {
            source,
            destination,
            journey: Journey {
                folder,
                images,
                from,
                to: vec![to],
            },
        })
    }

    fn course<'a>(&'a self, bench: &'a Bench) -> Course<'a> {
        Course {
            source: self.source.clone(),
            destinations: vec![self.destination.clone()],
            wanted: IMAGES,
            prepare: Box::new(|| bench.world.clear(&self.destination)),
            told: Box::new(|| bench.world.told()),
        }
    }

    fn clients<'a>(&'a self, bench: &'a Bench) -> Result<Vec<Client<'a>>> {
        let (peers, journey) = (&bench.peers, &self.journey);
        let promo = Promo::new(peers, journey, "promo", &Settings::default())?;
        let mut clients = vec![
            Client::one("promo", Role::Promo, move || promo.promote()),
            bare(bench, &self.course(bench), journey, "copy")?,
        ];
        clients.extend(rivals(bench, journey)?);
        Ok(clients)
    }
}

pub(super) fn cold(bench: &Bench) -> Result<Section> {
    let about = format!("{CONTENT}, 20 ms added to each request; the destination is empty.");
    let cold = Cold::new(bench, "cold", 20, false)?;
    let mut clients = cold.clients(bench)?;
    clients.extend(untuned(bench, &cold.journey)?);
    let lines = cold.course(bench).measure(bench, &clients)?;
    let mut section = Section {
        title: "A cold copy",
        about,
        lines,
        targets: Vec::new(),
    };
    let promo = section.first(Role::Promo);
    let requests = promo.map(|line| number(line.requests()) / COLD_FLOOR);
    let memory = promo.map(|line| line.mebibytes * 1.048_576);
    let processor = processor_to(&section, "crane");
    section.targets = vec![
        Target::at_most("time to the bare loop's", 1.15, " ×", section.to_floor()),
        Target::at_least(
            "times quicker than the best peer",
            1.7,
            " ×",
            section.ahead(),
        ),
        Target::at_most(
            "requests to the least that it takes (3,288)",
            1.02,
            " ×",
            requests,
        ),
        Target::at_most("memory", 64.0, " MB", memory),
        Target::at_most("CPU to crane's", 0.6, " ×", processor),
    ];
    Ok(section)
}

pub(super) fn cold_far(bench: &Bench) -> Result<Section> {
    let about = format!("{CONTENT}, 100 ms added to each request; the destination is empty.");
    let cold = Cold::new(bench, "cold-100ms", 100, false)?;
    compare(bench, &cold, "A cold copy over a long way", about)
}

pub(super) fn cold_tls(bench: &Bench) -> Result<Section> {
    let about = format!(
        "{CONTENT} that speak TLS (HTTP/1.1 and 2), 20 ms added to each request; the destination is empty."
    );
    let cold = Cold::new(bench, "cold-tls", 20, true)?;
    compare(bench, &cold, "A cold copy with TLS", about)
}

fn compare(bench: &Bench, cold: &Cold, title: &'static str, about: String) -> Result<Section> {
    let lines = cold.course(bench).measure(bench, &cold.clients(bench)?)?;
    let mut section = Section {
        title,
        about,
        lines,
        targets: Vec::new(),
    };
    section.targets = vec![
        Target::at_most("time to the bare loop's", 1.15, " ×", section.to_floor()),
        Target::at_least(
            "times quicker than the best peer",
            1.7,
            " ×",
            section.ahead(),
        ),
    ];
    Ok(section)
}

pub(super) fn inside(bench: &Bench) -> Result<Section> {
    let registry = bench.world.registry(&json!({"latency": 20}))?;
    let journey = Journey {
        folder: bench.folder("inside")?,
        images: bench.world.images(&registry, "staging", "large")?,
        from: Place::new(&registry, "staging"),
        to: vec![Place::new(&registry, "production")],
    };
    let nowhere = bench.world.registry(&json!({}))?;
    let course = Course {
        source: nowhere,
        destinations: vec![registry.clone()],
        wanted: IMAGES,
        prepare: Box::new(|| {
            bench.world.clear(&registry)?;
            bench.world.images(&registry, "staging", "large").map(drop)
        }),
        told: Box::new(|| bench.world.told()),
    };
    let promo = Promo::new(&bench.peers, &journey, "promo", &Settings::default())?;
    let mut clients = vec![
        Client::one("promo", Role::Promo, move || promo.promote()),
        bare(bench, &course, &journey, "inside")?,
    ];
    clients.extend(rivals(bench, &journey)?);
    let lines = course.measure(bench, &clients)?;
    let mut section = Section {
        title: "Inside one registry",
        about: format!(
            "{CONTENT}, 20 ms added to each request; from one path to another, so that all blobs can be mounted."
        ),
        lines,
        targets: Vec::new(),
    };
    section.targets = vec![
        Target::at_most("time to the bare loop's", 1.2, " ×", section.to_floor()),
        Target::at_least(
            "times quicker than the best peer",
            3.5,
            " ×",
            section.ahead(),
        ),
    ];
    Ok(section)
}

pub(super) fn nothing(bench: &Bench) -> Result<Section> {
    let source = bench.world.registry(&json!({"latency": 20}))?;
    let destination = bench.world.registry(&json!({"latency": 20}))?;
    let images = bench.world.images(&source, "staging", "large")?;
    bench.world.images(&destination, "production", "large")?;
    let journey = Journey {
        folder: bench.folder("nothing")?,
        images,
        from: Place::new(&source, "staging"),
        to: vec![Place::new(&destination, "production")],
    };
    let course = Course {
        source,
        destinations: vec![destination],
        wanted: 0,
        prepare: Box::new(|| Ok(())),
        told: Box::new(|| bench.world.told()),
    };
    let promo = Promo::new(&bench.peers, &journey, "promo", &Settings::default())?;
    let mut clients = vec![
        Client::one("promo", Role::Promo, move || promo.promote()),
        bare(bench, &course, &journey, "look")?,
    ];
    clients.extend(rivals(bench, &journey)?);
    let lines = course.measure(bench, &clients)?;
    let requests = lines.first().map(|line| number(line.requests()));
    Ok(Section {
        title: "Nothing to do",
        about: format!(
            "{CONTENT}, 20 ms added to each request; everything is there. crane and regsync list the tags of the source first."
        ),
        lines,
        targets: vec![Target::at_most("requests", 200.0, "", requests)],
    })
}

/// The bare loop at its best concurrency, which is tried out first.
pub(super) fn bare<'a>(
    bench: &'a Bench,
    course: &Course<'_>,
    journey: &'a Journey,
    work: &'static str,
) -> Result<Client<'a>> {
    let mut best = (f64::INFINITY, 1);
    for at_once in CONCURRENCIES {
        journey.bare(&bench.peers, work, at_once)?;
        let command = || {
            journey
                .bare(&bench.peers, work, at_once)
                .into_iter()
                .collect()
        };
        (course.prepare)()?;
        let cost =
            Client::new("bare loop", Role::Floor, command).run(&bench.world, bench.give_up)?;
        if cost.wall < best.0 {
            best = (cost.wall, at_once);
        }
    }
    let name = format!("bare loop, {} at once", best.1);
    let command = move || {
        journey
            .bare(&bench.peers, work, best.1)
            .into_iter()
            .collect()
    };
    Ok(Client::new(&name, Role::Floor, command))
}

/// Programs that copy images, tuned as well as can be.
pub(super) fn rivals<'a>(bench: &'a Bench, journey: &'a Journey) -> Result<Vec<Client<'a>>> {
    let peers = &bench.peers;
    journey.regsync_tuned(peers)?;
    Ok(vec![
        Client::new("regsync, parallel 64", Role::Peer, || {
            journey.regsync_tuned(peers).into_iter().collect()
        }),
        Client::new("crane", Role::Peer, || journey.crane(peers)).at_once(20),
    ])
}

/// Programs as they come; they take long, so that each runs once.
fn untuned<'a>(bench: &'a Bench, journey: &'a Journey) -> Result<Vec<Client<'a>>> {
    let peers = &bench.peers;
    journey.regsync(peers)?;
    journey.skopeo()?;
    let regsync = || journey.regsync(peers).into_iter().collect();
    let skopeo = || journey.skopeo().into_iter().collect();
    Ok(vec![
        Client::new("regsync", Role::Peer, regsync).runs(1),
        Client::new("skopeo sync", Role::Peer, skopeo).runs(1),
    ])
}

/// promo's CPU seconds in times of another client's.
pub(super) fn processor_to(section: &Section, name: &str) -> Option<f64> {
    Some(section.first(Role::Promo)?.processor / section.line(name)?.processor)
}
