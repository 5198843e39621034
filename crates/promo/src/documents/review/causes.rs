//! Blocked edges by what blocks them: one wrong password blocks thousands, and is told once.
//!
//! Two edges have the same cause if the same is said of them but for the names of their own repositories, tags and digests. Of
//! a tag that moves and of a conflict each image is a cause of its own: it is decided by itself.

use std::collections::{BTreeMap, BTreeSet};

use promo_core::Code;
use promo_core::manifest::{FilePath, Position};
use promo_core::oci::{Repository, Tag};
use promo_core::pipeline::{Blocked, EdgeOutcome};
use promo_core::plan::{PlannedEdge, Verdict};
use promo_core::report::BlockedEdge;

use super::names::{parted, without_digests, without_own};
use crate::counted::{counted, named};

/// So many tags of one image are named, and so many mirrors.
const NAMED: usize = 3;

/// One edge that is blocked, as a plan or a report tells of it.
#[derive(Debug)]
pub(in crate::documents) struct BlockedAt<'a> {
    /// What it is called: a verdict, or the phase that it came to.
    what: &'static str,
    code: Code,
    message: String,
    hints: &'a [String],
    place: Place<'a>,
    /// Whether it is decided image by image.
    by_itself: bool,
}

/// Which edge it is.
#[derive(Debug)]
struct Place<'a> {
    image: &'a str,
    tag: Option<&'a Tag>,
    mirror: &'a str,
    source: &'a Repository,
    destination: &'a Repository,
    /// Where the promoter manifest asks for it, if that is known.
    written_at: Option<(&'a FilePath, Position)>,
}

impl<'a> Place<'a> {
    /// In a report, which has repositories alone.
    fn in_report(
        source: &'a Repository,
        destination: &'a Repository,
        tag: Option<&'a Tag>,
    ) -> Self {
        let (mirror, image) = parted(source, destination);
        Self {
            image,
            tag,
            mirror,
            source,
            destination,
            written_at: None,
        }
    }
}

impl<'a> BlockedAt<'a> {
    /// By the verdict of a plan.
    pub(in crate::documents) fn in_plan(edge: &PlannedEdge<'a>) -> Self {
        Self {
            what: edge.verdict().as_str(),
            code: edge.code(),
            message: edge.reason(),
            hints: edge.hints(),
            place: Place {
                image: edge.image(),
                tag: edge.tag(),
                mirror: edge.destination_registry().as_str(),
                source: edge.source(),
                destination: edge.destination(),
                written_at: Some((edge.file(), edge.position())),
            },
            by_itself: is_by_itself(edge.verdict()),
        }
    }

    /// By the plan of a run.
    pub(in crate::documents) fn before_run(edge: &'a BlockedEdge) -> Self {
        Self {
            what: edge.verdict.as_str(),
            code: edge.code,
            message: edge.message.clone(),
            hints: &edge.hints,
            place: Place::in_report(&edge.source, &edge.destination, edge.tag.as_ref()),
            by_itself: is_by_itself(edge.verdict),
        }
    }

    /// By a phase of a run.
    pub(in crate::documents) fn in_run(edge: &'a EdgeOutcome, blocked: &'a Blocked) -> Self {
        Self {
            what: blocked.phase.as_str(),
            code: blocked.code,
            message: blocked.message.clone(),
            hints: &blocked.hints,
            place: Place::in_report(&edge.source, &edge.destination, edge.tag.as_ref()),
            by_itself: false,
        }
    }

    /// What is said of it, without what is its own.
    fn in_general(&self) -> String {
        if self.by_itself {
            return self.message.clone();
        }
        let message = without_own(&self.message, self.place.destination);
        let message = without_own(&message, self.place.source);
        without_digests(&message)
    }
}

fn is_by_itself(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::TagMove | Verdict::Conflict)
}

/// What blocks edges, with what it blocks.
#[derive(Debug)]
pub(in crate::documents) struct Cause<'a> {
    /// A verdict, or a phase.
    pub(in crate::documents) what: &'static str,
    /// The code of the reason.
    pub(in crate::documents) code: Code,
    /// How many edges it blocks.
    pub(in crate::documents) edges: u64,
    /// What to do about it.
    pub(in crate::documents) hints: &'a [String],
    /// Where the promoter manifest asks for the first of them, if that is known.
    written_at: Option<(&'a FilePath, Position)>,
    /// What was said of the first edge.
    message: String,
    /// What is said of all of them, if not just that.
    general: Option<String>,
    /// The image of the first edge, and how many there are: by source, since two promoter manifests may name theirs alike.
    image: &'a str,
    sources: BTreeSet<&'a Repository>,
    tags: BTreeSet<&'a Tag>,
    mirrors: BTreeSet<&'a str>,
}

impl<'a> Cause<'a> {
    /// What blocks an edge, which is not added yet.
    fn first(blocked: &BlockedAt<'a>) -> Self {
        Self {
            what: blocked.what,
            code: blocked.code,
            edges: 0,
            hints: blocked.hints,
            written_at: blocked.place.written_at,
            message: blocked.message.clone(),
            general: None,
            image: blocked.place.image,
            sources: BTreeSet::new(),
            tags: BTreeSet::new(),
            mirrors: BTreeSet::new(),
        }
    }

    fn add(&mut self, blocked: &BlockedAt<'a>) {
        self.edges += 1;
        self.sources.insert(blocked.place.source);
        // Of many images none is named, so neither are their tags.
        if self.sources.len() == 1 {
            self.tags.extend(blocked.place.tag);
        }
        self.mirrors.insert(blocked.place.mirror);
    }

    /// Why, as a sentence without a period.
    pub(in crate::documents) fn message(&self) -> &str {
        self.general.as_deref().unwrap_or(&self.message)
    }

    /// What it blocks: an edge by its name, several by their number.
    pub(in crate::documents) fn subject(&self) -> String {
        let images = match self.sources.len() {
            1 => format!("{}{}", self.image, self.named_tags()),
            many => counted(many as u64, "image"),
        };
        let mirrors: Vec<&str> = self.mirrors.iter().copied().collect();
        let mirrors = match mirrors.len() {
            1..=NAMED => mirrors.join(", "),
            many => counted(many as u64, "mirror"),
        };
        match self.edges {
            1 => format!("{images} at {mirrors}"),
            edges => format!("{} of {images} at {mirrors}", counted(edges, "edge")),
        }
    }

    /// Where the promoter manifest asks for it, if it is of one image.
    pub(in crate::documents) fn written_at(&self) -> Option<(&FilePath, Position)> {
        self.written_at.filter(|_| self.sources.len() == 1)
    }

    fn named_tags(&self) -> String {
        let tags: Vec<&str> = self.tags.iter().map(|tag| tag.as_str()).collect();
        if tags.is_empty() {
            return String::new();
        }
        format!(":{}", named(&tags, NAMED))
    }
}

type Key<'a> = (&'static str, Code, String, &'a [String], Option<&'a str>);

/// Collects causes.
#[derive(Debug, Default)]
pub(in crate::documents) struct Causes<'a> {
    known: BTreeMap<Key<'a>, usize>,
    causes: Vec<Cause<'a>>,
}

impl<'a> Causes<'a> {
    /// Adds an edge to its cause.
    pub(in crate::documents) fn add(&mut self, blocked: &BlockedAt<'a>) {
        let by_itself = blocked.by_itself.then(|| blocked.place.source.as_str());
        let (what, code, hints) = (blocked.what, blocked.code, blocked.hints);
        let key = (what, code, blocked.in_general(), hints, by_itself);
        let known = self.known.get(&key).copied();
        let index = known.unwrap_or_else(|| {
            self.known.insert(key.clone(), self.causes.len());
            self.causes.push(Cause::first(blocked));
            self.causes.len() - 1
        });
        if let Some(cause) = self.causes.get_mut(index) {
            cause.add(blocked);
            if cause.general.is_none() && cause.message != blocked.message {
                cause.general = Some(key.2);
            }
        }
    }

    /// The causes, the one that blocks most first.
    pub(in crate::documents) fn most_first(mut self) -> Vec<Cause<'a>> {
        self.causes
            .sort_by_key(|cause| std::cmp::Reverse(cause.edges));
        self.causes
    }
}
