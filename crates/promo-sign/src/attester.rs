//! [`PromotionAttester`]: records a promotion as an in-toto statement, sealed into a bundle or a layer for `.att`.
//!
//! The predicate has the fields of Kubernetes' promotion record, version 1, and those that were
//! added to it since; fields that are empty are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use promo_core::oci::{ImageReference, Tag};
use promo_core::ports::{
    Attester, Clock, Evidence, EvidenceForm, EvidenceForms, EvidenceKind, Failure, PromotionRecord,
    RecordedManifest, Subject, TagSuffix,
};
use serde::Serialize;

use crate::seal::Seal;
use crate::{Error, bundle, manifest, statement};

/// The predicate type of a promotion record, unless another is set.
pub const PROMOTION_PREDICATE_TYPE: &str = "https://k8s.io/promo-tools/promotion/v1";

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
        let predicate =
            serde_json::to_value(Predicate::of(record)).map_err(|source| Error::Encoding {
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

/// The predicate, with protobuf's JSON names.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    src_ref: String,
    dst_ref: String,
    digest: String,
    timestamp: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    builder_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    source: Resource<'a>,
    destination: Resource<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Resource<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    promoter: Option<Promoter<'a>>,
}

/// An in-toto resource descriptor.
#[derive(Serialize)]
struct Resource<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    digest: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Promoter<'a> {
    version: &'a str,
}

impl<'a> Predicate<'a> {
    fn of(record: &'a PromotionRecord) -> Self {
        let mut tags: Vec<&str> = record.tags.iter().map(Tag::as_str).collect();
        tags.sort_unstable();
        tags.dedup();
        Self {
            src_ref: record.source.to_string(),
            dst_ref: record.destination.to_string(),
            digest: record.descriptor.digest.to_string(),
            timestamp: manifest::seconds(record.time).to_string(),
            builder_id: &record.builder_id,
            tags,
            source: Resource::image(&record.source),
            destination: Resource::image(&record.destination),
            part_of: record.part_of.as_ref().map(Resource::image),
            manifest: record.manifest.as_ref().map(Resource::file),
            promoter: record
                .builder_id
                .rsplit_once('@')
                .map(|(_, version)| Promoter { version }),
        }
    }
}

impl<'a> Resource<'a> {
    fn image(image: &'a ImageReference) -> Self {
        let digest = image.digest();
        Self {
            name: image.repository().as_str(),
            uri: None,
            digest: digest
                .map(|digest| (digest.algorithm().name(), digest.hex()))
                .into_iter()
                .collect(),
        }
    }

    fn file(file: &'a RecordedManifest) -> Self {
        Self {
            name: &file.name,
            uri: file.uri.as_deref(),
            digest: file
                .git_commit
                .iter()
                .map(|commit| ("gitCommit", commit.clone()))
                .collect(),
        }
    }
}
