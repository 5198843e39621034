//! Writing: beside the file's place first, then moved there, so that a full disk or a kill leaves what was there.
//!
//! The name beside is created and never opened: a link that somebody put there leads nowhere. A link at the place itself
//! stays, and what it leads to is replaced, with its permissions.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Links to links that are followed.
const MAX_LINKS: usize = 40;
/// Names that are tried beside a file.
const MAX_NAMES: usize = 100;

/// Who may read a file that is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody, as far as the user's mask allows.
    Everybody,
    /// Its owner.
    Owner,
}

/// A file that is going to be replaced, shown to be writable.
#[derive(Debug)]
pub struct Replacement {
    target: PathBuf,
    /// Where the new text is written; none if it can only be written right into its place.
    beside: Option<Beside>,
}

/// A file beside another; gone when it is dropped.
#[derive(Debug)]
struct Beside {
    path: PathBuf,
    file: File,
}

impl Replacement {
    /// Opens what is going to be written. Nothing is altered yet.
    pub fn begin(path: &Path) -> io::Result<Self> {
        Self::begin_for(path, Access::Everybody)
    }

    /// The same of a file with secrets: whatever its permissions were, it is its owner's alone.
    pub fn begin_secret(path: &Path) -> io::Result<Self> {
        Self::begin_for(path, Access::Owner)
    }

    fn begin_for(path: &Path, access: Access) -> io::Result<Self> {
        let target = followed(path)?;
        match Beside::create(&target, access) {
            Ok(beside) => {
                if access == Access::Everybody
                    && let Ok(found) = fs::metadata(&target)
                {
                    beside.file.set_permissions(found.permissions())?;
                }
                Ok(Self {
                    target,
                    beside: Some(beside),
                })
            }
            // A folder that takes no new files may have one that can be written.
            Err(error) => match OpenOptions::new().write(true).open(&target) {
                Ok(_) => Ok(Self {
                    target,
                    beside: None,
                }),
                Err(_) => Err(error),
            },
        }
    }

    /// Writes the text and puts it in place.
    pub fn finish(self, text: &[u8]) -> io::Result<()> {
        let Some(mut beside) = self.beside else {
            return overwrite(&self.target, text);
        };
        beside.fill(text)?;
        match fs::rename(&beside.path, &self.target) {
            // What is mounted there can't be replaced.
            Err(error) if is_mounted(&error) => overwrite(&self.target, text),
            moved => moved,
        }
    }
}

impl Beside {
    fn create(target: &Path, access: Access) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if access == Access::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        for number in 0..MAX_NAMES {
            let mut name = target.as_os_str().to_owned();
            name.push(format!(".{}-{number}.part", std::process::id()));
            let path = PathBuf::from(name);
            match options.open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                opened => return opened.map(|file| Self { path, file }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    fn fill(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)?;
        self.file.sync_all()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It was moved, or never finished; leaving it behind does no harm.
        let _left_behind = fs::remove_file(&self.path);
    }
}

/// Where links lead, also if nothing is there.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
        if !is_link {
            return Ok(path);
        }
        let target = fs::read_link(&path)?;
        path = match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        };
    }
    Err(io::Error::other("links lead to links without end"))
}

fn is_mounted(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices
    )
}

fn overwrite(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Replaces a file as a whole: whoever reads it meanwhile sees the old text or the new, never half of it.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    Replacement::begin(path)
        .and_then(|replacement| replacement.finish(text.as_bytes()))
        .map_err(|source| Error::file("write", path, source))
}

/// Makes the folder that a file of the user's is in, with those above it, for their owner alone. One that is there stays as
/// it is.
pub fn create_folder_of(path: &Path) -> io::Result<()> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates a file with all of its text, or none; `AlreadyExists` if one is there.
pub fn create(path: &Path, text: &str, access: Access) -> io::Result<()> {
    // A link that leads nowhere is there, too.
    if path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let mut beside = Beside::create(path, access)?;
    beside.fill(text.as_bytes())?;
    match fs::hard_link(&beside.path, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists && !path.exists() => {
            // A file system without links.
            fs::rename(&beside.path, path)
        }
        linked => linked,
    }
}
