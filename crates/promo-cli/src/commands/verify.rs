//! `promo verify`: who signed and attested images, and whether that is accepted.

use promo::documents::{json, verification_text, yaml};
use promo::settings::{Overrides, Part};
use promo::trust::TrustDocument;
use promo::{image, keys};
use promo_core::evidence::Demand;
use promo_sign::KeyVerifier;

use crate::args::VerifyArgs;
use crate::context::Context;
use crate::error::Result;
use crate::exit::Exit;
use crate::output::{Format, Outcome};

/// Verifies all images.
pub(crate) async fn run(args: &VerifyArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let demand = Demand {
        identity: args.identity.as_deref().map(image::identity).transpose()?,
        attestations: args.attestation_type.clone(),
        explain: args.explain,
    };
    let promoter =
        context.promoter(context.settings(Overrides::default(), &[Part::Network, Part::Scope])?)?;
    let judge = match &args.trust {
        Some(path) => promoter.judge(&TrustDocument::read(path)?)?,
        None => KeyVerifier::new(keys::public_keys(&args.key)?).trusting_all(),
    };
    let document = promoter.verify(images, &judge, &demand).await?;
    let exit = if document.accepted {
        Exit::Done
    } else {
        Exit::Refused
    };
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => verification_text(&document).into_styled(),
    };
    Ok(Outcome { text, exit })
}
