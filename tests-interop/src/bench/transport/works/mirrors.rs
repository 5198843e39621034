//! 200 small images to 22 mirrors: when all of them are well, and when one of them isn't.
//!
//! What counts is when the mirrors that are well had published all tags, as their own logs tell it.

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::{Course, Line};
use super::super::peers::{Journey, Place};
use super::super::promo::{Promo, Settings};
use super::super::section::{Section, Target};
use super::super::told::number;
use super::super::world::{Image, Registry, World};
use super::copies::bare;
use xtask::error::Result;

const MIRRORS: usize = 22;
const IMAGES: u64 = 200;
const BYTES_PER_SECOND: u64 = 1_000_000;
const STALLS_AFTER: u64 = 1_500;

const CONTENT: &str = "200 images of one layer in 20 repositories, 300 different blobs, 20 MB, to 22 mirrors; registries \
    in memory, 20 ms added to each request";

/// A source and its mirrors.
struct Fleet {
    source: Registry,
    images: Vec<Image>,
    mirrors: Vec<Registry>,
}

impl Fleet {
    fn new(bench: &Bench) -> Result<Self> {
        let source = bench.world.registry(&json!({"latency": 20}))?;
        let images = bench.world.images(&source, "staging", "small")?;
        let mirror = |_| bench.world.registry(&json!({"latency": 20}));
        Ok(Self {
            source,
            images,
            mirrors: (0..MIRRORS).map(mirror).collect::<Result<_>>()?,
        })
    }

    fn journey(&self, bench: &Bench, name: &str, to: &[Registry]) -> Result<Journey> {
        Ok(Journey {
            folder: bench.folder(name)?,
            images: self.images.clone(),
            from: Place::new(&self.source, "staging"),
            to: to.iter().map(|to| Place::new(to, "production")).collect(),
        })
    }

    /// To empty mirrors.
    fn course<'a>(&self, bench: &'a Bench, to: &'a [Registry], clear: bool) -> Course<'a> {
        Course {
            source: self.source.clone(),
            destinations: to.to_vec(),
            wanted: if clear { IMAGES * number_of(to) } else { 0 },
            prepare: Box::new(move || {
                let mut cleared = to.iter().filter(|_| clear);
                cleared.try_for_each(|mirror| bench.world.clear(mirror))
            }),
            told: Box::new(|| bench.world.told()),
        }
    }

    /// promo, to these mirrors.
    fn promo<'a>(
        &self,
        bench: &Bench,
        (name, to): (&str, &[Registry]),
        identity: bool,
    ) -> Result<Client<'a>> {
        let folder = name.replace(|found: char| !found.is_ascii_alphanumeric(), "-");
        let journey = self.journey(bench, &folder, to)?;
        let settings = Settings {
            identity,
            ..Settings::default()
        };
        let promo = Promo::new(&bench.peers, &journey, "promo", &settings)?;
        Ok(Client::one(name, Role::Promo, move || promo.promote()))
    }
}

pub(super) fn all_well(bench: &Bench) -> Result<Section> {
    let fleet = Fleet::new(bench)?;
    let (first, _) = fleet.mirrors.split_at(1);
    let journey = fleet.journey(bench, "bare", first)?;
    let one = fleet.course(bench, first, true);
    let clients = [
        fleet.promo(bench, ("one mirror", first), true)?.apart(),
        bare(bench, &one, &journey, "copy")?.apart(),
    ];
    let mut lines = one.measure(bench, &clients)?;
    let all = fleet.course(bench, &fleet.mirrors, true);
    let journey = fleet.journey(bench, "regsync", &fleet.mirrors)?;
    journey.regsync_tuned(&bench.peers)?;
    let clients = [
        fleet.promo(bench, ("22 mirrors, `[[identity]]`", &fleet.mirrors), true)?,
        fleet.promo(
            bench,
            ("22 mirrors, no `[[identity]]`", &fleet.mirrors),
            false,
        )?,
        Client::new("22 mirrors, regsync, parallel 64", Role::Peer, || {
            journey.regsync_tuned(&bench.peers).into_iter().collect()
        }),
    ];
    lines.extend(all.measure(bench, &clients)?);
    let again = fleet.course(bench, &fleet.mirrors, false);
    let name = "22 mirrors, nothing to do";
    let client = fleet.promo(bench, (name, &fleet.mirrors), true)?.apart();
    lines.extend(again.measure(bench, &[client])?);
    let targets = targets(&lines);
    Ok(Section {
        title: "Mirrors",
        about: format!("{CONTENT}. The bare loop copies to one."),
        lines,
        targets,
    })
}

fn targets(lines: &[Line]) -> Vec<Target> {
    let line = |name: &str| lines.iter().find(|line| line.name.starts_with(name));
    let (one, with) = (line("one mirror"), line("22 mirrors, `"));
    let bytes = |line: Option<&Line>| {
        let sent = |line: &Line| number(line.source.sent);
        Some(sent(line?) / sent(one?))
    };
    vec![
        Target::at_most(
            "bytes from the source to those for one mirror",
            1.0,
            " ×",
            bytes(with),
        ),
        Target::at_most(
            "the same without `[[identity]]`",
            1.0,
            " ×",
            bytes(line("22 mirrors, no")),
        ),
        Target::at_most(
            "time to that of one mirror",
            1.3,
            " ×",
            with.zip(one)
                .filter(|(with, _)| with.is_complete)
                .map(|(with, one)| with.wall / one.wall),
        ),
    ]
}

pub(super) fn one_ill(bench: &Bench) -> Result<Section> {
    let fleet = Fleet::new(bench)?;
    let narrow = json!({"latency": 20, "bandwidth": BYTES_PER_SECOND});
    let narrow = fleet.with_last(bench.world.registry(&narrow)?);
    let closed = fleet.with_last(bench.world.registry(&json!({}))?);
    let (others, _) = fleet.mirrors.split_at(MIRRORS - 1);
    let mut lines = Vec::new();
    let mut measure = |name: &str, to: &[Registry], upset: Option<Upset>| -> Result<()> {
        let mut client = fleet.promo(bench, (name, to), true)?;
        if let Some((after, failure)) = upset {
            let ill = to.last().cloned();
            client = client.upset(move |world: &World| {
                ill.iter()
                    .try_for_each(|ill| world.fail(ill, after, failure))
            });
        }
        lines.extend(fleet.course(bench, to, true).measure(bench, &[client])?);
        Ok(())
    };
    measure("all are well", &fleet.mirrors, None)?;
    measure("one at 1 MB/s", &narrow, None)?;
    measure(
        "one stalls after 1.5 s",
        &fleet.mirrors,
        Some((STALLS_AFTER, "silent")),
    )?;
    measure("one answers 503", &fleet.mirrors, Some((0, "unavailable")))?;
    measure("one is silent", &fleet.mirrors, Some((0, "silent")))?;
    // It is never opened again, so it comes last.
    if let Some(closed) = closed.last() {
        bench.world.fail(closed, 0, "gone")?;
    }
    measure("one refuses connections", &closed, None)?;
    let targets = others_in_time(&lines, others);
    Ok(Section {
        title: "One mirror of 22 is ill",
        about: format!(
            "{CONTENT}; each promo with `[[identity]]`. A run is given up after {} s.",
            bench.give_up.as_secs()
        ),
        lines,
        targets,
    })
}

/// When the last mirror fails, and how.
type Upset = (u64, &'static str);

impl Fleet {
    /// The mirrors with another one in place of the last.
    fn with_last(&self, last: Registry) -> Vec<Registry> {
        let mut mirrors = self.mirrors.clone();
        mirrors.pop();
        mirrors.push(last);
        mirrors
    }
}

fn others_in_time(lines: &[Line], others: &[Registry]) -> Vec<Target> {
    let well = lines
        .first()
        .and_then(|line| line.published(others, IMAGES));
    let mut targets = Vec::new();
    for line in lines.iter().skip(1) {
        let published = line.published(others, IMAGES);
        let what = format!(
            "{}: when the other 21 had published, to a run without it",
            line.name
        );
        let ratio = published
            .zip(well)
            .map(|(published, well)| published / well);
        targets.push(Target::at_most(&what, 1.1, " ×", ratio));
    }
    let least = lines.first().map(|line| line.wall);
    for line in lines.iter().filter(|line| line.name.starts_with("one ")) {
        if line.name.contains("1 MB/s") {
            continue;
        }
        let more = least.map(|least| line.wall - least);
        let what = format!("{}: time more than without it", line.name);
        targets.push(Target::at_most(&what, 90.0, " s", more));
    }
    targets
}

fn number_of(registries: &[Registry]) -> u64 {
    u64::try_from(registries.len()).unwrap_or_default()
}
