//! `promo sign`: signs images by hand.

use promo::documents::{evidence_text, json, yaml};
use promo::image;
use promo::settings::{Overrides, Part, SigningOverrides};

use crate::args::SignArgs;
use crate::context::Context;
use crate::error::Result;
use crate::hints;
use crate::output::{Format, Outcome};

/// Signs each image in the forms that it isn't signed in yet, or tells which those are.
pub(crate) async fn run(args: &SignArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let identity = args.identity.as_deref().map(image::identity).transpose()?;
    let given = Overrides {
        signing: SigningOverrides {
            formats: args.signature_formats.clone(),
            ..args.keyless.overrides(args.key.as_ref())
        },
        ..Overrides::default()
    };
    let parts = [Part::Network, Part::Scope, Part::Signing];
    let promoter = context.promoter(context.settings(given, &parts)?)?;
    let attached = promoter
        .sign(images, identity.as_ref(), args.extent.extent())
        .await?;
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&attached)?,
        Format::Yaml => yaml(&attached)?,
        _ => evidence_text(&attached).into_styled() + &hints::after_evidence(&attached),
    };
    Ok(Outcome::done(text))
}
