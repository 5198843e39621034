//! `promo manifest digest`: what a tag points to.

use promo_core::oci::Digest;
use schemars::JsonSchema;
use serde::Serialize;

use super::image;
use crate::app;
use crate::args::ManifestDigestArgs;
use crate::error::Result;
use crate::output::{Format, Outcome, json, yaml};
use crate::progress;
use crate::run::Context;
use crate::settings::NetworkSettings;

/// `promo.digest/v1`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DigestDocument {
    schema: &'static str,
    image: String,
    digest: Digest,
}

/// Asks the registry, once.
pub(crate) async fn run(args: &ManifestDigestArgs, context: &Context) -> Result<Outcome> {
    let reference = image::reference(&args.image)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = app::Registries::connect(&network, progress::observer(context))?;
    let document = DigestDocument {
        schema: "promo.digest/v1",
        image: reference.to_string(),
        digest: image::digest(&registries, &reference).await?,
    };
    let text = match context.console.format(args.output, &Format::DATA) {
        Format::Json => json(&document)?,
        Format::Yaml => yaml(&document)?,
        _ => format!("{}\n", document.digest),
    };
    Ok(Outcome::done(text))
}
