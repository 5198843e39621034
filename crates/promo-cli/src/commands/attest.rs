//! `promo attest`: attests by hand that images were promoted.

use promo_core::oci::{ImageReference, Repository};
use promo_core::ports::PromotionRecord;

use super::by_hand;
use super::image::{self, Resolved};
use crate::app::{self, Registries};
use crate::args::{AttestArgs, ScopeArgs, SigningArgs};
use crate::error::{Error, Result};
use crate::output::{Format, Outcome};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, ProofSettings, ScopeSettings};

/// Attests each image that isn't attested yet.
pub(crate) async fn run(args: &AttestArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let identity = args.identity.as_deref().map(image::identity).transpose()?;
    let source: Repository = args.source.parse().map_err(|error| Error::Usage {
        message: format!("--source {}: {error}", args.source),
        hint: "name the repository that the image was promoted from, without tag".to_owned(),
    })?;
    let signing = SigningArgs {
        key: args.key.clone(),
        ..SigningArgs::default()
    };
    let settings = ProofSettings::resolve(&signing, &context.resolver)?;
    let proof = app::proof(&settings)?.ok_or_else(image::no_key)?;
    let scope = ScopeSettings::resolve(&ScopeArgs::default(), &context.resolver)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = Registries::connect(&network, progress::observer(context))?;
    app::tell_of_shared_keys(&settings, registries.observer.as_ref());
    let wanted = proof.attester.kinds();
    let mut attached = Vec::new();
    for reference in images {
        let image = image::resolve(
            &registries,
            scope.identities(),
            reference,
            identity.as_ref(),
        )
        .await?;
        let missing = by_hand::missing(&registries, &*proof.verifier, &image, &wanted).await?;
        let record = record(&image, &source, settings.builder_id());
        let evidence = proof.attester.attest(&record, &missing).await?;
        attached.push(by_hand::attach(&registries, &image, &evidence, &wanted, missing).await?);
    }
    by_hand::outcome(attached, context.console.format(args.output, &Format::DATA))
}

/// What is known of a promotion that others made: no manifest asked for it.
fn record(image: &Resolved, source: &Repository, builder_id: &str) -> PromotionRecord {
    let digest = Some(image.descriptor.digest);
    let by_digest = |repository: &Repository| ImageReference::new(repository.clone(), None, digest);
    PromotionRecord {
        identity: image.identity.clone(),
        descriptor: image.descriptor.clone(),
        source: by_digest(source),
        destination: by_digest(image.identity.repository()),
        tags: image.image.tag().cloned().into_iter().collect(),
        part_of: None,
        time: app::clock().now(),
        builder_id: builder_id.to_owned(),
        manifest: None,
    }
}
