//! Reads a `provenance` section. What isn't well formed refuses the tree, as everywhere; values are checked in `check`, and
//! policies of several manifests compared in `compare`.

mod check;
mod compare;

use std::sync::Arc;

use self::check::Check;
pub(super) use self::compare::compare_policies;
use super::{Builder, Provenance, ProvenanceMode, ProvenancePolicy};
use crate::manifest::finding::{FileFindings, quote};
use crate::manifest::kinds::{PROVENANCE_NOT_ENFORCED, PROVENANCE_POLICY};
use crate::manifest::yaml::{Node, Reader, Stop};
use crate::manifest::{ImageEntry, Position};

/// A text where it stands.
pub(super) type Text = (String, Position);

/// A `provenance` section as it was read.
#[derive(Debug, Default)]
pub(in crate::manifest) struct ProvenanceSection {
    position: Option<Position>,
    mode: Option<ProvenanceMode>,
    signers: Vec<Text>,
    builders: Vec<BuilderEntry>,
    sources: Vec<Text>,
    predicate_types: Vec<Text>,
    level: Option<Text>,
    levels: Vec<LevelEntry>,
}

#[derive(Debug, Default)]
pub(super) struct BuilderEntry {
    pub(super) position: Option<Position>,
    pub(super) id: Option<Text>,
    pub(super) level: Option<Text>,
    pub(super) signers: Vec<Text>,
    pub(super) caller: Option<CallerEntry>,
}

#[derive(Debug, Default)]
pub(super) struct CallerEntry {
    pub(super) position: Option<Position>,
    pub(super) workflows: Vec<Text>,
    pub(super) refs: Vec<Text>,
    pub(super) events: Vec<Text>,
}

#[derive(Debug, Default)]
pub(super) struct LevelEntry {
    pub(super) position: Option<Position>,
    pub(super) images: Vec<Text>,
    pub(super) level: Option<Text>,
}

impl ProvenanceSection {
    /// Reads the value of `provenance`, whose key stands at `key`, into what was merged before.
    pub(in crate::manifest) fn read(
        mut self,
        reader: &mut Reader<'_, '_>,
        key: Position,
    ) -> Result<Self, Stop> {
        self.position = Some(key);
        if !begins_mapping(reader, "a mapping with the key `mode`")? {
            return Ok(Self {
                position: Some(key),
                ..Self::default()
            });
        }
        let section = &mut self;
        let known = [
            "mode",
            "signers",
            "builders",
            "sources",
            "predicateTypes",
            "level",
            "levels",
        ];
        reader.fields(&known, |reader, field, _| {
            match field {
                0 => section.mode = section.read_mode(reader)?,
                1 => section.signers = texts(reader)?,
                2 => section.builders = mappings(reader, read_builder)?,
                3 => section.sources = texts(reader)?,
                4 => section.predicate_types = texts(reader)?,
                5 => section.level = text(reader)?,
                _ => section.levels = mappings(reader, read_level)?,
            }
            Ok(())
        })?;
        Ok(self)
    }

    fn read_mode(&mut self, reader: &mut Reader<'_, '_>) -> Result<Option<ProvenanceMode>, Stop> {
        const EXPECTED: &str = "off, warn or require";
        let Some((mode, position)) = text(reader)? else {
            return Ok(None);
        };
        self.position = Some(position);
        Ok(match mode.as_str() {
            "" | "off" => None,
            "warn" => Some(ProvenanceMode::Warn),
            "require" => Some(ProvenanceMode::Require),
            other => {
                let message = format!("the provenance policy {} does not exist", quote(other));
                reader
                    .findings()
                    .add(&PROVENANCE_POLICY, position, message, EXPECTED);
                None
            }
        })
    }

    /// The policy for these images.
    pub(in crate::manifest) fn resolve(
        self,
        images: &[ImageEntry],
        findings: &mut FileFindings,
    ) -> Provenance {
        let Some(mode) = self.mode else {
            return Provenance::Off;
        };
        let message = match mode {
            ProvenanceMode::Warn => "provenance is not verified yet: images are promoted without",
            ProvenanceMode::Require => "provenance is not verified yet: a run refuses the images",
        };
        findings.add(
            &PROVENANCE_NOT_ENFORCED,
            self.position,
            message.to_owned(),
            "mode off",
        );
        let position = self.position;
        let mut check = Check::new(findings, position);
        let policy = self.policy(mode, images, &mut check);
        if check.is_usable() {
            Provenance::Asked(Arc::new(policy))
        } else {
            Provenance::Unusable
        }
    }

    fn policy(
        self,
        mode: ProvenanceMode,
        images: &[ImageEntry],
        check: &mut Check<'_>,
    ) -> ProvenancePolicy {
        check.some(self.signers.is_empty(), "signers");
        check.some(self.builders.is_empty(), "builders");
        check.some(self.sources.is_empty(), "sources");
        let signers = check.signers(self.signers);
        let builders = check.builders(self.builders, &signers);
        let reached = builders.values().map(Builder::level).max();
        let level = self.level.filter(|(text, _)| text != "0");
        let level = level.and_then(|level| check.level(level, 2, reached));
        ProvenancePolicy {
            mode,
            image_levels: check.image_levels(self.levels, images, reached),
            signers,
            builders,
            sources: check.sources(self.sources),
            predicate_types: self.predicate_types.into_iter().map(|(t, _)| t).collect(),
            level,
        }
    }
}

fn read_builder(reader: &mut Reader<'_, '_>, position: Position) -> Result<BuilderEntry, Stop> {
    let mut entry = BuilderEntry {
        position: Some(position),
        ..BuilderEntry::default()
    };
    reader.fields(
        &["id", "level", "signers", "caller"],
        |reader, field, key| {
            match field {
                0 => entry.id = text(reader)?,
                1 => entry.level = text(reader)?,
                2 => entry.signers = texts(reader)?,
                _ => entry.caller = read_caller(reader, key, entry.caller.take())?,
            }
            Ok(())
        },
    )?;
    Ok(entry)
}

fn read_caller(
    reader: &mut Reader<'_, '_>,
    key: Position,
    merged: Option<CallerEntry>,
) -> Result<Option<CallerEntry>, Stop> {
    if !begins_mapping(reader, "a mapping with the key `refs`")? {
        return Ok(None);
    }
    let mut entry = CallerEntry {
        position: Some(key),
        ..merged.unwrap_or_default()
    };
    reader.fields(&["workflows", "refs", "events"], |reader, field, _| {
        match field {
            0 => entry.workflows = texts(reader)?,
            1 => entry.refs = texts(reader)?,
            _ => entry.events = texts(reader)?,
        }
        Ok(())
    })?;
    Ok(Some(entry))
}

fn read_level(reader: &mut Reader<'_, '_>, position: Position) -> Result<LevelEntry, Stop> {
    let mut entry = LevelEntry {
        position: Some(position),
        ..LevelEntry::default()
    };
    reader.fields(&["images", "level"], |reader, field, _| {
        match field {
            0 => entry.images = texts(reader)?,
            _ => entry.level = text(reader)?,
        }
        Ok(())
    })?;
    Ok(entry)
}

/// Whether a mapping begins; nothing else but nothing may stand there.
fn begins_mapping(reader: &mut Reader<'_, '_>, expected: &str) -> Result<bool, Stop> {
    match reader.next()? {
        Some(Node::Map(_)) => Ok(true),
        Some(Node::Scalar(scalar)) if scalar.is_null() => Ok(false),
        Some(other) => reader.refuse(&other, expected).map(|()| false),
        None => Ok(false),
    }
}

/// A text; none if nothing stands there.
fn text(reader: &mut Reader<'_, '_>) -> Result<Option<Text>, Stop> {
    match reader.next()? {
        Some(Node::Scalar(scalar)) if scalar.is_null() => Ok(None),
        Some(Node::Scalar(scalar)) => Ok(Some((scalar.text.into_owned(), scalar.position))),
        Some(other) => reader.refuse(&other, "text").map(|()| None),
        None => Ok(None),
    }
}

/// A list of texts.
fn texts(reader: &mut Reader<'_, '_>) -> Result<Vec<Text>, Stop> {
    let mut texts = Vec::new();
    each(reader, "a list of texts", |reader, node| match node {
        Node::Scalar(scalar) => {
            let is_null = scalar.is_null();
            let text = if is_null {
                String::new()
            } else {
                scalar.text.into_owned()
            };
            texts.push((text, scalar.position));
            Ok(())
        }
        other => reader.refuse(&other, "text"),
    })?;
    Ok(texts)
}

/// A list of mappings.
fn mappings<T>(
    reader: &mut Reader<'_, '_>,
    read: impl Fn(&mut Reader<'_, '_>, Position) -> Result<T, Stop>,
) -> Result<Vec<T>, Stop> {
    let mut entries = Vec::new();
    each(reader, "a list of mappings", |reader, node| match node {
        Node::Map(position) => {
            entries.push(read(reader, position)?);
            Ok(())
        }
        other => reader.refuse(&other, "a mapping"),
    })?;
    Ok(entries)
}

/// Reads a list item by item.
fn each<'a>(
    reader: &mut Reader<'a, '_>,
    expected: &str,
    mut item: impl FnMut(&mut Reader<'a, '_>, Node<'a>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    match reader.next()? {
        Some(Node::List(_)) => {
            while let Some(node) = reader.next()? {
                item(reader, node)?;
            }
            Ok(())
        }
        Some(Node::Scalar(scalar)) if scalar.is_null() => Ok(()),
        Some(other) => reader.refuse(&other, expected),
        None => Ok(()),
    }
}
