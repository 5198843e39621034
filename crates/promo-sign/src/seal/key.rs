//! [`KeySealer`]: seals with a key. No log and no authority is told; the signatures prove no time.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use promo_core::ports::{EvidenceBlob, Failure, Sealer, SignerFacts};
use sigstore_types::{DsseEnvelope, pae};

use crate::statement::PAYLOAD_TYPE;
use crate::{Error, SigningKey, bundle, simple_signing};

/// Seals with a key.
#[derive(Debug)]
pub struct KeySealer {
    key: Arc<SigningKey>,
}

impl KeySealer {
    /// A sealer that signs with this key.
    pub const fn new(key: Arc<SigningKey>) -> Self {
        Self { key }
    }

    fn envelope(&self, statement: &Bytes) -> Result<DsseEnvelope, Error> {
        let signature = self.key.sign(&pae(PAYLOAD_TYPE, statement))?;
        Ok(bundle::envelope(
            PAYLOAD_TYPE,
            statement.to_vec(),
            signature,
        ))
    }
}

#[async_trait]
impl Sealer for KeySealer {
    async fn signer(&self) -> Result<SignerFacts, Failure> {
        Ok(SignerFacts::Key(self.key.public_key().fingerprint()))
    }

    async fn check(&self) -> Result<(), Failure> {
        let message = b"something that is signed to see whether the key works";
        let signature = self.key.sign(message)?;
        if self.key.public_key().verifies(message, &signature) {
            return Ok(());
        }
        let reason = "its signature is not by its own key".to_owned();
        Err(Error::SelfCheck { reason }.into())
    }

    async fn bundle(&self, statement: Bytes) -> Result<Bytes, Failure> {
        let envelope = self.envelope(&statement)?;
        let bytes = bundle::of_key(self.key.public_key().hint(), envelope)?;
        Ok(bytes.into())
    }

    async fn attestation_layer(
        &self,
        statement: Bytes,
        predicate_type: &str,
    ) -> Result<EvidenceBlob, Failure> {
        let bytes = bundle::written(&self.envelope(&statement)?)?;
        Ok(bundle::attestation_blob(bytes.into(), predicate_type))
    }

    async fn signature_layer(&self, payload: Bytes) -> Result<EvidenceBlob, Failure> {
        let signature = self.key.sign(&payload)?;
        Ok(simple_signing::layer(payload, &signature))
    }
}
