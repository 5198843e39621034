//! The cold copy where both registries answer 429 beyond 50 requests a second.
//!
//! promo isn't told in the first line, and is in the second; what is left and how well the quota was used is what counts.

use std::fmt::Write as _;

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::{Course, Line};
use super::super::peers::{Journey, Place};
use super::super::promo::{Promo, Settings};
use super::super::section::{Section, Target};
use super::super::told::{Told, number};
use xtask::error::Result;

const IMAGES: u64 = 200;
const PER_SECOND: u32 = 50;

pub(super) fn run(bench: &Bench) -> Result<Section> {
    let properties = json!({"latency": 20, "quota": PER_SECOND});
    let source = bench.world.registry(&properties)?;
    let destination = bench.world.registry(&properties)?;
    let journey = Journey {
        folder: bench.folder("quota")?,
        images: bench.world.images(&source, "staging", "large")?,
        from: Place::new(&source, "staging"),
        to: vec![Place::new(&destination, "production")],
    };
    let course = Course {
        source,
        destinations: vec![destination.clone()],
        wanted: IMAGES,
        prepare: Box::new(|| bench.world.clear(&destination)),
        told: Box::new(|| bench.world.told()),
    };
    let untold = Promo::new(&bench.peers, &journey, "untold", &Settings::default())?;
    let settings = Settings {
        rate: Some(PER_SECOND),
        ..Settings::default()
    };
    let told = Promo::new(&bench.peers, &journey, "told", &settings)?;
    journey.regsync_tuned(&bench.peers)?;
    let clients = [
        Client::one("promo, not told", Role::Promo, || untold.promote()),
        Client::one("promo, told", Role::Promo, || told.promote()),
        Client::new("regsync, parallel 64", Role::Peer, || {
            journey.regsync_tuned(&bench.peers).into_iter().collect()
        }),
    ];
    let lines = course.measure(bench, &clients)?;
    let mut about = format!(
        "The content of the cold copy, 20 ms added to each request, and {PER_SECOND} requests per second and registry: what comes \
         sooner is answered 429. Goodput is what the destination answered otherwise in a second, from its first request to its \
         last answer:"
    );
    for line in &lines {
        let goodput = line.destination.goodput().unwrap_or_default();
        let share =
            late_share(line).map_or_else(|| "none".to_owned(), |share| format!("{share:.2} %"));
        // Writing to a String can't fail.
        let _written = write!(
            about,
            " {} {goodput:.1}/s, 429s after the first 30 s {share};",
            line.name
        );
    }
    about.push_str(" one run each.");
    let targets = targets(&lines);
    Ok(Section {
        title: "A quota that nobody told",
        about,
        lines,
        targets,
    })
}

fn targets(lines: &[Line]) -> Vec<Target> {
    let Some(line) = lines.first() else {
        return Vec::new();
    };
    let share = line.destination.goodput();
    let share = share.map(|goodput| 100.0 * goodput / f64::from(PER_SECOND));
    let left = IMAGES.saturating_sub(line.destination.published);
    let quota = f64::from(PER_SECOND);
    let floor = number(line.destination.total() - line.destination.refused()) / quota;
    vec![
        Target::at_least("goodput, of the quota", 97.0, " %", share),
        Target::at_most("answers 429 after 30 s", 0.5, " %", late_share(line)),
        Target::at_most("images left", 0.0, "", Some(number(left))),
        Target::at_most(
            "time to what the quota lets its requests take",
            1.3,
            " ×",
            line.is_complete.then_some(line.wall / floor),
        ),
    ]
}

/// The share of 429s among all requests after the first 30 s.
fn late_share(line: &Line) -> Option<f64> {
    let both = Told::sum([&line.source, &line.destination].into_iter());
    (both.late > 0).then(|| 100.0 * number(both.late_refused) / number(both.late))
}
