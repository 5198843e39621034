//! The file of `--report`: shown to be writable before a run, written whole or not at all.
//!
//! An ordinary file is written beside its place and moved there, so that a full disk leaves the report of the run
//! before as it was. If writing fails, the report goes to standard error: nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::exit::Exit;

/// A report's file that can be written.
#[derive(Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    file: File,
    /// Where the text is written first, if not right into its place.
    beside: Option<PathBuf>,
}

impl ReportFile {
    /// Opens what is going to be written, before the run has done anything.
    pub(crate) fn prepare(path: &Path) -> Result<Self> {
        let failed = |source| Error::File {
            action: "write the report to",
            path: path.to_owned(),
            source,
            exit: Exit::Usage,
        };
        // A device or a pipe can't be replaced by a file.
        let special = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let beside = (!special).then(|| beside(path));
        let file = match &beside {
            Some(beside) => File::create(beside),
            None => OpenOptions::new().write(true).open(path),
        };
        Ok(Self {
            path: path.to_owned(),
            file: file.map_err(failed)?,
            beside,
        })
    }

    /// Writes the report of a run that ended with `run`.
    pub(crate) fn write(mut self, text: &str, run: Exit) -> Result<()> {
        self.put(text).map_err(|source| Error::Report {
            path: self.path.clone(),
            source,
            run,
            text: text.to_owned(),
        })
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        if let Some(beside) = &self.beside {
            self.file.sync_all()?;
            fs::rename(beside, &self.path)?;
            self.beside = None;
        }
        Ok(())
    }
}

impl Drop for ReportFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            // It was never finished; leaving it behind does no harm.
            let _left_behind = fs::remove_file(beside);
        }
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    name.into()
}
