//! Reads files with secrets: bounded in size and in time, whatever the path leads to, and wiped after use.
//!
//! A path may be a pipe of the shell (`<(…)`), a FIFO that nobody writes to, or a device that never ends.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::files::CREDENTIALS;

/// The most that is read.
const MAX: u64 = CREDENTIALS.bytes;
/// How long is read: somebody may have to type a password before a pipe gives anything.
const DEADLINE: Duration = Duration::from_secs(60);

/// The content of a file.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    read_within(path, DEADLINE)
}

/// What it means that such a file can't be read.
pub(crate) fn error(path: &Path, error: Error) -> crate::error::Error {
    if error.kind() == ErrorKind::FileTooLarge {
        return crate::error::Error::FileTooLarge {
            path: path.to_owned(),
            what: CREDENTIALS.what,
            bytes: CREDENTIALS.bytes,
        };
    }
    crate::error::Error::input(path, error)
}

fn read_within(path: &Path, deadline: Duration) -> Result<Zeroizing<Vec<u8>>> {
    let (tell, told) = mpsc::channel();
    let path = path.to_owned();
    // Whoever opens or reads a FIFO may hang for ever. The thread ends with the process, if not before.
    std::thread::Builder::new().spawn(move || {
        let _heard = tell.send(read_to_end(&path)).is_ok();
    })?;
    told.recv_timeout(deadline)
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::TimedOut, "nothing more came from it")))
}

fn read_to_end(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut content = Zeroizing::new(Vec::new());
    File::open(path)?.take(MAX + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX {
        let text = format!("it has more than {MAX} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, text));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
