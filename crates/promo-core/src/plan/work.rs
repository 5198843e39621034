//! A plan as work: what the pipeline carries out, image by image.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Plan, PlannedEdge, ProvenanceDemand, Verdict};
use crate::identity::Identity;
use crate::manifest::FilePath;
use crate::oci::{Digest, Repository, Tag};

/// One digest of one identity, from one source, with everywhere it is to go.
///
/// Where manifests take the same digest of the same identity from different sources for different
/// mirrors, there is an item for each source: they share identity and digest, and so their evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageWork {
    /// Where it comes from.
    pub source: Repository,
    /// The digest.
    pub digest: Digest,
    /// The public name that all destinations share.
    pub identity: Identity,
    /// The images file that asked for it; the first if there are several.
    pub manifest: FilePath,
    /// What the manifests ask of its provenance.
    pub provenance: ProvenanceDemand,
    /// Where something is to be done, ordered by repository.
    pub destinations: Vec<DestinationWork>,
    /// Whether its content stands at all these destinations and only its evidence is in question.
    pub stands: bool,
    /// Mirrors (same identity, same digest) where nothing is missing, ordered: evidence can be taken
    /// from there. Where published edges are work, too (`complete`), they are among both lists.
    pub complete_mirrors: Vec<Repository>,
}

/// What is to be done in one destination repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationWork {
    /// The repository.
    pub repository: Repository,
    /// The tags wanted there, ordered.
    pub tags: Vec<WantedTag>,
    /// Whether the digest is wanted there without a tag.
    pub tagless: bool,
    /// Whether the digest is known to be there already.
    pub digest_present: bool,
}

/// One tag to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTag {
    /// The tag.
    pub tag: Tag,
    /// The digest that it points to before an allowed move. If it points elsewhere when it is to be
    /// put, the move is refused. None: it must not be there yet.
    pub expected: Option<Digest>,
    /// `promote` or `finish`; `present` where published edges are work, too (`complete`).
    pub verdict: Verdict,
}

/// Items by identity, digest and source.
type Items = BTreeMap<(Identity, Digest, Repository), Item>;

/// Complete mirrors by identity and digest.
type Mirrors = BTreeMap<(Identity, Digest), Vec<Repository>>;

/// An item that is being collected.
struct Item {
    manifest: FilePath,
    provenance: ProvenanceDemand,
    destinations: BTreeMap<Repository, DestinationWork>,
}

impl Plan {
    /// What there is to do, ordered by identity, digest and source: the edges to promote and to finish,
    /// and under `complete` also those that are published. Nothing if `fail_fast` stops the plan.
    pub fn work(&self) -> Vec<ImageWork> {
        self.work_of(false, |edge| {
            let verdict = edge.verdict();
            verdict.is_actionable() || (self.options.complete && verdict == Verdict::Present)
        })
    }

    /// The edges without a tag whose digest is there, in the same form: whether they are published only their evidence
    /// tells, since an index may have brought the digest. Nothing under `complete`, where they are work anyway.
    pub fn digests_in_question(&self) -> Vec<ImageWork> {
        if self.options.complete {
            return Vec::new();
        }
        self.work_of(true, |edge| {
            edge.tag().is_none() && edge.verdict() == Verdict::Present
        })
    }

    fn work_of(&self, stands: bool, wanted: impl Fn(&PlannedEdge<'_>) -> bool) -> Vec<ImageWork> {
        if self.stopped_by().is_some() {
            return Vec::new();
        }
        let mut identities = Identities::new(self);
        let mut items = Items::new();
        for edge in self.edges().filter(|edge| wanted(edge)) {
            add(&mut items, &edge, identities.of(&edge));
        }
        let mirrors = self.complete_mirrors(&items, &mut identities);
        let finished = items.into_iter().map(|((identity, digest, source), item)| {
            let of_image = (identity, digest);
            let complete_mirrors = mirrors.get(&of_image).cloned().unwrap_or_default();
            ImageWork {
                source,
                digest,
                identity: of_image.0,
                manifest: item.manifest,
                provenance: item.provenance,
                destinations: item.destinations.into_values().map(sorted).collect(),
                stands,
                complete_mirrors,
            }
        });
        finished.collect()
    }

    /// For each identity and digest of `items`: the repositories where all of it is published.
    fn complete_mirrors(&self, items: &Items, identities: &mut Identities<'_>) -> Mirrors {
        let digests: BTreeSet<Digest> = items.keys().map(|(_, digest, _)| *digest).collect();
        let mut published: BTreeMap<(Identity, Digest), BTreeMap<&Repository, bool>> =
            BTreeMap::new();
        let groups = self.groups().filter(|g| digests.contains(&g.digest()));
        for edge in groups.flat_map(|group| group.edges()) {
            // What is redundant says nothing: the edge that is kept does.
            if edge.verdict() == Verdict::Redundant {
                continue;
            }
            let of_image = (identities.of(&edge), edge.digest());
            *published
                .entry(of_image)
                .or_default()
                .entry(edge.destination())
                .or_insert(true) &= edge.verdict() == Verdict::Present;
        }
        let complete = |repositories: BTreeMap<&Repository, bool>| {
            let repositories = repositories.into_iter().filter(|(_, complete)| *complete);
            repositories
                .map(|(repository, _)| repository.clone())
                .collect()
        };
        published
            .into_iter()
            .map(|(of_image, repositories)| (of_image, complete(repositories)))
            .collect()
    }
}

fn add(items: &mut Items, edge: &PlannedEdge<'_>, identity: Identity) {
    let key = (identity, edge.digest(), edge.source().clone());
    let item = items.entry(key).or_insert_with(|| Item {
        manifest: edge.file().clone(),
        provenance: edge.image.provenance,
        destinations: BTreeMap::new(),
    });
    let repository = edge.destination();
    let destination = item
        .destinations
        .entry(repository.clone())
        .or_insert_with(|| DestinationWork {
            repository: repository.clone(),
            tags: Vec::new(),
            tagless: false,
            digest_present: false,
        });
    destination.digest_present |= edge.decision.digest_present();
    match edge.tag() {
        Some(tag) => destination.tags.push(WantedTag {
            tag: tag.clone(),
            expected: edge.moves_from(),
            verdict: edge.verdict(),
        }),
        None => destination.tagless = true,
    }
}

fn sorted(mut destination: DestinationWork) -> DestinationWork {
    destination.tags.sort_unstable_by(|a, b| a.tag.cmp(&b.tag));
    destination
}

/// The identity of each destination repository, worked out once.
struct Identities<'a> {
    plan: &'a Plan,
    known: HashMap<u32, Identity>,
}

impl<'a> Identities<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            known: HashMap::new(),
        }
    }

    fn of(&mut self, edge: &PlannedEdge<'_>) -> Identity {
        let rules = &self.plan.options.identities;
        self.known
            .entry(edge.repository_index)
            .or_insert_with(|| rules.identity(edge.repository))
            .clone()
    }
}
