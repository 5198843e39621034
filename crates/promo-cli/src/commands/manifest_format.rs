//! `promo manifest format`: the canonical layout, for all files or for none.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use promo_core::manifest::{self, LoadError, ManifestSet, TreeFiles};

use crate::args::ManifestFormatArgs;
use crate::error::Result;
use crate::exit::Exit;
use crate::files;
use crate::output::{Outcome, counted};

/// A file with its canonical text.
struct Formatted {
    path: PathBuf,
    text: String,
    changed: bool,
}

/// Formats all in memory first; then writes what differs, or only says so.
pub(crate) fn run(args: &ManifestFormatArgs) -> Result<Outcome> {
    let files = match &args.thin_manifest_dir {
        Some(folder) => of_tree(folder)?,
        None => args
            .files
            .iter()
            .map(|path| of_file(path))
            .collect::<Result<_>>()?,
    };
    let mut text = String::new();
    let mut changed = 0;
    for file in files.iter().filter(|file| file.changed) {
        changed += 1;
        if args.check {
            let _ = writeln!(text, "would change {}", file.path.display());
        } else {
            files::replace(&file.path, &file.text)?;
            let _ = writeln!(text, "formatted {}", file.path.display());
        }
    }
    let unchanged = counted(files.len() as u64 - changed, "file");
    let _ = writeln!(text, "{unchanged} in the canonical layout");
    let exit = if args.check && changed > 0 {
        Exit::Left
    } else {
        Exit::Done
    };
    Ok(Outcome { text, exit })
}

/// The files of a tree that loads: what is refused there is not rewritten either.
fn of_tree(folder: &Path) -> Result<Vec<Formatted>> {
    let files = TreeFiles::read(folder)?;
    ManifestSet::parse_thin(&files)?;
    let formatted = files
        .files()
        .map(|(name, bytes)| formatted(folder.join(name), name, bytes));
    Ok(formatted.collect::<Result<_, _>>()?)
}

fn of_file(path: &Path) -> Result<Formatted> {
    let bytes = files::read(path, &files::MANIFESTS)?;
    let name = path.to_string_lossy();
    Ok(formatted(path.to_owned(), &name, &bytes)?)
}

fn formatted(path: PathBuf, name: &str, bytes: &[u8]) -> Result<Formatted, LoadError> {
    let text = manifest::format(name, bytes)?;
    Ok(Formatted {
        path,
        changed: text.as_bytes() != bytes,
        text,
    })
}
