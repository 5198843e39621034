//! Parses single files: the parts of a promoter manifest from the bytes of the file that has them.
//!
//! Which files there are, `load` and `thin` know; the YAML itself is read by `yaml`, `registries` and `images`. What is
//! wrong goes to the findings of the file.

use super::finding::FileFindings;
use super::images::{found_no_images, read_images, retain_joinable};
use super::kinds::{SYNTAX, TOO_LARGE};
use super::provenance_section::ProvenanceSection;
use super::registries::{ManifestForm, Registries, RegistryList, read_images_path};
use super::relaxed::{Shifts, Unsure, odd_colon, relax};
use super::text::{decode, position_after, with_plain_line_ends};
use super::tree_files::MAX_FILE;
use super::yaml::{Node, Purpose, Reader, Stop};
use super::{FilePath, Finding, ImageEntry, PromoterManifest};

/// Parses one file that holds registries and images.
pub(super) fn parse_plain_file(
    file: &FilePath,
    bytes: &[u8],
    findings: &mut FileFindings,
) -> Option<PromoterManifest> {
    let mut registries = RegistryList::default();
    let mut provenance = ProvenanceSection::default();
    let mut images = None;
    read_document(bytes, findings, |reader, root| {
        registries = RegistryList::default();
        provenance = ProvenanceSection::default();
        images = None;
        let Some(node) = root else { return Ok(()) };
        if !matches!(node, Node::Map(_)) {
            return reader.refuse(&node, "a mapping with the keys `registries` and `images`");
        }
        reader.fields(
            &["registries", "images", "provenance"],
            |reader, field, key| {
                match field {
                    0 => registries = RegistryList::read(reader, key)?,
                    1 => {
                        let node = reader.next()?;
                        images = Some(read_images(reader, node, Some(key))?);
                    }
                    _ => provenance = std::mem::take(&mut provenance).read(reader, key)?,
                }
                Ok(())
            },
        )
    })
    .ok()?;
    if images.is_none() {
        found_no_images(findings, None);
    }
    let registries = registries.resolve(ManifestForm::Plain, findings)?;
    let mut images = images.unwrap_or_default();
    retain_joinable(&mut images, &registries, findings);
    let provenance = provenance.resolve(&images, findings);
    Some(PromoterManifest {
        file: file.clone(),
        images_file: file.clone(),
        source: registries.source,
        destinations: registries.destinations,
        names_service_account: registries.names_service_account,
        provenance,
        images,
    })
}

/// Parses the own file of the thin manifest of a project, which holds registries and the policy of provenance.
pub(super) fn parse_registries_file(
    project: &str,
    bytes: &[u8],
    findings: &mut FileFindings,
) -> Option<(Registries, ProvenanceSection)> {
    let mut registries = RegistryList::default();
    let mut provenance = ProvenanceSection::default();
    read_document(bytes, findings, |reader, root| {
        registries = RegistryList::default();
        provenance = ProvenanceSection::default();
        let Some(node) = root else { return Ok(()) };
        if !matches!(node, Node::Map(_)) {
            return reader.refuse(&node, "a mapping with the key `registries`");
        }
        reader.fields(
            &["registries", "imagesPath", "provenance"],
            |reader, field, key| {
                match field {
                    0 => registries = RegistryList::read(reader, key)?,
                    1 => read_images_path(reader, project)?,
                    _ => provenance = std::mem::take(&mut provenance).read(reader, key)?,
                }
                Ok(())
            },
        )
    })
    .ok()?;
    Some((
        registries.resolve(ManifestForm::Thin, findings)?,
        provenance,
    ))
}

/// Parses the images file of a thin manifest.
pub(super) fn parse_images_file(
    bytes: &[u8],
    findings: &mut FileFindings,
) -> Option<Vec<ImageEntry>> {
    let mut images = Vec::new();
    read_document(bytes, findings, |reader, root| {
        images = read_images(reader, root, None)?;
        Ok(())
    })
    .ok()?;
    Some(images)
}

/// Reads the document of a file by `read`, which gets its first node. If it isn't YAML as it is written, it is laid out
/// anew and read from the beginning: `read` must not keep anything then.
fn read_document(
    bytes: &[u8],
    findings: &mut FileFindings,
    mut read: impl for<'t> FnMut(&mut Reader<'t, '_>, Option<Node<'t>>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    if bytes.len() as u64 > MAX_FILE {
        findings.add(
            &TOO_LARGE,
            None,
            format!("the file has more than {} MiB", MAX_FILE >> 20),
            "a smaller file",
        );
        return Err(Stop);
    }
    let text = decode(bytes, findings).ok_or(Stop)?;
    let text = with_plain_line_ends(text, findings);
    read_either(&text, findings, |text, shifts, findings| {
        let mut reader = Reader::new(text, shifts, Purpose::Load, findings);
        let root = reader.root()?;
        read(&mut reader, root)?;
        reader.finish()
    })
}

/// Reads a text as it is written. If it isn't YAML so, it is laid out anew and read once more; if that fails, too, what
/// was found at first counts.
pub(super) fn read_either<T>(
    text: &str,
    findings: &mut FileFindings,
    mut read: impl FnMut(&str, &Shifts, &mut FileFindings) -> Result<T, Stop>,
) -> Result<T, Stop> {
    let before = findings.count();
    if let Some(at) = odd_colon(text) {
        match relax(text) {
            Ok(Some(relaxed)) if relaxed.is_needed => {
                return read(&relaxed.text, &relaxed.shifts, findings);
            }
            Ok(_) => {}
            Err(Unsure) => {
                found_odd_colon(text, at, findings);
                return Err(Stop);
            }
        }
    }
    let result = read(text, &Shifts::default(), findings);
    if result.is_ok() {
        return result;
    }
    let first = findings.take_from(before);
    let is_syntax = |findings: &[Finding]| findings.iter().any(|f| f.code == SYNTAX.code);
    if is_syntax(&first)
        && let Ok(Some(relaxed)) = relax(text)
    {
        let result = read(&relaxed.text, &relaxed.shifts, findings);
        let second = findings.take_from(before);
        if !is_syntax(&second) {
            findings.put_back(second);
            return result;
        }
    }
    findings.put_back(first);
    Err(Stop)
}

fn found_odd_colon(text: &str, at: usize, findings: &mut FileFindings) {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let message =
        "a colon stands right before the end of an entry: readers of YAML disagree on what it is";
    findings.add(
        &SYNTAX,
        position_after(before),
        message.to_owned(),
        "a blank behind the colon, or the text in quotes",
    );
}
