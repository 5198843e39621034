//! Reads the `registries` section and `imagesPath`: where images come from and where they go.
//!
//! What is wrong here refuses the tree. Where kpromo doesn't look, in thin manifests, a second source or a destination that
//! can't be understood is left out, and said.

use std::collections::BTreeSet;

use super::Position;
use super::finding::{FileFindings, clip, quote};
use super::kinds::{
    BAD_DESTINATION, DESTINATION_IS_SOURCE, DUPLICATE_DESTINATION, FindingKind, MISSING_KEY,
    NO_DESTINATION, NO_REGISTRIES, NO_SOURCE, NOT_BOOLEAN, OTHER_IMAGES_FILE, REGISTRY_NAME,
    SECOND_SOURCE, SEVERAL_SOURCES,
};
use super::tree_files::IMAGES_FILE;
use super::yaml::{Node, Reader, Stop};
use crate::oci::RegistryPath;

/// The source and the destinations of one promoter manifest.
#[derive(Debug)]
pub(super) struct Registries {
    pub(super) source: RegistryPath,
    pub(super) destinations: Vec<RegistryPath>,
    pub(super) names_service_account: bool,
}

/// In which form the manifest is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestForm {
    /// One file, which kpromo validates.
    Plain,
    /// A thin manifest, which kpromo takes as it is.
    Thin,
}

/// One entry of the list.
#[derive(Debug)]
struct Entry {
    name: Result<RegistryPath, BadName>,
    is_source: bool,
    names_service_account: bool,
    position: Position,
}

/// Why an entry has no name.
#[derive(Debug)]
struct BadName {
    kind: &'static FindingKind,
    position: Position,
    message: String,
    expected: &'static str,
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
                        Node::Scalar(scalar) if scalar.is_null() => {
                            list.entries.push(Entry::new(scalar.position));
                        }
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
    pub(super) fn resolve(
        self,
        form: ManifestForm,
        findings: &mut FileFindings,
    ) -> Option<Registries> {
        if self.entries.is_empty() {
            findings.add(
                &NO_REGISTRIES,
                self.position,
                "there are no registries".to_owned(),
                "a list `registries` with one source and its destinations",
            );
            return None;
        }
        let source = self.source(form, findings);
        let is_complete = self.found_bad_names(form, findings);
        let source = source?;
        let destinations = self.destinations(&source, findings);
        is_complete.then_some(Registries {
            source,
            destinations,
            names_service_account: self.entries.iter().any(|entry| entry.names_service_account),
        })
    }

    fn source(&self, form: ManifestForm, findings: &mut FileFindings) -> Option<RegistryPath> {
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
        let kind = match form {
            ManifestForm::Plain => &SEVERAL_SOURCES,
            ManifestForm::Thin => &SECOND_SOURCE,
        };
        for other in sources {
            is_only = false;
            findings.add(
                kind,
                other.position,
                format!("the source is already named at {}", first.position),
                "`src: true` at one registry",
            );
        }
        let name = first.name.as_ref().ok().cloned();
        name.filter(|_| is_only || form == ManifestForm::Thin)
    }

    /// Records the names that can't be used, and whether the rest can be. A destination of a thin manifest is left out;
    /// nothing can be left out with its source.
    fn found_bad_names(&self, form: ManifestForm, findings: &mut FileFindings) -> bool {
        let mut is_complete = true;
        let mut has_source = false;
        for entry in &self.entries {
            let is_first_source = entry.is_source && !std::mem::replace(&mut has_source, true);
            let Err(bad) = &entry.name else { continue };
            let kind = match form {
                ManifestForm::Thin if !is_first_source && entry.is_source => continue,
                ManifestForm::Thin if !entry.is_source => &BAD_DESTINATION,
                _ => {
                    is_complete = false;
                    bad.kind
                }
            };
            findings.add(kind, bad.position, bad.message.clone(), bad.expected);
        }
        is_complete
    }

    fn destinations(
        &self,
        source: &RegistryPath,
        findings: &mut FileFindings,
    ) -> Vec<RegistryPath> {
        let mut seen = BTreeSet::new();
        let mut destinations = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.is_source) {
            let Ok(name) = &entry.name else { continue };
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

const NAME_EXPECTED: &str = "a registry as HOST or HOST/PATH";

impl Entry {
    /// An entry at a place in which nothing stands.
    fn new(position: Position) -> Self {
        Self {
            name: Err(BadName {
                kind: &MISSING_KEY,
                position,
                message: "this registry has no `name`".to_owned(),
                expected: "the key `name`",
            }),
            is_source: false,
            names_service_account: false,
            position,
        }
    }
}

fn read_entry(reader: &mut Reader<'_, '_>, position: Position) -> Result<Entry, Stop> {
    let mut entry = Entry::new(position);
    reader.fields(&["name", "src", "service-account"], |reader, field, _| {
        match field {
            0 => {
                if let Some(name) = read_name(reader)? {
                    entry.name = name;
                }
            }
            1 => entry.is_source = read_boolean(reader)?,
            _ => {
                entry.names_service_account = true;
                ignore_text(reader)?;
            }
        }
        Ok(())
    })?;
    Ok(entry)
}

/// The name of a registry, or why it can't be one; none if what stands there refuses the tree.
fn read_name(reader: &mut Reader<'_, '_>) -> Result<Option<Result<RegistryPath, BadName>>, Stop> {
    let scalar = match reader.next()? {
        Some(Node::Scalar(scalar)) => scalar,
        Some(other) => {
            reader.refuse(&other, NAME_EXPECTED)?;
            return Ok(None);
        }
        None => return Ok(None),
    };
    let message = match scalar.text.parse() {
        Ok(name) if !scalar.is_null() => return Ok(Some(Ok(name))),
        Ok(_) => "no registry is named here".to_owned(),
        Err(error) => format!(
            "{} is not a registry: {}",
            quote(&scalar.text),
            clip(&error.to_string(), 200)
        ),
    };
    Ok(Some(Err(BadName {
        kind: &REGISTRY_NAME,
        position: scalar.position,
        message,
        expected: NAME_EXPECTED,
    })))
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
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON"
            if scalar.plain =>
        {
            Ok(true)
        }
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF"
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

/// Reads `imagesPath` of a project's manifest, which is not used: a warning where it would lead elsewhere.
pub(super) fn read_images_path(reader: &mut Reader<'_, '_>, project: &str) -> Result<(), Stop> {
    let scalar = match reader.next()? {
        Some(Node::Scalar(scalar)) => scalar,
        Some(other) => return reader.refuse(&other, "text"),
        None => return Ok(()),
    };
    let used = format!("images/{project}/{IMAGES_FILE}");
    let named = within_tree(project, &scalar.text);
    if !scalar.is_null() && !scalar.text.is_empty() && named.as_deref() != Some(&used) {
        let message = format!("the images file {} is not read", quote(&scalar.text));
        let expected = format!("`../../{used}`, or no `imagesPath`");
        reader
            .findings()
            .add(&OTHER_IMAGES_FILE, scalar.position, message, expected);
    }
    Ok(())
}

/// Where in the tree a path leads that stands in the manifest of a project; none if it leads out of the tree.
fn within_tree(project: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts = vec!["manifests", project];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}
