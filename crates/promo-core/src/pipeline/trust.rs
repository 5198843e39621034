//! What is trusted of staging, as settings: the names that its signatures may speak of, and the types of attestations
//! that are carried to production. Whose signatures are accepted, the verifier knows.

use std::collections::BTreeSet;

use crate::identity::IdentityRules;
use crate::oci::{Digest, ImageReference, RegistryPath, Repository};
use crate::plan::ImageWork;

/// What is trusted of staging besides its keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StagingTrust {
    /// The names that signatures in staging may speak of.
    pub names: StagingNames,
    /// The predicate types of attestations that are carried. Signatures always are; what says in promo's own
    /// words that an image was promoted or verified never is ([`is_reserved`]).
    pub attestations: BTreeSet<String>,
}

/// The names that signatures in staging may speak of: the repository that the image is in and its public names are
/// always accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StagingNames {
    /// These as well: a registry with a path, and everything below it.
    Within(Vec<RegistryPath>),
    /// Any, as cosign itself does it.
    Any,
}

impl Default for StagingNames {
    fn default() -> Self {
        Self::Within(Vec::new())
    }
}

impl StagingNames {
    /// Whether a signature of `digest` with these names is about the image as it stands in staging, or about a child of
    /// it. One without a name is if its form has none (`may_be_unnamed`).
    pub(super) fn accept(
        &self,
        names: &[String],
        may_be_unnamed: bool,
        work: &ImageWork,
        digest: Digest,
        identities: &IdentityRules,
    ) -> bool {
        let Self::Within(paths) = self else {
            return true;
        };
        if names.is_empty() {
            return may_be_unnamed;
        }
        let in_staging = identities.identity(&work.source);
        names
            .iter()
            .filter_map(|name| named(name, digest))
            .any(|name| {
                name == work.source
                    || name == *work.identity.repository()
                    || name == *in_staging.repository()
                    || paths.iter().any(|path| is_within(&name, path))
            })
    }
}

/// The repository that a name speaks of, if it says no other digest.
fn named(name: &str, digest: Digest) -> Option<Repository> {
    let reference: ImageReference = name.parse().ok()?;
    let same = reference.digest().is_none_or(|found| found == digest);
    same.then(|| reference.repository().clone())
}

fn is_within(name: &Repository, path: &RegistryPath) -> bool {
    name.as_str() == path.as_str() || path.relative(name).is_some()
}

/// Whether a predicate type is of promo's own vocabulary, or says what promo alone may say in production: that an image
/// was promoted, or that its evidence was verified. Such attestations never come from staging.
pub fn is_reserved(predicate_type: &str) -> bool {
    /// `promotion/v1` of whatever vendor: promo writes it under a prefix that can be set.
    const PROMOTION: &str = "promotion";
    /// A summary of a verification, as SLSA names it.
    const SUMMARY: &str = "slsa.dev/verification_summary";
    let plain = predicate_type.trim().to_ascii_lowercase();
    let plain = plain.trim_end_matches(['/', '#', '?']);
    let (rest, version) = plain.rsplit_once('/').unwrap_or((plain, ""));
    let is_version = version
        .strip_prefix('v')
        .is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()));
    let last = |text: &str| text.rsplit(['/', ':']).next() == Some(PROMOTION);
    (is_version && last(rest)) || last(plain) || plain.contains(SUMMARY)
}

#[cfg(test)]
mod tests;
