//! `promo sign`: signs images by hand.

use promo_core::ports::{EvidenceKind, SignatureFormat, Subject};

use super::{by_hand, image};
use crate::app::{self, Registries};
use crate::args::{ScopeArgs, SignArgs, SigningArgs};
use crate::error::Result;
use crate::output::{Format, Outcome};
use crate::progress;
use crate::run::Context;
use crate::settings::{NetworkSettings, ProofSettings, ScopeSettings};

/// Signs each image in the forms that it isn't signed in yet.
pub(crate) async fn run(args: &SignArgs, context: &Context) -> Result<Outcome> {
    let images = image::references(&args.images)?;
    let identity = args.identity.as_deref().map(image::identity).transpose()?;
    let signing = SigningArgs {
        key: args.key.clone(),
        signature_formats: args.signature_formats.clone(),
        ..SigningArgs::default()
    };
    let settings = ProofSettings::resolve(&signing, &context.resolver)?;
    let proof = app::proof(&settings)?.ok_or_else(image::no_key)?;
    let scope = ScopeSettings::resolve(&ScopeArgs::default(), &context.resolver)?;
    let network = NetworkSettings::resolve(&context.global, &context.resolver)?;
    let registries = Registries::connect(&network, progress::observer(context))?;
    app::tell_of_shared_keys(&settings, registries.observer.as_ref());
    let wanted: Vec<EvidenceKind> = settings.formats().iter().copied().map(signature).collect();
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
        let formats: Vec<SignatureFormat> = settings
            .formats()
            .iter()
            .copied()
            .filter(|format| missing.contains(&signature(*format)))
            .collect();
        let subject = Subject {
            identity: image.identity.clone(),
            descriptor: image.descriptor.clone(),
        };
        let evidence = proof.signer.sign(&subject, &formats).await?;
        attached.push(by_hand::attach(&registries, &image, &evidence, &wanted, missing).await?);
    }
    by_hand::outcome(attached, context.console.format(args.output, &Format::DATA))
}

fn signature(format: SignatureFormat) -> EvidenceKind {
    EvidenceKind::Signature { format }
}
