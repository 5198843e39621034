//! What became of each edge that a run worked on.

use serde::Serialize;

use crate::Code;
use crate::identity::Identity;
use crate::oci::{Digest, Repository, Tag};
use crate::plan::{DestinationWork, ImageWork};
use crate::ports::{Failure, FailureKind, Phase};

/// Why an edge was blocked, as far as it matters for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LeftClass")
)]
#[serde(rename_all = "kebab-case")]
pub enum BlockedClass {
    /// The run was interrupted.
    Interrupted,
    /// Not authenticated or not authorised.
    Access,
    /// Evidence or a policy refused it.
    Refused,
    /// Anything else.
    Failed,
}

/// What keeps an edge from being published. Documents and people are told that it was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Left")
)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// The phase that blocked it.
    pub phase: Phase,
    /// What kind of reason.
    pub class: BlockedClass,
    /// The reason.
    pub code: Code,
    /// The reason, for a person.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Whether the image is visible by digest already, without all of its evidence. That happens only on
    /// registries that refuse evidence before its subject.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
}

impl Blocked {
    /// Blocked for a reason of our own.
    pub(super) fn new(
        phase: Phase,
        class: BlockedClass,
        code: Code,
        message: impl Into<String>,
    ) -> Self {
        Self {
            phase,
            class,
            code,
            message: message.into(),
            hints: Vec::new(),
            incomplete: false,
        }
    }

    /// Blocked because a port failed.
    pub(super) fn failed(phase: Phase, failure: &Failure) -> Self {
        let class = match failure.kind() {
            FailureKind::Unauthenticated | FailureKind::Forbidden => BlockedClass::Access,
            FailureKind::DigestMismatch => BlockedClass::Refused,
            FailureKind::Interrupted => BlockedClass::Interrupted,
            _ => BlockedClass::Failed,
        };
        Self {
            hints: failure.hints().to_vec(),
            ..Self::new(phase, class, failure.code(), failure.chain())
        }
    }

    /// Blocked because the run was interrupted.
    pub(super) fn interrupted(phase: Phase) -> Self {
        Self::new(
            phase,
            BlockedClass::Interrupted,
            super::codes::INTERRUPTED,
            "not started, because the run was interrupted",
        )
    }

    pub(super) fn incomplete(mut self, incomplete: bool) -> Self {
        self.incomplete = incomplete;
        self
    }
}

/// How an edge ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "result")]
#[non_exhaustive]
pub enum EdgeResult {
    /// A dry run: it would be promoted.
    Ready,
    /// The manifest was put.
    #[serde(rename_all = "camelCase")]
    Published {
        /// Whether it had to be put by digest before its evidence, because the registry refuses evidence
        /// without its subject.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        manifest_first: bool,
    },
    /// The tag pointed there already when publish looked; its evidence stands.
    AlreadyThere,
    /// It was blocked.
    #[serde(rename = "left")]
    Blocked(Blocked),
}

/// One edge with how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EdgeOutcome {
    /// The image's public name.
    pub identity: Identity,
    /// The image.
    pub digest: Digest,
    /// Where it comes from.
    pub source: Repository,
    /// Where it goes.
    pub destination: Repository,
    /// Under which tag; none for an edge by digest.
    pub tag: Option<Tag>,
    /// How it ended.
    #[serde(flatten)]
    pub result: EdgeResult,
}

impl EdgeOutcome {
    /// The code of what blocked it, if something did.
    pub(super) fn blocked_by(&self) -> Option<Code> {
        match &self.result {
            EdgeResult::Blocked(blocked) => Some(blocked.code),
            _ => None,
        }
    }
}

/// The outcomes of all edges to one destination, all ending the same way.
pub(super) fn of_destination(
    image: &ImageWork,
    destination: &DestinationWork,
    result: &EdgeResult,
) -> Vec<EdgeOutcome> {
    let outcome = |tag: Option<&Tag>| EdgeOutcome {
        identity: image.identity.clone(),
        digest: image.digest,
        source: image.source.clone(),
        destination: destination.repository.clone(),
        tag: tag.cloned(),
        result: result.clone(),
    };
    let mut outcomes: Vec<_> = destination
        .tags
        .iter()
        .map(|wanted| outcome(Some(&wanted.tag)))
        .collect();
    if destination.tagless {
        outcomes.push(outcome(None));
    }
    outcomes
}

/// The outcomes of all edges of an image, all blocked for the same reason.
pub(super) fn of_image(image: &ImageWork, blocked: &Blocked) -> Vec<EdgeOutcome> {
    let result = EdgeResult::Blocked(blocked.clone());
    image
        .destinations
        .iter()
        .flat_map(|destination| of_destination(image, destination, &result))
        .collect()
}
