//! `promo manifest format`: the canonical layout, for all files or for none.

use std::path::PathBuf;

use promo::documents::{formatted_text, unformatted_text};
use promo::settings::Part;
use promo::{TreeSource, manifests};

use crate::args::ManifestFormatArgs;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::Outcome;

/// Formats all in memory first; then writes what differs, or only says so.
pub(crate) fn run(args: &ManifestFormatArgs, context: &Context) -> Result<Outcome> {
    let files = if args.files.is_empty() {
        let settings = context.settings(args.overrides(), &[Part::Scope])?;
        match settings.scope.tree()? {
            TreeSource::Thin(folder) => manifests::format_tree(folder)?,
            TreeSource::Plain(file) => manifests::format_files([file.as_path()])?,
        }
    } else {
        manifests::format_files(args.files.iter().map(PathBuf::as_path))?
    };
    let mut changed = files.iter().filter(|file| file.changed);
    if args.check {
        let exit = match changed.next() {
            Some(_) => Exit::Partial,
            None => Exit::Done,
        };
        let text = unformatted_text(&files).into_styled();
        return Ok(Outcome { text, exit });
    }
    for file in changed {
        file.write()?;
    }
    Ok(Outcome::done(formatted_text(&files).into_styled()))
}
