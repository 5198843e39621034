//! Reads the `registries` and `provenance` sections: where images come from and where they go.
//!
//! Whatever is wrong here refuses the tree: a destination that can't be understood can't be left out
//! silently.

use std::collections::BTreeSet;

use super::Position;
use super::finding::{FileFindings, clip, quote};
use super::kinds::{
    DESTINATION_IS_SOURCE, DUPLICATE_DESTINATION, MISSING_KEY, NO_DESTINATION, NO_REGISTRIES,
    NO_SOURCE, NOT_BOOLEAN, OUTSIDE, PROVENANCE_POLICY, REGISTRY_NAME, SEVERAL_SOURCES,
};
use super::yaml::{Node, Reader, Stop};
use crate::oci::RegistryPath;

/// The source and the destinations of one promoter manifest.
#[derive(Debug)]
pub(super) struct Registries {
    pub(super) source: RegistryPath,
    pub(super) destinations: Vec<RegistryPath>,
    pub(super) names_service_account: bool,
}

/// One entry of the list; without a name if that was refused.
#[derive(Debug)]
struct Entry {
    name: Option<RegistryPath>,
    is_source: bool,
    names_service_account: bool,
    position: Position,
}

/// The `registries` list as it was read.
#[derive(Debug, Default)]
pub(super) struct RegistryList {
    entries: Vec<Entry>,
    position: Option<Position>,
}

impl RegistryList {
    /// Reads the value of `registries`, whose key stands at `key`.
    pub(super) fn read(reader: &mut Reader<'_, '_>, key: Position) -> Result<Self, Stop> {
        let mut list = Self {
            entries: Vec::new(),
            position: Some(key),
        };
        match reader.next()? {
            Some(Node::List(_)) => {
                while let Some(node) = reader.next()? {
                    match node {
                        Node::Map(position) => list.entries.push(read_entry(reader, position)?),
                        other => reader.refuse(&other, "a mapping with the key `name`")?,
                    }
                }
            }
            Some(Node::Scalar(scalar)) if scalar.is_null() => {}
            Some(other) => reader.refuse(&other, "a list of registries")?,
            None => {}
        }
        Ok(list)
    }

    /// The one source and its destinations, each once.
    pub(super) fn resolve(self, findings: &mut FileFindings) -> Option<Registries> {
        if self.entries.is_empty() {
            findings.add(
                &NO_REGISTRIES,
                self.position,
                "there are no registries".to_owned(),
                "a list `registries` with one source and its destinations",
            );
            return None;
        }
        let source = self.source(findings)?;
        let is_complete = self.entries.iter().all(|entry| entry.name.is_some());
        let destinations = self.destinations(&source, findings);
        is_complete.then_some(Registries {
            source,
            destinations,
            names_service_account: self.entries.iter().any(|entry| entry.names_service_account),
        })
    }

    fn source(&self, findings: &mut FileFindings) -> Option<RegistryPath> {
        let mut sources = self.entries.iter().filter(|entry| entry.is_source);
        let Some(first) = sources.next() else {
            findings.add(
                &NO_SOURCE,
                self.position,
                "none of the registries is the source".to_owned(),
                "`src: true` at one registry",
            );
            return None;
        };
        let mut is_only = true;
        for other in sources {
            is_only = false;
            findings.add(
                &SEVERAL_SOURCES,
                other.position,
                format!("the source is already named at {}", first.position),
                "`src: true` at one registry",
            );
        }
        first.name.clone().filter(|_| is_only)
    }

    fn destinations(
        &self,
        source: &RegistryPath,
        findings: &mut FileFindings,
    ) -> Vec<RegistryPath> {
        let mut seen = BTreeSet::new();
        let mut destinations = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_source) {
            let Some(name) = &entry.name else { continue };
            if name == source {
                findings.add(
                    &DESTINATION_IS_SOURCE,
                    entry.position,
                    format!("the destination {} is the source", quote(name.as_str())),
                    "another registry",
                );
            } else if seen.insert(name) {
                destinations.push(name.clone());
            } else {
                findings.add(
                    &DUPLICATE_DESTINATION,
                    entry.position,
                    format!("{} stands here a second time", quote(name.as_str())),
                    "each destination once",
                );
            }
        }
        if destinations.is_empty() {
            findings.add(
                &NO_DESTINATION,
                self.position,
                "there is no destination".to_owned(),
                "a registry besides the source",
            );
        }
        destinations
    }
}

fn read_entry(reader: &mut Reader<'_, '_>, position: Position) -> Result<Entry, Stop> {
    let mut entry = Entry {
        name: None,
        is_source: false,
        names_service_account: false,
        position,
    };
    let mut has_name = false;
    reader.fields(&["name", "src", "service-account"], |reader, field, _| {
        match field {
            0 => {
                has_name = true;
                entry.name = read_name(reader)?;
            }
            1 => entry.is_source = read_boolean(reader)?,
            _ => {
                entry.names_service_account = true;
                ignore_text(reader)?;
            }
        }
        Ok(())
    })?;
    if !has_name {
        reader.findings().add(
            &MISSING_KEY,
            position,
            "this registry has no `name`".to_owned(),
            "the key `name`",
        );
    }
    Ok(entry)
}

fn read_name(reader: &mut Reader<'_, '_>) -> Result<Option<RegistryPath>, Stop> {
    const EXPECTED: &str = "a registry as HOST or HOST/PATH";
    let scalar = match reader.next()? {
        Some(Node::Scalar(scalar)) => scalar,
        Some(other) => {
            reader.refuse(&other, EXPECTED)?;
            return Ok(None);
        }
        None => return Ok(None),
    };
    match scalar.text.parse() {
        Ok(name) if !scalar.is_null() => Ok(Some(name)),
        Ok(_) => {
            let message = "no registry is named here".to_owned();
            reader
                .findings()
                .add(&REGISTRY_NAME, scalar.position, message, EXPECTED);
            Ok(None)
        }
        Err(error) => {
            let message = format!(
                "{} is not a registry: {}",
                quote(&scalar.text),
                clip(&error.to_string(), 200)
            );
            reader
                .findings()
                .add(&REGISTRY_NAME, scalar.position, message, EXPECTED);
            Ok(None)
        }
    }
}

/// A boolean in any of the spellings that YAML 1.1 knows, since existing manifests may use them.
fn read_boolean(reader: &mut Reader<'_, '_>) -> Result<bool, Stop> {
    let scalar = match reader.next()? {
        Some(Node::Scalar(scalar)) => scalar,
        Some(other) => {
            reader.refuse(&other, "true or false")?;
            return Ok(false);
        }
        None => return Ok(false),
    };
    if scalar.is_null() {
        return Ok(false);
    }
    match &*scalar.text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if scalar.plain => {
            Ok(true)
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
            if scalar.plain =>
        {
            Ok(false)
        }
        other => {
            let message = format!("{} is not a boolean", quote(other));
            reader.findings().add(
                &NOT_BOOLEAN,
                scalar.position,
                message,
                "true or false, without quotes",
            );
            Ok(false)
        }
    }
}

/// Reads past a text whose value means nothing to promo.
fn ignore_text(reader: &mut Reader<'_, '_>) -> Result<(), Stop> {
    match reader.next()? {
        Some(Node::Scalar(_)) | None => Ok(()),
        Some(other) => reader.refuse(&other, "text"),
    }
}

/// Reads `imagesPath`, which is ignored, but may not point out of the tree.
pub(super) fn read_images_path(reader: &mut Reader<'_, '_>) -> Result<(), Stop> {
    let scalar = match reader.next()? {
        Some(Node::Scalar(scalar)) => scalar,
        Some(other) => return reader.refuse(&other, "text"),
        None => return Ok(()),
    };
    let leaves = |text: &str| text.starts_with('/') || text.split('/').any(|part| part == "..");
    if leaves(&scalar.text) {
        let message = format!("the path {} leads out of the tree", quote(&scalar.text));
        reader.findings().add(
            &OUTSIDE,
            scalar.position,
            message,
            "a path within the tree; `imagesPath` is not needed",
        );
    }
    Ok(())
}

/// The keys of a `provenance` section; the mode comes first.
const PROVENANCE_KEYS: &[&str] = &[
    "mode",
    "signers",
    "builders",
    "sources",
    "predicateTypes",
    "level",
];

/// Reads the `provenance` section, of which only the policy `off` exists.
pub(super) fn read_provenance(reader: &mut Reader<'_, '_>) -> Result<(), Stop> {
    match reader.next()? {
        Some(Node::Map(_)) => {}
        Some(Node::Scalar(scalar)) if scalar.is_null() => return Ok(()),
        Some(other) => return reader.refuse(&other, "a mapping with the key `mode`"),
        None => return Ok(()),
    }
    reader.fields(PROVENANCE_KEYS, |reader, field, _| {
        if field != 0 {
            // They say nothing as long as the mode is off.
            return reader.skip_next();
        }
        match reader.next()? {
            Some(Node::Scalar(mode)) if mode.is_null() || matches!(&*mode.text, "" | "off") => {
                Ok(())
            }
            Some(Node::Scalar(mode)) => {
                let message = format!(
                    "the provenance policy {} does not exist yet",
                    quote(&mode.text)
                );
                reader
                    .findings()
                    .add(&PROVENANCE_POLICY, mode.position, message, "off");
                Ok(())
            }
            Some(other) => reader.refuse(&other, "off"),
            None => Ok(()),
        }
    })
}
