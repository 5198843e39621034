//! Loading: files → `ManifestSet`, or all the reasons why not.
//!
//! The entry points of this module's folder. Each file is read once; all findings of a tree come at
//! once. Single files are parsed by `parse`; which files a tree has is `thin`'s.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::finding::FileFindings;
use super::kinds::EVIDENCE_TAG;
use super::parse::{parse_images_file, parse_plain_file};
use super::provenance_section::compare_policies;
use super::tree_files::{MAX_FILE, TreeFiles};
use super::{
    FilePath, Finding, ImageEntry, LoadError, ManifestSet, PromoterManifest, Severity, thin,
};

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
