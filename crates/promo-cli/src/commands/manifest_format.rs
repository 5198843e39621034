//! `promo manifest format`: the canonical layout, for all files or for none.

use std::fmt::Write as _;
use std::path::PathBuf;

use promo::documents::counted;
use promo::manifests;

use crate::args::ManifestFormatArgs;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::Outcome;

/// Formats all in memory first; then writes what differs, or only says so.
pub(crate) fn run(args: &ManifestFormatArgs) -> Result<Outcome> {
    let files = match &args.thin_manifest_dir {
        Some(folder) => manifests::format_tree(folder)?,
        None => manifests::format_files(args.files.iter().map(PathBuf::as_path))?,
    };
    let mut text = String::new();
    let mut changed = 0;
    for file in files.iter().filter(|file| file.changed) {
        changed += 1;
        if args.check {
            let _ = writeln!(text, "would change {}", file.path.display());
        } else {
            file.write()?;
            let _ = writeln!(text, "formatted {}", file.path.display());
        }
    }
    let unchanged = counted(files.len() as u64 - changed, "file");
    let _ = writeln!(text, "{unchanged} in the canonical layout");
    let exit = if args.check && changed > 0 {
        Exit::Partial
    } else {
        Exit::Done
    };
    Ok(Outcome { text, exit })
}
