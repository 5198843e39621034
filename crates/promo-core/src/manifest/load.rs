//! Loading: files → `ManifestSet`, or all the reasons why not.
//!
//! The entry points of this module's folder. Each file is read once; all findings of a tree come at
//! once. The YAML itself is read by `yaml`, `registries` and `images`; the tree's layout is `thin`'s.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::finding::FileFindings;
use super::images::{found_no_images, read_images, retain_joinable};
use super::kinds::{EVIDENCE_TAG, SYNTAX, TOO_LARGE};
use super::provenance::{ProvenanceSection, compare_policies};
use super::registries::{ManifestForm, Registries, RegistryList, read_images_path};
use super::relaxed::{Shifts, Unsure, odd_colon, relax};
use super::text::{decode, position_after, with_plain_line_ends};
use super::tree_files::{MAX_FILE, TreeFiles};
use super::yaml::{Node, Purpose, Reader, Stop};
use super::{FilePath, Finding, ImageEntry, ManifestSet, PromoterManifest, Severity, thin};
use crate::Code;

/// Why promoter manifests could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The structure is broken. All findings of the tree, at least one of them an error, ordered by file
    /// and position.
    #[error("{}", refused(.0))]
    Refused(Vec<Finding>),
    /// A file or folder that was named could not be read.
    #[error("can't read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

fn refused(findings: &[Finding]) -> String {
    let mut errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    match (errors.next(), errors.count()) {
        (Some(first), 0) => format!("the promoter manifests are refused: {first}"),
        (Some(first), more) => {
            format!("the promoter manifests are refused: {first} (and {more} more)")
        }
        (None, _) => "the promoter manifests are refused".to_owned(),
    }
}

impl LoadError {
    /// The stable code: that of the first error.
    pub fn code(&self) -> Code {
        self.findings()
            .iter()
            .find(|finding| finding.severity == Severity::Error)
            .map_or(super::kinds::UNREADABLE.code, |finding| finding.code)
    }

    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Refused(_) => vec![
                "`promo manifest check` lists all findings with their places".to_owned(),
            ],
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => vec![
                "a thin tree is a folder with `manifests` and `images`, a plain promoter manifest a file".to_owned(),
            ],
            Self::Io { .. } => Vec::new(),
        }
    }

    /// All findings of the tree; empty if it could not be read.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Refused(findings) => findings,
            Self::Io { .. } => &[],
        }
    }
}

impl ManifestSet {
    /// Loads a tree of thin manifests: `manifests/PROJECT/promoter-manifest.yaml` and
    /// `images/PROJECT/images.yaml` in the folder `dir`.
    ///
    /// # Errors
    /// [`LoadError::Refused`] with all findings if the structure of any file is broken.
    pub fn load_thin(dir: &Path) -> Result<Self, LoadError> {
        Self::parse_thin(&TreeFiles::read(dir)?)
    }

    /// Loads a plain manifest: one file with `registries` and `images`.
    ///
    /// # Errors
    /// [`LoadError::Refused`] with all findings if the structure of the file is broken.
    pub fn load_plain(file: &Path) -> Result<Self, LoadError> {
        Self::parse_plain(&file.to_string_lossy(), &Self::read_plain(file)?)
    }

    /// Reads the bytes of a plain manifest, for those who also need to say what they parsed. Of a file that is too
    /// large only as much is read as shows it.
    ///
    /// # Errors
    /// [`LoadError::Io`] if the file can't be read.
    pub fn read_plain(file: &Path) -> Result<Vec<u8>, LoadError> {
        let failed = |source| LoadError::Io {
            path: file.to_owned(),
            source,
        };
        let mut bytes = Vec::new();
        File::open(file)
            .and_then(|opened| opened.take(MAX_FILE + 1).read_to_end(&mut bytes))
            .map_err(failed)?;
        Ok(bytes)
    }

    /// Parses a tree of thin manifests from memory.
    ///
    /// # Errors
    /// [`LoadError::Refused`] with all findings if the structure of any file is broken.
    pub fn parse_thin(files: &TreeFiles) -> Result<Self, LoadError> {
        let (manifests, findings) = thin::parse(files);
        Self::complete(manifests, findings)
    }

    /// Parses a plain manifest from memory. `name` is what findings call the file.
    ///
    /// ```
    /// use promo_core::manifest::ManifestSet;
    /// let yaml = "registries: [{name: gcr.io/staging, src: true}, {name: registry.example/prod}]\nimages: []\n";
    /// let set = ManifestSet::parse_plain("manifest.yaml", yaml.as_bytes()).unwrap();
    /// assert_eq!(set.manifests()[0].source().as_str(), "gcr.io/staging");
    /// assert_eq!(set.findings()[0].code.as_str(), "PROMO-M060");
    /// ```
    ///
    /// # Errors
    /// [`LoadError::Refused`] with all findings if the structure of the file is broken.
    pub fn parse_plain(name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let file = FilePath::new(name);
        let mut findings = FileFindings::new(file.clone());
        let manifest = parse_plain_file(&file, bytes, &mut findings);
        Self::complete(manifest.into_iter().collect(), findings.into_findings())
    }

    fn complete(
        mut manifests: Vec<PromoterManifest>,
        mut findings: Vec<Finding>,
    ) -> Result<Self, LoadError> {
        compare_policies(&mut manifests, &mut findings);
        findings.sort();
        // What an alias repeats is wrong once.
        findings.dedup();
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(LoadError::Refused(findings));
        }
        Ok(Self {
            manifests,
            findings,
        })
    }
}

/// Parses one file that holds registries and images.
fn parse_plain_file(
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

/// Parses a snapshot that is written as the images file of a thin manifest; the first bad entry refuses it. Tags of
/// evidence are passed over: a registry has them, a promoter manifest doesn't.
pub(crate) fn parse_image_list(name: &str, bytes: &[u8]) -> Result<Vec<ImageEntry>, Box<Finding>> {
    let mut findings = FileFindings::new(FilePath::new(name));
    let images = parse_images_file(bytes, &mut findings);
    let mut findings = findings.into_findings().into_iter();
    let bad = findings.find(|f| f.severity != Severity::Warning && f.code != EVIDENCE_TAG.code);
    match bad {
        Some(bad) => Err(Box::new(bad)),
        None => Ok(images.unwrap_or_default()),
    }
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
