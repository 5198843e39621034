//! The files of a tree of thin manifests, as they were at one moment.
//!
//! Read from a folder, or put together from somewhere else (a revision of git, a test). Nothing is
//! parsed here; what could not be taken stays as an entry that says why. Where symbolic links lead is found in `links`.

mod links;

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use self::links::{BadLink, Followed, Root};
use super::LoadError;
use crate::oci::{Digest, DigestAlgorithm, Digester};

/// The most bytes that one file may have: 32 MiB.
pub(super) const MAX_FILE: u64 = 32 << 20;
/// How deeply folders are listed.
const MAX_DEPTH: usize = 32;

/// The name of a thin manifest's own file.
pub(super) const MANIFEST_FILE: &str = "promoter-manifest.yaml";
/// The name of a thin manifest's images file.
pub(super) const IMAGES_FILE: &str = "images.yaml";

/// One entry of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TreeEntry {
    /// A file that was read.
    File(Vec<u8>),
    /// A file that means nothing to promo; it was not read.
    Other,
    Folder,
    /// A symbolic link to a folder. It was not walked.
    LinkedFolder,
    /// A symbolic link that can't be followed, and why.
    BadLink(BadLink),
    /// Neither file nor folder.
    Irregular,
    /// A file of more than [`MAX_FILE`] bytes; it was not read.
    TooLarge,
    /// It changed while the tree was read.
    Changed,
    /// What the system said.
    Unreadable(String),
}

/// The files of a tree, by path relative to its folder, with `/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TreeFiles {
    entries: BTreeMap<String, TreeEntry>,
}

impl TreeFiles {
    /// A tree without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a file into the tree.
    pub fn insert(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.put(path.into(), TreeEntry::File(bytes.into()));
    }

    /// Puts a symbolic link into the tree that leads to no file of it. Loading the tree will refuse it where a file is
    /// to be read.
    pub fn insert_bad_link(&mut self, path: impl Into<String>) {
        self.put(path.into(), TreeEntry::BadLink(BadLink::Nowhere));
    }

    /// The files that were read, ordered by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries.iter().filter_map(|(path, entry)| match entry {
            TreeEntry::File(bytes) => Some((path.as_str(), bytes.as_slice())),
            _ => None,
        })
    }

    /// A digest over the paths and bytes of all files that were read: what a plan was made from.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new(DigestAlgorithm::Sha256);
        for (path, bytes) in self.files() {
            for part in [path.as_bytes(), bytes] {
                digester.update(&(part.len() as u64).to_be_bytes());
                digester.update(part);
            }
        }
        digester.finish()
    }

    /// Reads the folders `manifests` and `images` of the folder `dir`. A symbolic link is followed where a file is read,
    /// and only within `dir`.
    ///
    /// # Errors
    /// [`LoadError::Io`] if `dir` can't be listed. What can't be read inside of it is found when the
    /// tree is parsed.
    pub fn read(dir: &Path) -> Result<Self, LoadError> {
        let top = |source| LoadError::Io {
            path: dir.to_owned(),
            source,
        };
        let mut reading = Reading::of(dir).map_err(top)?;
        for entry in fs::read_dir(dir).map_err(top)? {
            let name = entry.map_err(top)?.file_name();
            let name = name.to_string_lossy();
            if matches!(&*name, "manifests" | "images" | MANIFEST_FILE | IMAGES_FILE) {
                reading.take(&dir.join(&*name), name.into_owned(), 0);
            }
        }
        reading.confirm();
        Ok(reading.files)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &TreeEntry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    pub(super) fn get(&self, path: &str) -> Option<&TreeEntry> {
        self.entries.get(path)
    }

    fn put(&mut self, path: String, entry: TreeEntry) {
        self.entries.insert(path, entry);
    }
}

/// What tells one state of a file or folder from another.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    identity: (u64, u64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            identity: identity(metadata),
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// A tree that is being read.
#[derive(Debug)]
struct Reading {
    root: Root,
    files: TreeFiles,
    /// All that was read, to be looked at again at the end.
    seen: Vec<Seen>,
}

/// Something that was read.
#[derive(Debug)]
struct Seen {
    path: PathBuf,
    name: String,
    /// Where the path led, if over a symbolic link.
    real: Option<PathBuf>,
    stamp: Stamp,
}

impl Seen {
    fn is_unchanged(&self) -> bool {
        let place = match &self.real {
            Some(real) if fs::canonicalize(&self.path).ok().as_ref() != Some(real) => return false,
            Some(real) => real,
            None => &self.path,
        };
        fs::symlink_metadata(place).is_ok_and(|now| Stamp::of(&now) == self.stamp)
    }
}

impl Reading {
    fn of(dir: &Path) -> io::Result<Self> {
        Ok(Self {
            root: Root::of(dir)?,
            files: TreeFiles::new(),
            seen: Vec::new(),
        })
    }

    fn take(&mut self, path: &Path, name: String, depth: usize) {
        let entry = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_symlink() => self.link(path, &name),
            Ok(metadata) => self.entry(path, None, &name, &metadata, depth),
            Err(error) => TreeEntry::Unreadable(reason(&error)),
        };
        self.files.put(name, entry);
    }

    /// What stands at a path over symbolic links. Links to folders are not walked, since kpromo doesn't; but it looks for
    /// a project's images by their path, whatever that leads through.
    fn link(&mut self, path: &Path, name: &str) -> TreeEntry {
        let is_read = is_read(name);
        match self.root.follow(path) {
            Ok(found) if is_read && !found.metadata.is_file() => TreeEntry::Irregular,
            Ok(found) if is_read => self.entry(path, Some(found.real), name, &found.metadata, 0),
            Ok(found) if is_above_images(name) && found.metadata.is_dir() => {
                self.linked_images(path, found, name)
            }
            Ok(found) if found.metadata.is_dir() => TreeEntry::LinkedFolder,
            Ok(_) => TreeEntry::Other,
            Err(BadLink::Outside) if !is_read && !is_folder(path) => TreeEntry::Other,
            Err(BadLink::Outside) if !is_read && !is_above_images(name) => TreeEntry::LinkedFolder,
            Err(bad) => TreeEntry::BadLink(bad),
        }
    }

    /// Takes the images file of a project's folder that is behind a link, or those of all projects.
    fn linked_images(&mut self, path: &Path, found: Followed, name: &str) -> TreeEntry {
        let listed = if name.contains('/') {
            let file = path.join(IMAGES_FILE);
            let is_there = fs::symlink_metadata(&file).is_ok();
            Ok(is_there.then_some(file).into_iter().collect())
        } else {
            let entries = fs::read_dir(&found.real);
            entries.and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        };
        let listed: Vec<PathBuf> = match listed {
            Ok(listed) => listed,
            Err(error) => return TreeEntry::Unreadable(reason(&error)),
        };
        for below in listed {
            let last = below.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{name}/{last}");
            let entry = self.link(&below, &name);
            self.files.put(name, entry);
        }
        self.saw(path, Some(found.real), name, &found.metadata);
        TreeEntry::Folder
    }

    /// Takes what is at `path`, or at `real` if that is where links lead.
    fn entry(
        &mut self,
        path: &Path,
        real: Option<PathBuf>,
        name: &str,
        metadata: &Metadata,
        depth: usize,
    ) -> TreeEntry {
        let kind = metadata.file_type();
        let place = real.as_deref().unwrap_or(path);
        let result = if kind.is_dir() {
            self.list(place, name, depth).map(|()| TreeEntry::Folder)
        } else if !kind.is_file() {
            return TreeEntry::Irregular;
        } else if !is_read(name) {
            return TreeEntry::Other;
        } else {
            read_file(place, metadata)
        };
        match result {
            Ok(entry) => {
                self.saw(path, real, name, metadata);
                entry
            }
            Err(error) => TreeEntry::Unreadable(reason(&error)),
        }
    }

    fn list(&mut self, path: &Path, name: &str, depth: usize) -> io::Result<()> {
        if depth >= MAX_DEPTH {
            return Err(io::Error::other("folders are nested too deeply"));
        }
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let below = entry.file_name();
            let below = format!("{name}/{}", below.to_string_lossy());
            self.take(&entry.path(), below, depth + 1);
        }
        Ok(())
    }

    fn saw(&mut self, path: &Path, real: Option<PathBuf>, name: &str, metadata: &Metadata) {
        self.seen.push(Seen {
            path: path.to_owned(),
            name: name.to_owned(),
            real,
            stamp: Stamp::of(metadata),
        });
    }

    /// Looks again at all that was read: a tree that changed meanwhile may be half old and half new.
    fn confirm(&mut self) {
        for seen in std::mem::take(&mut self.seen) {
            if !seen.is_unchanged() {
                self.files.put(seen.name, TreeEntry::Changed);
            }
        }
    }
}

/// Whether a file of this name is read.
fn is_read(name: &str) -> bool {
    matches!(name.rsplit('/').next(), Some(MANIFEST_FILE | IMAGES_FILE))
}

/// Whether this is the folder of all images, or that of a project's.
fn is_above_images(name: &str) -> bool {
    let mut parts = name.split('/');
    parts.next() == Some("images") && parts.nth(1).is_none() && !is_read(name)
}

fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Reads a file of which `listed` is what was seen in its folder.
fn read_file(path: &Path, listed: &Metadata) -> io::Result<TreeEntry> {
    if listed.len() > MAX_FILE {
        return Ok(TreeEntry::TooLarge);
    }
    let file = File::open(path)?;
    // Between listing and opening a link may have been put in its place.
    if Stamp::of(&file.metadata()?) != Stamp::of(listed) {
        return Ok(TreeEntry::Changed);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(listed.len()).unwrap_or_default());
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 == listed.len() {
        TreeEntry::File(bytes)
    } else {
        TreeEntry::Changed
    })
}

/// What the system said, without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it vanished while the tree was read".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
