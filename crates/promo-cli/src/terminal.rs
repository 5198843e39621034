//! Where text goes: standard output carries the result only, standard error all else.
//!
//! Colour is decided here, once. A pipe that was closed is no error: whoever read it had enough.

use std::io::{self, BufWriter, IsTerminal, Read as _, Write};

use anstream::{AutoStream, ColorChoice};
use promo::documents::Layout;
use promo::documents::style::YELLOW;
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

    /// Asks for a line of text; nothing if no person is there, or if they say nothing.
    pub(crate) fn ask(question: &str) -> Option<String> {
        if !(io::stdin().is_terminal() && Self::is_interactive()) {
            return None;
        }
        let terminal = console::Term::stderr();
        terminal.write_str(question).ok()?;
        let said = terminal.read_line().ok()?;
        Some(said.trim().to_owned()).filter(|said| !said.is_empty())
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

    /// Writes a warning that has no code to standard error, unless promo is to be quiet.
    pub(crate) fn warn(self, text: &str) {
        self.note(&format!("{YELLOW}warning{YELLOW:#}: {text}"));
    }

    /// Writes hints to standard error, unless promo is to be quiet.
    pub(crate) fn hints(self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell(text);
        }
    }

    /// Writes a line to standard error unless promo is to be quiet.
    pub(crate) fn note(self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.tell(&format!("{text}\n"));
        }
    }
}

/// The longest secret that is read from standard input, in bytes: tokens of some registries have thousands.
const MAX_SECRET: usize = 64 << 10;

/// A secret from standard input, without the end of its line. `example` says how it gets there.
pub(crate) fn piped_secret(example: &str) -> Result<Zeroizing<String>> {
    // Reserved at once, it leaves no copies behind as the text grows.
    let mut text = Zeroizing::new(String::with_capacity(MAX_SECRET + 1));
    let input = io::stdin().take(MAX_SECRET as u64 + 1);
    let read = { input }.read_to_string(&mut text);
    read.map_err(|error| Error::file("read", "standard input".as_ref(), error))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    let wrong = if secret.is_empty() {
        "there is no password on standard input".to_owned()
    } else if text.len() > MAX_SECRET {
        format!(
            "what is on standard input has more than {} KiB: it is no password",
            MAX_SECRET >> 10
        )
    } else {
        return Ok(Zeroizing::new(secret.to_owned()));
    };
    Err(Error::Usage {
        message: wrong,
        hint: example.to_owned(),
    })
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
