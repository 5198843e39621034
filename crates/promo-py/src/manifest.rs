//! Promoter manifests as Python objects.

use std::path::PathBuf;
use std::sync::Arc;

use promo_core::manifest;
use pyo3::prelude::*;

use crate::errors::manifest_error;

/// Loads a tree of thin manifests. The files are read without holding the interpreter.
#[pyfunction]
pub(crate) fn load_thin(python: Python<'_>, directory: PathBuf) -> PyResult<ManifestSet> {
    let loaded = python.detach(move || manifest::ManifestSet::load_thin(&directory));
    loaded.map_or_else(
        |error| Err(manifest_error(python, &error)),
        |set| Ok(set.into()),
    )
}

/// Loads one plain manifest.
#[pyfunction]
pub(crate) fn load_plain(python: Python<'_>, file: PathBuf) -> PyResult<ManifestSet> {
    let loaded = python.detach(move || manifest::ManifestSet::load_plain(&file));
    loaded.map_or_else(
        |error| Err(manifest_error(python, &error)),
        |set| Ok(set.into()),
    )
}

#[pyclass(frozen, module = "promo")]
pub(crate) struct ManifestSet {
    pub(crate) set: Arc<manifest::ManifestSet>,
}

impl From<manifest::ManifestSet> for ManifestSet {
    fn from(set: manifest::ManifestSet) -> Self {
        Self { set: Arc::new(set) }
    }
}

#[pymethods]
impl ManifestSet {
    #[getter]
    fn manifests(&self) -> Vec<PromoterManifest> {
        self.set.manifests().iter().map(Into::into).collect()
    }

    #[getter]
    fn findings(&self) -> Vec<Finding> {
        self.set.findings().iter().map(Into::into).collect()
    }

    fn __repr__(&self) -> String {
        format!(
            "ManifestSet({} manifests, {} findings)",
            self.set.manifests().len(),
            self.set.findings().len()
        )
    }
}

#[pyclass(frozen, get_all, eq, module = "promo")]
#[derive(Clone, PartialEq)]
pub(crate) struct PromoterManifest {
    file: String,
    images_file: String,
    source: String,
    destinations: Vec<String>,
    images: Vec<Image>,
}

impl From<&manifest::PromoterManifest> for PromoterManifest {
    fn from(manifest: &manifest::PromoterManifest) -> Self {
        Self {
            file: manifest.file().to_string(),
            images_file: manifest.images_file().to_string(),
            source: manifest.source().to_string(),
            destinations: manifest
                .destinations()
                .iter()
                .map(ToString::to_string)
                .collect(),
            images: manifest.images().iter().map(Into::into).collect(),
        }
    }
}

#[pymethods]
impl PromoterManifest {
    fn __repr__(&self) -> String {
        format!(
            "PromoterManifest({:?}, {} destinations, {} images)",
            self.file,
            self.destinations.len(),
            self.images.len()
        )
    }
}

#[pyclass(frozen, get_all, eq, module = "promo", from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct Image {
    name: String,
    line: u32,
    digests: Vec<DigestEntry>,
}

impl From<&manifest::ImageEntry> for Image {
    fn from(image: &manifest::ImageEntry) -> Self {
        Self {
            name: image.name().to_owned(),
            line: image.position().line,
            digests: image.digests().iter().map(Into::into).collect(),
        }
    }
}

#[pymethods]
impl Image {
    fn __repr__(&self) -> String {
        format!("Image({:?}, {} digests)", self.name, self.digests.len())
    }
}

#[pyclass(frozen, get_all, eq, module = "promo", from_py_object)]
#[derive(Clone, PartialEq)]
pub(crate) struct DigestEntry {
    digest: String,
    tags: Vec<String>,
    line: u32,
}

impl From<&manifest::DigestEntry> for DigestEntry {
    fn from(entry: &manifest::DigestEntry) -> Self {
        Self {
            digest: entry.digest().to_string(),
            tags: entry
                .tags()
                .iter()
                .map(|tag| tag.tag().to_string())
                .collect(),
            line: entry.position().line,
        }
    }
}

#[pymethods]
impl DigestEntry {
    fn __repr__(&self) -> String {
        format!("DigestEntry({:?}, {:?})", self.digest, self.tags)
    }
}

#[pyclass(frozen, get_all, eq, module = "promo")]
#[derive(Clone, PartialEq)]
pub(crate) struct Finding {
    file: String,
    line: Option<u32>,
    column: Option<u32>,
    severity: String,
    code: String,
    message: String,
    expected: String,
}

impl From<&manifest::Finding> for Finding {
    fn from(finding: &manifest::Finding) -> Self {
        Self {
            file: finding.file.to_string(),
            line: finding.position.map(|position| position.line),
            column: finding.position.map(|position| position.column),
            severity: finding.severity.to_string(),
            code: finding.code.to_string(),
            message: finding.message.clone(),
            expected: finding.expected.clone(),
        }
    }
}

#[pymethods]
impl Finding {
    fn __str__(&self) -> String {
        let mut place = self.file.clone();
        for number in [self.line, self.column].into_iter().flatten() {
            place.push(':');
            place.push_str(&number.to_string());
        }
        format!("{place}: {} {}: {}", self.severity, self.code, self.message)
    }

    fn __repr__(&self) -> String {
        format!("Finding({:?})", self.__str__())
    }
}
