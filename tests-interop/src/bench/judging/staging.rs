//! An image in staging, and what is put beside it: whatever looks like evidence to those who read the list of its referrers
//! or its tags.

use serde_json::{Value, json};

use crate::digest::sha256;
use crate::http::Client;
use crate::push::upload;
use xtask::error::Result;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// An image, and the list of what refers to it, which isn't put yet.
pub(super) struct Image {
    client: Client,
    repository: String,
    subject: Value,
    digest: String,
    referrers: Vec<Value>,
}

impl Image {
    pub(super) fn push(client: Client, repository: &str) -> Result<Self> {
        let mut image = Self {
            client,
            repository: repository.to_owned(),
            subject: Value::Null,
            digest: String::new(),
            referrers: Vec::new(),
        };
        let config = image.blob("application/vnd.oci.image.config.v1+json", "{}")?;
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
        image.digest = sha256(manifest.to_string().as_bytes());
        image.subject = image.manifest(&manifest, None)?;
        Ok(image)
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    /// Puts a bundle that refers to the image.
    pub(super) fn bundle(&mut self, bundle: &str) -> Result<()> {
        let layer = self.blob(BUNDLE, bundle)?;
        self.referrer(&[layer], &json!({}))
    }

    /// Puts a manifest that refers to the image, with these layers and annotations.
    pub(super) fn referrer(&mut self, layers: &[Value], annotations: &Value) -> Result<()> {
        let config = self.blob(EMPTY, "{}")?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": config,
            "layers": layers, "subject": self.subject, "annotations": annotations,
        });
        let descriptor = self.manifest(&manifest, None)?;
        self.referrers.push(descriptor);
        Ok(())
    }

    /// Puts an image with these layers under `sha256-HEX` and a suffix.
    pub(super) fn tag(&self, suffix: &str, layers: &[Value]) -> Result<()> {
        let config = self.blob("application/vnd.oci.image.config.v1+json", "{}")?;
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        let tag = format!("{}{suffix}", self.fallback());
        self.manifest(&manifest, Some(&tag)).map(drop)
    }

    /// Annotates everything in the list of referrers.
    pub(super) fn annotate_list(&mut self, annotations: &Value) {
        for descriptor in &mut self.referrers {
            if let Some(fields) = descriptor.as_object_mut() {
                fields.insert("annotations".to_owned(), annotations.clone());
            }
        }
    }

    /// Puts the list of what refers to the image under the fallback tag, if there is anything.
    pub(super) fn list(&self) -> Result<()> {
        if self.referrers.is_empty() {
            return Ok(());
        }
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.referrers});
        self.manifest(&index, Some(&self.fallback())).map(drop)
    }

    /// Puts a blob, and describes it.
    pub(super) fn blob(&self, media_type: &str, text: &str) -> Result<Value> {
        let digest = sha256(text.as_bytes());
        let bytes = text.as_bytes();
        upload(&self.client, &self.repository, &digest, bytes, length(text))?;
        Ok(json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
    }

    fn fallback(&self) -> String {
        self.digest.replace(':', "-")
    }

    /// Puts a manifest, by its digest unless a tag is given, and describes it.
    fn manifest(&self, manifest: &Value, tag: Option<&str>) -> Result<Value> {
        let text = manifest.to_string();
        let digest = sha256(text.as_bytes());
        let media_type = manifest.get("mediaType").and_then(Value::as_str);
        let media_type = media_type.unwrap_or_default();
        let path = format!(
            "/v2/{}/manifests/{}",
            self.repository,
            tag.unwrap_or(&digest)
        );
        self.client
            .put(&path, media_type, text.as_bytes(), length(&text))?
            .expect(201)?;
        Ok(json!({"mediaType": media_type, "digest": digest, "size": text.len()}))
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}
