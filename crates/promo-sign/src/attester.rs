//! [`PromotionAttester`]: records a promotion as an in-toto statement, sealed into a bundle or a layer for `.att`.
//!
//! What the record says is written by promo-core.

use std::sync::Arc;

use async_trait::async_trait;
use promo_core::ports::{
    Attester, Clock, Evidence, EvidenceForm, EvidenceForms, EvidenceKind, Failure, PromotionRecord,
    Subject, TagSuffix,
};
use promo_core::predicate::{PROMOTION_PREDICATE_TYPE, promotion};

use crate::seal::Seal;
use crate::{Error, bundle, statement};

/// Attests promotions. What it made it verifies before it returns.
#[derive(Debug)]
pub struct PromotionAttester {
    seal: Seal,
    clock: Arc<dyn Clock>,
    predicate_type: String,
    in_tag: bool,
}

impl PromotionAttester {
    /// An attester that writes [`PROMOTION_PREDICATE_TYPE`].
    pub fn new(seal: impl Into<Seal>, clock: Arc<dyn Clock>) -> Self {
        Self {
            seal: seal.into(),
            clock,
            predicate_type: PROMOTION_PREDICATE_TYPE.to_owned(),
            in_tag: false,
        }
    }

    /// Writes this predicate type instead, which must be an absolute URI (`PROMO-S009`) and not
    /// that of an image signature.
    pub fn with_predicate_type(mut self, predicate_type: String) -> Result<Self, Error> {
        let valid = is_absolute_uri(&predicate_type);
        if !valid || predicate_type == statement::SIGNATURE_PREDICATE_TYPE {
            return Err(Error::PredicateType { predicate_type });
        }
        self.predicate_type = predicate_type;
        Ok(self)
    }

    /// Writes layers of the tag `sha256-….att` instead of bundles: any bundle keeps cosign from looking at `.sig`.
    #[must_use]
    pub fn in_tag(mut self) -> Self {
        self.in_tag = true;
        self
    }

    fn kind(&self) -> EvidenceKind {
        EvidenceKind::Attestation {
            predicate_type: self.predicate_type.clone(),
        }
    }

    async fn make(&self, record: &PromotionRecord) -> Result<Evidence, Failure> {
        let predicate = promotion(record).map_err(|source| Error::Encoding {
            document: "promotion record",
            source,
        })?;
        let digest = &record.descriptor.digest;
        let statement =
            statement::write(&record.identity, digest, &self.predicate_type, predicate)?.into();
        let sealer = self.seal.sealer();
        if self.in_tag {
            let layer = sealer.attestation_layer(statement, &self.predicate_type);
            return Ok(Evidence::TagLayer {
                suffix: TagSuffix::Att,
                layer: layer.await?,
            });
        }
        let sealed = sealer.bundle(statement).await?;
        let created = Some(self.clock.now());
        Ok(bundle::referrer(
            sealed,
            &self.predicate_type,
            &record.descriptor,
            created,
        )?)
    }
}

#[async_trait]
impl Attester for PromotionAttester {
    async fn check(&self) -> Result<(), Failure> {
        self.seal.sealer().check().await
    }

    fn kinds(&self) -> Vec<EvidenceKind> {
        vec![self.kind()]
    }

    fn forms(&self) -> EvidenceForms {
        let form = if self.in_tag {
            EvidenceForm::TagLayer(TagSuffix::Att)
        } else {
            EvidenceForm::Referrer
        };
        EvidenceForms::default().with(form)
    }

    async fn attest(
        &self,
        record: &PromotionRecord,
        kinds: &[EvidenceKind],
    ) -> Result<Vec<Evidence>, Failure> {
        let mut evidence = Vec::with_capacity(kinds.len());
        for kind in kinds {
            if *kind != self.kind() {
                return Err(Error::KindNotOffered.into());
            }
            evidence.push(self.make(record).await?);
        }
        let subject = Subject {
            identity: record.identity.clone(),
            descriptor: record.descriptor.clone(),
        };
        let now = self.clock.now();
        self.seal.verify_own(&subject, &evidence, now).await?;
        Ok(evidence)
    }
}

/// Whether it is a scheme and something behind it, in printable ASCII (RFC 3986, section 4.3).
fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(is_scheme)
        && !rest.trim_start_matches('/').is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic())
}
