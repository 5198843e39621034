//! The port that seals: it turns what is to be signed into evidence, with a key or with a certificate for a while.
//!
//! One sealer serves a run: what signs images and what attests promotions share it, and with it the key, the certificate
//! and the log. It knows neither images nor predicates.

use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use super::{EvidenceBlob, Failure, SignerFacts};

/// Signs statements and payloads, and adds whatever it takes to prove by whom and when.
#[async_trait]
pub trait Sealer: Debug + Send + Sync {
    /// Who signs, as those who verify will see it. A sealer with certificates asks for one here; no log of signatures and no
    /// registry learns of it.
    async fn signer(&self) -> Result<SignerFacts, Failure>;

    /// Shows that it can seal, as far as that leaves no trace in a log of signatures or a registry.
    async fn check(&self) -> Result<(), Failure>;

    /// Seals an in-toto statement into a sigstore bundle (v0.3).
    async fn bundle(&self, statement: Bytes) -> Result<Bytes, Failure>;

    /// Seals an in-toto statement of this predicate type into a layer for the tag `.att`.
    async fn attestation_layer(
        &self,
        statement: Bytes,
        predicate_type: &str,
    ) -> Result<EvidenceBlob, Failure>;

    /// Seals a payload ("simple signing") into a layer for the tag `.sig`.
    async fn signature_layer(&self, payload: Bytes) -> Result<EvidenceBlob, Failure>;
}
