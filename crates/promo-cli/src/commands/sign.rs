//! `promo sign`: signs images by hand.

use promo::image;
use promo::settings::{Overrides, SigningOverrides};

use crate::args::SignArgs;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Format, Outcome, evidence_outcome};

/// Signs each image in the forms that it isn't signed in yet.
pub(crate) async fn run(args: &SignArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let identity = args.identity.as_deref().map(image::identity).transpose()?;
    let given = Overrides {
        signing: SigningOverrides {
            key: args.key.clone(),
            formats: args.signature_formats.clone(),
            ..SigningOverrides::default()
        },
        ..Overrides::default()
    };
    let promoter = context.promoter(context.settings(given)?);
    let attached = promoter.sign(images, identity.as_ref()).await?;
    evidence_outcome(
        &attached,
        context.console.format(args.output, &Format::DATA),
    )
}
