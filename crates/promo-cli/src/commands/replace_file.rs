//! Replaces a file as a whole: whoever reads it meanwhile sees the old text or the new, never half of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes `text` beside the file, with its permissions, and moves it into its place. A symbolic link stays, and what it
/// points to is replaced.
pub(super) fn replace_file(path: &Path, text: &str) -> Result<()> {
    replace(path, text).map_err(|source| Error::file("write", path, source))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = Path::new(&beside);
    let written = write(beside, &path, text).and_then(|()| fs::rename(beside, &path));
    if written.is_err() {
        // It was never finished; leaving it behind does no harm.
        let _left_behind = fs::remove_file(beside);
    }
    written
}

fn write(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(beside)?;
    file.set_permissions(permissions)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
