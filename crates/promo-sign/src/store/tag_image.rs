//! The image under `.sig` or `.att`, as JSON whose fields and layers are kept byte for byte while
//! layers are appended.

use std::fmt;

use promo_core::oci::{Descriptor, Digest, DigestAlgorithm, MediaType, RawManifest};
use promo_core::ports::EvidenceBlob;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

use crate::Error;
use crate::manifest::ImageManifest;
use crate::simple_signing::SIGNATURE_ANNOTATION;

/// The annotations by which cosign verifies a layer.
const VERIFIED_BY: [&str; 5] = [
    SIGNATURE_ANNOTATION,
    "dev.sigstore.cosign/certificate",
    "dev.sigstore.cosign/chain",
    "dev.sigstore.cosign/bundle",
    "dev.sigstore.cosign/rfc3161timestamp",
];

/// An image of evidence layers.
#[derive(Clone)]
pub(super) struct TagImage {
    media_type: MediaType,
    /// The fields of the manifest, in their order, as they were read.
    fields: Fields,
    /// The layers as they were read, and those that were appended.
    raw_layers: Vec<Box<RawValue>>,
    layers: Vec<Descriptor>,
    config_type: MediaType,
}

impl TagImage {
    /// An image without layers, as cosign begins one.
    pub(super) fn new() -> Self {
        let fields = ["schemaVersion", "mediaType", "config", "layers"];
        Self {
            media_type: MediaType::new(MediaType::OCI_MANIFEST),
            fields: Fields(fields.map(|name| (name.to_owned(), None)).into()),
            raw_layers: Vec::new(),
            layers: Vec::new(),
            config_type: MediaType::new(MediaType::OCI_CONFIG),
        }
    }

    /// The image that stands under the tag; nothing if it is no image whose layers are all of
    /// `layer_type`.
    pub(super) fn read(manifest: &RawManifest, layer_type: &str) -> Option<Self> {
        let image = ImageManifest::read(manifest)?;
        let only_evidence = image
            .layers
            .iter()
            .all(|layer| layer.media_type.as_str() == layer_type);
        if !only_evidence || image.layers.is_empty() || image.subject.is_some() {
            return None;
        }
        let fields: Fields = serde_json::from_slice(manifest.bytes()).ok()?;
        let layers = fields.get("layers")?.get();
        Some(Self {
            media_type: manifest.media_type().clone(),
            raw_layers: serde_json::from_str(layers).ok()?,
            fields,
            layers: image.layers,
            config_type: image.config.media_type,
        })
    }

    /// Whether the layer stands there: the same payload with the same signature, and with the same that cosign verifies
    /// it by. One that lost its certificate or its log entry is another, and so is one that was given some.
    pub(super) fn contains(&self, layer: &Descriptor) -> bool {
        let same = |found: &Descriptor, name: &str| {
            found.annotations.get(name) == layer.annotations.get(name)
        };
        self.layers.iter().any(|found| {
            found.digest == layer.digest && VERIFIED_BY.iter().all(|name| same(found, name))
        })
    }

    /// How many layers it has.
    pub(super) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Appends a layer.
    pub(super) fn push(&mut self, layer: &Descriptor) -> Result<(), Error> {
        self.raw_layers.push(raw(layer)?);
        self.layers.push(layer.clone());
        Ok(())
    }

    /// Its layers that another image lacks.
    pub(super) fn lacking_in(&self, other: &Self) -> Vec<Descriptor> {
        let lacking = self.layers.iter().filter(|layer| !other.contains(layer));
        lacking.cloned().collect()
    }

    /// Appends a layer of another image, as it was read there.
    pub(super) fn absorb(&mut self, other: &Self, layer: &Descriptor) {
        for (raw, found) in other.raw_layers.iter().zip(&other.layers) {
            if found == layer && !self.contains(found) {
                self.raw_layers.push(raw.clone());
                self.layers.push(found.clone());
            }
        }
    }

    /// Appends all layers of another image that it lacks.
    pub(super) fn absorb_all(&mut self, other: &Self) {
        for layer in other.lacking_in(self) {
            self.absorb(other, &layer);
        }
    }

    /// The config as cosign writes it: a layer's digest and a moment in history for each layer.
    pub(super) fn config(&self) -> Result<EvidenceBlob, Error> {
        /// Go's zero time.
        const NEVER: &str = "0001-01-01T00:00:00Z";
        let history = vec![serde_json::json!({ "created": NEVER }); self.layers.len()];
        let diff_ids: Vec<Digest> = self.layers.iter().map(|layer| layer.digest).collect();
        let config = serde_json::json!({
            "architecture": "",
            "created": NEVER,
            "history": history,
            "os": "",
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
            "config": {},
        });
        let bytes = serde_json::to_vec(&config).map_err(encoding)?;
        Ok(EvidenceBlob {
            descriptor: Descriptor::of(self.config_type.as_str(), &bytes),
            bytes: bytes.into(),
        })
    }

    /// The manifest with this config and all layers.
    pub(super) fn manifest(&self, config: &Descriptor) -> Result<RawManifest, Error> {
        let mut fields = Vec::with_capacity(self.fields.0.len());
        for (name, value) in &self.fields.0 {
            let value = match (name.as_str(), value) {
                ("config", _) => raw(config)?,
                ("layers", _) => raw(&self.raw_layers)?,
                (_, Some(value)) => value.clone(),
                ("schemaVersion", None) => raw(&2)?,
                (_, None) => raw(&self.media_type)?,
            };
            fields.push((name.clone(), Some(value)));
        }
        let bytes = serde_json::to_vec(&Fields(fields)).map_err(encoding)?;
        Ok(RawManifest::new(
            self.media_type.clone(),
            DigestAlgorithm::Sha256,
            bytes.into(),
        ))
    }
}

fn raw<T: Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(value).map_err(encoding)
}

fn encoding(source: serde_json::Error) -> Error {
    Error::Encoding {
        document: "image of signatures",
        source,
    }
}

/// The fields of a JSON object, in their order, their values as they were written. A value that is
/// missing is filled in when it is written.
#[derive(Clone)]
struct Fields(Vec<(String, Option<Box<RawValue>>)>);

impl fmt::Debug for TagImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagImage")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

impl Fields {
    fn get(&self, name: &str) -> Option<&RawValue> {
        let field = self.0.iter().find(|(found, _)| found == name)?;
        field.1.as_deref()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    fields.push((name, Some(value)));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests;
