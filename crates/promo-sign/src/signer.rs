//! [`ImageSigner`]: signs images, as a bundle and as a `.sig` layer, with whatever seals.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::ports::{Clock, Evidence, Failure, SignatureFormat, Signer, Subject, TagSuffix};

use crate::seal::Seal;
use crate::{Error, SIGNATURE_PREDICATE_TYPE, bundle, simple_signing, statement};

/// Signs images. What it made it verifies before it returns.
#[derive(Debug)]
pub struct ImageSigner {
    seal: Seal,
    clock: Arc<dyn Clock>,
    formats: Vec<SignatureFormat>,
}

impl ImageSigner {
    /// A signer that writes both forms: bundle, then `.sig`.
    pub fn new(seal: impl Into<Seal>, clock: Arc<dyn Clock>) -> Self {
        Self {
            seal: seal.into(),
            clock,
            formats: vec![SignatureFormat::Bundle, SignatureFormat::Sig],
        }
    }

    /// Writes these forms instead, in this order, each once and at least one (`PROMO-S008`).
    pub fn with_formats(mut self, formats: Vec<SignatureFormat>) -> Result<Self, Error> {
        let repeated = (1..formats.len()).any(|end| {
            let (before, rest) = formats.split_at(end);
            rest.first().is_some_and(|format| before.contains(format))
        });
        if formats.is_empty() || repeated {
            return Err(Error::Formats);
        }
        self.formats = formats;
        Ok(self)
    }

    async fn make(&self, subject: &Subject, format: SignatureFormat) -> Result<Evidence, Failure> {
        let digest = &subject.descriptor.digest;
        match format {
            SignatureFormat::Sig => {
                let payload = simple_signing::write(&subject.identity, digest)?;
                Ok(Evidence::TagLayer {
                    suffix: TagSuffix::Sig,
                    layer: self.seal.sealer().signature_layer(payload.into()).await?,
                })
            }
            SignatureFormat::Bundle => {
                let predicate = serde_json::Value::Object(serde_json::Map::new());
                let statement = statement::write(
                    &subject.identity,
                    digest,
                    SIGNATURE_PREDICATE_TYPE,
                    predicate,
                )?;
                let sealed = self.seal.sealer().bundle(statement.into()).await?;
                let created = Some(self.clock.now());
                Ok(bundle::referrer(
                    sealed,
                    SIGNATURE_PREDICATE_TYPE,
                    &subject.descriptor,
                    created,
                )?)
            }
            SignatureFormat::SigReferrer => Err(Error::FormatNotOffered { format }.into()),
        }
    }
}

#[async_trait]
impl Signer for ImageSigner {
    async fn check(&self) -> Result<(), Failure> {
        self.seal.sealer().check().await
    }

    fn formats(&self) -> &[SignatureFormat] {
        &self.formats
    }

    async fn sign(
        &self,
        subject: &Subject,
        formats: &[SignatureFormat],
    ) -> Result<Vec<Evidence>, Failure> {
        let mut evidence = Vec::with_capacity(formats.len());
        for format in formats {
            if !self.formats.contains(format) {
                return Err(Error::FormatNotOffered { format: *format }.into());
            }
            evidence.push(self.make(subject, *format).await?);
        }
        let now = self.clock.now();
        self.seal.verify_own(subject, &evidence, now).await?;
        Ok(evidence)
    }
}
