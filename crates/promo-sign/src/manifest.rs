//! The manifests that evidence comes in: a bundle's referrer, and images under `.sig` and `.att`.

use std::collections::BTreeMap;

use promo_core::oci::{Descriptor, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::EvidenceBlob;
use serde::{Deserialize, Serialize};

use crate::{Error, json};

/// When a manifest says it was made (OCI image specification, annotations).
pub(crate) const CREATED: &str = "org.opencontainers.image.created";

const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";
pub(crate) const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// The empty JSON object that stands where a config is required.
pub(crate) const EMPTY_CONFIG: &[u8] = b"{}";

/// More than any manifest of evidence needs, and what registries accept.
const MAX_MANIFEST: usize = 4 * 1024 * 1024;

/// An image manifest, as far as evidence needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageManifest {
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default)]
    pub(crate) subject: Option<Descriptor>,
}

impl ImageManifest {
    /// Reads a manifest; nothing if it is too large or no image manifest.
    pub(crate) fn read(manifest: &RawManifest) -> Option<Self> {
        let small = manifest.bytes().len() <= MAX_MANIFEST;
        (small && manifest.media_type().is_image())
            .then(|| json::parse(manifest.bytes()))
            .flatten()
    }

    /// Its layers with their bytes, those whose blobs are there. Layers with the same payload share a blob; the signature stands
    /// in the layer's annotations. Whether the bytes have the layer's digest isn't looked at.
    pub(crate) fn layers_in(&self, blobs: &[EvidenceBlob]) -> impl Iterator<Item = EvidenceBlob> {
        self.layers.iter().filter_map(|layer| {
            let mut blobs = blobs.iter();
            let blob = blobs.find(|blob| blob.descriptor.digest == layer.digest)?;
            Some(EvidenceBlob {
                descriptor: layer.clone(),
                bytes: blob.bytes.clone(),
            })
        })
    }
}

/// How the evidence in the layers of a referrer is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReferrerForm {
    /// A sigstore bundle.
    Bundle,
    /// Payloads of signatures, as layers under `.sig` are.
    Signatures,
    /// Envelopes of attestations, as layers under `.att` are.
    Attestations,
}

impl ReferrerForm {
    /// The form of a referrer; none if it is no evidence. Only layers tell: artifact types and the type of the
    /// config can't be relied on.
    pub(crate) fn of(image: &ImageManifest) -> Option<Self> {
        let mut layers = image.layers.iter();
        let all = |wanted: &str| {
            let is_wanted = |layer: &Descriptor| layer.media_type.as_str() == wanted;
            !image.layers.is_empty() && image.layers.iter().all(is_wanted)
        };
        if layers.any(|layer| is_bundle(&layer.media_type)) {
            Some(Self::Bundle)
        } else if all(MediaType::SIMPLE_SIGNING) {
            Some(Self::Signatures)
        } else if all(MediaType::DSSE_ENVELOPE) {
            Some(Self::Attestations)
        } else {
            None
        }
    }
}

/// Whether a layer is a sigstore bundle of some version.
pub(crate) fn is_bundle(media_type: &MediaType) -> bool {
    let text = media_type.as_str();
    text.starts_with("application/vnd.dev.sigstore.bundle.v0.")
        || text.starts_with("application/vnd.dev.sigstore.bundle+json")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BundleManifest<'a> {
    schema_version: u8,
    media_type: &'static str,
    artifact_type: &'static str,
    config: Descriptor,
    layers: [&'a Descriptor; 1],
    subject: Descriptor,
    annotations: BTreeMap<&'static str, String>,
}

/// Writes the manifest that refers a bundle to its subject, in the form that cosign writes. Where nobody
/// knows when it was made, it says nothing about that.
pub(crate) fn bundle_manifest(
    bundle: &Descriptor,
    subject: &Descriptor,
    predicate_type: &str,
    created: Option<jiff::Timestamp>,
) -> Result<RawManifest, Error> {
    let mut annotations = BTreeMap::from([
        (BUNDLE_CONTENT, "dsse-envelope".to_owned()),
        (BUNDLE_PREDICATE_TYPE, predicate_type.to_owned()),
    ]);
    if let Some(created) = created {
        annotations.insert(CREATED, seconds(created).to_string());
    }
    let manifest = BundleManifest {
        schema_version: 2,
        media_type: MediaType::OCI_MANIFEST,
        artifact_type: MediaType::SIGSTORE_BUNDLE,
        config: Descriptor::of(MediaType::OCI_EMPTY, EMPTY_CONFIG),
        layers: [bundle],
        subject: Descriptor::new(subject.media_type.clone(), subject.digest, subject.size),
        annotations,
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|source| Error::Encoding {
        document: "manifest of a bundle",
        source,
    })?;
    Ok(RawManifest::new(
        MediaType::new(MediaType::OCI_MANIFEST),
        DigestAlgorithm::Sha256,
        bytes.into(),
    ))
}

/// A time without the part below a second.
pub(crate) fn seconds(time: jiff::Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_second(time.as_second()).unwrap_or(time)
}
