//! Writes snapshots.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::{Image, Known, Snapshot};
use crate::oci::{Digest, RegistryPath, Tag};

/// The schema of the JSON form.
pub(super) const SCHEMA: &str = "promo.snapshot/v1";

/// A snapshot as JSON.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawSnapshot {
    pub(super) schema: String,
    pub(super) registry: RegistryPath,
    /// Whether all repositories of the registry are listed.
    pub(super) whole: bool,
    pub(super) images: Vec<RawImage>,
}

/// One image of it.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawImage {
    pub(super) name: String,
    pub(super) known: RawKnown,
    pub(super) digests: Vec<RawDigest>,
}

/// How much of the repository is known.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawKnown {
    /// What isn't listed isn't there.
    Everything,
    /// All its tags are listed; there may be more digests.
    AllTags,
    /// What is listed.
    Listed,
}

/// One digest of an image.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawDigest {
    pub(super) digest: Digest,
    pub(super) tags: Vec<Tag>,
}

impl Snapshot {
    /// As YAML: the images of a promoter manifest, one digest per line. Nothing at all for an
    /// empty snapshot, else it ends with one newline.
    pub fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        // Writing to a string can't fail.
        let _: fmt::Result = self
            .images
            .iter()
            .try_for_each(|(name, image)| write_image(&mut yaml, name, image));
        yaml
    }

    /// As CSV: `NAME@DIGEST,NAME:TAG` for each tag, `NAME@DIGEST,-` for a digest without tags, each line
    /// ended by a newline.
    pub fn to_csv(&self) -> String {
        let mut csv = String::new();
        // Writing to a string can't fail.
        let _: fmt::Result = self
            .records()
            .try_for_each(|record| writeln!(csv, "{record}"));
        csv
    }

    /// As a document of the schema `promo.snapshot/v1`, which can be read back without loss.
    pub fn to_document(&self) -> impl Serialize + use<> {
        RawSnapshot {
            schema: SCHEMA.to_owned(),
            registry: self.registry.clone(),
            whole: self.whole,
            images: self.images.iter().map(raw_image).collect(),
        }
    }
}

fn raw_image((name, image): (&std::sync::Arc<str>, &Image)) -> RawImage {
    let digests = image.digests.iter().map(|(digest, tags)| RawDigest {
        digest: *digest,
        tags: tags.iter().cloned().collect(),
    });
    RawImage {
        name: name.to_string(),
        known: match image.known {
            Known::Everything => RawKnown::Everything,
            Known::AllTags => RawKnown::AllTags,
            Known::Listed => RawKnown::Listed,
        },
        digests: digests.collect(),
    }
}

fn write_image(yaml: &mut String, name: &str, image: &Image) -> fmt::Result {
    // Names, digests and tags are checked: none has a character that YAML would read otherwise, but a
    // name or a tag could look like a number or a word of YAML.
    writeln!(yaml, "- name: {}\n  dmap:", plain_or_quoted(name))?;
    for (digest, tags) in &image.digests {
        let tags: Vec<String> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        writeln!(yaml, "    \"{digest}\": [{}]", tags.join(", "))?;
    }
    Ok(())
}

/// A name as it stands, unless YAML would not take it for a text.
pub(super) fn plain_or_quoted(name: &str) -> String {
    let is_number = name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b'_' | b'x' | b'-'));
    let is_word = matches!(
        name,
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if is_number || is_word {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}
