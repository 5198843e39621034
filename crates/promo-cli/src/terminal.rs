//! Where text goes: standard output carries the result only, standard error all else.
//!
//! Colour is decided here, once. A pipe that was closed is no error: whoever read it had enough.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

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
        let mut stream = AutoStream::new(io::stdout(), self.color);
        let written = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(|source| Error::Output { source }),
        }
    }

    /// Writes to standard error. If that fails there is nobody left to tell.
    pub(crate) fn tell(self, text: &str) {
        let mut stream = AutoStream::new(io::stderr(), self.color);
        let _nobody_left = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
    }

    /// Writes a line to standard error unless promo is to be quiet.
    pub(crate) fn note(self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell(&format!("{text}\n"));
        }
    }
}
