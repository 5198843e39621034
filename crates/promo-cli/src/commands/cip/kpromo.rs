//! What kpromo has built in for the Kubernetes project, for those who ask for it (`--compat k8s`), and who shall sign
//! without a key.

use std::collections::BTreeSet;

use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::RegistryPath;
use promo_core::pipeline::EvidenceScope;

use crate::args::CipArgs;

/// The account that signs for the Kubernetes project.
const SIGNER_ACCOUNT: &str = "krel-trust@k8s-releng-prod.iam.gserviceaccount.com";
/// Who vouches for that account.
const ISSUER: &str = "https://accounts.google.com";
/// The one registry that keeps signatures and attestations.
const CANONICAL_HOST: &str = "us-central1-docker.pkg.dev";
/// The path of the project's production registries, on whatever host.
const PRODUCTION: &str = "k8s-artifacts-prod/images";
/// The public name of that path.
const PUBLIC_NAME: &str = "registry.k8s.io";

/// Identities of keyless signing, as flags and `--compat` name them. Kept until promo can sign so: until then they
/// are what its messages speak of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct KeylessSettings {
    /// The account that signs.
    pub(super) signer: Option<String>,
    /// Who must have signed in staging: an identity or an expression, and who vouches for it.
    pub(super) staging: Option<Certificate>,
}

/// Who must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// The identity, or a regular expression of it.
    pub(super) identity: String,
    /// Who vouches for it, or a regular expression of that.
    pub(super) issuer: Option<String>,
}

impl KeylessSettings {
    /// From the flags of `promo cip`, else from what `--compat` stands for. A regular expression wins over an
    /// exact text, as in kpromo.
    pub(super) fn resolve(args: &CipArgs) -> Self {
        let k8s = args.is_k8s();
        let or = |given: Option<String>, default: &str| given.or(k8s.then(|| default.to_owned()));
        let either = |expression: &Option<String>, exact: &Option<String>| {
            given(expression.as_ref()).or_else(|| given(exact.as_ref()))
        };
        let identity = either(
            &args.certificate_identity_regexp,
            &args.certificate_identity,
        );
        let issuer = either(
            &args.certificate_oidc_issuer_regexp,
            &args.certificate_oidc_issuer,
        );
        let issuer = or(issuer, ISSUER);
        Self {
            signer: or(given(args.signer_account.as_ref()), SIGNER_ACCOUNT),
            staging: or(identity, SIGNER_ACCOUNT).map(|identity| Certificate { identity, issuer }),
        }
    }
}

/// A text that was given: an empty one counts as none, as it does in kpromo.
fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

/// Where kpromo keeps signatures and attestations.
pub(super) fn canonical_evidence() -> Option<EvidenceScope> {
    CANONICAL_HOST.parse().ok().map(EvidenceScope::Canonical)
}

/// kpromo's public names for the destinations of these manifests: the production path is replaced on every host.
pub(super) fn public_names(set: &ManifestSet) -> IdentityRules {
    let destinations = set
        .manifests()
        .iter()
        .flat_map(PromoterManifest::destinations);
    let hosts: BTreeSet<&str> = destinations
        .filter(|destination| {
            let path = destination.as_str().split_once('/');
            let below = path.and_then(|(_, path)| path.strip_prefix(PRODUCTION));
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
        .map(RegistryPath::host_str)
        .collect();
    let rule = |host: &str| {
        let registry = format!("{host}/{PRODUCTION}").parse().ok()?;
        Some(IdentityRule::new(registry, PUBLIC_NAME.parse().ok()?))
    };
    IdentityRules::new(hosts.into_iter().filter_map(rule).collect())
}
