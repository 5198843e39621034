//! The cold copy between two processes of the CNCF registry, which write to disk and need most of the processors.
//!
//! The requests are read from the access logs of the registries.

use std::cell::Cell;
use std::fs;

use serde_json::json;

use super::super::Bench;
use super::super::client::{Client, Role};
use super::super::line::Course;
use super::super::peers::{Journey, Place};
use super::super::promo::{Promo, Settings};
use super::super::section::{Section, Target};
use super::super::told::Told;
use super::super::world::Registry;
use super::copies::{bare, processor_to, rivals};
use crate::servers::{Access, DockerRegistry};
use xtask::error::{OnPath, Result};

/// How many images the source is filled with at once.
const AT_ONCE: usize = 16;

/// A registry, and how much of its log is of earlier runs.
struct Side {
    docker: DockerRegistry,
    seen: Cell<usize>,
}

pub(super) fn run(bench: &Bench) -> Result<Section> {
    let folder = bench.folder("between")?;
    let side = |name| -> Result<Side> {
        Ok(Side {
            docker: DockerRegistry::start(&folder, name, Access::Open)?,
            seen: Cell::new(0),
        })
    };
    let (source, destination) = (side("source")?, side("destination")?);
    let journey = filled(bench, &source, &destination)?;
    let course = Course {
        source: source.registry(0),
        destinations: vec![destination.registry(1)],
        wanted: 0,
        prepare: Box::new(|| {
            let storage = folder.join("destination/storage/docker");
            if storage.exists() {
                fs::remove_dir_all(&storage).on("remove", &storage)?;
            }
            source.forget()?;
            destination.forget()
        }),
        told: Box::new(|| Ok(vec![Some(source.told()?), Some(destination.told()?)])),
    };
    let promo = Promo::new(&bench.peers, &journey, "promo", &Settings::default())?;
    let mut clients = vec![
        Client::one("promo", Role::Promo, || promo.promote()),
        bare(bench, &course, &journey, "copy")?,
    ];
    clients.extend(rivals(bench, &journey)?);
    let mut section = Section {
        title: "Between CNCF registries",
        about: "The same content from one docker-registry 2.8.2 to another, on the same disk and without anything added."
            .to_owned(),
        lines: course.measure(bench, &clients)?,
        targets: Vec::new(),
    };
    section.targets = vec![
        Target::at_most("time to the bare loop's", 1.05, " ×", section.to_floor()),
        Target::at_most("CPU to crane's", 0.6, " ×", processor_to(&section, "crane")),
    ];
    Ok(section)
}

/// Copies the content into the source, by the bare loop.
fn filled(bench: &Bench, source: &Side, destination: &Side) -> Result<Journey> {
    let origin = bench.world.registry(&json!({}))?;
    let from = Place::new(&source.registry(0), "staging");
    let filling = Journey {
        folder: bench.folder("between-filling")?,
        images: bench.world.images(&origin, "staging", "large")?,
        from: Place::new(&origin, "staging"),
        to: vec![from.clone()],
    };
    xtask::process::capture(&mut filling.bare(&bench.peers, "copy", AT_ONCE)?)?.success()?;
    bench.world.clear(&origin)?;
    Ok(Journey {
        folder: bench.folder("between-clients")?,
        images: filling.images,
        from,
        to: vec![Place::new(&destination.registry(1), "production")],
    })
}

impl Side {
    fn registry(&self, number: usize) -> Registry {
        Registry {
            number,
            address: self.docker.address().to_owned(),
        }
    }

    /// What was sent so far is no longer told.
    fn forget(&self) -> Result<()> {
        self.seen.set(self.docker.requests()?.len());
        Ok(())
    }

    fn told(&self) -> Result<Told> {
        let requests = self.docker.requests()?;
        let mut told = Told::default();
        for request in requests.iter().skip(self.seen.get()) {
            if let Some(kind) = kind(request) {
                *told.requests.entry(kind.to_owned()).or_default() += 1;
            }
        }
        Ok(told)
    }
}

/// What is asked for by a line of the log, in the words of the embedded registry; nothing by the marks of our own.
fn kind(request: &str) -> Option<&'static str> {
    let (method, path) = request.split_once(' ')?;
    let is = |part: &str| path.contains(part);
    let kind = match method {
        _ if is("/v2/?mark=") => return None,
        "GET" if is("/manifests/") => "ManifestGet",
        "HEAD" if is("/manifests/") => "ManifestHead",
        "PUT" if is("/manifests/") => "ManifestPut",
        "POST" if is("mount=") => "Mount",
        "POST" => "UploadStart",
        "PATCH" => "BlobPatch",
        "PUT" => "BlobPut",
        "GET" if is("/tags/list") => "TagList",
        "GET" if is("/referrers/") => "Referrers",
        "GET" if is("/blobs/") => "BlobGet",
        "HEAD" if is("/blobs/") => "BlobHead",
        "DELETE" => "UploadCancel",
        _ => "Base",
    };
    Some(kind)
}
