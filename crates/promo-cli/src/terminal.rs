//! Where text goes: standard output carries the result only, standard error all else.
//!
//! Colour is decided here, once. A pipe that was closed is no error: whoever read it had enough.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use promo::documents::Layout;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// How much is told on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, warnings and errors.
    Normal,
    /// Also each item, request and retry.
    Verbose,
}

/// The two streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Whether colour is written.
    color: ColorChoice,
    /// How much is told.
    verbosity: Verbosity,
}

impl Terminal {
    /// Streams with these choices.
    pub(crate) fn new(color: ColorChoice, verbosity: Verbosity) -> Self {
        Self { color, verbosity }
    }

    /// How much is told.
    pub(crate) fn verbosity(self) -> Verbosity {
        self.verbosity
    }

    /// Whether a person looks at standard error.
    pub(crate) fn is_interactive() -> bool {
        io::stderr().is_terminal()
    }

    /// How texts for people are laid out: as wide as the terminal is, if standard output is one.
    pub(crate) fn layout() -> Layout {
        let terminal = console::Term::stdout();
        let size = terminal.is_term().then(|| terminal.size_checked());
        let columns = size.flatten().map(|(_, columns)| usize::from(columns));
        // Some terminals don't know how wide they are.
        let columns = columns.filter(|columns| *columns > 0);
        columns.map_or_else(Layout::default, Layout::within)
    }

    /// Asks for a secret without showing it; nothing if no person is there.
    pub(crate) fn ask_secret(question: &str) -> Option<Zeroizing<String>> {
        if !(io::stdin().is_terminal() && Self::is_interactive()) {
            return None;
        }
        let terminal = console::Term::stderr();
        terminal.write_str(question).ok()?;
        terminal.read_secure_line().ok().map(Zeroizing::new)
    }

    /// Writes the result.
    pub(crate) fn result(self, text: &str) -> Result<()> {
        // What has no colour has nothing to take off: a document of many megabytes goes out as it is.
        let written = if text.contains('\u{1b}') {
            write(&mut AutoStream::new(io::stdout(), self.color), text)
        } else {
            write(&mut io::stdout().lock(), text)
        };
        unless_closed(written)
    }

    /// Writes a document in JSON straight to standard output: that of a large plan has many megabytes.
    pub(crate) fn document<T: Serialize>(document: &T) -> Result<()> {
        let mut stream = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        let written = serde_json::to_writer_pretty(&mut stream, document)
            .map_err(io::Error::from)
            .and_then(|()| write(&mut stream, "\n"));
        unless_closed(written)
    }

    /// Writes to standard error. If that fails there is nobody left to tell.
    pub(crate) fn tell(self, text: &str) {
        let _nobody_left = write(&mut AutoStream::new(io::stderr(), self.color), text);
    }

    /// Writes a line to standard error unless promo is to be quiet.
    pub(crate) fn note(self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell(&format!("{text}\n"));
        }
    }
}

fn unless_closed(written: io::Result<()>) -> Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|source| Error::Output { source }),
    }
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush())
}
