//! The file of `--report`: shown to be writable before a run, written whole or not at all.
//!
//! An ordinary file is written beside its place and moved there, so that a full disk leaves the report of the run
//! before as it was. Devices, pipes and our own streams are written as they are. If writing fails, the report goes to
//! standard error: nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use promo::files::Replacement;

use crate::error::{Error, Result};
use crate::exit::Exit;

/// How long somebody may take to read a named pipe to its end.
pub(crate) const PIPE_PATIENCE: Duration = Duration::from_secs(10);

/// A report's file that can be written.
#[derive(Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    way: Way,
}

/// How it is written.
#[derive(Debug)]
enum Way {
    /// An ordinary file.
    Replaced(Replacement),
    /// A device, or a file that is open already: it can't be replaced.
    Open(File),
    /// A named pipe. It is opened last of all: until somebody reads, opening it waits.
    Pipe,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

impl ReportFile {
    /// Opens what is going to be written, before the run has done anything.
    pub(crate) fn prepare(path: &Path) -> Result<Self> {
        let way = Way::to(path).map_err(|source| promo::Error::File {
            action: "write the report to",
            path: path.to_owned(),
            source,
            ending: Exit::Usage,
        })?;
        Ok(Self {
            path: path.to_owned(),
            way,
        })
    }

    /// The same for what is written as JSON whatever the file is called: a name that asks for a page is a mistake.
    pub(crate) fn prepare_document(path: &Path) -> Result<Self> {
        if !asks_for_page(path) {
            return Self::prepare(path);
        }
        Err(Error::Usage {
            message: format!(
                "the report of a run is written as JSON, and `{}` is the name of a page",
                path.display()
            ),
            hint: "name it `report.json`; `promo plan --report plan.html` writes a page".to_owned(),
        })
    }

    /// Whether its name asks for a page that browsers show.
    pub(crate) fn is_page(&self) -> bool {
        asks_for_page(&self.path)
    }

    /// Writes the report of a run that ended with `run`.
    pub(crate) fn write(self, text: &str, run: Exit) -> Result<()> {
        let Self { path, way } = self;
        way.put(&path, text).map_err(|source| Error::Report {
            path,
            source,
            run,
            text: text.to_owned(),
        })
    }
}

impl Way {
    fn to(path: &Path) -> io::Result<Self> {
        // These may lead to files, which others write as well.
        match path.to_str().and_then(own_stream) {
            Some("1") => return Ok(Self::Output),
            Some("2") => return Ok(Self::Error),
            Some(_) => return OpenOptions::new().append(true).open(path).map(Self::Open),
            None => {}
        }
        match fs::metadata(path) {
            Ok(found) if is_pipe(&found) => Ok(Self::Pipe),
            Ok(found) if !found.is_file() => {
                OpenOptions::new().write(true).open(path).map(Self::Open)
            }
            _ => Replacement::begin(path).map(Self::Replaced),
        }
    }

    fn put(self, path: &Path, text: &str) -> io::Result<()> {
        let text = text.as_bytes();
        match self {
            Self::Replaced(replacement) => replacement.finish(text),
            Self::Open(mut file) => file.write_all(text),
            Self::Pipe => put_into_pipe(path, text),
            Self::Output => {
                let mut stream = io::stdout().lock();
                stream.write_all(text).and_then(|()| stream.flush())
            }
            Self::Error => io::stderr().lock().write_all(text),
        }
    }
}

fn asks_for_page(path: &Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("html"))
}

/// The number of a stream that this process has open, if the path names one.
fn own_stream(path: &str) -> Option<&str> {
    match path {
        "/dev/stdout" => Some("1"),
        "/dev/stderr" => Some("2"),
        _ => path
            .strip_prefix("/dev/fd/")
            .or_else(|| path.strip_prefix("/proc/self/fd/")),
    }
}

#[cfg(unix)]
fn is_pipe(found: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_found: &fs::Metadata) -> bool {
    false
}

/// Writes into a named pipe, unless nobody reads it.
fn put_into_pipe(path: &Path, text: &[u8]) -> io::Result<()> {
    let (path, text) = (path.to_owned(), text.to_owned());
    let (told, heard) = mpsc::channel();
    // If it waits for ever, it ends with the process.
    std::thread::spawn(move || {
        let opened = OpenOptions::new().write(true).open(path);
        let written = opened.and_then(|mut pipe| pipe.write_all(&text));
        let _nobody_waits = told.send(written);
    });
    let nobody = |_| Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it"));
    heard.recv_timeout(PIPE_PATIENCE).unwrap_or_else(nobody)
}
