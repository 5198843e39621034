//! [`KeylessSealer`]: seals with certificates for a short while, which an authority (Fulcio) gives to whoever shows an
//! identity token, and has logs (Rekor) and timestamp authorities witness when.
//!
//! ```text
//! IdentityTokens ─▶ identity_token ─▶ authority ─▶ certificate ─┐
//!                                                               ├─▶ signature ─▶ log, timestamp ─▶ bundle or layer
//! statement or payload ─────────────────────────────────────────┘
//! ```
//!
//! One key and one certificate serve all that is sealed until most of the certificate's life is over; then both are made anew.
//! Everything is asked through the port `Services`, and nothing is trusted here: what comes out is verified by the trusted root
//! before it is given away (`Seal`).

mod authority;
mod certificate;
mod identity_token;
mod layer;
mod log;
mod refusal;
mod signing_config;
mod timestamp;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::{try_join, try_join_all};
use futures_util::lock::Mutex;
use promo_core::oci::{Descriptor, MediaType};
use promo_core::ports::{
    CertificateFacts, Clock, EvidenceBlob, Failure, Sealer, Services, SignerFacts,
};
use sigstore_bundle::{BundleV03, VerificationMaterialV03};
use sigstore_types::{
    DsseEnvelope, SignatureBytes, SignatureContent, TimestampToken, TransparencyLogEntry, pae,
};

pub(crate) use self::authority::CERTIFICATE;
pub use self::identity_token::{IdentityToken, IdentityTokens, MAX_IDENTITY_TOKEN};
pub(crate) use self::refusal::refused;
pub use self::signing_config::{LogGeneration, MAX_SIGNING_CONFIG, SigningServices};

use self::certificate::Certified;
use self::log::Entered;
use crate::statement::PAYLOAD_TYPE;
use crate::{Error, SIGNATURE_PREDICATE_TYPE, TrustedRoot, bundle, simple_signing};

/// Seals with certificates for the identity of its tokens.
pub struct KeylessSealer {
    services: SigningServices,
    root: Arc<TrustedRoot>,
    tokens: Arc<dyn IdentityTokens>,
    asking: Arc<dyn Services>,
    clock: Arc<dyn Clock>,
    /// Whoever holds it asks for a certificate; the others wait for that.
    held: Mutex<Option<Arc<Certified>>>,
}

/// Who has witnessed a signature.
struct Witnessed {
    entries: Vec<TransparencyLogEntry>,
    times: Vec<TimestampToken>,
}

impl KeylessSealer {
    /// A sealer that uses these services, and by whose trusted root what it makes is verified. Nothing is asked yet.
    pub fn new(
        services: SigningServices,
        root: Arc<TrustedRoot>,
        tokens: Arc<dyn IdentityTokens>,
        asking: Arc<dyn Services>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            services,
            root,
            tokens,
            asking,
            clock,
            held: Mutex::new(None),
        }
    }

    /// By what its evidence is verified.
    pub fn trusted_root(&self) -> Arc<TrustedRoot> {
        Arc::clone(&self.root)
    }

    /// Who holds the certificate that is used now. It is asked for where there is none yet.
    ///
    /// # Errors
    ///
    /// `PROMO-S061` to `PROMO-S064`, and whatever keeps the authority from being asked.
    pub async fn holder(&self) -> Result<CertificateFacts, Failure> {
        Ok(self.certified().await?.facts.clone())
    }

    /// The certificate that is used now.
    async fn certified(&self) -> Result<Arc<Certified>, Failure> {
        let mut held = self.held.lock().await;
        if let Some(certified) = held.as_ref()
            && certified.may_sign_at(self.clock.now())
        {
            return Ok(Arc::clone(certified));
        }
        let token = self.tokens.token().await?;
        let certified = authority::ask(
            self.services.authority(),
            &token,
            &*self.asking,
            &*self.clock,
        );
        let certified = Arc::new(certified.await?);
        *held = Some(Arc::clone(&certified));
        Ok(certified)
    }

    async fn times(&self, signature: &SignatureBytes) -> Result<Vec<TimestampToken>, Failure> {
        let authorities = self.services.timestamps().iter();
        let asked = authorities.map(|url| timestamp::ask(url, signature, &*self.asking));
        try_join_all(asked).await
    }

    async fn entries(&self, entered: Entered<'_>) -> Result<Vec<TransparencyLogEntry>, Failure> {
        let logs = self.services.logs().iter();
        let asked = logs.map(|log| log::enter(log, entered, &*self.asking));
        try_join_all(asked).await
    }

    async fn witnessed(
        &self,
        entered: Entered<'_>,
        signature: &SignatureBytes,
    ) -> Result<Witnessed, Failure> {
        let (entries, times) = try_join(self.entries(entered), self.times(signature)).await?;
        Ok(Witnessed { entries, times })
    }

    /// A statement, signed and witnessed.
    async fn envelope(
        &self,
        certified: &Certified,
        statement: &[u8],
    ) -> Result<(DsseEnvelope, Witnessed), Failure> {
        let envelope = signed(certified, statement)?;
        let entered = Entered::Envelope {
            envelope: &envelope,
            certificate: &certified.certificate,
        };
        let witnessed = self.witnessed(entered, &envelope.signature.sig).await?;
        Ok((envelope, witnessed))
    }

    /// The checks of the trusted root on a bundle about nothing, of which no log is told.
    fn verify_trial(&self, sealed: Bytes) -> Result<(), Error> {
        let subject = Descriptor::of(MediaType::OCI_MANIFEST, TRIAL);
        let evidence = bundle::referrer(sealed, SIGNATURE_PREDICATE_TYPE, &subject, None)?;
        let facts = self.root.examine(&subject.digest, &evidence);
        let failure = match facts.as_slice() {
            [facts] => facts.failure().map(|failure| failure.message.clone()),
            _ => Some("it can't be read".to_owned()),
        };
        failure.map_or(Ok(()), |reason| Err(Error::SelfCheck { reason }))
    }
}

#[async_trait]
impl Sealer for KeylessSealer {
    async fn signer(&self) -> Result<SignerFacts, Failure> {
        Ok(SignerFacts::Certificate(Box::new(self.holder().await?)))
    }

    /// Without a timestamp authority only the certificate is asked for: nothing but the entry of a log would prove a time then. A
    /// certificate is tried once, however many ask.
    async fn check(&self) -> Result<(), Failure> {
        let certified = self.certified().await?;
        if self.services.timestamps().is_empty() || certified.is_tried() {
            return Ok(());
        }
        let statement = trial_statement()?;
        let envelope = signed(&certified, &statement)?;
        let witnessed = Witnessed {
            times: self.times(&envelope.signature.sig).await?,
            entries: Vec::new(),
        };
        let sealed = bundled(&certified, envelope, witnessed)?;
        self.verify_trial(sealed)?;
        certified.tried();
        Ok(())
    }

    async fn bundle(&self, statement: Bytes) -> Result<Bytes, Failure> {
        let certified = self.certified().await?;
        let (envelope, witnessed) = self.envelope(&certified, &statement).await?;
        Ok(bundled(&certified, envelope, witnessed)?)
    }

    async fn attestation_layer(
        &self,
        statement: Bytes,
        predicate_type: &str,
    ) -> Result<EvidenceBlob, Failure> {
        self.services.demand_promises()?;
        let certified = self.certified().await?;
        let (envelope, witnessed) = self.envelope(&certified, &statement).await?;
        let bytes = bundle::written(&envelope)?;
        let blob = bundle::attestation_blob(bytes.into(), predicate_type);
        Ok(layer::annotated(blob, &certified, &witnessed)?)
    }

    async fn signature_layer(&self, payload: Bytes) -> Result<EvidenceBlob, Failure> {
        self.services.demand_promises()?;
        let certified = self.certified().await?;
        let signature = SignatureBytes::new(certified.sign(&payload)?);
        let entered = Entered::Payload {
            payload: &payload,
            signature: &signature,
            certificate: &certified.certificate,
        };
        let witnessed = self.witnessed(entered, &signature).await?;
        let blob = simple_signing::layer(payload, signature.as_bytes());
        Ok(layer::annotated(blob, &certified, &witnessed)?)
    }
}

impl fmt::Debug for KeylessSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeylessSealer")
            .field("services", &self.services)
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}

/// What is signed to see whether everything works.
const TRIAL: &[u8] = b"an image that is signed to see whether the certificate works";

fn trial_statement() -> Result<Vec<u8>, Error> {
    let name = "localhost/promo/check".parse();
    let name = name.map_err(|_| Error::SelfCheck {
        reason: "the name of the image to try is not valid".to_owned(),
    })?;
    let digest = Descriptor::of(MediaType::OCI_MANIFEST, TRIAL).digest;
    let predicate = serde_json::Value::Object(serde_json::Map::new());
    crate::statement::write(
        &promo_core::identity::Identity::new(name),
        &digest,
        SIGNATURE_PREDICATE_TYPE,
        predicate,
    )
}

fn signed(certified: &Certified, statement: &[u8]) -> Result<DsseEnvelope, Error> {
    let signature = certified.sign(&pae(PAYLOAD_TYPE, statement))?;
    Ok(bundle::envelope(
        PAYLOAD_TYPE,
        statement.to_vec(),
        signature,
    ))
}

fn bundled(
    certified: &Certified,
    envelope: DsseEnvelope,
    witnessed: Witnessed,
) -> Result<Bytes, Error> {
    let material = VerificationMaterialV03::Certificate(certified.certificate.clone());
    let mut sealed = BundleV03::new(material, SignatureContent::DsseEnvelope(envelope));
    for entry in witnessed.entries {
        sealed = sealed.with_tlog_entry(entry);
    }
    for time in witnessed.times {
        sealed = sealed.with_rfc3161_timestamp(time);
    }
    let bytes = serde_json::to_vec(&sealed.into_bundle()).map_err(|source| Error::Encoding {
        document: "bundle",
        source,
    })?;
    Ok(bytes.into())
}
