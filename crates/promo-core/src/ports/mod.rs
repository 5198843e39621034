//! The ports: what the pipeline needs from the outside, as object-safe traits.
//!
//! promo-registry implements [`Registry`], [`InventoryReader`] and [`Copier`]; promo-sign
//! [`EvidenceStore`], [`Signer`], [`Verifier`] and [`Attester`]; whoever embeds promo [`Observer`],
//! [`Clock`] and [`Sleep`]. Every port has a suite in promo-testkit that its implementations pass.

mod clock;
mod contained;
mod copier;
mod decorator;
mod evidence;
mod facts;
mod gate;
mod inventory_reader;
mod observer;
mod registry;
mod repetition;
mod sealer;
mod service;
mod signer_name;
mod signing;

pub use crate::failure::{Failure, FailureKind};
pub use clock::{Clock, Sleep};
pub use contained::{Contained, contain};
pub use copier::{CopiedContent, Copier, CopyRequest, DestinationContent, ImageSize};
pub use decorator::RegistryDecorator;
pub use evidence::{
    Attachment, BoundedEvidence, Evidence, EvidenceBlob, EvidenceForm, EvidenceForms, EvidenceSet,
    EvidenceStore, TagSuffix,
};
pub use facts::{
    CertificateFacts, Check, CheckFailure, CheckSubject, ExaminedEvidence, KeyFingerprint,
    LogEntry, ProvenTime, SignatureFacts, SignerClaim, SignerFacts, Witness,
};
pub use gate::{Gate, GatedDestination, GatedImage, Objection};
pub use inventory_reader::InventoryReader;
pub use observer::{Event, Observer, Operation, Phase, RequestClass, Silent};
pub use registry::{
    BlobStream, BulkList, Capabilities, CatalogPage, ManifestHead, Mount, PutManifest,
    ReferrerList, Registry, SubjectHandling, TagPage, UploadSession,
};
pub use repetition::Repetition;
pub use sealer::Sealer;
pub use service::{
    ServiceAnswer, ServiceMethod, ServiceRequest, ServiceUrl, ServiceUrlError, Services,
};
pub use signer_name::{SignerName, SignerNameError};
pub use signing::{
    AcceptedEvidence, Attester, EvidenceKind, PromotionRecord, RecordedManifest, RefusedEvidence,
    SignatureFormat, Signer, Subject, UnknownEvidence, Verification, Verifier,
};
