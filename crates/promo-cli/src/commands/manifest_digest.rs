//! `promo manifest digest`: what a tag points to.

use promo::documents::{json, yaml};
use promo::image;
use promo::settings::{Overrides, Part};

use crate::args::ManifestDigestArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Format, Outcome};

/// Asks the registry, once.
pub(crate) async fn run(args: &ManifestDigestArgs, context: &Context) -> Result<Outcome> {
    let reference = image::reference(&args.image)?;
    let promoter = context.promoter(context.settings(Overrides::default(), &[Part::Network])?)?;
    let document = promoter.digest(&reference).await?;
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => format!("{}\n", document.digest),
    };
    Ok(Outcome::done(text))
}
