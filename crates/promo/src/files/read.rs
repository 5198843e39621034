//! Reading: what was named may be anything, also a device that never ends.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use promo_core::ports::{Event, Observer};

use crate::error::codes::SHARED_KEY;
use crate::error::{Error, Result};

/// The most bytes that a file of some kind may have.
#[derive(Debug)]
pub struct Cap {
    /// What is in such files.
    pub what: &'static str,
    /// How many bytes.
    pub bytes: u64,
}

/// A promo.toml.
pub const SETTINGS: Cap = Cap {
    what: "a promo.toml",
    bytes: 4 << 20,
};
/// A key or a certificate.
pub const KEYS: Cap = Cap {
    what: "a key or a certificate",
    bytes: 1 << 20,
};
/// A file with credentials.
pub const CREDENTIALS: Cap = Cap {
    what: "a file with credentials",
    bytes: 16 << 20,
};
/// A list of tag moves.
pub const TAG_MOVES: Cap = Cap {
    what: "a list of tag moves",
    bytes: 64 << 20,
};
/// A promoter manifest.
pub const MANIFESTS: Cap = Cap {
    what: "a promoter manifest",
    bytes: 32 << 20,
};
/// A saved plan.
pub const PLANS: Cap = Cap {
    what: "a saved plan",
    bytes: 256 << 20,
};
/// A snapshot.
pub const SNAPSHOTS: Cap = Cap {
    what: "a snapshot",
    bytes: 256 << 20,
};

/// A file of a TUF repository that was kept.
pub const REPOSITORIES: Cap = Cap {
    what: "a kept file of a TUF repository",
    bytes: 8 << 20,
};
/// A trace.
pub const TRACES: Cap = Cap {
    what: "a trace",
    bytes: 1 << 30,
};

/// All of them, for the reference.
pub const CAPS: [&Cap; 9] = [
    &SETTINGS,
    &KEYS,
    &CREDENTIALS,
    &TAG_MOVES,
    &MANIFESTS,
    &PLANS,
    &SNAPSHOTS,
    &REPOSITORIES,
    &TRACES,
];

/// The whole of a file.
pub fn read(path: &Path, cap: &'static Cap) -> Result<Vec<u8>> {
    let bytes = read_up_to(path, cap.bytes).map_err(|error| Error::input(path, error))?;
    bytes.ok_or_else(|| Error::FileTooLarge {
        path: path.to_owned(),
        what: cap.what,
        bytes: cap.bytes,
    })
}

/// The whole of a file that is text.
pub fn read_text(path: &Path, cap: &'static Cap) -> Result<String> {
    let text = String::from_utf8(read(path, cap)?);
    text.map_err(|error| {
        Error::input(
            path,
            io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()),
        )
    })
}

/// Nothing if there are more bytes.
fn read_up_to(path: &Path, cap: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    // Reserved at once, a secret leaves no copies behind as the text grows.
    let announced = file.metadata()?.len().min(cap);
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0) + 1);
    file.take(cap + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= cap).then_some(bytes))
}

/// Warns if others than its owner can read a file that holds a private key.
#[cfg(unix)]
pub fn tell_if_shared(path: &Path, observer: &dyn Observer) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = std::fs::metadata(path) else {
        return;
    };
    let mode = found.permissions().mode() & 0o777;
    if found.is_file() && mode & 0o044 != 0 {
        observer.observe(&Event::Warning {
            code: SHARED_KEY,
            message: format!(
                "the key `{}` can be read by others (mode {mode:03o}): `chmod 600` keeps it to you",
                path.display()
            ),
        });
    }
}

#[cfg(not(unix))]
pub fn tell_if_shared(_path: &Path, _observer: &dyn Observer) {
    let _unix_only = SHARED_KEY;
}

/// The line and the column of a byte in a text, both from 1.
pub(crate) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
