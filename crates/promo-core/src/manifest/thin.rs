//! The layout of a tree of thin manifests: which files belong together, and what doesn't belong.
//!
//! `manifests/PROJECT/promoter-manifest.yaml` has the registries of a project,
//! `images/PROJECT/images.yaml` its images. Other files (READMEs, OWNERS) are left alone.

use std::collections::BTreeSet;

use super::finding::{FileFindings, quote};
use super::images::retain_joinable;
use super::kinds::{
    CHANGED, FindingKind, IRREGULAR, LINK_NOT_FOLLOWED, NO_FOLDER, NO_IMAGES_FILE,
    NO_MANIFEST_FILE, NO_MANIFESTS, OUTSIDE, SYMLINK, TOO_LARGE, UNEXPECTED_PATH, UNREADABLE,
    UNUSED_IMAGES,
};
use super::parse::{parse_images_file, parse_registries_file};
use super::tree_files::{IMAGES_FILE, MANIFEST_FILE, MAX_FILE, TreeEntry, TreeFiles};
use super::{FilePath, Finding, PromoterManifest, Severity};

/// Parses all promoter manifests of a tree, ordered by file, with the findings in no order.
pub(super) fn parse(files: &TreeFiles) -> (Vec<PromoterManifest>, Vec<Finding>) {
    let mut contents = TreeContents::default();
    for (path, entry) in files.entries() {
        contents.record(path, entry);
    }
    for (path, entry) in files.entries() {
        contents.check_entry(path, entry);
    }
    contents.check(files);
    let mut findings = contents.findings;
    let mut manifests = Vec::new();
    for project in &contents.projects {
        manifests.extend(parse_project(files, project, &mut findings));
    }
    (manifests, findings)
}

/// The files and folders of the tree that matter.
#[derive(Debug, Default)]
struct TreeContents<'a> {
    /// Folders in `manifests`.
    folders: BTreeSet<&'a str>,
    /// Those with a `promoter-manifest.yaml`.
    projects: BTreeSet<&'a str>,
    /// Those with an `images.yaml`.
    images: BTreeSet<&'a str>,
    has_manifests: bool,
    has_images: bool,
    findings: Vec<Finding>,
}

impl<'a> TreeContents<'a> {
    fn record(&mut self, path: &'a str, entry: &TreeEntry) {
        if !is_within(path) {
            return self.found(
                &OUTSIDE,
                path,
                format!("the path {} is not within the tree", quote(path)),
                "a relative path without `..`",
            );
        }
        let parts: Vec<&str> = path.split('/').collect();
        match parts.first() {
            Some(&"manifests") => self.has_manifests |= parts.len() > 1 || is_folder(entry),
            Some(&"images") => self.has_images |= parts.len() > 1 || is_folder(entry),
            _ => {}
        }
        match (parts.as_slice(), entry) {
            (["manifests", project], TreeEntry::Folder) | (["manifests", project, _, ..], _) => {
                self.folders.insert(project);
            }
            _ => {}
        }
        match parts.as_slice() {
            ["manifests", project, MANIFEST_FILE] => {
                self.projects.insert(project);
            }
            [.., MANIFEST_FILE] => self.found(
                &UNEXPECTED_PATH,
                path,
                "a promoter manifest stands at an unexpected path".to_owned(),
                "manifests/PROJECT/promoter-manifest.yaml",
            ),
            ["images", project, IMAGES_FILE] => {
                self.images.insert(project);
            }
            [.., IMAGES_FILE] => self.found_unused(path),
            _ => {}
        }
    }

    /// Records what is wrong with an entry itself.
    fn check_entry(&mut self, path: &str, entry: &TreeEntry) {
        let parts: Vec<&str> = path.split('/').collect();
        let is_wanted = matches!(parts.last(), Some(&(MANIFEST_FILE | IMAGES_FILE)));
        let (kind, message, expected) = match entry {
            TreeEntry::Folder if is_wanted => (
                &IRREGULAR,
                "a folder stands here".to_owned(),
                "a regular file",
            ),
            TreeEntry::Irregular if is_wanted => (
                &IRREGULAR,
                "this is neither a file nor a folder".to_owned(),
                "a regular file",
            ),
            TreeEntry::File(_) | TreeEntry::Other | TreeEntry::Folder | TreeEntry::Irregular => {
                return;
            }
            TreeEntry::LinkedFolder => (
                self.kind_of_link(&parts),
                "this symbolic link leads to a folder, which is not walked".to_owned(),
                "a folder",
            ),
            TreeEntry::BadLink(bad) => (
                self.kind_of_link(&parts),
                format!("this symbolic link {}", bad.says()),
                "a file or folder of the tree",
            ),
            TreeEntry::TooLarge => (
                &TOO_LARGE,
                format!("the file has more than {} MiB", MAX_FILE >> 20),
                "a smaller file",
            ),
            TreeEntry::Changed => (
                &CHANGED,
                "this changed while the tree was read".to_owned(),
                "a tree in which nothing is written meanwhile",
            ),
            TreeEntry::Unreadable(reason) => (
                &UNREADABLE,
                format!("this can't be read: {reason}"),
                "a readable file or folder",
            ),
        };
        self.found(kind, path, message, expected);
    }

    /// How much a link matters that isn't followed: whether something would be read there.
    fn kind_of_link(&self, parts: &[&str]) -> &'static FindingKind {
        match parts {
            [_] | [.., MANIFEST_FILE | IMAGES_FILE] => &SYMLINK,
            ["images", project] if self.projects.contains(project) => &SYMLINK,
            _ => &LINK_NOT_FOLLOWED,
        }
    }

    /// Records what is missing.
    fn check(&mut self, files: &TreeFiles) {
        for (name, is_there) in [
            ("manifests", self.has_manifests),
            ("images", self.has_images),
        ] {
            // A link in its place was found already.
            let is_link = matches!(
                files.get(name),
                Some(TreeEntry::LinkedFolder | TreeEntry::BadLink(_))
            );
            if !is_there && !is_link {
                let message = format!("the tree has no folder {}", quote(name));
                self.found(
                    &NO_FOLDER,
                    name,
                    message,
                    "a tree with the folders `manifests` and `images`",
                );
            }
        }
        for project in self.projects.difference(&self.images.clone()) {
            // Nor does what is behind a link exist.
            if let Some(TreeEntry::BadLink(_)) = files.get(&format!("images/{project}")) {
                continue;
            }
            let missing = format!("images/{project}/{IMAGES_FILE}");
            self.findings.push(Finding::new(
                &NO_IMAGES_FILE,
                &manifest_file(project),
                None,
                format!("the images file {} does not exist", quote(&missing)),
                missing,
            ));
        }
        for project in self.folders.clone().difference(&self.projects.clone()) {
            self.found(
                &NO_MANIFEST_FILE,
                &format!("manifests/{project}"),
                format!("the folder has no {}", quote(MANIFEST_FILE)),
                "a promoter manifest",
            );
        }
        for project in self.images.clone().difference(&self.projects.clone()) {
            self.found_unused(&format!("images/{project}/{IMAGES_FILE}"));
        }
        if self.projects.is_empty() && !self.findings.iter().any(is_error) {
            self.found(
                &NO_MANIFESTS,
                "manifests",
                "there are no promoter manifests".to_owned(),
                "manifests/PROJECT/promoter-manifest.yaml",
            );
        }
    }

    fn found_unused(&mut self, path: &str) {
        self.found(
            &UNUSED_IMAGES,
            path,
            "no promoter manifest reads this file".to_owned(),
            "images/PROJECT/images.yaml with manifests/PROJECT/promoter-manifest.yaml",
        );
    }

    fn found(&mut self, kind: &FindingKind, path: &str, message: String, expected: &str) {
        let file = FilePath::new(path);
        self.findings
            .push(Finding::new(kind, &file, None, message, expected));
    }
}

fn is_folder(entry: &TreeEntry) -> bool {
    matches!(entry, TreeEntry::Folder)
}

fn is_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error
}

/// Whether a path is relative and stays where it is.
fn is_within(path: &str) -> bool {
    path.split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0', ':']))
}

fn manifest_file(project: &str) -> FilePath {
    FilePath::new(&format!("manifests/{project}/{MANIFEST_FILE}"))
}

/// Parses the two files of a project. Both are read even if one is broken, for all their findings.
fn parse_project(
    files: &TreeFiles,
    project: &str,
    findings: &mut Vec<Finding>,
) -> Option<PromoterManifest> {
    let file = manifest_file(project);
    let images_file = FilePath::new(&format!("images/{project}/{IMAGES_FILE}"));
    let mut found = FileFindings::new(file.clone());
    let registries =
        bytes_of(files, &file).and_then(|bytes| parse_registries_file(project, bytes, &mut found));

    let mut found_images = FileFindings::new(images_file.clone());
    let images = bytes_of(files, &images_file).and_then(|bytes| {
        let mut images = parse_images_file(bytes, &mut found_images)?;
        if let Some((registries, _)) = &registries {
            retain_joinable(&mut images, registries, &mut found_images);
        }
        Some(images)
    });
    findings.extend(found_images.into_findings());
    let parts = registries.map(|(registries, section)| {
        let provenance = section.resolve(images.as_deref().unwrap_or_default(), &mut found);
        (registries, provenance)
    });
    findings.extend(found.into_findings());
    let ((registries, provenance), images) = (parts?, images?);
    Some(PromoterManifest {
        file,
        images_file,
        source: registries.source,
        destinations: registries.destinations,
        names_service_account: registries.names_service_account,
        provenance,
        images,
    })
}

fn bytes_of<'a>(files: &'a TreeFiles, path: &FilePath) -> Option<&'a [u8]> {
    match files.get(path.as_str()) {
        Some(TreeEntry::File(bytes)) => Some(bytes),
        _ => None,
    }
}
