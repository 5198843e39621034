//! Opens a trace: a file that was named, read under its cap.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::{Trace, TraceError};
use crate::error::{Error, Result};
use crate::files;

/// The trace in a file.
///
/// # Errors
///
/// `PROMO-X004`, `PROMO-X039`, `PROMO-X052`: it can't be read, or is no trace.
pub fn open(path: &Path) -> Result<Trace> {
    let file = File::open(path).map_err(|error| Error::input(path, error))?;
    let mut capped = file.take(files::TRACES.bytes + 1);
    let read = Trace::read(BufReader::with_capacity(1 << 16, &mut capped));
    if capped.limit() == 0 {
        return Err(Error::FileTooLarge {
            path: path.to_owned(),
            what: files::TRACES.what,
            bytes: files::TRACES.bytes,
        });
    }
    read.map_err(|error| match error {
        TraceError::Unreadable(error) => Error::input(path, error),
        other => Error::NotATrace {
            path: path.to_owned(),
            source: Box::new(other),
        },
    })
}
