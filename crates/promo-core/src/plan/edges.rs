//! Edges as one sees them while walking over a plan.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::decision::{Cause, Decision, Doubt};
use super::flat_manifests::{Entry, FlatManifests, Image, Slot};
use super::{Plan, Verdict, codes, reason};
use crate::Code;
use crate::identity::Identity;
use crate::manifest::{FilePath, Position};
use crate::oci::{Digest, RegistryPath, Repository, Tag};
use crate::ports::FailureKind;

/// One edge with its verdict: one digest, under one tag or none, from one source repository to one
/// destination repository.
#[derive(Clone, Copy)]
pub struct PlannedEdge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) image: &'a Image,
    pub(super) entry: &'a Entry,
    pub(super) slot: Slot,
    pub(super) registry: &'a RegistryPath,
    pub(super) repository: &'a Repository,
    pub(super) repository_index: u32,
    pub(super) decision: Decision,
    verdict: Verdict,
    written_at: (&'a FilePath, Position),
}

impl<'a> PlannedEdge<'a> {
    /// The edge to a destination of an image, given by its index; none if it is not part of the plan.
    pub(super) fn new(
        plan: &'a Plan,
        slot: Slot,
        destination: u32,
        decision: Decision,
    ) -> Option<Self> {
        let verdict = decision.verdict()?;
        let manifests: &FlatManifests = &plan.manifests;
        let entry = manifests.entry(slot.entry)?;
        let image = manifests.image(entry)?;
        let registries = &manifests.origins.get(image.manifest)?.destinations;
        let repository_index = *image.destinations.get(destination as usize)?;
        Some(Self {
            plan,
            image,
            entry,
            slot,
            registry: registries.get(destination as usize)?,
            repository: manifests.repository(repository_index)?,
            repository_index,
            decision,
            verdict,
            written_at: manifests.written_at(slot)?,
        })
    }

    /// The name of the image in its promoter manifest.
    pub fn image(&self) -> &'a str {
        &self.image.name
    }

    /// The source repository.
    pub fn source(&self) -> &'a Repository {
        &self.image.source
    }

    /// The digest.
    pub fn digest(&self) -> Digest {
        self.entry.digest
    }

    /// The destination registry, as the promoter manifest names it.
    pub fn destination_registry(&self) -> &'a RegistryPath {
        self.registry
    }

    /// The destination repository.
    pub fn destination(&self) -> &'a Repository {
        self.repository
    }

    /// The tag; none for an edge without a tag.
    pub fn tag(&self) -> Option<&'a Tag> {
        let tag = self.plan.manifests.tag(self.entry, self.slot.slot)?;
        Some(tag.tag())
    }

    /// The public name of the image at the destination.
    pub fn identity(&self) -> Identity {
        self.plan.options.identities.identity(self.repository)
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The code of the verdict and its reason.
    pub fn code(&self) -> Code {
        match self.decision {
            Decision::Stated { statement, .. } => {
                let statement = self.plan.statements.get(statement as usize);
                statement.map_or(codes::REFUSED, |statement| statement.code)
            }
            decision => decision.code().unwrap_or(codes::REFUSED),
        }
    }

    /// Why, as a sentence without a period.
    pub fn reason(&self) -> String {
        reason::sentence(self)
    }

    /// The digest that the tag points to now, where that is another one: of a `tag-move`, or of a
    /// `promote` that the list of tag moves allows.
    pub fn moves_from(&self) -> Option<Digest> {
        match self.decision {
            Decision::TagMove { from } | Decision::Move { from, .. } => {
                self.plan.found.get(from as usize).copied()
            }
            _ => None,
        }
    }

    /// What kept a registry from being read, where that is why the edge is undecided.
    pub fn failure_kind(&self) -> Option<FailureKind> {
        self.cause()?.kind
    }

    /// What to do so that it can be decided, one sentence each.
    pub fn hints(&self) -> &'a [String] {
        self.cause().map_or(&[], |cause| &cause.hints)
    }

    /// The repository that could not be read, where that is why the edge is undecided.
    pub fn unread(&self) -> Option<&'a Repository> {
        match self.decision {
            Decision::Undecided(Doubt::DestinationUnreadable { .. }) => Some(self.repository),
            Decision::Undecided(Doubt::SourceUnreadable { .. }) => Some(self.source()),
            _ => None,
        }
    }

    fn cause(&self) -> Option<&'a Cause> {
        match self.decision {
            Decision::Undecided(
                Doubt::DestinationUnreadable { cause } | Doubt::SourceUnreadable { cause },
            ) => self.plan.causes.get(cause as usize),
            _ => None,
        }
    }

    /// The file that asks for it.
    pub fn file(&self) -> &'a FilePath {
        self.written_at.0
    }

    /// Where in the file: at the tag, or at the digest for an edge without a tag.
    pub fn position(&self) -> Position {
        self.written_at.1
    }
}

/// An edge as one object, for lists of edges line by line.
impl Serialize for PlannedEdge<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut edge = serializer.serialize_struct("PlannedEdge", 12)?;
        edge.serialize_field("source", self.source())?;
        edge.serialize_field("image", self.image())?;
        edge.serialize_field("digest", &self.digest())?;
        edge.serialize_field("destination", self.destination())?;
        edge.serialize_field("tag", &self.tag())?;
        edge.serialize_field("verdict", &self.verdict())?;
        edge.serialize_field("code", &self.code())?;
        edge.serialize_field("reason", &self.reason())?;
        edge.serialize_field("from", &self.moves_from())?;
        edge.serialize_field("file", self.file())?;
        edge.serialize_field("line", &self.position().line)?;
        edge.serialize_field("column", &self.position().column)?;
        edge.end()
    }
}

impl fmt::Display for PlannedEdge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key().fmt(f)
    }
}

impl fmt::Debug for PlannedEdge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.verdict)
    }
}
