//! The trust document as a setting: where it stands, what it asks of staging, and that nothing beside it says the same.

use promo_core::pipeline::StagingPolicy;
use promo_core::trust::Strictness;

use super::resolver::wrong;
use super::{Key, Origin, Resolver, Row, Setting, StagingOverrides, keys, origin};
use crate::error::Result;
use crate::trust::TrustDocument;

/// The document that settings name.
pub(super) fn resolve(
    given: &StagingOverrides,
    resolver: &Resolver,
) -> Result<Option<Setting<TrustDocument>>> {
    let path = resolver.pick(&keys::TRUST, given.trust.clone(), |content| {
        content.verify.trust.clone()
    })?;
    path.map(|path| Ok(Setting::new(TrustDocument::read(&path.value)?, path.origin)))
        .transpose()
}

/// Refuses what else is said beside the document: it would be unclear which counts.
pub(super) fn alone(
    document: &Setting<TrustDocument>,
    others: &[(&'static Key, &Origin)],
) -> Result<()> {
    let mut said = others
        .iter()
        .filter(|(_, origin)| **origin != Origin::Default);
    match said.next() {
        None => Ok(()),
        Some((key, origin)) => {
            let expected = format!(
                "no `{}` beside it, which comes from {origin}: the document says that",
                key.name
            );
            let path = document.value.path().display().to_string();
            Err(wrong(&keys::TRUST, &path, &document.origin, expected))
        }
    }
}

/// What a document asks of the signatures of images in staging. Attestations that it needs or carries are looked for where
/// nobody asks for signatures, too.
pub(super) fn policy(document: &TrustDocument) -> StagingPolicy {
    let trust = document.trust();
    let mut needs = trust.attestations().values();
    let attested = needs.any(|need| need.strictness != Strictness::Off);
    match trust.signature().strictness {
        Strictness::Refuse => StagingPolicy::Require,
        Strictness::Warn => StagingPolicy::IfPresent,
        Strictness::Off if attested || !document.carried().is_empty() => StagingPolicy::IfPresent,
        Strictness::Off => StagingPolicy::Off,
    }
}

pub(super) fn row(document: Option<&Setting<TrustDocument>>) -> Row {
    origin::row_of(document, keys::TRUST.name, |document| {
        document.path().display().to_string()
    })
}
