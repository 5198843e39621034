//! What kpromo has built in for the Kubernetes project, for those who ask for it (`--compat k8s`), and who shall sign
//! without a key.

use std::collections::BTreeSet;

use promo::settings::{Environment, IdentityPlaces, KeylessSettings, SigstoreSource};
use promo::trust::TrustDocument;
use promo_core::identity::{IdentityRule, IdentityRules};
use promo_core::manifest::{ManifestSet, PromoterManifest};
use promo_core::oci::RegistryPath;
use promo_core::pipeline::EvidenceScope;
use promo_core::trust::Pattern;
use promo_registry::auth::ServiceAccount;

use crate::args::CipArgs;
use crate::error::{Error, Result};

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

/// Identities of keyless signing, as flags and `--compat` name them.
#[derive(Debug, Clone, Default)]
pub(super) struct KeylessFlags {
    /// The account that signs.
    signer: Option<String>,
    /// Who must have signed in staging.
    staging: Option<Holder>,
}

/// Who must have signed: the holder of a certificate.
#[derive(Debug, Clone)]
struct Holder {
    identity: Pattern,
    issuer: Pattern,
}

impl KeylessFlags {
    /// From the flags of `promo cip`, else from what `--compat` stands for. A regular expression wins over an exact text, as in
    /// kpromo; here it has to match the whole identity.
    pub(super) fn resolve(args: &CipArgs) -> Result<Self> {
        let k8s = |default: &str| args.is_k8s().then(|| Pattern::exact(default));
        let identity = pattern(
            "--certificate-identity-regexp",
            args.certificate_identity_regexp.as_ref(),
            args.certificate_identity.as_ref(),
        )?;
        let issuer = pattern(
            "--certificate-oidc-issuer-regexp",
            args.certificate_oidc_issuer_regexp.as_ref(),
            args.certificate_oidc_issuer.as_ref(),
        )?;
        let issuer = issuer.unwrap_or_else(|| Pattern::exact(ISSUER));
        let identity = identity.or_else(|| k8s(SIGNER_ACCOUNT));
        let signer = given(args.signer_account.as_ref());
        Ok(Self {
            signer: signer.or_else(|| args.is_k8s().then(|| SIGNER_ACCOUNT.to_owned())),
            staging: identity.map(|identity| Holder { identity, issuer }),
        })
    }

    /// As whom a run signs where nothing else is said.
    pub(super) fn signing(&self, environment: &Environment) -> Result<Option<KeylessSettings>> {
        let Some(signer) = &self.signer else {
            return Ok(None);
        };
        let account = ServiceAccount::parse(signer).map_err(|error| Error::Usage {
            message: format!("--signer-account {signer}: {error}"),
            hint: "name the e-mail address of a service account of Google's".to_owned(),
        })?;
        let places = IdentityPlaces::find(environment);
        Ok(Some(KeylessSettings::of_account(account, places)))
    }

    /// Who is trusted in staging where nothing else is said, by certificates of this sigstore.
    pub(super) fn trust(&self, sigstore: &SigstoreSource) -> Result<Option<TrustDocument>> {
        let Some(Holder { identity, issuer }) = self.staging.clone() else {
            return Ok(None);
        };
        Ok(Some(sigstore.trust_in_holder(issuer, identity)?))
    }
}

/// What an expression or an exact text asks for.
fn pattern(
    flag: &str,
    expression: Option<&String>,
    exact: Option<&String>,
) -> Result<Option<Pattern>> {
    let Some(expression) = given(expression) else {
        return Ok(given(exact).map(Pattern::exact));
    };
    let pattern = Pattern::expression(expression).map_err(|error| Error::Usage {
        message: format!("{flag}: {error}"),
        hint: "the expression has to match the whole identity".to_owned(),
    })?;
    Ok(Some(pattern))
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
