//! Reads the list of images: names, digests and tags.
//!
//! Broken structure refuses the tree; a bad name, digest or tag leaves out that entry only. Nothing is
//! kept that the model doesn't keep.

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt};

use super::finding::{FileFindings, clip, quote};
use super::kinds::{
    DIGEST, DIGEST_LEFT_OUT, DUPLICATE_TAG, EVIDENCE_TAG, IMAGE_NAME, NAME_TOO_LONG, NO_DIGESTS,
    NO_IMAGES, NO_TAG_LIST, TAG,
};
use super::model::TagList;
use super::registries::Registries;
use super::yaml::{Node, Reader, Scalar, Stop};
use super::{DigestEntry, ImageEntry, Position, TagEntry};
use crate::oci::{Digest, RegistryPath, Tag};

/// Reads the node that holds the images. `position` is where its key stands, if it has one.
pub(super) fn read_images(
    reader: &mut Reader<'_, '_>,
    node: Option<Node<'_>>,
    position: Option<Position>,
) -> Result<Vec<ImageEntry>, Stop> {
    let mut images = Vec::new();
    let mut has_entries = false;
    match node {
        Some(Node::List(_)) => {
            while let Some(node) = reader.next()? {
                has_entries = true;
                match node {
                    Node::Map(position) => images.extend(read_image(reader, position)?),
                    Node::Scalar(scalar) if scalar.is_null() => {
                        found_no_name(reader.findings(), scalar.position);
                    }
                    other => reader.refuse(&other, "a mapping with the keys `name` and `dmap`")?,
                }
            }
        }
        Some(Node::Scalar(scalar)) if scalar.is_null() => {}
        Some(other) => {
            reader.refuse(&other, "a list of images")?;
            return Ok(images);
        }
        None => {}
    }
    if !has_entries {
        found_no_images(reader.findings(), position);
    }
    Ok(images)
}

/// Records that there are no images.
pub(super) fn found_no_images(findings: &mut FileFindings, position: Option<Position>) {
    findings.add(
        &NO_IMAGES,
        position,
        "there are no images".to_owned(),
        "a list of images",
    );
}

/// Leaves out the images whose names are too long for one of the registries.
pub(super) fn retain_joinable(
    images: &mut Vec<ImageEntry>,
    registries: &Registries,
    findings: &mut FileFindings,
) {
    let path_length =
        |registry: &&RegistryPath| registry.as_str().len() - registry.host_str().len();
    let all = std::iter::once(&registries.source).chain(&registries.destinations);
    let Some(longest) = all.max_by_key(path_length) else {
        return;
    };
    images.retain(|image| {
        let Err(error) = longest.join(&image.name) else {
            return true;
        };
        let message = format!(
            "the image {} can't be joined to {}: {}",
            quote(&image.name),
            quote(longest.as_str()),
            clip(&error.to_string(), 200)
        );
        findings.add(&NAME_TOO_LONG, image.position, message, "a shorter name");
        false
    });
}

fn read_image<'a>(
    reader: &mut Reader<'a, '_>,
    position: Position,
) -> Result<Option<ImageEntry>, Stop> {
    let mut name: Option<Scalar<'a>> = None;
    let mut has_name = false;
    let mut digests = DigestList::default();
    let mut dmap_position = position;
    reader.fields(&["name", "dmap"], |reader, field, key| {
        if field == 0 {
            has_name = true;
            name = read_name(reader)?;
        } else {
            dmap_position = key;
            digests.read(reader)?;
        }
        Ok(())
    })?;
    if !has_name {
        found_no_name(reader.findings(), position);
    }
    let name = name.and_then(|name| checked_name(reader.findings(), &name));
    if digests.is_empty {
        reader.findings().add(
            &NO_DIGESTS,
            dmap_position,
            "this image has no digests".to_owned(),
            "digests with their tags under `dmap`",
        );
    }
    Ok(name.map(|(name, position)| ImageEntry {
        name,
        position,
        digests: digests.entries,
    }))
}

fn found_no_name(findings: &mut FileFindings, position: Position) {
    let message = "this image has no `name`".to_owned();
    findings.add(&IMAGE_NAME, position, message, "the key `name`");
}

const NAME_EXPECTED: &str = "the name of a repository within its registry";

fn read_name<'a>(reader: &mut Reader<'a, '_>) -> Result<Option<Scalar<'a>>, Stop> {
    match reader.next()? {
        Some(Node::Scalar(scalar)) => Ok(Some(scalar)),
        Some(other) => reader.refuse(&other, NAME_EXPECTED).map(|()| None),
        None => Ok(None),
    }
}

fn checked_name(
    findings: &mut FileFindings,
    scalar: &Scalar<'_>,
) -> Option<(std::sync::Arc<str>, Position)> {
    let Err(reason) = check_name(scalar) else {
        return Some((scalar.text.as_ref().into(), scalar.position));
    };
    let message = format!(
        "{} is not the name of an image: {}",
        quote(&scalar.text),
        clip(&reason, 200)
    );
    findings.add(&IMAGE_NAME, scalar.position, message, NAME_EXPECTED);
    None
}

fn check_name(scalar: &Scalar<'_>) -> Result<(), String> {
    if scalar.is_null() {
        return Err(NULL.to_owned());
    }
    RegistryPath::check_image_name(&scalar.text).map_err(|error| error.to_string())
}

/// Room for the digests of most images, so that it need not grow one by one.
const USUAL_DIGESTS: usize = 56;

const NULL: &str = "YAML reads this as nothing; put it in quotes if it is meant";

/// The digests of one image.
#[derive(Debug)]
struct DigestList {
    entries: Vec<DigestEntry>,
    seen: HashSet<Digest>,
    seen_bad: BTreeSet<String>,
    /// Nothing stands there, not even a bad entry.
    is_empty: bool,
}

impl Default for DigestList {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            seen: HashSet::with_capacity(USUAL_DIGESTS),
            seen_bad: BTreeSet::new(),
            is_empty: true,
        }
    }
}

impl DigestList {
    /// Reads the mapping that stands next. Its digests come to those that are there, if others were merged.
    fn read(&mut self, reader: &mut Reader<'_, '_>) -> Result<(), Stop> {
        match reader.next()? {
            Some(Node::Map(_)) => {}
            Some(Node::Scalar(scalar)) if scalar.is_null() => {
                *self = Self::default();
                return Ok(());
            }
            Some(other) => {
                self.is_empty = false;
                return reader.refuse(&other, "a mapping of digests to lists of tags");
            }
            None => return Ok(()),
        }
        reader.entries(|reader, key| {
            self.is_empty = false;
            let digest = parse_digest(reader.findings(), &key);
            let is_new = match digest {
                Some(digest) => self.seen.insert(digest),
                None => self.seen_bad.insert(key.text.to_string()),
            };
            if !is_new {
                reader.duplicate(&key.text, key.position);
                return reader.skip_next();
            }
            let tags = read_tags(reader, key.position)?;
            let (Some(digest), Some(tags)) = (digest, tags) else {
                return Ok(());
            };
            self.entries.push(DigestEntry {
                digest,
                position: key.position,
                tags,
            });
            Ok(())
        })
    }
}

fn parse_digest(findings: &mut FileFindings, key: &Scalar<'_>) -> Option<Digest> {
    match key.text.parse() {
        Ok(digest) => Some(digest),
        Err(error) => {
            let message = format!(
                "{} is not a digest: {}",
                quote(&key.text),
                clip(&error.to_string(), 200)
            );
            findings.add(
                &DIGEST,
                key.position,
                message,
                "`sha256:` and 64 digits of 0-9 and a-f",
            );
            None
        }
    }
}

/// The tags of the digest at `digest`; nothing if it must be left out.
fn read_tags(reader: &mut Reader<'_, '_>, digest: Position) -> Result<Option<TagList>, Stop> {
    let mut tags = TagList::new();
    let mut bad = 0_usize;
    match reader.next()? {
        Some(Node::List(_)) => {
            while let Some(node) = reader.next()? {
                match read_tag(reader, node)? {
                    Some(tag) => tags.push(tag),
                    None => bad += 1,
                }
            }
        }
        Some(Node::Scalar(scalar)) if scalar.is_null() => {
            let message = "no list of tags stands behind this digest".to_owned();
            let expected = "`[]` for a digest without tags";
            reader
                .findings()
                .add(&NO_TAG_LIST, digest, message, expected);
        }
        Some(other) => {
            reader.refuse(&other, "a list of tags")?;
            return Ok(None);
        }
        None => return Ok(None),
    }
    if tags.is_empty() && bad > 0 {
        let message = "none of the tags of this digest is valid".to_owned();
        let expected = "a valid tag, or `[]` for a digest without tags";
        reader
            .findings()
            .add(&DIGEST_LEFT_OUT, digest, message, expected);
        return Ok(None);
    }
    retain_first(&mut tags, reader.findings());
    Ok(Some(tags))
}

fn read_tag(reader: &mut Reader<'_, '_>, node: Node<'_>) -> Result<Option<TagEntry>, Stop> {
    let scalar = match node {
        Node::Scalar(scalar) => scalar,
        other => {
            reader.refuse(&other, "a tag")?;
            return Ok(None);
        }
    };
    let parsed = if scalar.is_null() {
        Err(NULL.to_owned())
    } else {
        scalar
            .text
            .parse::<Tag>()
            .map_err(|error| error.to_string())
    };
    match parsed {
        Ok(tag) if tag.is_evidence() => {
            let message = format!("the tag {} is one of evidence", quote(&scalar.text));
            let expected = "a tag of an image";
            reader
                .findings()
                .add(&EVIDENCE_TAG, scalar.position, message, expected);
            Ok(None)
        }
        Ok(tag) => Ok(Some(TagEntry {
            tag,
            position: scalar.position,
        })),
        Err(reason) => {
            let message = format!("{} is not a tag: {reason}", quote(&scalar.text));
            let expected = "letters, digits, `_`, `.` and `-`, at most 128";
            reader
                .findings()
                .add(&TAG, scalar.position, message, expected);
            Ok(None)
        }
    }
}

/// Keeps each tag once.
fn retain_first(tags: &mut TagList, findings: &mut FileFindings) {
    if tags.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(tags.len());
    tags.retain(|entry| {
        let is_new = seen.insert(entry.tag.clone());
        if !is_new {
            findings.add(
                &DUPLICATE_TAG,
                entry.position,
                format!(
                    "the tag {} stands here a second time",
                    quote(entry.tag.as_str())
                ),
                "each tag once",
            );
        }
        is_new
    });
}
