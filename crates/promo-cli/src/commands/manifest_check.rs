//! `promo manifest check`: every finding with its place and the line it is about.

use promo::TreeSource;
use promo::documents::{check_annotations, check_text, json, yaml};
use promo::manifests;
use promo::settings::Part;

use crate::args::ManifestCheckArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Format, Outcome};

/// Loads the manifests and shows what was found.
pub(crate) fn run(args: &ManifestCheckArgs, context: &Context) -> Result<Outcome> {
    let source = if let Some(path) = &args.path {
        TreeSource::of_path(path.clone())
    } else {
        let settings = context.settings(args.overrides(), &[Part::Scope])?;
        settings.scope.tree()?.clone()
    };
    let checked = manifests::check(&source)?;
    let text = match context.console.format(args.output, &Format::CHECK) {
        Format::Json => json(&checked)?,
        Format::Yaml => yaml(&checked)?,
        Format::Sarif => json(&checked.sarif(&source))?,
        Format::Github => check_annotations(&checked, &source),
        _ => check_text(&checked, &source).into_styled(),
    };
    Ok(Outcome {
        text,
        exit: checked.ending(),
    })
}
