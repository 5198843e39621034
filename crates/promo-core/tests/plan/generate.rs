//! Generated worlds: small enough that everything meets everything, odd enough to find what is wrong.

use std::collections::BTreeMap;

use promo_core::Code;
use promo_core::inventory::{Inventory, RepositoryContent, RepositoryInventory};
use promo_core::manifest::{
    DigestEntry, FilePath, ImageEntry, ManifestSet, Position, PromoterManifest, TagEntry,
};
use promo_core::oci::{Digest, DigestAlgorithm};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Sources; the last is a destination of others, too.
const SOURCES: [&str; 3] = ["gcr.io/staging", "gcr.io/staging/sub", "stage.example:5000"];

/// Destinations: nested prefixes, a prefix that is no whole component, a bare host.
const DESTINATIONS: [&str; 6] = [
    "us.gcr.io/prod",
    "us.gcr.io/prod/sub",
    "us.gcr.io/prod/sub/deep",
    "us.gcr.io/pro",
    "eu.gcr.io/prod",
    "127.0.0.1:5000",
];

/// Names that meet in one repository below nested prefixes, and odd ones.
const NAMES: [&str; 7] = [
    "a",
    "sub/a",
    "deep/a",
    "sub/deep/a",
    "d/a",
    "a__b",
    "x.y---z",
];

pub(crate) const TAGS: [&str; 5] = ["v1", "latest", "_", "1.10", "V.-"];

pub(crate) const UNREADABLE: Code = Code::new("PROMO-R999");

/// Digest number `n`; the last is of another algorithm.
pub(crate) fn digest(n: usize) -> Digest {
    let algorithm = match n {
        4 => DigestAlgorithm::Sha512,
        _ => DigestAlgorithm::Sha256,
    };
    Digest::of(algorithm, &[u8::try_from(n).unwrap()])
}

/// One promoter manifest as texts.
#[derive(Debug, Clone)]
pub(crate) struct RawManifest {
    pub(crate) source: &'static str,
    pub(crate) destinations: Vec<&'static str>,
    pub(crate) images: Vec<RawImage>,
}

#[derive(Debug, Clone)]
pub(crate) struct RawImage {
    pub(crate) name: &'static str,
    /// Digests with their tags.
    pub(crate) digests: Vec<(usize, Vec<&'static str>)>,
}

/// What the world knows of one repository.
#[derive(Debug, Clone)]
pub(crate) enum RawRepository {
    NotAsked,
    Missing,
    Unreadable,
    Read {
        complete: bool,
        tags: BTreeMap<&'static str, Option<usize>>,
        digests: BTreeMap<usize, bool>,
    },
}

/// What stands in registries, by full repository.
pub(crate) type RawInventory = BTreeMap<String, RawRepository>;

pub(crate) fn manifests(chained: bool) -> impl Strategy<Value = Vec<RawManifest>> {
    vec(manifest(chained), 0..5)
}

fn manifest(chained: bool) -> impl Strategy<Value = RawManifest> {
    let mut targets = DESTINATIONS.to_vec();
    if chained {
        targets.push(SOURCES[2]);
    }
    let destinations = subsequence(targets, 0..6).prop_shuffle();
    (select(&SOURCES[..]), destinations, vec(image(), 1..5)).prop_map(
        |(source, destinations, images)| RawManifest {
            source,
            destinations: destinations.into_iter().filter(|d| *d != source).collect(),
            images,
        },
    )
}

fn image() -> impl Strategy<Value = RawImage> {
    let tags = prop_oneof![
        1 => Just(vec![]),
        1 => Just(vec!["v1"]),
        2 => subsequence(TAGS.to_vec(), 1..3).prop_shuffle(),
    ];
    let number = prop_oneof![3 => 0usize..2, 1 => 2usize..5];
    let digests = btree_map(number, tags, 0..4).prop_map(|digests| digests.into_iter().collect());
    (select(&NAMES[..]), digests.prop_shuffle())
        .prop_map(|(name, digests)| RawImage { name, digests })
}

fn repository() -> impl Strategy<Value = RawRepository> {
    let tags = btree_map(
        select(&TAGS[..]),
        prop::option::weighted(0.8, 0usize..5),
        0..5,
    );
    let digests = btree_map(0usize..5, prop::bool::weighted(0.7), 0..5);
    let read = (any::<bool>(), tags, digests).prop_map(|(complete, tags, mut digests)| {
        // A tag that points to a digest says that the digest is there.
        digests.extend(tags.values().flatten().map(|digest| (*digest, true)));
        RawRepository::Read {
            complete,
            tags,
            digests,
        }
    });
    prop_oneof![
        1 => Just(RawRepository::NotAsked),
        1 => Just(RawRepository::Missing),
        1 => Just(RawRepository::Unreadable),
        9 => read,
    ]
}

/// Repositories that a world deals out to whatever its manifests name.
pub(crate) fn repositories() -> impl Strategy<Value = Vec<RawRepository>> {
    vec(repository(), 1..12)
}

/// Repositories of which everything is known.
pub(crate) fn known_repositories() -> impl Strategy<Value = Vec<RawRepository>> {
    let digests = btree_set(0usize..5, 0..5);
    let tags = btree_map(select(&TAGS[..]), 0usize..5, 0..5);
    let known = (tags, digests).prop_map(|(tags, digests)| {
        let all = digests.iter().chain(tags.values());
        RawRepository::Read {
            complete: true,
            digests: all.map(|digest| (*digest, true)).collect(),
            tags: tags.into_iter().map(|(tag, d)| (tag, Some(d))).collect(),
        }
    });
    vec(known, 1..12)
}

/// Every repository that the manifests name, in order.
pub(crate) fn named_repositories(manifests: &[RawManifest]) -> Vec<String> {
    let mut named = Vec::new();
    for manifest in manifests {
        for registry in manifest.destinations.iter().chain([&manifest.source]) {
            named.extend(
                manifest
                    .images
                    .iter()
                    .map(|i| format!("{registry}/{}", i.name)),
            );
        }
    }
    named.sort();
    named.dedup();
    named
}

/// Gives each named repository one of the dealt contents.
pub(crate) fn deal(manifests: &[RawManifest], dealt: &[RawRepository]) -> RawInventory {
    let named = named_repositories(manifests);
    named
        .into_iter()
        .zip(dealt.iter().cycle().cloned())
        .collect()
}

/// The manifests as a checked set; every entry gets a line of its own.
pub(crate) fn manifest_set(manifests: &[RawManifest]) -> ManifestSet {
    let checked = manifests.iter().enumerate();
    ManifestSet::from_parts(
        checked.map(|(n, raw)| checked_manifest(n, raw)).collect(),
        vec![],
    )
}

pub(crate) fn images_file(n: usize) -> String {
    format!("images/p{n}/images.yaml")
}

fn checked_manifest(n: usize, raw: &RawManifest) -> PromoterManifest {
    let mut line = 0;
    let mut next = || {
        line += 1;
        Position { line, column: 3 }
    };
    let mut images = Vec::new();
    for image in &raw.images {
        let position = next();
        let mut digests = Vec::new();
        for (number, tags) in &image.digests {
            let position = next();
            let tags = tags
                .iter()
                .map(|tag| TagEntry::from_parts(tag.parse().unwrap(), next()));
            let tags = tags.collect();
            digests.push(DigestEntry::from_parts(digest(*number), position, tags));
        }
        images.push(ImageEntry::from_parts(image.name, position, digests));
    }
    PromoterManifest::from_parts(
        FilePath::new(&format!("manifests/p{n}/promoter-manifest.yaml")),
        FilePath::new(&images_file(n)),
        raw.source.parse().unwrap(),
        raw.destinations
            .iter()
            .map(|d| d.parse().unwrap())
            .collect(),
        images,
    )
    .unwrap()
}

/// The inventory as the library keeps it.
pub(crate) fn inventory(raw: &RawInventory) -> Inventory {
    let mut inventory = Inventory::new();
    for (name, repository) in raw {
        let known = match repository {
            RawRepository::NotAsked => continue,
            RawRepository::Missing => RepositoryInventory::Missing,
            RawRepository::Unreadable => RepositoryInventory::Unreadable {
                kind: promo_core::ports::FailureKind::Forbidden,
                code: UNREADABLE,
                message: "403".to_owned(),
                hints: Vec::new(),
            },
            RawRepository::Read {
                complete,
                tags,
                digests,
            } => RepositoryInventory::Read(content(*complete, tags, digests)),
        };
        inventory.insert(name.parse().unwrap(), known);
    }
    inventory
}

fn content(
    complete: bool,
    tags: &BTreeMap<&'static str, Option<usize>>,
    digests: &BTreeMap<usize, bool>,
) -> RepositoryContent {
    let mut content = if complete {
        RepositoryContent::complete()
    } else {
        RepositoryContent::partial()
    };
    for (number, present) in digests {
        content.record_digest(digest(*number), *present);
    }
    for (tag, target) in tags {
        content.record_tag(tag.parse().unwrap(), target.map(digest));
    }
    content
}
