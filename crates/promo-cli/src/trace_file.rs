//! The file of `--trace`: opened when the first promoter is made, so that a command that asks no registry writes none.
//!
//! It is written right into its place and not beside it: a run that is killed leaves the trace as far as it came. No
//! two runs write one file. A file that was named for one run is replaced, unless another run is writing it. One that the
//! environment names is meant for all commands of a job: each writes a new file, with a number in its name from the second on.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use promo::SystemClock;
use promo::trace::TraceRecorder;
use promo_core::ports::{Clock as _, Observer};

use crate::error::Result;
use crate::exit::Exit;

/// The trace of this process, once it has begun.
#[derive(Debug, Default)]
pub(crate) struct TraceFile(Mutex<Option<Arc<TraceRecorder>>>);

/// Where a trace is written.
#[derive(Debug)]
pub(crate) enum TracePlace {
    /// Here, in place of what is there.
    Named(PathBuf),
    /// Here, or beside it if something is there.
    OfJob(PathBuf),
}

/// So many traces stand beside each other at the most.
const MOST: u32 = 10_000;

impl TraceFile {
    /// Begins it, or goes on with it. `told` hears if it can't be written any more.
    pub(crate) fn begin(
        &self,
        place: &TracePlace,
        told: Arc<dyn Observer>,
    ) -> Result<Arc<TraceRecorder>> {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recorder) = begun.as_ref() {
            return Ok(Arc::clone(recorder));
        }
        let (path, file) = match place {
            TracePlace::Named(path) => (path, open(path)),
            TracePlace::OfJob(path) => (path, open_beside(path)),
        };
        let recorder = file
            .and_then(|file| TraceRecorder::begin(file, SystemClock.now(), told))
            .map_err(|source| promo::Error::File {
                action: "write the trace to",
                path: path.clone(),
                source,
                ending: Exit::Usage,
            })?;
        let recorder = Arc::new(recorder);
        *begun = Some(Arc::clone(&recorder));
        Ok(recorder)
    }

    /// Writes what is left of it.
    pub(crate) fn end(&self) {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(recorder) = begun {
            recorder.end();
        }
    }
}

/// Opens a file that was named, and empties it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    // A terminal or a pipe has room for several.
    if file.metadata()?.is_file() {
        // Where files can't be locked nothing is known of others.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let reason = "another run is writing its trace there";
            return Err(io::Error::new(ErrorKind::ResourceBusy, reason));
        }
        file.set_len(0)?;
    }
    Ok(file)
}

/// Makes a new file here, or beside what is here: `run.trace`, `run-2.trace`, `run-3.trace`.
fn open_beside(path: &Path) -> io::Result<File> {
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return open(path);
    }
    for number in 1..=MOST {
        match File::create_new(numbered(path, number)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened,
        }
    }
    Err(io::Error::from(ErrorKind::AlreadyExists))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
