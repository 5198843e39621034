//! `promo attest`: attests by hand that images were promoted.

use promo::documents::{evidence_text, json, yaml};
use promo::image;
use promo::settings::{Overrides, Part};
use promo_core::oci::Repository;

use crate::args::AttestArgs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::hints;
use crate::output::{Format, Outcome};

/// Attests each image that isn't attested yet, or tells which those are.
pub(crate) async fn run(args: &AttestArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let identity = args.identity.as_deref().map(image::identity).transpose()?;
    let source: Repository = args.source.parse().map_err(|error| Error::Usage {
        message: format!("--source {}: {error}", args.source),
        hint: "name the repository that the image was promoted from, without tag".to_owned(),
    })?;
    let given = Overrides {
        signing: args.keyless.overrides(args.key.as_ref()),
        ..Overrides::default()
    };
    let parts = [Part::Network, Part::Scope, Part::Signing];
    let promoter = context.promoter(context.settings(given, &parts)?)?;
    let attached = promoter
        .attest(images, &source, identity.as_ref(), args.extent.extent())
        .await?;
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&attached)?,
        Format::Yaml => yaml(&attached)?,
        _ => evidence_text(&attached).into_styled() + &hints::after_evidence(&attached),
    };
    Ok(Outcome::done(text))
}
