//! [`KeySigner`]: signs images with a key, as a bundle and as a `.sig` layer.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use promo_core::oci::{Descriptor, Digest, MediaType};
use promo_core::ports::{
    Clock, Evidence, EvidenceSet, Failure, SignatureFormat, Signer, Subject, TagSuffix,
    Verification,
};
use promo_core::trust::{AboutImage, Judge};

use crate::{
    Error, KeyVerifier, SIGNATURE_PREDICATE_TYPE, SigningKey, bundle, simple_signing, statement,
};

/// Signs with a key. What it made it verifies before it returns.
pub struct KeySigner {
    key: Arc<SigningKey>,
    clock: Arc<dyn Clock>,
    formats: Vec<SignatureFormat>,
    own: Judge,
}

impl KeySigner {
    /// A signer that writes both forms: bundle, then `.sig`.
    pub fn new(key: Arc<SigningKey>, clock: Arc<dyn Clock>) -> Self {
        let own = KeyVerifier::new([key.public_key().clone()])
            .trusting_all()
            .requiring_names();
        Self {
            key,
            clock,
            formats: vec![SignatureFormat::Bundle, SignatureFormat::Sig],
            own,
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

    fn make(&self, subject: &Subject, format: SignatureFormat) -> Result<Evidence, Error> {
        let digest = &subject.descriptor.digest;
        match format {
            SignatureFormat::Sig => Ok(Evidence::TagLayer {
                suffix: TagSuffix::Sig,
                layer: simple_signing::signed_layer(&self.key, &subject.identity, digest)?,
            }),
            SignatureFormat::Bundle => {
                let predicate = serde_json::Value::Object(serde_json::Map::new());
                let statement = statement::write(
                    &subject.identity,
                    digest,
                    SIGNATURE_PREDICATE_TYPE,
                    predicate,
                )?;
                bundle::signed_referrer(
                    &self.key,
                    statement,
                    SIGNATURE_PREDICATE_TYPE,
                    &subject.descriptor,
                    self.clock.now(),
                )
            }
            SignatureFormat::SigReferrer => Err(Error::FormatNotOffered { format }),
        }
    }
}

#[async_trait]
impl Signer for KeySigner {
    async fn check(&self) -> Result<(), Failure> {
        let image = b"an image that is signed to see whether the key works";
        let digest = Digest::sha256_of(image);
        let size = image.len() as u64;
        let media_type = MediaType::new(MediaType::OCI_MANIFEST);
        let identity = "localhost/promo/check"
            .parse()
            .map(promo_core::identity::Identity::new)
            .map_err(|_| Error::SelfCheck {
                reason: "the name of the image to try is not valid".to_owned(),
            })?;
        let subject = Subject {
            identity,
            descriptor: Descriptor::new(media_type, digest, size),
        };
        self.sign(&subject, &self.formats).await.map(drop)
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
            evidence.push(self.make(subject, *format)?);
        }
        verify_own(&self.own, subject, &evidence, self.clock.now()).await?;
        Ok(evidence)
    }
}

/// Fails unless the judge accepts every piece.
pub(crate) async fn verify_own(
    own: &Judge,
    subject: &Subject,
    evidence: &[Evidence],
    now: Timestamp,
) -> Result<(), Failure> {
    let set = EvidenceSet {
        evidence: evidence.to_vec(),
        passed_over: Vec::new(),
    };
    let about = AboutImage {
        digest: &subject.descriptor.digest,
        identity: Some(&subject.identity),
        now,
    };
    let found = own.verify(about, &set).await?;
    if found.accepted.len() == evidence.len() {
        return Ok(());
    }
    Err(Error::SelfCheck {
        reason: first_reason(found),
    }
    .into())
}

fn first_reason(found: Verification) -> String {
    let refused = found.refused.into_iter().next();
    refused.map_or_else(
        || "its signature is by no known key".to_owned(),
        |refused| refused.message,
    )
}

impl fmt::Debug for KeySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySigner")
            .field("key", &self.key)
            .field("formats", &self.formats)
            .finish_non_exhaustive()
    }
}
