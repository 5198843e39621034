//! What a registry must know of a manifest: its type, what it needs, and what it is about.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::digest::Algorithm;

/// What was read from a manifest. What can't be read is left at its default, the manifest itself is never rewritten.
#[derive(Clone, Debug, Default)]
pub(crate) struct ManifestFacts {
    pub(crate) media_type: Option<String>,
    /// `artifactType`, or the media type of the config where an image manifest has none.
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) subject: Option<String>,
    /// Blobs that must be there; non-distributable layers that can be had elsewhere need not.
    pub(crate) blobs: Vec<String>,
    /// Manifests that must be there.
    pub(crate) children: Vec<String>,
    /// The sum of the sizes of config and layers.
    pub(crate) content_bytes: u64,
}

impl ManifestFacts {
    /// Reads a manifest, or says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let raw: RawManifest = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        raw.check_digests()?;
        let is_index = raw.manifests.is_some();
        let config_type = raw.config.as_ref().and_then(|it| it.media_type.clone());
        let own_type = raw.artifact_type.filter(|own| !own.is_empty());
        let content = || raw.config.iter().chain(raw.layers.iter().flatten());
        let layers = content()
            .filter(|blob| blob.is_distributable())
            .map(|blob| blob.digest.clone());
        let legacy = raw
            .fs_layers
            .iter()
            .flatten()
            .map(|layer| layer.blob_sum.clone());
        Ok(Self {
            media_type: raw.media_type,
            artifact_type: own_type.or(if is_index { None } else { config_type }),
            annotations: raw.annotations.unwrap_or_default(),
            subject: raw.subject.map(|subject| subject.digest),
            content_bytes: content().fold(0, |sum, blob| sum.saturating_add(blob.size)),
            blobs: layers.chain(legacy).collect(),
            children: raw
                .manifests
                .into_iter()
                .flatten()
                .map(|child| child.digest)
                .collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
    fs_layers: Option<Vec<RawLegacyLayer>>,
    subject: Option<RawDescriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

impl RawManifest {
    fn check_digests(&self) -> Result<(), String> {
        let single = self.config.iter().chain(&self.subject);
        let lists = self.layers.iter().chain(&self.manifests).flatten();
        match single
            .chain(lists)
            .find(|descriptor| Algorithm::of(&descriptor.digest).is_none())
        {
            Some(bad) => Err(format!("{:?} is no digest", bad.digest)),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    media_type: Option<String>,
    digest: String,
    #[serde(default)]
    size: u64,
    urls: Option<Vec<String>>,
}

impl RawDescriptor {
    fn is_distributable(&self) -> bool {
        let media_type = self.media_type.as_deref().unwrap_or_default();
        let may_stay =
            media_type.contains(".nondistributable.") || media_type.contains(".foreign.");
        !may_stay || self.urls.as_ref().is_none_or(Vec::is_empty)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLegacyLayer {
    blob_sum: String,
}

#[cfg(test)]
mod tests;
