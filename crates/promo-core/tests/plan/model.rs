//! The second implementation: one obvious loop after the other, over plain texts. It shares no code with
//! the real one, looks at every pair of edges and at the raw inventory.

use promo_core::oci::Digest;

use crate::generate::{RawInventory, RawManifest, RawRepository, digest, images_file};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelEdge {
    pub(crate) source: String,
    pub(crate) image: &'static str,
    pub(crate) number: usize,
    pub(crate) registry: &'static str,
    pub(crate) destination: String,
    pub(crate) tag: Option<&'static str>,
    pub(crate) file: String,
    pub(crate) line: u32,
}

impl ModelEdge {
    pub(crate) fn digest(&self) -> Digest {
        digest(self.number)
    }

    /// Whether the other edge wants the same name of the same destination.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.destination == other.destination
            && self.tag == other.tag
            && (self.tag.is_some() || self.number == other.number)
    }
}

/// A tag that may move: repository, tag, from, to.
pub(crate) type Move = (String, &'static str, usize, usize);

/// What the model says of an edge: name of the verdict, code, and where its tag points instead.
pub(crate) type ModelVerdict = (&'static str, &'static str, Option<usize>);

pub(crate) fn edges(manifests: &[RawManifest]) -> Vec<ModelEdge> {
    let mut edges = Vec::new();
    for (n, manifest) in manifests.iter().enumerate() {
        let mut line = 0;
        for image in &manifest.images {
            line += 1;
            for (number, tags) in &image.digests {
                line += 1;
                let mut wanted = vec![(None, line)];
                if !tags.is_empty() {
                    let lines = line + 1..;
                    wanted = tags.iter().copied().map(Some).zip(lines).collect();
                    line += u32::try_from(tags.len()).unwrap();
                }
                for (tag, line) in wanted {
                    for registry in &manifest.destinations {
                        edges.push(ModelEdge {
                            source: format!("{}/{}", manifest.source, image.name),
                            image: image.name,
                            number: *number,
                            registry,
                            destination: format!("{registry}/{}", image.name),
                            tag,
                            file: images_file(n),
                            line,
                        });
                    }
                }
            }
        }
    }
    edges
}

pub(crate) fn verdict(
    edges: &[ModelEdge],
    index: usize,
    inventory: Option<&RawInventory>,
    moves: &[Move],
) -> ModelVerdict {
    let edge = &edges[index];
    let conflict = edges
        .iter()
        .any(|o| edge.meets(o) && o.number != edge.number);
    if conflict {
        return ("conflict", "PROMO-P009", None);
    }
    if edges[..index].iter().any(|earlier| edge.meets(earlier)) {
        return ("redundant", "PROMO-P006", None);
    }
    let Some(inventory) = inventory else {
        return ("wanted", "PROMO-P005", None);
    };
    let wish = match edge.tag {
        Some(tag) => tagged(edge, tag, inventory, moves),
        None => tagless(edge, inventory),
    };
    match wish {
        (wish @ ("promote" | "finish"), code, from) => {
            match holds(inventory, &edge.source, edge.number) {
                Known::Yes => (wish, code, from),
                Known::No => ("lost", "PROMO-P007", None),
                Known::NotAsked => ("undecided", "PROMO-P014", None),
                Known::Unreadable => ("undecided", "PROMO-P013", None),
            }
        }
        decided => decided,
    }
}

fn tagged(
    edge: &ModelEdge,
    tag: &'static str,
    inventory: &RawInventory,
    moves: &[Move],
) -> ModelVerdict {
    match points(inventory, &edge.destination, tag) {
        Points::Unreadable => ("undecided", "PROMO-P010", None),
        Points::NotAsked => ("undecided", "PROMO-P011", None),
        Points::To(found) if found == edge.number => ("present", "PROMO-P001", None),
        Points::To(found) => {
            let wanted = (edge.destination.clone(), tag, found, edge.number);
            if moves.contains(&wanted) {
                ("promote", "PROMO-P003", Some(found))
            } else {
                ("tag-move", "PROMO-P008", Some(found))
            }
        }
        Points::Nowhere => match holds(inventory, &edge.destination, edge.number) {
            Known::Yes => ("finish", "PROMO-P004", None),
            _ => ("promote", "PROMO-P002", None),
        },
    }
}

fn tagless(edge: &ModelEdge, inventory: &RawInventory) -> ModelVerdict {
    match holds(inventory, &edge.destination, edge.number) {
        Known::Yes => ("present", "PROMO-P001", None),
        Known::No => ("promote", "PROMO-P002", None),
        Known::NotAsked => ("undecided", "PROMO-P012", None),
        Known::Unreadable => ("undecided", "PROMO-P010", None),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Points {
    To(usize),
    Nowhere,
    NotAsked,
    Unreadable,
}

pub(crate) fn points(inventory: &RawInventory, repository: &str, tag: &str) -> Points {
    match inventory.get(repository) {
        None | Some(RawRepository::NotAsked) => Points::NotAsked,
        Some(RawRepository::Missing) => Points::Nowhere,
        Some(RawRepository::Unreadable) => Points::Unreadable,
        Some(RawRepository::Read { complete, tags, .. }) => match (tags.get(tag), complete) {
            (Some(Some(digest)), _) => Points::To(*digest),
            (Some(None), _) | (None, true) => Points::Nowhere,
            (None, false) => Points::NotAsked,
        },
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Yes,
    No,
    NotAsked,
    Unreadable,
}

pub(crate) fn holds(inventory: &RawInventory, repository: &str, digest: usize) -> Known {
    match inventory.get(repository) {
        None | Some(RawRepository::NotAsked) => Known::NotAsked,
        Some(RawRepository::Missing) => Known::No,
        Some(RawRepository::Unreadable) => Known::Unreadable,
        Some(RawRepository::Read {
            complete, digests, ..
        }) => match (digests.get(&digest), complete) {
            (Some(true), _) => Known::Yes,
            (Some(false), _) | (None, true) => Known::No,
            (None, false) => Known::NotAsked,
        },
    }
}
