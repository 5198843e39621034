//! What two sets of promoter manifests differ in, as structures: the base of `--since`.
//!
//! Edges are compared, not files: renaming a folder, reordering or reformatting is no change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use serde::Serialize;

use super::EdgeKey;
use crate::manifest::{DigestEntry, ImageEntry, ManifestSet, PromoterManifest};
use crate::oci::{Digest, Repository, Tag};

/// What changed from one set to another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SetDiff {
    added: BTreeSet<EdgeKey>,
    removed: BTreeSet<EdgeKey>,
    changes: Vec<Change>,
}

/// One change, as a person would say it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// The source repository of the image.
    pub source: Repository,
    /// The digest; of a moved tag, the new one.
    pub digest: Digest,
    /// What happened.
    pub kind: ChangeKind,
    /// The tags it happened to, ordered; none for what has no tag.
    pub tags: Vec<Tag>,
    /// The destination repositories it happened in, ordered.
    pub destinations: Vec<Repository>,
}

/// What happened to a digest of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "kind", content = "from", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// The image has a new digest.
    DigestAdded,
    /// The digest is no longer wanted.
    DigestRemoved,
    /// The digest has a new tag.
    TagAdded,
    /// The digest no longer has the tag.
    TagRemoved,
    /// The tag was given to another digest before, which is named.
    TagMoved(Digest),
    /// What the digest has goes to a new destination.
    DestinationAdded,
    /// It no longer goes there.
    DestinationRemoved,
}

impl SetDiff {
    /// The edges that only the new set has, ordered.
    pub fn added(&self) -> &BTreeSet<EdgeKey> {
        &self.added
    }

    /// The edges that only the old set has, ordered. Nothing is ever deleted because of them.
    pub fn removed(&self) -> &BTreeSet<EdgeKey> {
        &self.removed
    }

    /// The changes, ordered by image, digest and kind.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Compares two sets.
pub fn diff(old: &ManifestSet, new: &ManifestSet) -> SetDiff {
    let old = Wishes::of(old);
    let new = Wishes::of(new);
    let added = new.without(&old);
    let removed = old.without(&new);
    let changes = Changes {
        old: &old,
        new: &new,
        added: &added,
        removed: &removed,
    }
    .described();
    SetDiff {
        added,
        removed,
        changes,
    }
}

/// The entries of a set by image and digest.
struct Wishes<'a>(HashMap<(Repository, Digest), Vec<Wish<'a>>>);

/// One entry: tags times destinations.
struct Wish<'a> {
    manifest: &'a PromoterManifest,
    image: &'a ImageEntry,
    entry: &'a DigestEntry,
}

impl<'a> Wishes<'a> {
    fn of(set: &'a ManifestSet) -> Self {
        let mut wishes: HashMap<_, Vec<_>> = HashMap::new();
        for manifest in set.manifests() {
            for image in manifest.images() {
                // A `PromoterManifest` holds only names that can be joined to all of its registries.
                let Ok(source) = manifest.source().join(image.name()) else {
                    continue;
                };
                for entry in image.digests() {
                    let key = (source.clone(), entry.digest());
                    wishes.entry(key).or_default().push(Wish {
                        manifest,
                        image,
                        entry,
                    });
                }
            }
        }
        Self(wishes)
    }

    /// The edges that `other` doesn't have. Only entries that have no equal there are expanded.
    fn without(&self, other: &Self) -> BTreeSet<EdgeKey> {
        let mut edges = BTreeSet::new();
        for (key, wishes) in &self.0 {
            let theirs = other.0.get(key).map(Vec::as_slice).unwrap_or_default();
            let changed = |wish: &&Wish<'_>| !theirs.iter().any(|their| their.same(wish));
            let mut mine = wishes.iter().filter(changed).peekable();
            if mine.peek().is_none() {
                continue;
            }
            let theirs: BTreeSet<EdgeKey> =
                theirs.iter().flat_map(|wish| wish.edges(key)).collect();
            edges.extend(
                mine.flat_map(|wish| wish.edges(key))
                    .filter(|e| !theirs.contains(e)),
            );
        }
        edges
    }

    /// All edges of a digest of an image.
    fn edges(&self, key: &(Repository, Digest)) -> Vec<EdgeKey> {
        let wishes = self.0.get(key).map(Vec::as_slice).unwrap_or_default();
        wishes.iter().flat_map(|wish| wish.edges(key)).collect()
    }
}

impl Wish<'_> {
    /// Whether an entry of the same image and digest wants the same, written the same way.
    fn same(&self, other: &Self) -> bool {
        let tags = |wish: &Self| -> BTreeSet<Tag> {
            wish.entry
                .tags()
                .iter()
                .map(|tag| tag.tag().clone())
                .collect()
        };
        self.image.name() == other.image.name()
            && self.manifest.destinations() == other.manifest.destinations()
            && tags(self) == tags(other)
    }

    fn edges(&self, (source, digest): &(Repository, Digest)) -> Vec<EdgeKey> {
        let tags = self.entry.tags().iter().map(|tag| Some(tag.tag().clone()));
        let tags: Vec<_> = match self.entry.tags() {
            [] => vec![None],
            _ => tags.collect(),
        };
        let registries = self.manifest.destinations().iter();
        let destinations = registries.filter_map(|d| d.join(self.image.name()).ok());
        let edges = destinations.flat_map(|destination| {
            tags.iter().map(move |tag| EdgeKey {
                source: source.clone(),
                digest: *digest,
                destination: destination.clone(),
                tag: tag.clone(),
            })
        });
        edges.collect()
    }
}

/// Puts edges into words.
struct Changes<'a> {
    old: &'a Wishes<'a>,
    new: &'a Wishes<'a>,
    added: &'a BTreeSet<EdgeKey>,
    removed: &'a BTreeSet<EdgeKey>,
}

/// What edges of one change have in common; those with and those without a tag are told apart.
type Common = (Repository, Digest, ChangeKind, bool, BTreeSet<Repository>);

impl Changes<'_> {
    fn described(&self) -> Vec<Change> {
        let removed: HashMap<(&Repository, &Tag), Digest> = self
            .removed
            .iter()
            .filter_map(|edge| Some(((&edge.destination, edge.tag.as_ref()?), edge.digest)))
            .collect();
        let moved_from = |edge: &EdgeKey| {
            let from = removed.get(&(&edge.destination, edge.tag.as_ref()?))?;
            (*from != edge.digest).then_some(*from)
        };
        let mut wishes = BTreeMap::new();
        for (edge, before) in with_others(self.added, self.old) {
            let kind = match moved_from(edge) {
                Some(from) => ChangeKind::TagMoved(from),
                None => before.kind(edge, ADDED),
            };
            add_destination(&mut wishes, edge, kind);
        }
        let arrived: HashMap<(&Repository, &Tag), Digest> = self
            .added
            .iter()
            .filter_map(|edge| Some(((&edge.destination, edge.tag.as_ref()?), edge.digest)))
            .collect();
        let moved_on = |edge: &EdgeKey| {
            let to = arrived.get(&(&edge.destination, edge.tag.as_ref()?))?;
            Some(*to != edge.digest)
        };
        for (edge, after) in with_others(self.removed, self.new) {
            let kind = after.kind(edge, REMOVED);
            // That a tag went is told once, by where it went.
            if moved_on(edge) != Some(true) {
                add_destination(&mut wishes, edge, kind);
            }
        }
        combined(wishes)
    }
}

/// Edges with what the other set has of the same digest of the same image.
fn with_others<'e>(
    edges: &'e BTreeSet<EdgeKey>,
    other: &Wishes<'_>,
) -> Vec<(&'e EdgeKey, Rc<Others>)> {
    let mut known: HashMap<(Repository, Digest), Rc<Others>> = HashMap::new();
    let mut with = Vec::with_capacity(edges.len());
    for edge in edges {
        let key = (edge.source.clone(), edge.digest);
        let others = known
            .entry(key)
            .or_insert_with_key(|key| Rc::new(Others::new(other.edges(key))));
        with.push((edge, Rc::clone(others)));
    }
    with
}

/// What one set has of a digest.
struct Others {
    is_empty: bool,
    tags: BTreeSet<Option<Tag>>,
}

/// The kinds of one direction: of the whole digest, of a tag, of a destination.
type Kinds = (ChangeKind, ChangeKind, ChangeKind);
const ADDED: Kinds = (
    ChangeKind::DigestAdded,
    ChangeKind::TagAdded,
    ChangeKind::DestinationAdded,
);
const REMOVED: Kinds = (
    ChangeKind::DigestRemoved,
    ChangeKind::TagRemoved,
    ChangeKind::DestinationRemoved,
);

impl Others {
    fn new(edges: Vec<EdgeKey>) -> Self {
        Self {
            is_empty: edges.is_empty(),
            tags: edges.into_iter().map(|edge| edge.tag).collect(),
        }
    }

    fn kind(&self, edge: &EdgeKey, (digest, tag, destination): Kinds) -> ChangeKind {
        if self.is_empty {
            digest
        } else if self.tags.contains(&edge.tag) {
            destination
        } else {
            tag
        }
    }
}

/// Destinations by everything else.
type DestinationSets =
    BTreeMap<(Repository, Digest, ChangeKind, Option<Tag>), BTreeSet<Repository>>;

fn add_destination(sets: &mut DestinationSets, edge: &EdgeKey, kind: ChangeKind) {
    let key = (edge.source.clone(), edge.digest, kind, edge.tag.clone());
    sets.entry(key)
        .or_default()
        .insert(edge.destination.clone());
}

/// Puts together the tags that have the same fate in the same destinations.
fn combined(sets: DestinationSets) -> Vec<Change> {
    let mut tags: BTreeMap<Common, Vec<Tag>> = BTreeMap::new();
    for ((source, digest, kind, tag), destinations) in sets {
        let common = (source, digest, kind, tag.is_some(), destinations);
        tags.entry(common).or_default().extend(tag);
    }
    let changes = tags
        .into_iter()
        .map(|((source, digest, kind, _, destinations), tags)| Change {
            source,
            digest,
            kind,
            tags,
            destinations: destinations.into_iter().collect(),
        });
    changes.collect()
}
