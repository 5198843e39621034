//! What was found in staging about images and the children of indexes, as values: made by validate, carried by the flow, told
//! by the report. What is decided by it stands in `staging` and `staged_children`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::error::codes;
use crate::Code;
use crate::oci::{Digest, Repository};
use crate::plan::ImageWork;
use crate::ports::{AcceptedEvidence, RefusedEvidence, UnknownEvidence};

/// The most children of a run that are remembered, for indexes that have them in common.
const MAX_REMEMBERED: usize = 10_000;

/// What was found about an image in staging.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagingSignatures {
    /// Whether anybody looked.
    pub asked_for: bool,
    /// Accepted signatures, and attestations of the types that are carried: each piece once.
    pub accepted: Vec<AcceptedEvidence>,
    /// Signatures by unknown signers: they are not carried.
    pub unknown: Vec<UnknownEvidence>,
    /// What is left behind, and what else is worth knowing.
    pub notes: Vec<StagingNote>,
}

/// Something to know about an image's evidence in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StagingNote {
    /// What it is.
    pub code: Code,
    /// The same for a person.
    pub message: String,
    /// How many pieces of evidence it is about.
    pub pieces: u64,
}

/// What a run found about one image in staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StagingEvidence {
    /// Where the image is.
    pub source: Repository,
    /// The image, or the child of an index.
    pub digest: Digest,
    /// Of a child: the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_of: Option<Digest>,
    /// How many pieces of its evidence are carried.
    pub carried: u64,
    /// What is left behind, and what else is worth knowing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<StagingNote>,
}

impl StagingSignatures {
    /// For the report; nothing if there is nothing to tell.
    pub(super) fn told(&self, work: &ImageWork) -> Option<StagingEvidence> {
        (!self.accepted.is_empty() || !self.notes.is_empty()).then(|| StagingEvidence {
            source: work.source.clone(),
            digest: work.digest,
            part_of: None,
            carried: self.accepted.len() as u64,
            notes: self.notes.clone(),
        })
    }
}

impl StagingEvidence {
    /// Children come after the index they belong to.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let index = self.part_of.unwrap_or(self.digest);
        let child = self.part_of.map(|_| self.digest);
        (self.source.clone(), index, child)
    }
}

/// What staging has about one child, before anybody asks under which name.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// With the evidence as it is carried.
    pub(super) accepted: Vec<AcceptedEvidence>,
    pub(super) notes: Vec<StagingNote>,
    pub(super) pieces: usize,
    pub(super) bytes: u64,
}

/// What is known of one child; whoever asks first finds it out.
pub(super) type Cell = Arc<futures_util::lock::Mutex<Option<Arc<Judged>>>>;

/// The children that were judged in a run: their evidence is read once for each repository.
#[derive(Debug, Default)]
pub(super) struct JudgedChildren(Mutex<BTreeMap<(Repository, Digest), Cell>>);

impl JudgedChildren {
    pub(super) fn cell(&self, source: &Repository, digest: Digest) -> Cell {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.clone(), digest);
        while cells.len() >= MAX_REMEMBERED && !cells.contains_key(&key) {
            cells.pop_first();
        }
        Arc::clone(cells.entry(key).or_default())
    }
}

/// Notes, those of one kind together.
#[derive(Default)]
pub(super) struct Notes(Vec<StagingNote>);

impl Notes {
    /// More notes beside these.
    pub(super) fn of(notes: Vec<StagingNote>) -> Self {
        Self(notes)
    }

    pub(super) fn into_vec(self) -> Vec<StagingNote> {
        self.0
    }

    pub(super) fn add(&mut self, code: Code, message: &str, pieces: u64) {
        let same = |note: &&mut StagingNote| note.code == code && note.message == message;
        match self.0.iter_mut().find(same) {
            Some(note) => note.pieces += pieces,
            None => self.0.push(StagingNote {
                code,
                message: message.to_owned(),
                pieces,
            }),
        }
    }

    /// The first of each code says why.
    pub(super) fn refused(&mut self, refused: &[RefusedEvidence]) {
        for refused in refused {
            let same = |note: &&mut StagingNote| note.code == refused.code;
            match self.0.iter_mut().find(same) {
                Some(note) => note.pieces += 1,
                None => self.add(
                    refused.code,
                    &format!("evidence that fails is left behind: {}", refused.message),
                    1,
                ),
            }
        }
    }

    pub(super) fn strangers(&mut self, count: usize) {
        if count > 0 {
            let message = "evidence by others than the accepted keys is left behind";
            self.add(codes::STAGING_UNKNOWN_SIGNER, message, count as u64);
        }
    }

    pub(super) fn unread(&mut self, count: u64) {
        if count > 0 {
            let message = "there is more evidence than is read, and the rest is left behind";
            self.add(codes::STAGING_UNREAD, message, count);
        }
    }
}
